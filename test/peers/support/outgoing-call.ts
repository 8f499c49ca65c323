/** The caller of an INVITE. */
import { hopText, newBranch, newToken, type RequestParts, requestText, sdp } from "../../sip/build.ts";
import { readSip } from "../../sip/message.ts";
import { repeat, T1_MS } from "../../sip/repetition.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import { REAL_TIME } from "../../sip/wire.ts";
import type { Endpoint } from "./addresses.ts";
import { Dialog } from "./dialog.ts";
import type { SipAgent } from "./sip-agent.ts";

export interface CallOptions {
  /** The Request-URI. */
  readonly to: string;
  /** Where the INVITE is sent. */
  readonly through: Endpoint;
  readonly routes?: readonly string[];
  /** Further lines of the INVITE. */
  readonly extra?: readonly string[];
  /** For the INVITE that follows a redirect: same Call-ID, higher CSeq. */
  readonly after?: OutgoingCall;
}

export class OutgoingCall {
  readonly callId: string;
  readonly sentAt_ms: number;
  private readonly agent: SipAgent;
  private readonly through: Endpoint;
  private readonly parts: RequestParts;

  private constructor(agent: SipAgent, through: Endpoint, parts: RequestParts, sentAt_ms: number) {
    this.agent = agent;
    this.through = through;
    this.parts = parts;
    this.callId = parts.callId;
    this.sentAt_ms = sentAt_ms;
  }

  /** Sends the INVITE. */
  static async start(agent: SipAgent, { to, through, routes, extra, after }: CallOptions): Promise<OutgoingCall> {
    const parts: RequestParts = {
      method: "INVITE",
      uri: to,
      from: after?.parts.from ?? `<sip:caller@${agent.sentBy}>;tag=${newToken()}`,
      to: `<${to}>`,
      callId: after?.callId ?? newToken(),
      cseq: (after?.parts.cseq ?? 0) + 1,
      branch: newBranch(),
      contact: `sip:caller@${agent.sentBy}`,
      session: sdp(agent.endpoint.host),
      routes,
      extra,
    };
    const sentAt_ms = await agent.send(requestText(agent.sentBy, parts), through);
    return new OutgoingCall(agent, through, parts, sentAt_ms);
  }

  /** The response with `status`. Failures are acknowledged (RFC 3261 §17.1.1.3). */
  async response(status: number, limit_ms?: number): Promise<SipMessage> {
    const response = await this.agent.next({ status, method: "INVITE", callId: this.callId }, limit_ms);
    if (status >= 300) await this.sendLike("ACK", response.header("to"));
    return response;
  }

  /** The final response, whatever it is. Failures are acknowledged. */
  async final(limit_ms?: number): Promise<SipMessage> {
    const response = await this.agent.next({ isFinal: true, method: "INVITE", callId: this.callId }, limit_ms);
    if (response.status >= 300) await this.sendLike("ACK", response.header("to"));
    return response;
  }

  /** How long after the INVITE `response` came. */
  delay_ms(response: SipMessage): number {
    return response.at_ms - this.sentAt_ms;
  }

  /** Waits for the 200 and acknowledges it. */
  async established(limit_ms?: number): Promise<Dialog> {
    const ok = await this.response(200, limit_ms);
    const dialog = Dialog.ofCaller(this.agent, ok);
    await dialog.acknowledge(ok);
    return dialog;
  }

  async cancel(): Promise<void> {
    await this.sendLike("CANCEL", this.parts.to);
  }

  /** Sends the INVITE again every T1 until a response comes, as phones do (RFC 3261 §17.1.1.2); returns how often. */
  async insist(limit_ms?: number): Promise<number> {
    let resent = 0;
    const resend = () => {
      resent += 1;
      void this.agent.send(requestText(this.agent.sentBy, this.parts), this.through);
    };
    let isUnanswered = true;
    repeat(REAL_TIME, () => isUnanswered, resend, T1_MS);
    try {
      await this.response(100, limit_ms);
      return resent;
    } finally {
      isUnanswered = false;
    }
  }

  /** The requests that share the INVITE's branch and CSeq number. */
  private async sendLike(method: "ACK" | "CANCEL", to: string): Promise<void> {
    const { agent, parts, through } = this;
    const invite = readSip(requestText(agent.sentBy, parts));
    await agent.send(hopText(method, invite, { uri: parts.uri, routes: parts.routes, to }), through);
  }
}
