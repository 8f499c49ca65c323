/** One side of a dialog: requests within it follow its Route set (RFC 3261 §12.2). */
import { newBranch, type RequestParts, requestText, sdp } from "../../sip/build.ts";
import { Dialog as State, type Within } from "../../sip/dialog.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import { pause } from "./clock.ts";
import type { SipAgent } from "./sip-agent.ts";

/** Unlike the other side's numbers. */
const CALLEE_CSEQ = 100;

export class Dialog {
  readonly agent: SipAgent;
  private readonly state: State;
  /** Of the request that was sent last. */
  private branch = "";

  private constructor(agent: SipAgent, state: State) {
    this.agent = agent;
    this.state = state;
  }

  /** The caller's side, from the 2xx. */
  static ofCaller(agent: SipAgent, ok: SipMessage): Dialog {
    return new Dialog(agent, State.ofCaller(ok));
  }

  /** The callee's side, from the INVITE. */
  static ofCallee(agent: SipAgent, invite: SipMessage, toTag: string): Dialog {
    return new Dialog(agent, State.ofCallee(invite, toTag, CALLEE_CSEQ));
  }

  get callId(): string {
    return this.state.callId;
  }

  /** Nearest hop first. */
  get routes(): readonly string[] {
    return this.state.routes;
  }

  /**
   * Sends a request of `method`; INVITEs carry an offer.
   * @param extra further lines
   */
  async send(method: string, extra: readonly string[] = []): Promise<void> {
    this.branch = newBranch();
    const session = method === "INVITE" ? sdp(this.agent.endpoint.host) : undefined;
    await this.transmit(this.state.request(method), { session, extra, branch: this.branch });
  }

  /** The header line that asks the other side to let somebody else take this side's place (RFC 3891). */
  get replaces(): string {
    return `Replaces: ${this.state.name}`;
  }

  /** For the 2xx to the INVITE that was sent last. */
  async acknowledge(ok: SipMessage): Promise<void> {
    await this.transmit(this.state.request("ACK", ok.cseq));
  }

  /** For the refusal of the INVITE that was sent last (RFC 3261 §17.1.1.3). */
  async acknowledgeRefusal(refusal: SipMessage): Promise<void> {
    await this.transmit(this.state.request("ACK", refusal.cseq), { branch: this.branch });
  }

  /**
   * As a phone does it: repeats the request when it is told 500 with Retry-After, and acknowledges what must be.
   * @returns the final responses, in order; the last one is the first that didn't ask for patience
   */
  async insist(method: "INVITE" | "UPDATE" | "INFO", limit_ms: number): Promise<SipMessage[]> {
    const finals: SipMessage[] = [];
    for (;;) {
      await this.send(method);
      const final = await this.agent.next({ isFinal: true, method, callId: this.callId }, limit_ms);
      finals.push(final);
      if (method === "INVITE" && final.status >= 300) await this.acknowledgeRefusal(final);
      else if (method === "INVITE") await this.acknowledge(final);
      const wait_s = Number(final.header("retry-after").split(/[ ;(]/)[0]);
      if (final.status !== 500 || !(wait_s > 0)) return finals;
      await pause(1_000 * wait_s);
    }
  }

  /** A request of `method` reaches the other side's `agent`, and its 200 comes back. */
  async ask(method: "BYE" | "INVITE" | "INFO", agent: SipAgent): Promise<SipMessage> {
    const { callId } = this;
    await this.send(method);
    const request = await agent.next({ method, callId });
    const isInvite = method === "INVITE";
    await agent.reply(
      request,
      200,
      "OK",
      isInvite ? { contact: `sip:${agent.sentBy}`, session: sdp(agent.endpoint.host) } : {},
    );
    const ok = await this.agent.next({ status: 200, method, callId });
    if (isInvite) {
      await this.acknowledge(ok);
      await agent.next({ method: "ACK", callId });
    }
    return request;
  }

  private async transmit(within: Within, more: Pick<RequestParts, "session" | "extra" | "branch"> = {}): Promise<void> {
    const { agent, state } = this;
    const contact = within.method === "INVITE" ? `sip:${agent.sentBy}` : undefined;
    await agent.send(requestText(agent.sentBy, { ...within, ...more, contact }), state.nextHop);
  }
}
