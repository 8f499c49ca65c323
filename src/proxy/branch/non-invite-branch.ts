/** Branches of other requests (RFC 3261 §16.6, §16.7): with one address at a time, and without CANCEL (§9.1). */
import { to } from "../../base/machine.ts";
import { type BranchMachine, type BranchRow, START } from "./branch-machine.ts";

const ANSWERED = to("over", "endAnswered");
const MUTED = to("over", "endMuted");
const SILENT = to("over", "tellSilence", "endSilent");

/** While no final response has come. A provisional one promises nothing (RFC 4320 §4.1). */
const UNANSWERED: BranchRow<"locating" | "over"> = {
  success: to("over", "endSuccess"),
  refusal: to("locating", "refused", "seek"),
  failure: ANSWERED,
  muted: MUTED,
  timeout: SILENT,
  wait: SILENT,
  cancel: to("over", "endCancelled"),
  ringOver: to("over", "endRung"),
  rescue: to("over", "endSilent"),
};

export const nonInviteBranch: BranchMachine<"locating" | "asking" | "proceeding" | "cancelling" | "over"> = {
  initial: "locating",
  start: START,
  states: {
    locating: {
      ...UNANSWERED,
      address: to("asking", "send"),
      later: to("locating", "tryLater", "tellLost"),
      nowhere: to("over", "tellNowhere", "endNowhere"),
      retry: to("locating", "locate"),
    },
    asking: {
      ...UNANSWERED,
      trying: to("proceeding"),
      hush: to("proceeding"),
      ringing: to("proceeding"),
      unreachable: to("locating", "drop", "seek"),
      share: to("asking", "weighShare"),
      elsewhere: to("locating", "abandon", "seek"),
    },
    proceeding: {
      ...UNANSWERED,
      timeout: to("over", "endTimedOut"),
      unreachable: to("locating", "drop", "seek"),
      cancel: to("cancelling", "stopWait"),
    },
    cancelling: {
      success: to("over", "endSuccess"),
      refusal: ANSWERED,
      failure: ANSWERED,
      muted: MUTED,
      timeout: to("over", "endTimedOut"),
      unreachable: to("over", "endCancelled"),
      ringOver: to("over", "endRung"),
    },
    over: {
      success: to("over", "endSuccess"),
      timeout: to("over", "endTimedOut"),
    },
  },
};

/** The same of a BYE: without a response its branch doesn't end, whatever the caller is told. */
const UNFINISHED: BranchRow<"locating" | "parting" | "over"> = {
  ...UNANSWERED,
  wait: to("parting", "tellSilence", "endSilent"),
  cancel: to("parting", "endCancelled"),
  ringOver: to("parting", "endRung"),
  rescue: to("parting", "endSilent"),
};

export const byeBranch: BranchMachine<"locating" | "asking" | "proceeding" | "parting" | "over"> = {
  initial: "locating",
  start: START,
  states: {
    locating: {
      ...UNFINISHED,
      address: to("asking", "send"),
      later: to("parting", "tryLater", "tellNowhere", "endNowhere"),
      nowhere: to("over", "tellNowhere", "endNowhere"),
    },
    asking: {
      ...UNFINISHED,
      trying: to("proceeding"),
      hush: to("proceeding"),
      ringing: to("proceeding"),
      unreachable: to("locating", "drop", "seek"),
      share: to("asking", "weighShare"),
      elsewhere: to("locating", "abandon", "seek"),
    },
    proceeding: {
      ...UNFINISHED,
      timeout: to("over", "endTimedOut"),
      unreachable: to("locating", "drop", "seek"),
    },
    parting: {
      address: to("parting", "send"),
      later: to("parting", "tryLater"),
      nowhere: to("over", "stop"),
      success: to("over", "endSuccess"),
      refusal: to("over", "stop"),
      failure: to("over", "stop"),
      muted: to("over", "stop"),
      timeout: to("over", "stop"),
      unreachable: to("parting", "drop", "seek"),
      retry: to("parting", "locate"),
    },
    over: {
      success: to("over", "endSuccess"),
      timeout: to("over", "endTimedOut"),
    },
  },
};
