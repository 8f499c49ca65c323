/** Loopback addresses for tests that run side by side. */

export interface Endpoint {
  /** An IP literal, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export const SIP_PORT = 5060;

/** The second byte of this run's addresses, 2 … 241: two runs on one machine rarely meet. */
const RUN_BYTE = 2 + (process.pid % 240);

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

  at(last: number, port = SIP_PORT): Endpoint {
    return { host: this.host(last), port };
  }

  /** The 16 addresses from `first` on, as the configuration writes a network. */
  network(first: number): string {
    return `${this.prefix}.${first}/28`;
  }
}

/** "host:port", IPv6 in brackets. */
export function hostPort({ host, port }: Endpoint): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

export function sipUri(user: string, endpoint: Endpoint): string {
  return `sip:${user}@${hostPort(endpoint)}`;
}
