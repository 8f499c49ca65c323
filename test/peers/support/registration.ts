/** A phone registers through the proxy at a registrar in the test's hands. */
import type { Endpoint } from "./addresses.ts";
import type { SipAgent } from "./sip-agent.ts";
import { buildRequest, newToken, type SipMessage } from "./sip-message.ts";

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
  const aor = `<sip:${user}@pbx.example.com>`;
  const parts = { method: "REGISTER", uri: "sip:pbx.example.com", from: `${aor};tag=${newToken()}`, to: aor, contact };
  await phone.send(
    buildRequest(phone.sentBy, { ...parts, callId, cseq: 1, extra: [`Expires: ${expires_s}`] }),
    through,
  );
  const request = await registrar.next({ method: "REGISTER", callId });
  const path = request.list("path");
  const extra = [`Expires: ${expires_s}`, ...path.map((value) => `Path: ${value}`)];
  await registrar.reply(request, 200, "OK", { toTag: "registrar", contact, extra });
  await phone.next({ status: 200, method: "REGISTER", callId });
  return { request, contact, path };
}
