/** The router's interfaces and their addresses, looked at again and again: Node tells nobody that they have changed. */
import * as os from "os";
import type { Interfaces } from "../../transport/own-listener.ts";

/** A look costs a tenth of a millisecond on a PC. */
const LOOK_ms = 1_000;
/** After trouble it comes sooner, but no more often than this. */
const SOON_ms = 100;

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

/** What there is now; undefined where a sandbox keeps netlink from us. */
export function readInterfaces(): Interfaces | undefined {
  try {
    const found = os.networkInterfaces() as Readonly<Record<string, readonly { address: string }[] | undefined>>;
    return new Map(Object.entries(found).map(([name, all = []]) => [name, all.map(({ address }) => address)]));
  } catch {
    return undefined;
  }
}
