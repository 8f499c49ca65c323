/** A phone as people have it: follows redirects, acknowledges again what is repeated, and stays registered. */
import { addressOf } from "../../sip/address.ts";
import { grantedTo, newToken, type Registration, registration, requestText } from "../../sip/build.ts";
import { uriIn } from "../../sip/message.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import { PATIENCE_MS } from "../../support/machine.ts";
import type { Endpoint } from "./addresses.ts";
import { defer } from "./cleanup.ts";
import { Dialog } from "./dialog.ts";
import { OutgoingCall } from "./outgoing-call.ts";
import type { SipAgent } from "./sip-agent.ts";

const ANSWER_LIMIT_MS = 40_000;

export interface AnsweredCall {
  readonly callId: string;
  /** When the INVITE left. */
  readonly dialledAt_ms: number;
  /** When the 181 came; undefined when there was none. */
  readonly noticedAt_ms: number | undefined;
  readonly answeredAt_ms: number;
  /** The host of whoever answered. */
  readonly by: string;
}

/** A 200 to REGISTER. */
export interface Grant {
  readonly at_ms: number;
  readonly expires_s: number;
}

export class DeskPhone {
  readonly agent: SipAgent;
  readonly grants: Grant[] = [];
  /** What its REGISTERs met instead of a 200. */
  readonly refusals: string[] = [];
  private readonly proxy: Endpoint;
  private readonly dialogs = new Map<string, { readonly dialog: Dialog; readonly toTag: string }>();
  private refresh: NodeJS.Timeout | undefined;
  private refresh_ms = 0;
  private isRetired = false;

  constructor(agent: SipAgent, proxy: Endpoint) {
    this.agent = agent;
    this.proxy = proxy;
    agent.attendant = (message) => this.acknowledgeAgain(message);
    defer(() => this.retire());
  }

  /** Sends the INVITE; {@link answered} follows it. */
  dial(number: string): Promise<OutgoingCall> {
    return OutgoingCall.start(this.agent, { to: `sip:${number}@pbx.example.com`, through: this.proxy });
  }

  /** Follows a call until somebody has answered it, to the gateway where it is redirected. */
  async answered(call: OutgoingCall): Promise<AnsweredCall> {
    let ok = await call.final(ANSWER_LIMIT_MS);
    if (ok.status === 302) {
      const to = uriIn(ok.header("contact"));
      const second = await OutgoingCall.start(this.agent, { to, through: this.proxy, after: call });
      ok = await second.final(ANSWER_LIMIT_MS);
    }
    if (ok.status !== 200) throw new Error(`${call.callId} ended with ${ok.startLine}`);
    const { callId } = call;
    const dialog = Dialog.ofCaller(this.agent, ok);
    this.dialogs.set(callId, { dialog, toTag: ok.tagOf("to") });
    await dialog.acknowledge(ok);
    const [notice] = this.agent.all({ status: 181, callId });
    return {
      callId,
      dialledAt_ms: call.sentAt_ms,
      noticedAt_ms: notice?.at_ms,
      answeredAt_ms: ok.at_ms,
      by: addressOf(uriIn(ok.header("contact"))).host,
    };
  }

  async call(number: string): Promise<AnsweredCall> {
    return this.answered(await this.dial(number));
  }

  /** Registers, and again and again, whatever was granted. Returns with the first answer. */
  async stayRegistered(expires_s: number, refresh_ms: number): Promise<void> {
    this.refresh_ms = refresh_ms;
    const user = `phone-${this.agent.endpoint.host.split(".").at(-1)}`;
    const contact = `sip:${user}@${this.agent.sentBy}`;
    await this.register({ user, contact, callId: newToken(), tag: newToken(), expires_s, cseq: 1 });
  }

  /** The least that a binding had left when it was refreshed; negative: it had lapsed. */
  get leastLeft_ms(): number {
    const left_ms = this.grants.slice(1).map(({ at_ms }, index) => {
      const before = this.grants[index];
      return before === undefined ? 0 : before.at_ms + before.expires_s * 1_000 - at_ms;
    });
    return Math.min(...left_ms);
  }

  private retire(): void {
    this.isRetired = true;
    clearTimeout(this.refresh);
  }

  private async register(identity: Registration): Promise<void> {
    await this.agent.send(requestText(this.agent.sentBy, registration(identity)), this.proxy);
    await this.granted(identity.callId, identity.contact);
    if (this.isRetired) return;
    const next = { ...identity, cseq: identity.cseq + 1 };
    this.refresh = setTimeout(() => void this.register(next), this.refresh_ms);
  }

  private async granted(callId: string, contact: string): Promise<void> {
    try {
      const response = await this.agent.next({ isFinal: true, method: "REGISTER", callId }, PATIENCE_MS);
      const expires_s = grantedTo(response, contact);
      if (response.status === 200 && expires_s > 0) this.grants.push({ at_ms: response.at_ms, expires_s });
      else this.refusals.push(response.startLine);
    } catch (error) {
      this.refusals.push(String(error));
    }
  }

  /** §13.2.2.4: each repetition of a 200 means that the ACK hasn't arrived. */
  private acknowledgeAgain(message: SipMessage): boolean {
    if (message.status !== 200 || message.method !== "INVITE") return false;
    const known = this.dialogs.get(message.callId);
    if (known === undefined || known.toTag !== message.tagOf("to")) return false;
    void known.dialog.acknowledge(message);
    return true;
  }
}
