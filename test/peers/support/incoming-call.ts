/** The callee of an INVITE. */
import { newToken, sdp } from "../../sip/build.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import { Dialog } from "./dialog.ts";
import type { SipAgent } from "./sip-agent.ts";

export class IncomingCall {
  readonly invite: SipMessage;
  private readonly agent: SipAgent;
  private readonly toTag = newToken();

  private constructor(agent: SipAgent, invite: SipMessage) {
    this.agent = agent;
    this.invite = invite;
  }

  /** The next INVITE that reaches `agent`. */
  static async at(agent: SipAgent, callId?: string, limit_ms?: number): Promise<IncomingCall> {
    const wanted = { method: "INVITE", ...(callId === undefined ? {} : { callId }) };
    return new IncomingCall(agent, await agent.next(wanted, limit_ms));
  }

  async ring(): Promise<void> {
    await this.respond(180, "Ringing");
  }

  /** Answers, and waits for the ACK. */
  async answer(): Promise<Dialog> {
    const { agent, invite } = this;
    await this.respond(200, "OK", sdp(agent.endpoint.host));
    await agent.next({ method: "ACK", callId: invite.callId });
    return Dialog.ofCallee(agent, invite, this.toTag);
  }

  /** Answers without a look at the ACK. */
  async accept(): Promise<void> {
    await this.respond(200, "OK", sdp(this.agent.endpoint.host));
  }

  /** A final failure; waits for its ACK. */
  async refuse(status: number, reason: string): Promise<void> {
    await this.respond(status, reason);
    await this.agent.next({ method: "ACK", callId: this.invite.callId });
  }

  /** Waits for the CANCEL and obeys it. */
  async cancelled(limit_ms?: number): Promise<SipMessage> {
    const { agent, invite } = this;
    const cancel = await agent.next({ method: "CANCEL", callId: invite.callId }, limit_ms);
    await agent.reply(cancel, 200, "OK", { toTag: this.toTag });
    await this.refuse(487, "Request Terminated");
    return cancel;
  }

  private async respond(status: number, reason: string, session?: string): Promise<void> {
    const { agent, invite, toTag } = this;
    await agent.reply(invite, status, reason, { toTag, contact: `sip:callee@${agent.sentBy}`, session });
  }
}
