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
  /** The first Route value as it came; undefined without one, or when it is no SIP URI. */
  readonly top: SipUri | undefined;
}

const NONE: readonly string[] = [];

/**
 * @param isPhone the sender is a phone of the site: with an outbound proxy that is set without ";lr" it puts us into the
 *   Request-URI, and what it means at the end of Route
 */
export function preprocessRoutes(request: Request, own: OwnAddresses, isPhone = false): RouteSet {
  const requestUri = withoutOwnMaddr(request, own);
  if (request.indexOf(ROUTE) < 0) return { changed: false, remaining: NONE, requestUri, tokens: NONE, top: undefined };
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
  const [top] = entries;
  const tokens: string[] = [];
  for (const entry of entries) {
    if (entry === undefined || !own.hasRoute(entry, callId)) break;
    tokens.push(entry.user ?? "");
  }
  const taken = tokens.length;
  const remaining = taken === 0 ? values : values.slice(taken);
  const plain: RouteSet = { changed: taken > 0, remaining, requestUri, tokens, top };
  if (uri === undefined) return plain;
  if (own.hasToken(uri, callId)) return withLast({ ...plain, tokens: [uri.user ?? "", ...tokens] }, () => true);
  if (!isPhone || uri.user !== undefined || !own.hasUri(uri)) return plain;
  // Behind our bare address a value with ";lr" is one more proxy on the way, not what the phone means.
  if (remaining.length > 0) return withLast(plain, (last) => !isLoose(parseSipUri(last)));
  // A number at our own address, called through us: the last entry is no Route of ours, though its host is.
  const last = entries[taken - 1];
  const isCalled = last?.user !== undefined && !isLoose(last) && !own.hasToken(last, callId);
  return isCalled ? { ...plain, requestUri: last.text } : plain;
}

/** §16.4: what a strict router has moved to the end of Route goes back into the Request-URI, if it is `meant`. */
function withLast(routes: RouteSet, meant: (uri: string) => boolean): RouteSet {
  const { remaining } = routes;
  const target = remaining.length > 0 ? parseNameAddr(remaining[remaining.length - 1] ?? "") : undefined;
  if (target === undefined || !meant(target.uri)) return routes;
  return { ...routes, changed: true, remaining: remaining.slice(0, -1), requestUri: target.uri };
}

function isLoose(uri: SipUri | undefined): boolean {
  return uri !== undefined && uriParameter(uri, "lr") !== undefined;
}

/** §16.6 item 6: the first Route value that is left, where it is a strict router's; a copy has it in the Request-URI's place. */
export function strictRouter({ remaining }: Pick<RouteSet, "remaining">): SipUri | undefined {
  const uri = remaining.length === 0 ? undefined : routeUri(remaining[0] ?? "");
  return isLoose(uri) ? undefined : uri;
}

/** The URI of a Route value; undefined when it is no SIP URI. */
export function routeUri(value: string): SipUri | undefined {
  const nameAddr = parseNameAddr(value);
  return nameAddr === undefined ? undefined : parseSipUri(nameAddr.uri);
}
