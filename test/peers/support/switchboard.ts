/** An agent that works by itself: answers whoever calls, registers whoever asks. */
import { grant, newToken, sdp } from "../../sip/build.ts";
import { Repetition, T2_MS } from "../../sip/repetition.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import { REAL_TIME } from "../../sip/wire.ts";
import { PATIENCE_MS } from "../../support/machine.ts";
import { defer } from "./cleanup.ts";
import type { SipAgent } from "./sip-agent.ts";

/** Short: it is part of what tests measure. */
const ANSWER_DELAY_MS = 20;

interface Call {
  readonly invite: SipMessage;
  readonly toTag: string;
  status: number;
  /** Of its answer, until the ACK comes (RFC 3261 §13.3.1.4). */
  repetition: Repetition | undefined;
}

export class Switchboard {
  readonly agent: SipAgent;
  /** Calls to this user get a 100 and then nothing. */
  neverAnswered = "";
  /** When the first ACK of each answered call arrived, by Call-ID. */
  private readonly established = new Map<string, number>();
  private readonly waiters = new Map<string, (at_ms: number) => void>();
  private readonly calls = new Map<string, Call>();

  constructor(agent: SipAgent) {
    this.agent = agent;
    agent.attendant = (message) => this.attend(message);
    defer(() => this.forget());
  }

  /** The process dies: its port is closed, its calls are forgotten. */
  async die(): Promise<void> {
    this.forget();
    await this.agent.close();
  }

  async revive(): Promise<void> {
    await this.agent.reopen();
  }

  hasCalled(callId: string): boolean {
    return this.agent.all({ method: "INVITE", callId }).length > 0;
  }

  /** Waits for the ACK of a call that has been answered. @returns when it arrived */
  acknowledged(callId: string, limit_ms = PATIENCE_MS): Promise<number> {
    const at_ms = this.established.get(callId);
    if (at_ms !== undefined) return Promise.resolve(at_ms);
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`${this.agent.sentBy}: no ACK for ${callId} in ${limit_ms} ms`));
      const timer = setTimeout(late, limit_ms);
      this.waiters.set(callId, (ackAt_ms) => {
        clearTimeout(timer);
        resolve(ackAt_ms);
      });
    });
  }

  /** How many of the calls that it has answered, and still knows, wait for their ACK. */
  get unacknowledged(): number {
    return [...this.calls.values()].filter(
      ({ status, invite }) => status === 200 && !this.established.has(invite.callId),
    ).length;
  }

  private forget(): void {
    for (const call of this.calls.values()) end(call);
    this.calls.clear();
  }

  private attend(message: SipMessage): boolean {
    switch (message.method) {
      case "INVITE":
        this.onInvite(message);
        break;
      case "ACK":
        this.onAck(message);
        break;
      case "CANCEL":
        this.onCancel(message);
        break;
      case "REGISTER":
        this.onRegister(message);
        break;
      default:
        this.reply(message, 200, "OK");
    }
    return true;
  }

  private onInvite(invite: SipMessage): void {
    const known = this.calls.get(keyOf(invite));
    if (known !== undefined) {
      this.respond(known);
      return;
    }
    const call: Call = { invite, toTag: newToken(), status: 100, repetition: undefined };
    this.calls.set(keyOf(invite), call);
    this.respond(call);
    if (this.neverAnswered !== "" && invite.requestUri.startsWith(`sip:${this.neverAnswered}@`)) return;
    REAL_TIME.after(ANSWER_DELAY_MS, () => this.answer(call));
  }

  private answer(call: Call): void {
    if (call.status >= 200 || this.calls.get(keyOf(call.invite)) !== call) return;
    call.status = 200;
    this.respond(call);
    const again = () => this.respond(call);
    call.repetition = new Repetition(REAL_TIME, again, () => {}, T2_MS);
  }

  private onAck(ack: SipMessage): void {
    const call = this.calls.get(keyOf(ack));
    if (call === undefined) return;
    end(call);
    const { callId } = ack;
    if (call.status !== 200 || this.established.has(callId)) return;
    this.established.set(callId, ack.at_ms);
    this.waiters.get(callId)?.(ack.at_ms);
    this.waiters.delete(callId);
  }

  private onCancel(cancel: SipMessage): void {
    this.reply(cancel, 200, "OK");
    const call = this.calls.get(keyOf(cancel));
    if (call === undefined || call.status >= 200) return;
    call.status = 487;
    this.respond(call);
  }

  private onRegister(request: SipMessage): void {
    this.reply(request, 200, "OK", grant(request));
  }

  private respond({ invite, status, toTag }: Call): void {
    const { agent } = this;
    if (!agent.isOpen) return;
    if (status === 100) {
      void agent.reply(invite, 100, "Trying");
    } else if (status === 200) {
      const contact = `sip:callee@${agent.sentBy}`;
      void agent.reply(invite, 200, "OK", { toTag, contact, session: sdp(agent.endpoint.host) });
    } else {
      void agent.reply(invite, status, "Request Terminated", { toTag });
    }
  }

  private reply(request: SipMessage, status: number, reason: string, extra: readonly string[] = []): void {
    if (this.agent.isOpen) void this.agent.reply(request, status, reason, { toTag: "switchboard", extra });
  }
}

function end({ repetition }: Call): void {
  repetition?.stop();
}

/** What an INVITE shares with its ACK and CANCEL. */
function keyOf({ callId, cseq }: SipMessage): string {
  return `${callId} ${cseq}`;
}
