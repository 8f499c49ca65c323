/** Non-INVITE client transaction: RFC 3261 §17.1.2. */
import { type Machine, TERMINATED, to } from "./machine.ts";

export const nonInviteClient: Machine<"trying" | "proceeding" | "completed" | typeof TERMINATED> = {
  initial: "trying",
  start: ["send", "startRetransmit", "startTimeout"],
  states: {
    trying: {
      retransmit: to("trying", "send", "doubleRetransmitToT2"),
      provisional: to("proceeding", "tell"),
      success: to("completed", "stopRetransmit", "stopTimeout", "absorbT4", "tell"),
      failure: to("completed", "stopRetransmit", "stopTimeout", "absorbT4", "tell"),
      timeout: to(TERMINATED, "tell"),
      unreachable: to(TERMINATED, "tell"),
      abandon: to(TERMINATED),
      disown: to(TERMINATED),
    },
    proceeding: {
      retransmit: to("proceeding", "send", "retransmitEveryT2"),
      provisional: to("proceeding", "tell"),
      success: to("completed", "stopRetransmit", "stopTimeout", "absorbT4", "tell"),
      failure: to("completed", "stopRetransmit", "stopTimeout", "absorbT4", "tell"),
      timeout: to(TERMINATED, "tell"),
      unreachable: to(TERMINATED, "tell"),
      abandon: to(TERMINATED),
      disown: to(TERMINATED),
    },
    completed: {
      linger: to(TERMINATED),
    },
  },
};
