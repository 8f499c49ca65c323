/** What machines do with a call: ring for a moment, then answer. */
import type { IncomingCall } from "../sip/incoming-call.ts";
import { pause } from "../wait.ts";

const RINGING_ms = 300;

export async function answerAfterRinging(call: IncomingCall): Promise<void> {
  call.ring();
  await pause(RINGING_ms);
  call.answer();
}
