/** INVITE server transaction: RFC 3261 §17.2.1, amended by RFC 6026 §7.1 (accepted). */
import { type Machine, TERMINATED, to } from "./machine.ts";

export const inviteServer: Machine<"proceeding" | "completed" | "confirmed" | "accepted" | typeof TERMINATED> = {
  initial: "proceeding",
  start: [],
  states: {
    proceeding: {
      request: to("proceeding", "send"),
      provisional: to("proceeding", "send"),
      success: to("accepted", "send", "linger64T1"),
      failure: to("completed", "send", "startRetransmit", "startTimeout"),
    },
    completed: {
      request: to("completed", "send"),
      retransmit: to("completed", "send", "doubleRetransmitToT2"),
      ack: to("confirmed", "stopRetransmit", "stopTimeout", "absorbT4", "tell"),
      timeout: to(TERMINATED, "tell"),
    },
    confirmed: {
      linger: to(TERMINATED),
    },
    // RFC 6026: 2xx responses pass, retransmitted INVITEs are absorbed.
    accepted: {
      success: to("accepted", "send"),
      linger: to(TERMINATED),
    },
  },
};
