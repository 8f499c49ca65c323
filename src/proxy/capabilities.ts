/** What we say of ourselves to OPTIONS, and which OPTIONS end here (RFC 3261 §11.2, §16.3 item 3). */
import type { OwnAddresses } from "./own-addresses.ts";
import type { RoutedRequest } from "./router.ts";

/**
 * Header lines of the 200 to OPTIONS. We look into no body, so that all are accepted. Allow is left out: a proxy forwards
 * whatever method there is (§11.2).
 */
export const CAPABILITIES = "Accept: */*\r\nAccept-Encoding: identity\r\nAccept-Language: en\r\nSupported: path\r\n";

/** Whether we answer an OPTIONS that may not be forwarded: its sender has named us, as the destination or as its last Route. */
export function endsHere(routed: RoutedRequest, own: OwnAddresses): boolean {
  const { request, routes, uri } = routed;
  if (request.method !== "OPTIONS" || routes.remaining.length > 0) return false;
  // Where a strict router's doing was undone, the Route set has led on.
  const isLastRoute = routes.changed && routes.requestUri === request.requestUri;
  return isLastRoute || (uri !== undefined && own.hasUri(uri));
}
