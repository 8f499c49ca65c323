/** Non-INVITE server transaction: RFC 3261 §17.2.2. */
import { type Machine, TERMINATED, to } from "./machine.ts";

export const nonInviteServer: Machine<"trying" | "proceeding" | "completed" | typeof TERMINATED> = {
  initial: "trying",
  start: [],
  states: {
    trying: {
      provisional: to("proceeding", "send"),
      success: to("completed", "send", "absorb64T1"),
      failure: to("completed", "send", "absorb64T1"),
    },
    proceeding: {
      request: to("proceeding", "send"),
      provisional: to("proceeding", "send"),
      success: to("completed", "send", "absorb64T1"),
      failure: to("completed", "send", "absorb64T1"),
    },
    completed: {
      request: to("completed", "send"),
      linger: to(TERMINATED),
    },
  },
};
