/**
 * The states of a branch, what can happen to it, and what is done then (RFC 3261 §16.6, §16.7): a target, and what becomes of
 * the copy sent to it. The machines are `invite-branch.ts` and those of `non-invite-branch.ts`; `branch.ts` runs them.
 *
 * What an action tells others comes last in its row: whatever they do in return finds the branch in its next state.
 */
import type { Row } from "../../base/machine.ts";

export type BranchState =
  /** Looks for an address: the target's first, its next, or, where it can't be reached, again after a moment. */
  | "locating"
  /** The request is with one address, which has said nothing. fr_timer runs. */
  | "asking"
  /** No other address is left: all that have said nothing may answer while fr_timer runs. */
  | "waiting"
  /** 100 has come and nothing else, from a target with an observer: after another fr_timer that is asked. */
  | "hushed"
  /** It has been asked, since the target has another address: within fr_timer it shows whether this one lives. */
  | "doubted"
  /** A provisional response has come. INVITE: 100 alone, and timer C runs. Others: it promises nothing, fr_timer goes on. */
  | "proceeding"
  /** Somebody's phone may ring. Timer C runs. */
  | "ringing"
  /** CANCEL has been sent, where there is one; the final response is still to come. */
  | "cancelling"
  /** A BYE whose caller has been answered, and that is sent on: it has hung up, and a call that stays up costs money. */
  | "parting"
  /** It has ended. Late answers get CANCEL, or become another 2xx. */
  | "over";

/** What can happen to a branch. */
export type BranchInput =
  /** After a look at the addresses: one is to be asked; some that were silent may answer; the line may come back; none of it. */
  | "address"
  | "silent"
  | "later"
  | "nowhere"
  /** A 100; the same where the target's observer wants to know of hush; another provisional response. */
  | "trying"
  | "hush"
  | "ringing"
  /** A provisional response of an address that isn't the one that was asked last. */
  | "late"
  /** A 2xx, of whichever address. */
  | "success"
  /** A 503 without a body while another address may answer (RFC 3263 §4.3); another failure; one of its party alone. */
  | "refusal"
  | "failure"
  | "muted"
  /** Of the transaction: timer B or F; no route, ICMP. */
  | "timeout"
  | "unreachable"
  /** The wait of the state is over; an address has had its share of it; it is time to try again. */
  | "wait"
  | "share"
  | "retry"
  /** After weighing it: another address is the better one; it isn't. */
  | "elsewhere"
  | "stay"
  /** The answer isn't wanted any more; the stage has rung long enough; the target is known to be dead. */
  | "cancel"
  | "ringOver"
  | "rescue";

/** What a transition may ask for. */
export type BranchAction =
  /** Looks for the target's addresses. When they are known the next input is what {@link BranchAction} "seek" finds. */
  | "locate"
  /** The next input says what is left to ask. */
  | "seek"
  /** Sends a copy to the next address, which gets its share of the wait where there are others. */
  | "send"
  /** Waits again for all addresses that have said nothing. */
  | "resume"
  /** Starts the timer of another try. */
  | "tryLater"
  /** The address that was asked can't be reached: it is none of those that may answer. */
  | "drop"
  /** The address comes last for a while. */
  | "markDead"
  /** The address says nothing, and isn't waited for while the next one is. */
  | "abandon"
  /** The address can't, another may: what is left of the wait is for that. */
  | "refused"
  /** The address that shows life first is the one to ask, even when it had been passed over. */
  | "turn"
  /** The next input is what this response is from the address that is asked. */
  | "hear"
  /** The next input says whether another address is better: than a silent one, after hush, and after the verdict. */
  | "weighShare"
  | "weighHush"
  | "weighVerdict"
  /** Start the state's wait: fr_timer; another such time for what it was silent about; timer C. */
  | "startFr"
  | "startHush"
  | "startTimerC"
  | "stopWait"
  /** Stops all its timers. */
  | "stop"
  /** CANCEL for the address that is asked (§9.1). */
  | "cancel"
  /** The same for the one whose response this is. */
  | "cancelLate"
  /** Another address has the call: the one that is asked must not ring on. */
  | "passOver"
  /** Passes a provisional response on. */
  | "tellProvisional"
  /** Tell the target's observer: hush; that it can't be reached, once and at the end; silence. */
  | "tellHush"
  | "tellLost"
  | "tellNowhere"
  | "tellSilence"
  /** Ends it and tells so: by a response; 480 for its party; 408 and 503 in place of silence; 487; 408; 480. */
  | "endAnswered"
  | "endMuted"
  | "endSilent"
  | "endNowhere"
  | "endCancelled"
  | "endTimedOut"
  | "endRung"
  /** By a 2xx. It may be another one, and may come after the end. */
  | "endSuccess";

export type BranchRow<S extends BranchState> = Row<S, BranchInput, BranchAction>;

/** A machine with these states: each has a row. */
export interface BranchMachine<S extends BranchState> extends AnyBranchMachine {
  readonly initial: S;
  readonly states: Readonly<Record<S, BranchRow<S>>>;
}

/** The same for all machines. */
export interface AnyBranchMachine {
  readonly initial: BranchState;
  /** What starting the branch does. */
  readonly start: readonly BranchAction[];
  readonly states: Readonly<Partial<Record<BranchState, BranchRow<BranchState>>>>;
}

/** What starting a branch does, whichever it is. */
export const START: readonly BranchAction[] = ["startFr", "locate"];
