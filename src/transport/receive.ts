/** What a server transport does to a request on arrival: received and rport in the top Via (RFC 3261 §18.2.1, RFC 3581 §4). */
import type { Request } from "../message/message.ts";
import type { ViaStamp } from "../message/reply.ts";
import { SIP_PORT } from "../message/uri.ts";
import { type Flow, isReliable } from "./flow.ts";

const NOTHING: ViaStamp = [];

/** What the top Via must be told about where the request really came from; a received that it has already is none of ours. */
export function stampVia(request: Request, source: Flow): ViaStamp {
  const via = request.topVia;
  const received =
    via.received === undefined
      ? { at: via.end, end: via.end, text: `;received=${source.address}` }
      : { at: via.receivedStart, end: via.receivedEnd, text: `=${source.address}` };
  if (via.rport === -1) {
    const rport = { at: via.rportEnd, end: via.rportEnd, text: `=${source.port}` };
    return received.at < rport.at ? [received, rport] : [rport, received];
  }
  return via.received === undefined && via.host === source.address ? NOTHING : [received];
}

/** Where responses to a request go (§18.2.2): over its connection, or to the source port when the client asked so with rport. */
export function responseFlow(request: Request, source: Flow): Flow {
  const { rport, port } = request.topVia;
  if (rport === -1 || isReliable(source)) return source;
  return { listener: source.listener, address: source.address, port: port === 0 ? SIP_PORT : port };
}
