/** A call whose messages carry what a trace must not show. */

import type { Endpoint } from "./addresses.ts";
import { IncomingCall } from "./incoming-call.ts";
import { OutgoingCall } from "./outgoing-call.ts";
import type { SipAgent } from "./sip-agent.ts";

export const NUMBER = "sip:5551234@pbx.example.com";
/** The answer to a challenge. */
export const SECRET = "5ccc069c403ebaf9f0171e9517f40e41";
const CREDENTIALS = `Proxy-Authorization: Digest username="201", response="${SECRET}"`;

/** A call to upstream, answered and hung up. @returns its Call-ID */
export async function wholeCall(phone: SipAgent, upstream: SipAgent, through: Endpoint): Promise<string> {
  const call = await OutgoingCall.start(phone, { to: NUMBER, through, extra: [CREDENTIALS] });
  const incoming = await IncomingCall.at(upstream, call.callId);
  const answered = incoming.answer();
  const dialog = await call.established();
  await answered;
  await dialog.ask("BYE", upstream);
  return call.callId;
}
