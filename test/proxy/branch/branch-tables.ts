/**
 * What a branch does in every state with every input, written down from RFC 3261 §9.1, §16.6 to §16.9, RFC 3263 §4.3 and
 * the words on `upstream.fr_timer` in `deploy/configuration.md`: "-" where the input is ignored, otherwise the next state and what is done. The machines in src
 * are compared with it cell by cell.
 */
import type { BranchInput } from "../../../src/proxy/branch/branch-machine.ts";

/** "next: action action", or "-". */
export type Row = Readonly<Record<BranchInput, string>>;
export type Table = Readonly<Record<string, Row>>;

const NOTHING: Row = {
  address: "-",
  silent: "-",
  later: "-",
  nowhere: "-",
  trying: "-",
  hush: "-",
  ringing: "-",
  late: "-",
  success: "-",
  refusal: "-",
  failure: "-",
  muted: "-",
  timeout: "-",
  unreachable: "-",
  wait: "-",
  share: "-",
  retry: "-",
  elsewhere: "-",
  stay: "-",
  cancel: "-",
  ringOver: "-",
  rescue: "-",
};

/** No input concerns the state, but for those given. */
function only(cells: Partial<Row>): Row {
  return { ...NOTHING, ...cells };
}

export const INVITE: Table = {
  locating: {
    address: "asking: send",
    silent: "waiting: resume tellHush", // all that were silent may answer for the rest of fr_timer
    later: "locating: tryLater tellLost", // the line may come back while fr_timer runs
    nowhere: "over: tellNowhere endNowhere", // §16.9: as if it had said 503
    trying: "proceeding: startTimerC", // an earlier try has got through, be it that the system said otherwise
    hush: "hushed: startHush",
    ringing: "ringing: startTimerC tellProvisional",
    late: "locating: turn hear",
    success: "over: passOver endSuccess",
    refusal: "locating: refused seek",
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: tellSilence endSilent",
    unreachable: "-", // that is why another address is looked for
    wait: "over: tellSilence endSilent", // DNS says nothing either
    share: "-",
    retry: "locating: locate",
    elsewhere: "-",
    stay: "-",
    cancel: "over: endCancelled", // §9.1: no CANCEL before a provisional response
    ringOver: "over: endRung",
    rescue: "over: endSilent",
  },
  asking: {
    address: "-", // looked for before, found late
    silent: "-",
    later: "-",
    nowhere: "-",
    trying: "proceeding: startTimerC",
    hush: "hushed: startHush",
    ringing: "ringing: startTimerC tellProvisional", // §16.7 item 2
    late: "asking: turn hear", // the first sign of life decides
    success: "over: passOver endSuccess",
    refusal: "locating: refused seek", // RFC 3263 §4.3
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: tellSilence endSilent", // timer B
    unreachable: "locating: drop seek", // RFC 3263 §4.3
    wait: "over: tellSilence endSilent", // fr_timer
    share: "asking: weighShare",
    retry: "-",
    elsewhere: "locating: abandon seek",
    stay: "-",
    cancel: "over: endCancelled",
    ringOver: "over: endRung",
    rescue: "over: endSilent",
  },
  waiting: {
    address: "-",
    silent: "-",
    later: "-",
    nowhere: "-",
    trying: "proceeding: startTimerC",
    hush: "hushed: startHush",
    ringing: "ringing: startTimerC tellProvisional",
    late: "waiting: turn hear", // whichever shows life first is the one that is asked from now on
    success: "over: passOver endSuccess",
    refusal: "locating: turn refused seek", // the others are waited for as before
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: tellSilence endSilent",
    unreachable: "locating: drop seek",
    wait: "over: tellSilence endSilent",
    share: "-", // nothing is left to share with
    retry: "-",
    elsewhere: "-",
    stay: "-",
    cancel: "over: endCancelled",
    ringOver: "over: endRung",
    rescue: "over: endSilent",
  },
  hushed: {
    address: "-",
    silent: "-",
    later: "-",
    nowhere: "-",
    trying: "-", // §16.7 item 2: only 101 to 199 start timer C anew
    hush: "-",
    ringing: "ringing: startTimerC tellProvisional",
    late: "hushed: cancelLate", // two phones must not ring for one branch
    success: "over: passOver endSuccess",
    refusal: "locating: refused seek", // nobody rings yet
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: endTimedOut", // a bug: no timer of the transaction runs
    unreachable: "-", // it has answered
    wait: "hushed: weighHush",
    share: "-", // it has answered within its share
    retry: "-",
    elsewhere: "doubted: markDead startHush tellHush",
    stay: "proceeding: startTimerC tellHush",
    cancel: "cancelling: stopWait cancel", // §9.1
    ringOver: "over: cancel endRung",
    rescue: "over: cancel endSilent", // 100 alone is no promise: the caller goes on elsewhere
  },
  doubted: {
    address: "-",
    silent: "-",
    later: "-",
    nowhere: "-",
    trying: "-",
    hush: "-",
    ringing: "ringing: startTimerC tellProvisional",
    late: "doubted: cancelLate",
    success: "over: passOver endSuccess",
    refusal: "locating: refused seek",
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: endTimedOut",
    unreachable: "-",
    wait: "doubted: weighVerdict",
    share: "-",
    retry: "-",
    elsewhere: "locating: cancel startFr seek", // the probe was left unanswered too
    stay: "proceeding: startTimerC", // only slow
    cancel: "cancelling: stopWait cancel",
    ringOver: "over: cancel endRung",
    rescue: "over: cancel endSilent",
  },
  proceeding: {
    address: "-",
    silent: "-",
    later: "-",
    nowhere: "-",
    trying: "-",
    hush: "-",
    ringing: "ringing: startTimerC tellProvisional",
    late: "proceeding: cancelLate",
    success: "over: passOver endSuccess",
    refusal: "locating: refused seek",
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: endTimedOut",
    unreachable: "-",
    wait: "over: cancel endTimedOut", // §16.8: timer C
    share: "-",
    retry: "-",
    elsewhere: "-",
    stay: "-",
    cancel: "cancelling: stopWait cancel",
    ringOver: "over: cancel endRung",
    rescue: "over: cancel endSilent",
  },
  ringing: {
    address: "-",
    silent: "-",
    later: "-",
    nowhere: "-",
    trying: "-",
    hush: "-",
    ringing: "ringing: startTimerC tellProvisional", // §16.7 item 2: each starts timer C anew
    late: "ringing: cancelLate",
    success: "over: passOver endSuccess",
    refusal: "over: endAnswered", // a phone has rung: this is an answer
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: endTimedOut",
    unreachable: "-",
    wait: "over: cancel endTimedOut",
    share: "-",
    retry: "-",
    elsewhere: "-",
    stay: "-",
    cancel: "cancelling: stopWait cancel",
    ringOver: "over: cancel endRung",
    rescue: "-", // somebody may answer yet
  },
  cancelling: only({
    late: "cancelling: cancelLate",
    success: "over: passOver endSuccess", // §9.1: the CANCEL came too late
    refusal: "over: endAnswered",
    failure: "over: endAnswered", // the 487
    muted: "over: endMuted",
    timeout: "over: endTimedOut", // §9.1: 64·T1 without it
    ringOver: "over: endRung",
  }),
  over: only({
    trying: "over: cancelLate", // what had been given up answers after all
    hush: "over: cancelLate",
    ringing: "over: cancelLate",
    late: "over: cancelLate",
    success: "over: endSuccess", // §16.7 item 5: each 2xx goes up
    timeout: "over: endTimedOut",
  }),
};

/** RFC 4320: to other requests a provisional response promises nothing. */
export const NON_INVITE: Table = {
  locating: only({
    address: "asking: send",
    later: "locating: tryLater tellLost",
    nowhere: "over: tellNowhere endNowhere",
    success: "over: endSuccess",
    refusal: "locating: refused seek",
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: tellSilence endSilent",
    wait: "over: tellSilence endSilent",
    retry: "locating: locate",
    cancel: "over: endCancelled",
    ringOver: "over: endRung",
    rescue: "over: endSilent",
  }),
  asking: only({
    trying: "proceeding:", // fr_timer goes on
    hush: "proceeding:",
    ringing: "proceeding:",
    success: "over: endSuccess",
    refusal: "locating: refused seek",
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: tellSilence endSilent", // timer F
    unreachable: "locating: drop seek",
    wait: "over: tellSilence endSilent",
    share: "asking: weighShare",
    elsewhere: "locating: abandon seek",
    cancel: "over: endCancelled",
    ringOver: "over: endRung",
    rescue: "over: endSilent",
  }),
  proceeding: only({
    success: "over: endSuccess",
    refusal: "locating: refused seek",
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: endTimedOut", // it lives: no silence
    unreachable: "locating: drop seek",
    wait: "over: tellSilence endSilent",
    cancel: "cancelling: stopWait", // §9.1: only INVITE can be cancelled, so its answer is waited for
    ringOver: "over: endRung",
    rescue: "over: endSilent",
  }),
  cancelling: only({
    success: "over: endSuccess",
    refusal: "over: endAnswered",
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: endTimedOut",
    unreachable: "over: endCancelled", // nobody wants another try
    ringOver: "over: endRung",
  }),
  over: only({ success: "over: endSuccess", timeout: "over: endTimedOut" }),
};

/** It has hung up: whatever its caller is told, the BYE is sent on. */
export const BYE: Table = {
  locating: only({
    address: "asking: send",
    later: "parting: tryLater tellNowhere endNowhere", // the caller needn't wait for the line
    nowhere: "over: tellNowhere endNowhere",
    success: "over: endSuccess",
    refusal: "locating: refused seek",
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: tellSilence endSilent",
    wait: "parting: tellSilence endSilent",
    cancel: "parting: endCancelled",
    ringOver: "parting: endRung",
    rescue: "parting: endSilent",
  }),
  asking: only({
    trying: "proceeding:",
    hush: "proceeding:",
    ringing: "proceeding:",
    success: "over: endSuccess",
    refusal: "locating: refused seek",
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: tellSilence endSilent",
    unreachable: "locating: drop seek",
    wait: "parting: tellSilence endSilent", // fr_timer is over for the caller, timer F isn't
    share: "asking: weighShare",
    elsewhere: "locating: abandon seek",
    cancel: "parting: endCancelled",
    ringOver: "parting: endRung",
    rescue: "parting: endSilent",
  }),
  proceeding: only({
    success: "over: endSuccess",
    refusal: "locating: refused seek",
    failure: "over: endAnswered",
    muted: "over: endMuted",
    timeout: "over: endTimedOut",
    unreachable: "locating: drop seek",
    wait: "parting: tellSilence endSilent",
    cancel: "parting: endCancelled",
    ringOver: "parting: endRung",
    rescue: "parting: endSilent",
  }),
  parting: only({
    address: "parting: send",
    later: "parting: tryLater",
    nowhere: "over: stop", // timer F would be over
    success: "over: endSuccess",
    refusal: "over: stop",
    failure: "over: stop",
    muted: "over: stop",
    timeout: "over: stop",
    unreachable: "parting: drop seek",
    retry: "parting: locate",
  }),
  over: only({ success: "over: endSuccess", timeout: "over: endTimedOut" }),
};
