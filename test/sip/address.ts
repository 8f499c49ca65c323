/** Where SIP is spoken: a host and a port. */

export interface Address {
  /** An IP literal, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export const SIP_PORT = 5060;

/** "host:port", IPv6 in brackets: for Via and URIs. */
export function hostPort({ host, port }: Address): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Where a URI with a literal address leads, or a Via's sent-by behind "sip:". */
export function addressOf(uri: string): Address {
  const match = /^sips?:(?:[^@]*@)?(?:\[([^\]]+)\]|([^:;>?]+))(?::(\d+))?/.exec(uri);
  if (match === null) throw new Error(`no SIP URI with an address: ${uri}`);
  return { host: match[1] ?? match[2] ?? "", port: Number(match[3] ?? SIP_PORT) };
}
