/** RFC 3261 §16.6: the copy of a request that leaves for a target. */
import { assert } from "../base/assert.ts";
import {
  CONTACT,
  CONTENT_LENGTH,
  MAX_BREADTH,
  MAX_FORWARDS,
  P_ASSERTED_IDENTITY,
  ROUTE,
  SUPPORTED,
} from "../message/header-names.ts";
import type { Request } from "../message/message.ts";
import type { ViaStamp } from "../message/reply.ts";
import { rewriteList, rewriteValues } from "../message/rewrite-list.ts";
import { Splice } from "../message/splice.ts";
import { parseDecimal } from "../message/text.ts";
import type { Flow } from "../transport/flow.ts";
import { viaLine } from "../transport/own-names.ts";
import { type RouteSet, strictRouter } from "./preprocess-routes.ts";

/** What the copy differs in. */
export interface Forwarding {
  readonly requestUri: string;
  readonly routes: RouteSet;
  readonly flow: Flow;
  readonly branch: string;
  /** Whole Record-Route and Path lines, each with its CRLF, or "". */
  readonly ownRoutes: string;
  /** Adds the option tag "path" to Supported (RFC 3327 §5.1). */
  readonly supportsPath: boolean;
  /** Values that replace those of Contact, one for one; undefined leaves them. */
  readonly contacts: readonly string[] | undefined;
  /** The copy's part of Max-Breadth (RFC 5393 §5.3.3). */
  readonly maxBreadth: number;
  /** The URI of P-Asserted-Identity; undefined leaves it. */
  readonly assertedIdentity: string | undefined;
  /** Indexes of header fields that the copy lacks. */
  readonly withheld: readonly number[];
}

/** RFC 3261 §16.6 item 3. */
const MAX_FORWARDS_DEFAULT = 70;

/** @param stamp what the received request's top Via must be told (§18.2.1) */
export function buildForward(request: Request, stamp: ViaStamp, forwarding: Forwarding): string {
  const splice = new Splice(request.wire);
  const { requestUri, routes, lastRoute } = applyStrictRoute(forwarding);
  if (requestUri !== request.requestUri) splice.replace(request.uriStart, request.uriEnd, requestUri);
  splice.insert(request.fields.start, topLines(request, forwarding));
  for (const { at, end, text } of stamp) splice.replace(at, end, text);
  const maxForwards = request.indexOf(MAX_FORWARDS);
  if (maxForwards >= 0) {
    const hops = parseDecimal(request.value(maxForwards), MAX_FORWARDS_DEFAULT * 4) - 1;
    splice.replace(request.valueStart(maxForwards), request.valueEnd(maxForwards), String(Math.max(hops, 0)));
  }
  if (routes !== undefined) rewriteRoutes(request, splice, routes, lastRoute);
  limitBreadth(request, splice, String(forwarding.maxBreadth));
  if (forwarding.contacts !== undefined) rewriteValues(request, splice, CONTACT, "Contact", forwarding.contacts);
  if (forwarding.assertedIdentity !== undefined) {
    const value = `<${forwarding.assertedIdentity}>`;
    rewriteList(request, splice, P_ASSERTED_IDENTITY, "P-Asserted-Identity", [value]);
  }
  for (const field of forwarding.withheld) splice.remove(request.fieldStart(field), request.fieldStart(field + 1));
  if (forwarding.supportsPath) supportPath(request, splice);
  return splice.build();
}

/** Our Via, Record-Route and Path go on top, so that they precede those already there; with them what is missing. */
function topLines(request: Request, forwarding: Forwarding): string {
  const { flow, branch, ownRoutes, maxBreadth } = forwarding;
  const maxForwards = request.indexOf(MAX_FORWARDS) < 0 ? `Max-Forwards: ${MAX_FORWARDS_DEFAULT}\r\n` : "";
  const breadth = request.indexOf(MAX_BREADTH) < 0 ? `Max-Breadth: ${maxBreadth}\r\n` : "";
  // Item 9: a datagram needs none, a stream is cut by it.
  const isCut = !flow.listener.transport.isStream || request.indexOf(CONTENT_LENGTH) >= 0;
  const length = isCut ? "" : `Content-Length: ${request.body.length}\r\n`;
  return viaLine(flow.listener, branch) + ownRoutes + maxForwards + breadth + length;
}

/** What stands in the copy where Request-URI and Route stood. */
interface WayOn {
  readonly requestUri: string;
  /** The Route values that are left; undefined when Route stays as it came. */
  readonly routes: readonly string[] | undefined;
  /** A Route value that comes behind them. */
  readonly lastRoute: string | undefined;
}

/**
 * §16.6 item 6: for a next hop that is a strict router, the Request-URI goes to the end of Route and the first Route
 * value takes its place.
 */
function applyStrictRoute({ requestUri, routes }: Forwarding): WayOn {
  const uri = strictRouter(routes);
  if (uri !== undefined) {
    return { requestUri: uri.text, routes: routes.remaining.slice(1), lastRoute: `<${requestUri}>` };
  }
  return { requestUri, routes: routes.changed ? routes.remaining : undefined, lastRoute: undefined };
}

/** Leaves those Route values alone that are among `kept`, which are in their order, perhaps with gaps. */
function rewriteRoutes(request: Request, splice: Splice, kept: readonly string[], lastRoute: string | undefined): void {
  if (kept.length === 0 && lastRoute === undefined) {
    rewriteList(request, splice, ROUTE, "Route", kept);
    return;
  }
  const values: (string | undefined)[] = request.list(ROUTE);
  // From the end, since it is the first values that have been taken off.
  let wanted = kept.length - 1;
  for (let index = values.length - 1; index >= 0; index--) {
    if (wanted >= 0 && values[index] === kept[wanted]) wanted -= 1;
    else values[index] = undefined;
  }
  assert(wanted < 0, "what is left of Route was there");
  rewriteValues(request, splice, ROUTE, "Route", values, lastRoute);
}

/** Makes what came one field with this value; where it is so already, it stays as it is. */
function limitBreadth(request: Request, splice: Splice, breadth: string): void {
  const index = request.indexOf(MAX_BREADTH);
  if (index < 0) return;
  const isSo = request.value(index) === breadth && request.indexOf(MAX_BREADTH, index + 1) < 0;
  if (!isSo) rewriteList(request, splice, MAX_BREADTH, "Max-Breadth", [breadth]);
}

function supportPath(request: Request, splice: Splice): void {
  const index = request.indexOf(SUPPORTED);
  if (index < 0) {
    splice.insert(request.fields.end, "Supported: path\r\n");
  } else if (!request.list(SUPPORTED).some((tag) => tag.toLowerCase() === "path")) {
    const isEmpty = request.valueStart(index) === request.valueEnd(index);
    splice.insert(request.valueEnd(index), isEmpty ? "path" : ", path");
  }
}
