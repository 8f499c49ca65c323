/** How we name ourselves: in Via (RFC 3261 §18.1.1), and in Record-Route, Path and Contact URIs (§19.1). */
import type { Listener, Protocol } from "./flow.ts";

const VIA_NAMES: Readonly<Record<Protocol, string>> = { udp: "UDP", tcp: "TCP", tls: "TLS" };

/** The Via line of a request that leaves by `listener`. */
export function viaLine(listener: Listener, branch: string): string {
  return `Via: SIP/2.0/${VIA_NAMES[listener.protocol]} ${listener.sentBy};branch=${branch};rport\r\n`;
}

/**
 * A URI that leads to `listener`.
 * @param isSecure for a request that must stay on TLS (§16.6 item 4): a sips URI
 */
export function ownUri(listener: Listener, user: string, isSecure = false): string {
  const { protocol, sentBy } = listener;
  if (isSecure) return `sips:${user}@${sentBy}`;
  return protocol === "udp" ? `sip:${user}@${sentBy}` : `sip:${user}@${sentBy};transport=${protocol}`;
}
