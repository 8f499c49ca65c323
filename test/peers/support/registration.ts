/** A phone registers through the proxy at a registrar in the test's hands. */
import { grant, newToken, registration, requestText } from "../../sip/build.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import type { Endpoint } from "./addresses.ts";
import type { SipAgent } from "./sip-agent.ts";

export interface Registration {
  /** As the registrar got it. */
  readonly request: SipMessage;
  /** The phone's address, as it registered it. */
  readonly contact: string;
  /** Path, nearest to the registrar first: the Route to the phone. */
  readonly path: readonly string[];
}

/** Returns when the phone has its 200. */
export async function register(
  phone: SipAgent,
  registrar: SipAgent,
  through: Endpoint,
  user = "phone",
  expires_s = 300,
): Promise<Registration> {
  const callId = newToken();
  const contact = `sip:${user}@${phone.sentBy}`;
  const parts = registration({ user, contact, callId, cseq: 1, expires_s });
  await phone.send(requestText(phone.sentBy, parts), through);
  const request = await registrar.next({ method: "REGISTER", callId });
  await registrar.reply(request, 200, "OK", { toTag: "registrar", extra: grant(request, expires_s) });
  await phone.next({ status: 200, method: "REGISTER", callId });
  return { request, contact, path: request.list("path") };
}
