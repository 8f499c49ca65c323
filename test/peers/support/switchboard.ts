/** An agent that works by itself: answers whoever calls, registers whoever asks. */
import { defer } from "./cleanup.ts";
import type { SipAgent } from "./sip-agent.ts";
import { newToken, type SipMessage, sdp } from "./sip-message.ts";

/** Short: it is part of what tests measure. */
const ANSWER_DELAY_MS = 20;
/** RFC 3261 §13.3.1.4: a 200 is repeated until its ACK comes. */
const T1_MS = 500;
const T2_MS = 4_000;
const REPEAT_LIMIT_MS = 32_000;
const ACK_LIMIT_MS = 20_000;

interface Call {
  readonly invite: SipMessage;
  readonly toTag: string;
  status: number;
  timer: NodeJS.Timeout | undefined;
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
  acknowledged(callId: string, limit_ms = ACK_LIMIT_MS): Promise<number> {
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
    for (const { timer } of this.calls.values()) clearTimeout(timer);
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
    const call: Call = { invite, toTag: newToken(), status: 100, timer: undefined };
    this.calls.set(keyOf(invite), call);
    this.respond(call);
    if (this.neverAnswered !== "" && invite.requestUri.startsWith(`sip:${this.neverAnswered}@`)) return;
    call.timer = setTimeout(() => this.answer(call, T1_MS, 0), ANSWER_DELAY_MS);
  }

  private answer(call: Call, next_ms: number, since_ms: number): void {
    call.status = 200;
    this.respond(call);
    if (since_ms > REPEAT_LIMIT_MS) return;
    call.timer = setTimeout(() => this.answer(call, Math.min(next_ms * 2, T2_MS), since_ms + next_ms), next_ms);
  }

  private onAck(ack: SipMessage): void {
    const call = this.calls.get(keyOf(ack));
    if (call === undefined) return;
    clearTimeout(call.timer);
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
    clearTimeout(call.timer);
    call.status = 487;
    this.respond(call);
  }

  private onRegister(request: SipMessage): void {
    const path = request.list("path").map((value) => `Path: ${value}`);
    const expires = request.header("expires");
    const contact = `Contact: ${request.header("contact")};expires=${expires}`;
    this.reply(request, 200, "OK", [contact, ...path]);
  }

  private respond({ invite, status, toTag }: Call): void {
    const { agent } = this;
    if (!agent.isOpen) return;
    if (status === 100) {
      void agent.reply(invite, 100, "Trying");
    } else if (status === 200) {
      const contact = `sip:callee@${agent.sentBy}`;
      void agent.reply(invite, 200, "OK", { toTag, contact, body: sdp(agent.endpoint.host) });
    } else {
      void agent.reply(invite, status, "Request Terminated", { toTag });
    }
  }

  private reply(request: SipMessage, status: number, reason: string, extra: readonly string[] = []): void {
    if (this.agent.isOpen) void this.agent.reply(request, status, reason, { toTag: "switchboard", extra });
  }
}

/** What an INVITE shares with its ACK and CANCEL. */
function keyOf({ callId, cseq }: SipMessage): string {
  return `${callId} ${cseq}`;
}
