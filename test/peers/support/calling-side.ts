/** A phone that makes whole calls: follows redirects, acknowledges all that is answered, hangs up, and is hung up on. */
import { addressOf } from "../../sip/address.ts";
import { grantedTo, newToken, type Registration, registration, sdp } from "../../sip/build.ts";
import { Dialog } from "../../sip/dialog.ts";
import { uriIn } from "../../sip/message.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import type { ServerTransaction, Transactions } from "../../sip/transactions.ts";
import type { Endpoint } from "./addresses.ts";
import { pause } from "./clock.ts";

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
  readonly acks: Map<string, { readonly dialog: Dialog; readonly wire: string }>;
  hungUp: (() => void) | undefined;
}

export class CallingSide {
  readonly agent: Transactions;
  private readonly proxy: Endpoint;
  private readonly calls = new Map<string, Call>();
  private registration: Registration;

  constructor(agent: Transactions, proxy: Endpoint, user = "phone", expires_s = EXPIRES_S) {
    this.agent = agent;
    this.proxy = proxy;
    const contact = `sip:${user}@${agent.sentBy}`;
    this.registration = { user, contact, callId: newToken(), tag: newToken(), expires_s, cseq: 0 };
    agent.onRequest = (transaction) => this.onRequest(transaction);
  }

  /** @returns the expiry that was granted, in s; 0: none */
  async register(): Promise<number> {
    this.registration = { ...this.registration, cseq: this.registration.cseq + 1 };
    const response = await this.agent.ask(registration(this.registration), this.proxy);
    return response.status === 200 ? grantedTo(response, this.registration.contact) : 0;
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
    const wasRedirected = final.status === 302;
    if (wasRedirected) final = await this.invite(call, uriIn(final.header("contact")), 2);
    const { status } = final;
    const setUp_ms = performance.now() - started_ms;
    let byeStatus: number | undefined;
    if (status === 200) {
      await (talk_ms === undefined ? Promise.race([over, pause(patience_ms)]) : pause(talk_ms));
      if (talk_ms !== undefined) byeStatus = (await this.bye(Dialog.ofCaller(final))).status;
    }
    return {
      callId: call.callId,
      status,
      by: status === 200 ? addressOf(uriIn(final.header("contact"))).host : "",
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

  private invite(call: Call, uri: string, cseq: number): Promise<SipMessage> {
    const { callId, from } = call;
    const { agent } = this;
    const contact = `sip:phone@${agent.sentBy}`;
    const session = sdp(agent.address.host);
    return new Promise((resolve) => {
      agent.invite({ method: "INVITE", uri, from, to: `<${uri}>`, callId, cseq, contact, session }, this.proxy, {
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
      this.agent.retransmit(known.wire, known.dialog.nextHop);
      return;
    }
    const dialog = Dialog.ofCaller(ok);
    call.acks.set(tag, { dialog, wire: this.agent.send(dialog.request("ACK", ok.cseq), dialog.nextHop) });
    // §13.2.2.4: a second dialog is more than a telephone wants.
    if (call.acks.size > 1) void this.bye(dialog);
  }

  private bye(dialog: Dialog): Promise<SipMessage> {
    return this.agent.ask(dialog.request("BYE"), dialog.nextHop);
  }

  private onRequest(transaction: ServerTransaction): void {
    const { method, callId } = transaction.request;
    const call = this.calls.get(callId);
    if (method !== "BYE" || call === undefined) {
      transaction.respond(method === "OPTIONS" ? 200 : 481);
      return;
    }
    transaction.respond(200);
    call.hungUp?.();
  }
}
