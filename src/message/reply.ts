/** Responses that we make ourselves: RFC 3261 §8.2.6. */
import { CALL_ID, CSEQ, FROM, TIMESTAMP, TO, VIA } from "./header-names.ts";
import type { Request } from "./message.ts";
import { reasonPhrase } from "./status.ts";
import { toWire } from "./text.ts";

/** Texts to put into the top Via of a received request in place of [at, end) of its wire text, in ascending order. */
export type ViaStamp = readonly { readonly at: number; readonly end: number; readonly text: string }[];

export interface Reply {
  readonly status: number;
  /** Default: RFC 3261's phrase for the status. */
  readonly reason?: string;
  /** Whole lines, each with its CRLF. */
  readonly headers?: string;
}

/**
 * The wire text of a response to `request`; of fields that it has too often, the first counts.
 * @param toTag goes into To, unless To has a tag already or this is a 100, which needs none
 * @param serverLine the whole line of the field Server (§20.35), or ""
 */
export function buildReply(request: Request, stamp: ViaStamp, toTag: string, reply: Reply, serverLine = ""): string {
  const reason = toWire(reply.reason ?? reasonPhrase(reply.status));
  const timestamp = reply.status === 100 ? request.lines(TIMESTAMP) : "";
  return (
    `SIP/2.0 ${reply.status} ${reason}\r\n${viaLines(request, stamp)}${request.line(FROM)}` +
    `${toLine(request, reply.status === 100 ? "" : toTag)}${request.line(CALL_ID)}${request.line(CSEQ)}` +
    `${timestamp}${reply.headers ?? ""}${serverLine}Content-Length: 0\r\n\r\n`
  );
}

/** All Via lines of `request`, the top value stamped. */
function viaLines(request: Request, stamp: ViaStamp): string {
  const lines = request.lines(VIA);
  const start = request.fieldStart(request.indexOf(VIA));
  let stamped = "";
  let position = 0;
  for (const { at, end, text } of stamp) {
    stamped += lines.slice(position, at - start) + text;
    position = end - start;
  }
  return stamped + lines.slice(position);
}

function toLine(request: Request, toTag: string): string {
  if (toTag === "" || request.toTag !== "") return request.line(TO);
  const index = request.indexOf(TO);
  if (index < 0) return "";
  return `${request.wire.slice(request.fieldStart(index), request.valueEnd(index))};tag=${toTag}\r\n`;
}
