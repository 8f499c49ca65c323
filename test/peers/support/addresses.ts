/** Loopback addresses for tests that run side by side. */
import { type Address, hostPort, SIP_PORT } from "../../sip/address.ts";

export { type Address as Endpoint, hostPort, SIP_PORT } from "../../sip/address.ts";

/** Files that run at the same time at the most: each has a worker of its own, with a number from 1 on. */
const WORKERS_MAX = 10;
/**
 * The second byte of a worker's addresses, 2 … 241: two workers of one run never meet, even in files that share their number, and two runs
 * on one machine rarely do.
 */
const RUN_BYTE =
  2 + WORKERS_MAX * (process.ppid % (240 / WORKERS_MAX)) + (Number(process.env["VITEST_POOL_ID"] ?? 0) % WORKERS_MAX);

/** The /24 of loopback that belongs to one test file: `file` tells files apart. */
export class Subnet {
  private readonly prefix: string;

  constructor(file: number) {
    this.prefix = `127.${RUN_BYTE}.${file}`;
  }

  /** The address that ends in `last`. */
  host(last: number): string {
    return `${this.prefix}.${last}`;
  }

  at(last: number, port = SIP_PORT): Address {
    return { host: this.host(last), port };
  }

  /** The 16 addresses from `first` on, as the configuration writes a network. */
  network(first: number): string {
    return `${this.prefix}.${first}/28`;
  }
}

export function sipUri(user: string, endpoint: Address): string {
  return `sip:${user}@${hostPort(endpoint)}`;
}
