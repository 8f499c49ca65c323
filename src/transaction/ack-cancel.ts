/** The two requests that a client transaction makes from its INVITE: ACK (RFC 3261 §17.1.1.3) and CANCEL (§9.1). */
import { CALL_ID, FROM, ROUTE, TO } from "../message/header-names.ts";
import type { Request, Response } from "../message/message.ts";

/** The ACK to a 3xx–6xx `response`: it ends at the next hop, in the same transaction. */
export function buildAck(invite: Request, response: Response): string {
  return build("ACK", invite, response.lines(TO), "");
}

/** @param reason whole Reason lines, each with its CRLF, or "" */
export function buildCancel(invite: Request, reason: string): string {
  return build("CANCEL", invite, invite.lines(TO), reason);
}

function build(method: string, invite: Request, to: string, extra: string): string {
  const via = invite.wire.slice(invite.topVia.start, invite.topVia.end);
  return (
    `${method} ${invite.requestUri} SIP/2.0\r\nVia: ${via}\r\nMax-Forwards: 70\r\n${invite.lines(ROUTE)}` +
    `${invite.lines(FROM)}${to}${invite.lines(CALL_ID)}CSeq: ${invite.cseqNumber} ${method}\r\n` +
    `${extra}Content-Length: 0\r\n\r\n`
  );
}
