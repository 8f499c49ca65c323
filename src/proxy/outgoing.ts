/** From a target to the request that leaves for it: next hop, own routes, branch (RFC 3261 §16.6). */
import { canonicalAddress } from "../base/ip-range.ts";
import { CONTACT } from "../message/header-names.ts";
import { parseNameAddr } from "../message/name-addr.ts";
import type { ViaStamp } from "../message/reply.ts";
import { COLON } from "../message/text.ts";
import { asRequestUri, parseSipUri, type SipUri, splitHostPort, uriParameter, uriPort } from "../message/uri.ts";
import type { ClientTransaction, ClientUser } from "../transaction/client-transaction.ts";
import { type Flow, findFlow, isSameFlow, type Listener } from "../transport/flow.ts";
import { type Hop, hopOf } from "../transport/locator.ts";
import { ownUri, type UriManner } from "../transport/own-names.ts";
import { buildForward } from "./forward-request.ts";
import type { ProxyKit } from "./kit.ts";
import { routeUri } from "./preprocess-routes.ts";
import type { RoutedRequest, Target } from "./router.ts";
import type { DialogWay } from "./tokens.ts";

/** Of the schemes that get here, only "sips" has it as its fourth letter. */
const LOWER_S = 0x73;

const RECORDED: readonly string[] = ["INVITE", "SUBSCRIBE", "REFER", "NOTIFY"];

/**
 * Where a copy for `target` goes; undefined when neither the target nor the message says (§16.6 item 7).
 * @param listeners ours, by their index
 */
export function nextHopOf(
  routed: RoutedRequest,
  target: Target,
  listeners: readonly Listener[],
): Hop | Flow | undefined {
  const { nextHop } = target;
  const path = pathOf(target, listeners);
  if (path !== undefined) return path.hop;
  if (nextHop !== undefined) return "listener" in nextHop ? findFlow(nextHop, listeners) : nextHop;
  const route = routed.routes.remaining[0];
  const uri =
    route !== undefined
      ? routeUri(route)
      : target.requestUri === undefined
        ? routed.uri
        : parseSipUri(target.requestUri);
  return uri === undefined ? undefined : hopByMaddr(uri);
}

/** The Path that a copy is sent along, as Route lines, and where it begins; undefined: it goes straight to its target. */
function pathOf({ path }: Target, listeners: readonly Listener[]): { hop: Hop; lines: string } | undefined {
  const uri = path === undefined ? undefined : routeUri(path[0] ?? "");
  if (path === undefined || uri === undefined) return undefined;
  const isHere = ({ isAway, address, port }: Listener) =>
    isAway !== true && port === uriPort(uri) && canonicalAddress(address) === uri.host;
  if (listeners.some(isHere)) return undefined;
  return { hop: hopOf(uri), lines: path.map((value) => `Route: ${value}\r\n`).join("") };
}

/** The flow that a target names; undefined where it names a hop, or nothing, or is reached along a Path. */
export function flowNamedBy(target: Target, listeners: readonly Listener[]): Flow | undefined {
  const nextHop = pathOf(target, listeners) === undefined ? target.nextHop : undefined;
  return nextHop !== undefined && "listener" in nextHop ? findFlow(nextHop, listeners) : undefined;
}

/** The way past a Path that nothing answers on: straight to the target; undefined where it is none, or is the only way anyway. */
export function flowPastPath(target: Target, listeners: readonly Listener[]): Flow | undefined {
  const { nextHop } = target;
  if (nextHop === undefined || !("listener" in nextHop) || pathOf(target, listeners) === undefined) return undefined;
  return findFlow(nextHop, listeners);
}

/** Where a phone may listen whose own connection is gone: at its Contact, if that is at the same address (RFC 5626 §5.3). */
export function hopBehind(routed: RoutedRequest, target: Target, lost: Flow | undefined): Hop | undefined {
  if (target.isOnlyWay === true) return undefined;
  const uri = target.requestUri === undefined ? routed.uri : parseSipUri(target.requestUri);
  return lost?.isAccepted === true && uri?.host === lost.address ? hopOf(uri) : undefined;
}

/** What copies of a request are made of, whichever address they go to. */
export interface Copy {
  readonly routed: RoutedRequest;
  readonly stamp: ViaStamp;
  readonly target: Target;
  /** Its part of Max-Breadth (RFC 5393 §5). */
  readonly maxBreadth: number;
}

/** The wire text of the copy that leaves on `flow` with `branch`. */
export function buildCopy(kit: ProxyKit, copy: Copy, flow: Flow, branch: string): string {
  const { routed, stamp, target, maxBreadth } = copy;
  const past = flowPastPath(target, kit.listeners);
  const along = past !== undefined && isSameFlow(past, flow) ? "" : pathOf(target, kit.listeners)?.lines;
  const isBare = along !== undefined || target.dropRoutes === true;
  return buildForward(routed.request, stamp, {
    requestUri: target.requestUri === undefined ? routed.routes.requestUri : asRequestUri(target.requestUri),
    routes: isBare ? { ...routed.routes, remaining: [], changed: true } : routed.routes,
    flow,
    branch,
    ownRoutes: `${recordRoute(kit, routed, target, flow)}${along ?? ""}${path(kit, routed, target, flow)}`,
    maxBreadth,
    supportsPath: target.addPath === true,
    assertedIdentity: target.assertedIdentity,
    withheld: kit.withheld(routed.request, flow.address, target.isForHelp === true),
    contacts: target.hideContact === true ? hiddenContacts(kit, routed, flow) : undefined,
  });
}

/**
 * Sends a copy in a transaction of its own.
 * @param mayUseTcp whether it may go by TCP where it is too long for a datagram
 */
export function sendCopy(
  kit: ProxyKit,
  copy: Copy,
  flow: Flow,
  mayUseTcp: boolean,
  user: ClientUser,
  now_ms: number,
): ClientTransaction {
  const { request } = copy.routed;
  const branch = kit.branchIds.nextFor(request, `${flow.address} ${copy.target.requestUri}`);
  const byDatagram = buildCopy(kit, copy, flow, branch);
  const trial = mayUseTcp ? kit.tcpReach.inPlaceOf(flow, byDatagram.length, now_ms) : undefined;
  const wire = trial === undefined ? byDatagram : buildCopy(kit, copy, trial, branch);
  return kit.transactions.send(request.method, branch, wire, trial ?? flow, user, now_ms);
}

/**
 * §16.6 item 4; both sides' addresses when the request changes sides (RFC 5658). A NOTIFY gets it as well: it can be the
 * subscriber's first word of the dialog (RFC 6665 §4.3).
 */
function recordRoute(kit: ProxyKit, routed: RoutedRequest, target: Target, flow: Flow): string {
  const { request, source } = routed;
  if (!RECORDED.includes(request.method)) return "";
  const toCallee = flow.isAccepted === true ? ({ side: "b", flow } as const) : undefined;
  const toCaller = source.isAccepted === true ? ({ side: "a", flow: source } as const) : undefined;
  const changesSides = flow.listener !== source.listener || (toCallee !== undefined && toCaller !== undefined);
  const manner = { isSecure: isSips(routed, target), namesUdp: changesProtocol(source, flow) };
  if (!changesSides) return recordRouteLine(kit, routed, target, flow.listener, toCallee ?? toCaller, manner);
  return (
    recordRouteLine(kit, routed, target, flow.listener, toCallee, manner) +
    recordRouteLine(kit, routed, target, source.listener, toCaller, manner)
  );
}

function recordRouteLine(
  kit: ProxyKit,
  routed: RoutedRequest,
  target: Target,
  listener: Listener,
  way: DialogWay | undefined,
  manner: UriManner,
): string {
  const token = kit.tokens.forDialog(routed.request, target.touchesGateway === true, way);
  return `Record-Route: <${ownUri(listener, token, manner)};lr>\r\n`;
}

function changesProtocol(one: Flow, other: Flow): boolean {
  return one.listener.protocol !== other.listener.protocol;
}

/** Whether the copy for `target` must stay on TLS all the way (§26.2.2). */
export function isSips(routed: RoutedRequest, target: Target): boolean {
  const uri = target.requestUri ?? routed.routes.requestUri;
  return uri.charCodeAt(4) === COLON && (uri.charCodeAt(3) | 0x20) === LOWER_S;
}

function path(kit: ProxyKit, routed: RoutedRequest, target: Target, flow: Flow): string {
  if (target.addPath !== true) return "";
  const manner = { namesUdp: changesProtocol(routed.source, flow) };
  return `Path: <${ownUri(flow.listener, kit.tokens.forFlow(routed.source), manner)};lr>\r\n`;
}

/** The Contact values of a REGISTER, each with our own URI in place of the phone's. */
function hiddenContacts(kit: ProxyKit, { request, source }: RoutedRequest, flow: Flow): string[] {
  return request.list(CONTACT).map((value) => {
    const contact = parseNameAddr(value);
    const uri = contact === undefined ? undefined : parseSipUri(contact.uri);
    if (contact === undefined || uri === undefined) return value;
    return `<${ownUri(flow.listener, kit.tokens.forContact(source, uri.user ?? ""))}>${contact.parameters}`;
  });
}

/** RFC 3263 §4: maddr goes before the host. */
function hopByMaddr(uri: SipUri): Hop | undefined {
  const maddr = uriParameter(uri, "maddr");
  if (maddr === undefined) return hopOf(uri);
  const host = splitHostPort(maddr)?.host;
  return host === undefined ? undefined : { ...hopOf(uri), host };
}

export function isFlow(hop: Hop | Flow): hop is Flow {
  return "listener" in hop;
}
