/** What a branch sees of its target, told to those who watch the target or choose between its addresses. */
import type { ClientTransaction } from "../../transaction/client-transaction.ts";
import type { Flow } from "../../transport/flow.ts";
import type { ProxyKit } from "../kit.ts";
import type { TargetObserver } from "../router.ts";

/** An address says nothing. One that takes connections all the same may well speak UDP. */
export function noteSilence({ tcpReach, locator }: ProxyKit, flow: Flow, now_ms: number): void {
  if (flow.isTrial === true) tcpReach.lacks(flow, now_ms);
  else locator.markDead(flow, now_ms);
}

/** The target has answered. */
export function tellAnswer(
  observer: TargetObserver | undefined,
  transaction: ClientTransaction,
  status: number,
  now_ms: number,
): void {
  if (!transaction.isReliable) observer?.onDatagramAnswered?.(transaction.octets, now_ms);
  observer?.onAnswer(status, now_ms);
}

/**
 * None of the target's addresses has answered.
 * @param octets of the longest datagram among what was sent; 0: there was none
 */
export function tellSilence(
  observer: TargetObserver | undefined,
  method: string,
  octets: number,
  now_ms: number,
): void {
  if (octets > 0) observer?.onDatagramUnanswered?.(method, octets, now_ms);
  observer?.onSilence(method, now_ms);
}
