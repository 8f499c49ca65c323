/** One side of a dialog: requests within it follow its Route set (RFC 3261 §12.2). */

import { pause } from "./clock.ts";
import type { SipAgent } from "./sip-agent.ts";
import { buildRequest, endpointOf, newBranch, type SipMessage, sdp, uriOf } from "./sip-message.ts";

interface DialogState {
  readonly callId: string;
  /** Whole values of From and To as this side writes them. */
  readonly local: string;
  readonly remote: string;
  readonly target: string;
  readonly routes: readonly string[];
  readonly cseq: number;
}

export class Dialog {
  readonly agent: SipAgent;
  readonly callId: string;
  /** Nearest hop first. */
  readonly routes: readonly string[];
  private readonly state: DialogState;
  private cseq: number;
  /** Of the request that was sent last. */
  private branch = "";

  constructor(agent: SipAgent, state: DialogState) {
    this.agent = agent;
    this.state = state;
    this.callId = state.callId;
    this.routes = state.routes;
    this.cseq = state.cseq;
  }

  /** The caller's side, from the 2xx. */
  static ofCaller(agent: SipAgent, ok: SipMessage): Dialog {
    return new Dialog(agent, {
      callId: ok.callId,
      local: ok.header("from"),
      remote: ok.header("to"),
      target: uriOf(ok.header("contact")),
      routes: ok.list("record-route").reverse(),
      cseq: ok.cseq,
    });
  }

  /** The callee's side, from the INVITE. */
  static ofCallee(agent: SipAgent, invite: SipMessage, toTag: string): Dialog {
    return new Dialog(agent, {
      callId: invite.callId,
      local: `${invite.header("to")};tag=${toTag}`,
      remote: invite.header("from"),
      target: uriOf(invite.header("contact")),
      routes: invite.list("record-route"),
      cseq: 100,
    });
  }

  /**
   * Sends a request of `method`; INVITEs carry an offer.
   * @param extra further lines
   */
  async send(method: string, extra: readonly string[] = []): Promise<void> {
    this.cseq += 1;
    this.branch = newBranch();
    await this.transmit(
      method,
      this.cseq,
      method === "INVITE" ? sdp(this.agent.endpoint.host) : undefined,
      extra,
      this.branch,
    );
  }

  /** The header line that asks the other side to let somebody else take this side's place (RFC 3891). */
  get replaces(): string {
    const tagOf = (value: string) => /;\s*tag=([^;\s]+)/.exec(value)?.[1] ?? "";
    const { callId, local, remote } = this.state;
    return `Replaces: ${callId};to-tag=${tagOf(remote)};from-tag=${tagOf(local)}`;
  }

  /** For the 2xx to the INVITE that was sent last. */
  async acknowledge(ok: SipMessage): Promise<void> {
    await this.transmit("ACK", ok.cseq, undefined);
  }

  /** For the refusal of the INVITE that was sent last (RFC 3261 §17.1.1.3). */
  async acknowledgeRefusal(refusal: SipMessage): Promise<void> {
    await this.transmit("ACK", refusal.cseq, undefined, [], this.branch);
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
      isInvite ? { contact: `sip:${agent.sentBy}`, body: sdp(agent.endpoint.host) } : {},
    );
    const ok = await this.agent.next({ status: 200, method, callId });
    if (isInvite) {
      await this.acknowledge(ok);
      await agent.next({ method: "ACK", callId });
    }
    return request;
  }

  private async transmit(
    method: string,
    cseq: number,
    body: string | undefined,
    extra: readonly string[] = [],
    branch = newBranch(),
  ): Promise<void> {
    const { callId, local, remote, target, routes } = this.state;
    const contact = `sip:${this.agent.sentBy}`;
    const wire = buildRequest(this.agent.sentBy, {
      method,
      uri: target,
      from: local,
      to: remote,
      callId,
      cseq,
      branch,
      routes,
      extra,
      ...(method === "INVITE" ? { contact } : {}),
      ...(body === undefined ? {} : { body }),
    });
    await this.agent.send(wire, endpointOf(uriOf(routes[0] ?? target)));
  }
}
