/** RFC 3261 §16.4: takes our own entries off the Route set, and undoes what a strict router did. */
import { ROUTE } from "../message/header-names.ts";
import type { Request } from "../message/message.ts";
import { parseNameAddr } from "../message/name-addr.ts";
import { hostText, parseSipUri, type SipUri, uriParameter } from "../message/uri.ts";
import { hopOf } from "../transport/locator.ts";
import type { OwnAddresses } from "./own-addresses.ts";

export interface RouteSet {
  /** Whether the Route header fields must be written anew. */
  readonly changed: boolean;
  /** The Route values that remain, as they came. */
  readonly remaining: readonly string[];
  /** The Request-URI to go on with. */
  readonly requestUri: string;
  /** User parts of the Route entries that were ours: tokens, or what a phone's preloaded Route carried. */
  readonly tokens: readonly string[];
}

const NONE: readonly string[] = [];

export function preprocessRoutes(request: Request, own: OwnAddresses): RouteSet {
  const requestUri = withoutOwnMaddr(request, own);
  if (request.indexOf(ROUTE) < 0) return { changed: false, remaining: NONE, requestUri, tokens: NONE };
  return takeOff(request, requestUri, own);
}

/** A maddr that means us has done its work: it goes, and the port with it. */
function withoutOwnMaddr({ requestUri, uri }: Request, own: OwnAddresses): string {
  if (uri === undefined || uri.parameters === "") return requestUri;
  const maddr = uriParameter(uri, "maddr");
  if (maddr === undefined || !own.has(maddr, uri.port, hopOf(uri).protocol)) return requestUri;
  const parameters = uri.parameters.split(";").filter((part) => !/^\s*(maddr|transport)\s*(=|$)/i.test(part));
  const user = uri.user === undefined ? "" : `${uri.user}@`;
  return `${uri.scheme}:${user}${hostText(uri.host)}${parameters.join(";")}${uri.headers}`;
}

function takeOff(request: Request, received: string, own: OwnAddresses): RouteSet {
  const { uri, callId } = request;
  const values = request.list(ROUTE);
  const tokens: string[] = [];
  let requestUri = received;
  let changed = false;
  // A strict router put our Record-Route URI into the Request-URI and the real one at the end of Route.
  if (uri !== undefined && own.hasUri(uri) && uriParameter(uri, "lr") !== undefined) {
    const last = parseNameAddr(values[values.length - 1] ?? "");
    if (last !== undefined) {
      tokens.push(uri.user ?? "");
      requestUri = last.uri;
      values.pop();
      changed = true;
    }
  }
  let taken = 0;
  for (const value of values) {
    const entry = routeUri(value);
    if (entry === undefined || !own.hasRoute(entry, callId)) break;
    tokens.push(entry.user ?? "");
    taken += 1;
  }
  return { changed: changed || taken > 0, remaining: taken === 0 ? values : values.slice(taken), requestUri, tokens };
}

/** The URI of a Route value; undefined when it is no SIP URI. */
export function routeUri(value: string): SipUri | undefined {
  const nameAddr = parseNameAddr(value);
  return nameAddr === undefined ? undefined : parseSipUri(nameAddr.uri);
}
