/** Answers that speak for one party of several, and not for everybody (RFC 3261 §16.7 item 5 would have them do so). */
import type { Response } from "../../message/message.ts";
import { meets } from "../plan/condition.ts";
import type { Target } from "../router.ts";

/** Whether this final answer says only that the target's party is out. */
export function isMuted({ mutes }: Target, response: Response): boolean {
  return mutes !== undefined && meets({ isSilent: false, best: { status: response.status, response } }, mutes);
}
