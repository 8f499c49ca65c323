/** The other routers of a cluster, as the proxy core sees them: each of them has transactions, and what belongs to these may come here. */
import type { Request, Response } from "../message/message.ts";
import type { Flow } from "../transport/flow.ts";

export interface OtherMembers {
  /**
   * A response to a request of a transaction that isn't here has come; its sender belongs here. Its branch was made by a member of the
   * cluster, perhaps by this one: before a restart, or for a call that it has given away.
   * @returns whether another member has it now, which alone goes on with it
   */
  takesResponse(response: Response, source: Flow, now_ms: number): boolean;
  /**
   * A request of an admitted sender has come that no transaction here knows.
   * @returns whether it isn't for this member: another one has it by now, or its sender is to repeat it
   */
  takesRequest(request: Request, source: Flow, now_ms: number): boolean;
  /** When a member has last died or begun anew, with transactions that nobody has any more; -Infinity: never. */
  readonly lastLoss_ms: number;
}
