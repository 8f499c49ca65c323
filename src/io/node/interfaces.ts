/** The router's interfaces and their addresses, looked at again and again: Node tells nobody that they have changed. */
import * as os from "os";
import type { Interfaces } from "../../transport/own-listener.ts";

/** A look costs 0.04 ms on a PC. */
const LOOK_ms = 1_000;
/** After trouble it comes sooner, but no more often than this. */
const SOON_ms = 100;

/** Looks again and again until it is stopped. */
export class WatchedInterfaces {
  private readonly onLook: (interfaces: Interfaces) => void;
  private readonly timer: NodeJS.Timeout;
  private soon: NodeJS.Timeout | undefined = undefined;

  /** @param onLook hears of each look, whether anything has changed or not */
  constructor(onLook: (interfaces: Interfaces) => void) {
    this.onLook = onLook;
    this.timer = setInterval(this.look, LOOK_ms);
  }

  /** A message couldn't be sent: an address may be gone. */
  lookSoon(): void {
    if (this.soon === undefined) this.soon = setTimeout(this.look, SOON_ms);
  }

  stop(): void {
    clearInterval(this.timer);
    if (this.soon !== undefined) clearTimeout(this.soon);
  }

  private readonly look = (): void => {
    if (this.soon !== undefined) clearTimeout(this.soon);
    this.soon = undefined;
    const found = readInterfaces();
    if (found !== undefined) this.onLook(found);
  };
}

/** One address of an interface that is up. */
export interface LocalAddress {
  readonly device: string;
  readonly address: string;
  /** "address/prefix length"; null when the kernel's mask is none. */
  readonly cidr: string | null;
}

/** What there is now; undefined where a sandbox keeps netlink from us. */
export function readAddresses(): LocalAddress[] | undefined {
  try {
    return Object.entries(os.networkInterfaces()).flatMap(([device, list = []]) =>
      list.map(({ address, cidr }) => ({ device, address, cidr })),
    );
  } catch {
    return undefined;
  }
}

/** The same by interface. */
export function readInterfaces(): Interfaces | undefined {
  const addresses = readAddresses();
  return addresses && interfacesOf(addresses);
}

/** Addresses by the interface that has them, in the same order. */
export function interfacesOf(addresses: readonly LocalAddress[]): Interfaces {
  const found = new Map<string, string[]>();
  for (const { device, address } of addresses) found.set(device, [...(found.get(device) ?? []), address]);
  return found;
}
