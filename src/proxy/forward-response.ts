/** RFC 3261 §16.7 items 3 and 9, §16.11: a response goes back the way its request came, without our Via. */
import { CONTENT_LENGTH, VIA } from "../message/header-names.ts";
import type { Response } from "../message/message.ts";
import { Splice } from "../message/splice.ts";
import { COMMA, skipSpace } from "../message/text.ts";
import { parseVia, type Via } from "../message/via.ts";
import { DEFAULT_PROTOCOL, defaultPort, protocolOfVia, TRANSPORTS } from "../transport/flow.ts";
import type { Hop } from "../transport/locator.ts";

/** The Via behind the top one, where the response goes; undefined when there is none: the response was for us. */
export function nextVia(response: Response): Via | undefined {
  const index = response.indexOf(VIA);
  const behind = behindTopVia(response, index);
  if (behind >= 0) return parseVia(response.wire, behind, response.valueEnd(index));
  const next = response.indexOf(VIA, index + 1);
  return next < 0 ? undefined : parseVia(response.wire, response.valueStart(next), response.valueEnd(next));
}

/**
 * The wire text without the top Via; with Content-Length, since where it goes may be a stream (§20.14).
 * @param withheld indexes of header fields that its receiver must not see
 * @param edits what else is to be changed in it
 */
export function withoutTopVia(response: Response, withheld: readonly number[], edits?: Splice): string {
  const index = response.indexOf(VIA);
  const behind = behindTopVia(response, index);
  const start = behind < 0 ? response.fieldStart(index) : response.topVia.start;
  const end = behind < 0 ? response.fieldStart(index + 1) : behind;
  const { wire, fields } = response;
  if (withheld.length > 0 || edits !== undefined) {
    const splice = (edits ?? new Splice(wire)).remove(start, end);
    for (const field of withheld) splice.remove(response.fieldStart(field), response.fieldStart(field + 1));
    if (response.indexOf(CONTENT_LENGTH) < 0) splice.insert(fields.end, `Content-Length: ${response.body.length}\r\n`);
    return splice.build();
  }
  if (response.indexOf(CONTENT_LENGTH) >= 0) return wire.slice(0, start) + wire.slice(end);
  const length = `Content-Length: ${response.body.length}\r\n`;
  return wire.slice(0, start) + wire.slice(end, fields.end) + length + wire.slice(fields.end);
}

/**
 * Where a response goes that no transaction of ours knows: by received and rport of the next Via (§18.2.2, RFC 3581).
 * A connection that its sender had opened is gone with the transaction, so that there its own port counts.
 */
export function hopBack(via: Via): Hop {
  const host = via.received ?? via.maddr ?? via.host;
  const protocol = protocolOfVia(via.transport) ?? DEFAULT_PROTOCOL;
  const own = via.port === 0 ? defaultPort(protocol) : via.port;
  const port = !TRANSPORTS[protocol].isReliable && via.rport !== undefined && via.rport > 0 ? via.rport : own;
  return { host, port, protocol };
}

/** Where the second value on the top Via's line starts; -1 when the line has only one. */
function behindTopVia(response: Response, index: number): number {
  const { end } = response.topVia;
  if (end >= response.valueEnd(index) || response.wire.charCodeAt(end) !== COMMA) return -1;
  return skipSpace(response.wire, end + 1, response.valueEnd(index));
}
