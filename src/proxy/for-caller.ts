/** A response on its last step: what its receiver mustn't see is taken off, and what its target says besides is put in. */
import type { Response } from "../message/message.ts";
import type { Splice } from "../message/splice.ts";
import type { ServerTransaction } from "../transaction/server-transaction.ts";
import { type Announcement, announce } from "./announce.ts";
import { withoutTopVia } from "./forward-response.ts";
import type { ProxyKit } from "./kit.ts";

/**
 * The wire text of a response as it leaves for the caller. Nothing is announced to a place from which header fields are withheld.
 * @param edits what else is to be changed in it
 */
export function wireForCaller(
  kit: ProxyKit,
  server: ServerTransaction,
  response: Response,
  announcement?: Announcement,
  edits?: Splice,
): string {
  const withheld = kit.withheld(response, server.replyFlow.address, false);
  const said = edits ?? (withheld.length > 0 ? undefined : announce(response, announcement));
  return withoutTopVia(response, withheld, said);
}
