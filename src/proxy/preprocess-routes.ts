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

/**
 * @param isPhone the sender is a phone of the site: with an outbound proxy that is set without ";lr" it puts us into the
 *   Request-URI, and what it means at the end of Route
 */
export function preprocessRoutes(request: Request, own: OwnAddresses, isPhone = false): RouteSet {
  const requestUri = withoutOwnMaddr(request, own);
  if (request.indexOf(ROUTE) < 0) return { changed: false, remaining: NONE, requestUri, tokens: NONE };
  return takeOff(request, requestUri, own, isPhone);
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

function takeOff(request: Request, requestUri: string, own: OwnAddresses, isPhone: boolean): RouteSet {
  const { uri, callId } = request;
  const values = request.list(ROUTE);
  const entries = values.map(routeUri);
  const tokens: string[] = [];
  let taken = 0;
  for (const entry of entries) {
    if (entry === undefined || !own.hasRoute(entry, callId)) break;
    tokens.push(entry.user ?? "");
    taken += 1;
  }
  const remaining = taken === 0 ? values : values.slice(taken);
  const changed = taken > 0;
  if (uri === undefined) return { changed, remaining, requestUri, tokens };
  const isToken = own.hasToken(uri, callId);
  const isBare = isPhone && uri.user === undefined && own.hasUri(uri);
  if (!isToken && !isBare) return { changed, remaining, requestUri, tokens };
  const ours = isToken ? [uri.user ?? "", ...tokens] : tokens;
  const target = remaining.length > 0 ? parseNameAddr(remaining[remaining.length - 1] ?? "") : undefined;
  if (target !== undefined) {
    return { changed: true, remaining: remaining.slice(0, -1), requestUri: target.uri, tokens: ours };
  }
  // A number at our own address, called through us: the last entry is no Route of ours, though its host is.
  const last = isBare ? entries[taken - 1] : undefined;
  const isCalled = last?.user !== undefined && uriParameter(last, "lr") === undefined && !own.hasToken(last, callId);
  return { changed, remaining, requestUri: isCalled ? last.text : requestUri, tokens: ours };
}

/** The URI of a Route value; undefined when it is no SIP URI. */
export function routeUri(value: string): SipUri | undefined {
  const nameAddr = parseNameAddr(value);
  return nameAddr === undefined ? undefined : parseSipUri(nameAddr.uri);
}
