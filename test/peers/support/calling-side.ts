/** A phone that makes whole calls: follows redirects, acknowledges all that is answered, hangs up, and is hung up on. */
import type { Endpoint } from "./addresses.ts";
import { pause } from "./clock.ts";
import { buildRequest, endpointOf, newToken, type RequestParts, type SipMessage, sdp, uriOf } from "./sip-message.ts";
import type { ServerTransaction, UserAgent } from "./user-agent.ts";

const EXPIRES_S = 60;

/** How a call ended for its caller. */
export interface CallEnd {
  readonly callId: string;
  /** Of the last INVITE: 200, what it was refused with, or 408. */
  readonly status: number;
  /** The host of whoever answered. */
  readonly by: string;
  /** How many dialogs 2xx responses have opened; more than one: a call that was answered twice. */
  readonly dialogs: number;
  readonly wasRedirected: boolean;
  /** What the BYE got, 408 for nothing; undefined: the other side hung up. */
  readonly byeStatus: number | undefined;
  readonly setUp_ms: number;
}

interface Call {
  readonly callId: string;
  readonly from: string;
  /** By To tag: the ACK, which each repetition of the 2xx gets again. */
  readonly acks: Map<string, { readonly wire: string; readonly to: Endpoint }>;
  hungUp: (() => void) | undefined;
}

export class CallingSide {
  readonly agent: UserAgent;
  private readonly proxy: Endpoint;
  private readonly calls = new Map<string, Call>();
  private readonly registration: Pick<RequestParts, "from" | "to" | "callId">;
  private registers = 0;

  constructor(agent: UserAgent, proxy: Endpoint, user = "phone") {
    this.agent = agent;
    this.proxy = proxy;
    const aor = `<sip:${user}@pbx.example.com>`;
    this.registration = { from: `${aor};tag=${newToken()}`, to: aor, callId: newToken() };
    agent.onRequest = (transaction) => this.onRequest(transaction);
  }

  /** @returns the expiry that was granted, in s; 0: none */
  async register(): Promise<number> {
    this.registers += 1;
    const contact = `sip:${uriOf(this.registration.to).slice(4).split("@")[0]}@${this.agent.sentBy}`;
    const parts = {
      ...this.registration,
      method: "REGISTER",
      uri: "sip:pbx.example.com",
      cseq: this.registers,
      contact,
    };
    const response = await this.agent.ask({ ...parts, extra: [`Expires: ${EXPIRES_S}`] }, this.proxy);
    const mine = response?.list("contact").find((value) => uriOf(value) === contact);
    return response?.status === 200 ? Number(/;expires=(\d+)/.exec(mine ?? "")?.[1] ?? 0) : 0;
  }

  /** @param talk_ms until it hangs up; undefined: it waits for the other side to do so, up to `patience_ms` */
  async call(uri: string, talk_ms: number | undefined, patience_ms = 90_000): Promise<CallEnd> {
    const { agent } = this;
    const call: Call = {
      callId: newToken(),
      from: `<sip:phone@${agent.sentBy}>;tag=${newToken()}`,
      acks: new Map(),
      hungUp: undefined,
    };
    const over = new Promise<void>((resolve) => {
      call.hungUp = resolve;
    });
    this.calls.set(call.callId, call);
    const started_ms = performance.now();
    let final = await this.invite(call, uri, 1);
    const wasRedirected = final?.status === 302;
    if (final !== undefined && wasRedirected) final = await this.invite(call, uriOf(final.header("contact")), 2);
    const status = final?.status ?? 408;
    const setUp_ms = performance.now() - started_ms;
    let byeStatus: number | undefined;
    if (final !== undefined && status === 200) {
      if (talk_ms === undefined) await Promise.race([over, pause(patience_ms)]);
      else await pause(talk_ms);
      if (talk_ms !== undefined) byeStatus = (await this.bye(call, final))?.status ?? 408;
    }
    return {
      callId: call.callId,
      status,
      by: status === 200 && final !== undefined ? endpointOf(uriOf(final.header("contact"))).host : "",
      dialogs: call.acks.size,
      wasRedirected,
      byeStatus,
      setUp_ms,
    };
  }

  /** Forgets calls that are long over. */
  forget(callId: string): void {
    this.calls.delete(callId);
  }

  private invite(call: Call, uri: string, cseq: number): Promise<SipMessage | undefined> {
    const { callId, from } = call;
    const { agent } = this;
    const contact = `sip:phone@${agent.sentBy}`;
    const body = sdp(agent.endpoint.host);
    return new Promise((resolve) => {
      agent.invite({ method: "INVITE", uri, from, to: `<${uri}>`, callId, cseq, contact, body }, this.proxy, {
        success: (response) => {
          this.acknowledge(call, response);
          resolve(response);
        },
        failure: resolve,
      });
    });
  }

  private acknowledge(call: Call, ok: SipMessage): void {
    const tag = ok.tagOf("to");
    const known = call.acks.get(tag);
    if (known !== undefined) {
      this.agent.retransmit(known.wire, known.to);
      return;
    }
    const { parts, next } = this.within(call, ok, "ACK", ok.cseq);
    const ack = { wire: buildRequest(this.agent.sentBy, parts), to: next };
    call.acks.set(tag, ack);
    this.agent.transmit(ack.wire, ack.to);
    // §13.2.2.4: a second dialog is more than a telephone wants.
    if (call.acks.size > 1) void this.bye(call, ok);
  }

  private bye(call: Call, ok: SipMessage): Promise<SipMessage | undefined> {
    const { parts, next } = this.within(call, ok, "BYE", ok.cseq + 1);
    return this.agent.ask(parts, next);
  }

  private within(call: Call, ok: SipMessage, method: string, cseq: number) {
    const uri = uriOf(ok.header("contact"));
    const routes = ok.list("record-route").reverse();
    const { callId, from } = call;
    const parts: RequestParts = { method, uri, from, to: ok.header("to"), callId, cseq, routes };
    return { parts, next: endpointOf(uriOf(routes[0] ?? uri)) };
  }

  private onRequest(transaction: ServerTransaction): void {
    const { method, callId } = transaction.request;
    const call = this.calls.get(callId);
    if (method !== "BYE" || call === undefined) {
      transaction.respond(method === "OPTIONS" ? 200 : 481, "");
      return;
    }
    transaction.respond(200, "OK");
    call.hungUp?.();
  }
}
