/** What remains of an INVITE that has had its final answer, until the ACK to it comes: callers that send none are many in a flood. */
import { ownText } from "../base/own-text.ts";
import type { Logger } from "../base/ports.ts";
import type { ServerTransaction, ServerUser } from "../transaction/server-transaction.ts";
import type { DecisionListener } from "./router.ts";

/** Of a Call-ID, for the log. */
const CALL_ID_CHARACTERS = 128;

export class AwaitedAck implements ServerUser {
  private readonly listener: DecisionListener | undefined;
  private readonly callId: string;
  private readonly log: Logger;

  constructor(listener: DecisionListener | undefined, callId: string, log: Logger) {
    // One that doesn't ask for the ACK may hold the whole request.
    this.listener = listener?.onAck === undefined ? undefined : listener;
    this.callId = ownText(callId.slice(0, CALL_ID_CHARACTERS));
    this.log = log;
  }

  onCancel(): void {}

  onAck(_server: ServerTransaction, now_ms: number): void {
    this.listener?.onAck?.(now_ms);
  }

  onNoAck(): void {
    this.log.debug("response_not_acknowledged", { call_id: this.callId });
  }
}
