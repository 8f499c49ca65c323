/** A phone in the hands of a test, as its registrar knows it: its REGISTERs, one after the other. */
import { newToken, registration, requestText } from "../../sip/build.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import type { Endpoint } from "./addresses.ts";
import type { SipAgent } from "./sip-agent.ts";

export class Extension {
  readonly user: string;
  readonly agent: SipAgent;
  /** As it registers it. */
  readonly contact: string;
  private readonly proxy: Endpoint;
  private readonly callId: string;
  private cseq: number;

  /** @param how which user its Contact has, and, for one that has been switched on again, what it kept and what not */
  constructor(
    agent: SipAgent,
    user: string,
    proxy: Endpoint,
    how: { contactUser?: string; callId?: string; cseq?: number } = {},
  ) {
    this.agent = agent;
    this.user = user;
    this.proxy = proxy;
    this.contact = `sip:${how.contactUser ?? user}@${agent.sentBy}`;
    this.callId = how.callId ?? newToken();
    this.cseq = how.cseq ?? 1;
  }

  /** @returns the final response */
  async register(expires_s = 300): Promise<SipMessage> {
    const { agent, user, contact, callId, cseq } = this;
    this.cseq += 1;
    const parts = registration({ user, contact, callId, cseq, expires_s });
    await agent.send(requestText(agent.sentBy, parts), this.proxy);
    return agent.next({ isFinal: true, method: "REGISTER", callId });
  }

  /** The same phone after a reboot, at `agent`: it keeps its Call-ID and counts from 1. */
  rebooted(agent: SipAgent): Extension {
    return new Extension(agent, this.user, this.proxy, { callId: this.callId });
  }
}
