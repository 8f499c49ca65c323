/** INVITE client transaction: RFC 3261 §17.1.1, amended by RFC 6026 §7.2 (accepted) and §9.1's wait after a CANCEL. */
import { type Machine, TERMINATED, to } from "./machine.ts";

const ANEW = ["send", "startRetransmit", "startTimeout"] as const;

export const inviteClient: Machine<
  "calling" | "proceeding" | "abandoned" | "disowned" | "accepted" | "completed" | typeof TERMINATED
> = {
  initial: "calling",
  start: ANEW,
  states: {
    calling: {
      retransmit: to("calling", "send", "doubleRetransmit"),
      provisional: to("proceeding", "stopRetransmit", "stopTimeout", "tell"),
      success: to("accepted", "stopRetransmit", "stopTimeout", "linger64T1", "tell"),
      failure: to("completed", "stopRetransmit", "stopTimeout", "sendAck", "absorb64T1", "tell"),
      timeout: to(TERMINATED, "tell"),
      // Ours: the request may have got through before the error; who answers late must not be left ringing.
      unreachable: to("abandoned", "stopRetransmit", "tell"),
      abandon: to("abandoned", "stopRetransmit"),
      disown: to("disowned"),
      // Ours: the address to which answers come is gone, and the request leaves once more from another.
      anew: to("calling", ...ANEW),
    },
    proceeding: {
      provisional: to("proceeding", "tell"),
      success: to("accepted", "stopTimeout", "linger64T1", "tell"),
      failure: to("completed", "stopTimeout", "sendAck", "absorb64T1", "tell"),
      cancelled: to("proceeding", "startTimeout"),
      anew: to("calling", ...ANEW),
      timeout: to(TERMINATED, "tell"),
    },
    // Ours: fr_timer has given up on the answer, timer B still runs, and who answers late must not be left ringing.
    abandoned: {
      provisional: to("proceeding", "stopTimeout", "tell"),
      success: to("accepted", "stopTimeout", "linger64T1", "tell"),
      failure: to("completed", "stopTimeout", "sendAck", "absorb64T1", "tell"),
      timeout: to(TERMINATED),
      resume: to("calling", "startRetransmit"),
    },
    // §9.1: no CANCEL before a provisional response. It may be the 180 that got lost, and comes again when the INVITE does.
    disowned: {
      retransmit: to("disowned", "send", "doubleRetransmit"),
      provisional: to("proceeding", "stopRetransmit", "stopTimeout", "tell"),
      success: to("accepted", "stopRetransmit", "stopTimeout", "linger64T1", "tell"),
      failure: to("completed", "stopRetransmit", "stopTimeout", "sendAck", "absorb64T1", "tell"),
      unreachable: to("abandoned", "stopRetransmit"),
      timeout: to(TERMINATED),
    },
    accepted: {
      success: to("accepted", "tell"),
      linger: to(TERMINATED),
    },
    completed: {
      failure: to("completed", "sendAck"),
      linger: to(TERMINATED),
    },
  },
};
