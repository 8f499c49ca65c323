/** The router's interfaces and their addresses, looked at again and again: Node tells nobody that they have changed. */
import * as os from "os";
import { performance } from "perf_hooks";
import { IpRange, IpRanges, isPrivate } from "../../base/ip-range.ts";
import { type Interfaces, interfacesOf, type OwnAddress } from "../../transport/own-listener.ts";
import { readText } from "./read-text.ts";

/** After trouble it comes sooner, but no more often than this. */
const SOON_ms = 100;
/** A look so recent serves whoever asks. */
const RECENT_ms = 10;

/** Looks again and again until it is stopped. */
export class WatchedInterfaces {
  private readonly onLook: (interfaces: Interfaces) => Promise<number>;
  private timer: NodeJS.Timeout;
  private pause_ms: number;
  private soon: NodeJS.Timeout | undefined = undefined;
  private isStopped = false;
  private isLooking = false;
  private looked_ms = Number.NEGATIVE_INFINITY;

  /**
   * @param first_ms until the first look
   * @param onLook hears of each look, whether anything has changed or not; resolves to how long until the next, in ms
   */
  constructor(first_ms: number, onLook: (interfaces: Interfaces) => Promise<number>) {
    this.onLook = onLook;
    this.pause_ms = first_ms;
    this.timer = setTimeout(this.look, first_ms);
  }

  /** A message couldn't be sent: an address may be gone. */
  lookSoon(): void {
    if (this.soon === undefined) this.soon = setTimeout(this.look, SOON_ms);
  }

  /** Once what happens at this moment is over, without a wake-up of its own. */
  lookNow(): void {
    if (this.isStopped || this.isLooking || performance.now() - this.looked_ms < RECENT_ms) return;
    this.isLooking = true;
    void Promise.resolve().then(this.look);
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    if (this.soon !== undefined) clearTimeout(this.soon);
  }

  private readonly look = async (): Promise<void> => {
    if (this.soon !== undefined) clearTimeout(this.soon);
    this.soon = undefined;
    this.isLooking = true;
    this.looked_ms = performance.now();
    const found = readInterfaces();
    if (found !== undefined) this.pause_ms = await this.onLook(found);
    this.isLooking = false;
    clearTimeout(this.timer);
    if (!this.isStopped) this.timer = setTimeout(this.look, this.pause_ms);
  };
}

/** Those of all interfaces that are up, now; undefined where a sandbox keeps netlink from us. */
export function readAddresses(): OwnAddress[] | undefined {
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

/** The same with those that are down or have no address, by name; empty where nothing tells. */
export function readAllInterfaces(): Interfaces {
  const found = readInterfaces() ?? new Map<string, string[]>();
  const all = (readText("/sys/class/net") ?? "").split("\n");
  // Of bonds there is a file, too.
  const names = [...new Set([...all, ...found.keys()])].filter((name) => /^(?!bonding_m)./.test(name)).sort();
  return new Map(names.map((name) => [name, found.get(name) ?? []]));
}

/** How long a look serves {@link isNear}: strangers can make it as often as they like. */
const LOOK_LIFETIME_ms = 60_000;
let looked_ms = Number.NEGATIVE_INFINITY;
let own: readonly string[] = [];
let networks = new IpRanges([]);

/** Whether an address that isn't ours is private, or in one of our interfaces' networks. */
export function isNear(address: string): boolean {
  const now_ms = performance.now();
  if (now_ms - looked_ms > LOOK_LIFETIME_ms) {
    looked_ms = now_ms;
    const found = readAddresses() ?? [];
    own = found.map((one) => one.address);
    networks = new IpRanges(found.flatMap(({ cidr }) => IpRange.parse(cidr ?? "") ?? []));
  }
  return (isPrivate(address) || networks.contains(address)) && !own.includes(address);
}
