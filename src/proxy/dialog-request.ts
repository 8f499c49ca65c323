/** Requests of our own within dialogs that we only relayed: what a side's user agent would see as the other's (RFC 3261 §12.2). */
import { ownText } from "../base/own-text.ts";
import { CONTACT, FROM, RECORD_ROUTE, TO } from "../message/header-names.ts";
import type { Request, Response } from "../message/message.ts";
import { parseNameAddr } from "../message/name-addr.ts";
import { parseSipUri, type SipUri } from "../message/uri.ts";
import type { Flow } from "../transport/flow.ts";
import { viaLine } from "../transport/own-names.ts";
import type { OwnAddresses } from "./own-addresses.ts";
import { routeUri } from "./preprocess-routes.ts";

/** One end of a dialog, as requests to it need it. */
export interface DialogSide {
  /** The Contact that it gave. */
  readonly remoteTarget: string;
  /** The route set from us on, nearest first. */
  readonly routes: readonly string[];
  /** From, To and Call-ID as values: From is the other side. */
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  /** Where it has been heard of: behind NAT, and where its Contact is a name of a dead registrar, no other way leads there. */
  readonly flow: Flow | undefined;
}

/** The side that an INVITE came from, once it has been answered by `response`. */
export function callerSide(invite: Request, source: Flow, response: Response, own: OwnAddresses): DialogSide {
  const routes = invite.list(RECORD_ROUTE).map(ownText);
  // A call that has come back to us through somebody who doesn't record routes begins with entries of ours.
  while (routes[0] !== undefined && isOwn(routes[0], own)) routes.shift();
  return {
    remoteTarget: contactOf(invite),
    routes,
    flow: routes.length === 0 && invite.indexOf(RECORD_ROUTE) < 0 ? source : undefined,
    from: ownText(response.header(TO) ?? ""),
    to: ownText(response.header(FROM) ?? ""),
    callId: ownText(response.callId),
  };
}

/**
 * The side that has answered with `response`, a 2xx to an INVITE that we forwarded.
 * @param flow the way to it, where the target named one
 */
export function calleeSide(response: Response, own: OwnAddresses, flow?: Flow): DialogSide {
  const routes = routesBehindUs(response, own);
  return {
    remoteTarget: contactOf(response),
    routes,
    flow: routes.length === 0 ? flow : undefined,
    from: ownText(response.header(FROM) ?? ""),
    to: ownText(response.header(TO) ?? ""),
    callId: ownText(response.callId),
  };
}

/** Where requests to that side go; undefined when it gave no usable Contact. */
export function hopTo(side: DialogSide): SipUri | undefined {
  if (side.remoteTarget === "") return undefined;
  const [first] = side.routes;
  return first === undefined ? parseSipUri(side.remoteTarget) : routeUri(first);
}

/** @param headers whole lines to add */
export function buildDialogRequest(
  method: string,
  side: DialogSide,
  cseq: number,
  flow: Flow,
  branch: string,
  headers = "",
): string {
  const route = side.routes.length === 0 ? "" : `Route: ${side.routes.join(", ")}\r\n`;
  return (
    `${method} ${side.remoteTarget} SIP/2.0\r\n${viaLine(flow.listener, branch)}` +
    `Max-Forwards: 70\r\n${route}From: ${side.from}\r\nTo: ${side.to}\r\nCall-ID: ${side.callId}\r\n` +
    `CSeq: ${cseq} ${method}\r\n${headers}Content-Length: 0\r\n\r\n`
  );
}

function contactOf(message: Request | Response): string {
  return ownText(parseNameAddr(message.list(CONTACT)[0] ?? "")?.uri ?? "");
}

function isOwn(route: string, own: OwnAddresses): boolean {
  const uri = routeUri(route);
  return uri !== undefined && own.hasUri(uri);
}

/** Whether a 2xx lists an address of ours in Record-Route, as that to a copy of ours does (RFC 3261 §12.1.1, §16.6 item 4). */
export function hasOwnRoute(response: Response, own: OwnAddresses): boolean {
  return response.list(RECORD_ROUTE).some((value) => isOwn(value, own));
}

/** What stands above our own entries in Record-Route, nearest first. */
function routesBehindUs(response: Response, own: OwnAddresses): string[] {
  const routes: string[] = [];
  for (const value of response.list(RECORD_ROUTE)) {
    if (isOwn(value, own)) break;
    routes.unshift(ownText(value));
  }
  return routes;
}
