/** How we name ourselves: in Via (RFC 3261 §18.1.1), and in Record-Route, Path and Contact URIs (§19.1). */
import { DEFAULT_PROTOCOL, type Listener } from "./flow.ts";

/** The Via line of a request that leaves by `listener`. */
export function viaLine(listener: Listener, branch: string): string {
  return `Via: SIP/2.0/${listener.transport.via} ${listener.sentBy};branch=${branch};rport\r\n`;
}

/** How a URI of ours is to be written. */
export interface UriManner {
  /** For a request that must stay on TLS (RFC 3261 §16.6 item 4): a sips URI. */
  readonly isSecure?: boolean;
  /**
   * Names UDP as well. Without a transport a URI means UDP (RFC 3263 §4.1), but some take the transport of the phone's
   * Contact then; so it is named where the other side speaks another one.
   */
  readonly namesUdp?: boolean;
}

/** A URI that leads to `listener`. */
export function ownUri(listener: Listener, user: string, { isSecure, namesUdp }: UriManner = {}): string {
  const { protocol, sentBy } = listener;
  if (isSecure === true) return `sips:${user}@${sentBy}`;
  const isNamed = protocol !== DEFAULT_PROTOCOL || namesUdp === true;
  return isNamed ? `sip:${user}@${sentBy};transport=${protocol}` : `sip:${user}@${sentBy}`;
}
