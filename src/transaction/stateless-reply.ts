/** Answers without a transaction (RFC 3261 §8.2.7). */
import type { Request } from "../message/message.ts";
import { buildReply, type Reply } from "../message/reply.ts";
import type { Flow } from "../transport/flow.ts";
import { stampVia } from "../transport/receive.ts";
import { hasStatelessTag, statelessTag } from "./branch-id.ts";

/** The wire text; each retransmission of the request gets the same. @param serverLine as `buildReply` takes it */
export function buildStateless(request: Request, source: Flow, reply: Reply, serverLine = ""): string {
  return buildReply(request, stampVia(request, source), statelessTag(request), reply, serverLine);
}

/** Whether an ACK acknowledges such an answer: it ends here. */
export function acknowledgesStateless(ack: Request): boolean {
  return hasStatelessTag(ack);
}
