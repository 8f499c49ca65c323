/** The branch of an INVITE: RFC 3261 §16.6, §16.7; §9.1 for its CANCEL; RFC 3263 §4.3 for the next address. */
import { to } from "../../base/machine.ts";
import { type BranchMachine, type BranchRow, type BranchState, START } from "./branch-machine.ts";

type InviteState = Exclude<BranchState, "parting">;

const ANSWERED = to("over", "endAnswered");
const MUTED = to("over", "endMuted");
const SUCCESS = to("over", "passOver", "endSuccess");
const SILENT = to("over", "tellSilence", "endSilent");
/** By news of another request, or of a probe: not once somebody's phone may ring. */
const RESCUED = to("over", "endSilent");
const RESCUED_BY_CANCEL = to("over", "cancel", "endSilent");

/** What is the same whatever has come. */
const OPEN: BranchRow<InviteState> = {
  ringing: to("ringing", "startTimerC", "tellProvisional"),
  success: SUCCESS,
  refusal: to("locating", "refused", "seek"),
  failure: ANSWERED,
  muted: MUTED,
};

/** While nothing has come from the address that is asked. */
const QUIET: BranchRow<InviteState> = {
  ...OPEN,
  trying: to("proceeding", "startTimerC"),
  hush: to("hushed", "startHush"),
  timeout: SILENT,
  wait: SILENT,
  cancel: to("over", "endCancelled"),
  ringOver: to("over", "endRung"),
};

/** Once a provisional response has come. Another 100 says nothing new, and starts no timer anew (§16.7 item 2). */
const HEARD: BranchRow<InviteState> = {
  ...OPEN,
  timeout: to("over", "endTimedOut"),
  wait: to("over", "cancel", "endTimedOut"),
  cancel: to("cancelling", "stopWait", "cancel"),
  ringOver: to("over", "cancel", "endRung"),
};

export const inviteBranch: BranchMachine<InviteState> = {
  initial: "locating",
  start: START,
  states: {
    locating: {
      ...QUIET,
      rescue: RESCUED,
      address: to("asking", "send"),
      silent: to("waiting", "resume", "tellHush"),
      later: to("locating", "tryLater", "tellLost"),
      nowhere: to("over", "tellNowhere", "endNowhere"),
      late: to("locating", "turn", "hear"),
      retry: to("locating", "locate"),
    },
    asking: {
      ...QUIET,
      rescue: RESCUED,
      late: to("asking", "turn", "hear"),
      unreachable: to("locating", "drop", "seek"),
      share: to("asking", "weighShare"),
      elsewhere: to("locating", "abandon", "seek"),
    },
    waiting: {
      ...QUIET,
      rescue: RESCUED,
      late: to("waiting", "turn", "hear"),
      refusal: to("locating", "turn", "refused", "seek"),
      unreachable: to("locating", "drop", "seek"),
    },
    hushed: {
      ...HEARD,
      rescue: RESCUED_BY_CANCEL,
      late: to("hushed", "cancelLate"),
      wait: to("hushed", "weighHush"),
      elsewhere: to("doubted", "markDead", "startHush", "tellHush"),
      stay: to("proceeding", "startTimerC", "tellHush"),
    },
    doubted: {
      ...HEARD,
      rescue: RESCUED_BY_CANCEL,
      late: to("doubted", "cancelLate"),
      wait: to("doubted", "weighVerdict"),
      // One that hasn't answered its probe either is passed over; one that is only slow may ring on.
      elsewhere: to("locating", "cancel", "startFr", "seek"),
      stay: to("proceeding", "startTimerC"),
    },
    proceeding: {
      ...HEARD,
      rescue: RESCUED_BY_CANCEL,
      late: to("proceeding", "cancelLate"),
    },
    ringing: {
      ...HEARD,
      late: to("ringing", "cancelLate"),
      refusal: ANSWERED,
    },
    cancelling: {
      late: to("cancelling", "cancelLate"),
      success: SUCCESS,
      refusal: ANSWERED,
      failure: ANSWERED,
      muted: MUTED,
      timeout: to("over", "endTimedOut"), // §9.1: 64·T1 without the 487
      ringOver: to("over", "endRung"),
    },
    over: {
      trying: to("over", "cancelLate"),
      hush: to("over", "cancelLate"),
      ringing: to("over", "cancelLate"),
      late: to("over", "cancelLate"),
      success: to("over", "endSuccess"),
      timeout: to("over", "endTimedOut"), // a bug of ours may have kept the end from being told
    },
  },
};
