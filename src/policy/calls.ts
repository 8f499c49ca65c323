/** Calls that occupy a gateway's channels: counted by dialog, from the INVITE to the BYE. */
import { SESSION_EXPIRES } from "../message/header-names.ts";
import type { Response } from "../message/message.ts";
import { parseDecimal } from "../message/text.ts";

/** Kept at the most; a gateway has far fewer channels. */
const CALLS_MAX = 2_000;

interface Call {
  readonly gateway: string;
  readonly isEmergency: boolean;
  readonly started_ms: number;
  /** When its channel is taken to be free, whatever has been seen: a lost BYE must not leak it. */
  expires_ms: number;
}

export class Calls {
  private readonly calls = new Map<string, Call>();
  private readonly max_call_ms: number;

  /** @param max_call_ms a call of which no BYE has been seen holds its channel for so long */
  constructor(max_call_ms: number) {
    this.max_call_ms = max_call_ms;
  }

  /** An INVITE goes to a gateway, or has come from one. */
  begin(callId: string, gateway: string, isEmergency: boolean, now_ms: number): void {
    if (this.calls.size >= CALLS_MAX) this.expire(now_ms);
    if (this.calls.size >= CALLS_MAX) return;
    this.calls.set(callId, { gateway, isEmergency, started_ms: now_ms, expires_ms: now_ms + this.max_call_ms });
  }

  /** The call is up. With session timers (RFC 4028) a session that isn't refreshed is over. */
  answer(callId: string, response: Response, now_ms: number): void {
    const call = this.calls.get(callId);
    if (call === undefined) return;
    const text = /^\d+/.exec(response.header(SESSION_EXPIRES) ?? "")?.[0] ?? "";
    const session_s = parseDecimal(text, 1_000_000);
    call.expires_ms = now_ms + (session_s > 0 ? session_s * 1_000 : this.max_call_ms);
  }

  /** BYE, or a failure: the channel is free. */
  end(callId: string): void {
    this.calls.delete(callId);
  }

  has(callId: string): boolean {
    return this.calls.has(callId);
  }

  /** How many channels of a gateway are occupied. */
  count(gateway: string, now_ms: number): number {
    this.expire(now_ms);
    let count = 0;
    for (const call of this.calls.values()) if (call.gateway === gateway) count += 1;
    return count;
  }

  private expire(now_ms: number): void {
    for (const [callId, call] of this.calls) if (call.expires_ms <= now_ms) this.calls.delete(callId);
  }
}
