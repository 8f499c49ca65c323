/** RFC 3261 §16.3: what must hold before a request is forwarded. */
import { MAX_FORWARDS, PROXY_REQUIRE, VIA } from "../message/header-names.ts";
import type { Request } from "../message/message.ts";
import type { Reply } from "../message/reply.ts";
import { parseDecimal } from "../message/text.ts";
import { type SipUri, uriScheme } from "../message/uri.ts";
import { parseVia } from "../message/via.ts";
import type { BranchIds } from "../transaction/branch-id.ts";
import { CAPABILITIES, endsHere } from "./capabilities.ts";
import type { OwnAddresses } from "./own-addresses.ts";
import type { RoutedRequest } from "./router.ts";

const MAX_FORWARDS_LIMIT = 255;
const MAX_VIAS = 70;

/** The refusal that a request deserves, or our own 200 to an OPTIONS that ends here; undefined when it may be forwarded. */
export function refusalOf(routed: RoutedRequest, own: OwnAddresses, branchIds: BranchIds): Reply | undefined {
  const { request } = routed;
  const isForHelp = routed.emergency !== undefined;
  const unusable = isForHelp ? undefined : refusalOfUris(routed, own);
  if (unusable !== undefined) return unusable;
  const maxForwards = request.header(MAX_FORWARDS);
  const hops = maxForwards === undefined ? MAX_FORWARDS_LIMIT : parseDecimal(maxForwards, MAX_FORWARDS_LIMIT);
  if (hops < 0) return { status: 400, reason: "Malformed Max-Forwards" };
  if (hops === 0 && !endsHere(routed, own)) return { status: 483 };
  if (hasLooped(request, own, branchIds)) return { status: 482 };
  // A phone that asks for security agreement (RFC 3329) or such must be helped all the same: no gateway would ask for it.
  const required = isForHelp ? [] : request.list(PROXY_REQUIRE);
  // §8.2.2.3: in these two it is ignored, since neither can be asked again without it.
  if (required.length > 0 && request.method !== "ACK" && request.method !== "CANCEL")
    return { status: 420, headers: `Unsupported: ${required.join(", ")}\r\n` };
  return hops === 0 ? { status: 200, headers: CAPABILITIES } : undefined;
}

/** The Request-URI as it came, and as the Route set has it. */
function refusalOfUris({ request, routes, uri }: RoutedRequest, own: OwnAddresses): Reply | undefined {
  const isReplaced = routes.requestUri !== request.requestUri;
  const asReceived = refusalOfUri(request.requestUri, request.uri, own);
  return asReceived ?? (isReplaced ? refusalOfUri(routes.requestUri, uri, own) : undefined);
}

/** @param uri `text`, parsed; undefined when it is no SIP URI */
function refusalOfUri(text: string, uri: SipUri | undefined, own: OwnAddresses): Reply | undefined {
  const scheme = uri?.scheme ?? uriScheme(text);
  // sips promises TLS on every hop (§26.2.2), and without TLS here that promise can't be kept.
  if (scheme === "sips" && !own.hasTls) return { status: 416 };
  // A service URN (RFC 5031) names no host, but policy and upstream may know where it leads.
  const isSip = scheme === "sip" || scheme === "sips";
  if (!isSip && scheme !== "tel" && scheme !== "urn") return { status: 416 };
  if (isSip && uri === undefined) return { status: 400, reason: "Malformed Request-URI" };
  // §19.1.1: what is behind "?" would become header fields where it is taken for such.
  if (isSip && uri?.headers !== "") return { status: 400, reason: "Headers In Request-URI" };
  return undefined;
}

/** §16.3 item 4: one of the Vias is ours, and we would decide as we did then. */
function hasLooped(request: Request, own: OwnAddresses, branchIds: BranchIds): boolean {
  let vias = 0;
  for (let index = request.indexOf(VIA); index >= 0; index = request.indexOf(VIA, index + 1)) {
    const end = request.valueEnd(index);
    let start = request.valueStart(index);
    while (start < end) {
      const via = vias === 0 ? request.topVia : parseVia(request.wire, start, end);
      if (via === undefined) break;
      vias += 1;
      if (vias > MAX_VIAS) return true;
      if (own.hasVia(via) && branchIds.isLoop(via.branch, request)) return true;
      start = via.end + 1;
    }
  }
  return false;
}
