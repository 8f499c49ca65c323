/**
 * Messages that were sent on to another member, until that has said that it lives. One that has just died counts as alive for some beats
 * more: what it was sent meanwhile is taken here. A sender repeats requests over UDP, but none over TCP, and no provisional response.
 */
import type { Flow } from "../transport/flow.ts";

/** For one member; the oldest make room. */
const KEPT_MAX = 200;
/** A beat that comes so soon may have left before the message arrived. */
const ON_THE_WAY_ms = 10;
/** Their senders have given up (64·T1). */
const STALE_ms = 32_000;
/** A member that this one doesn't hear says nothing of what has come: others hear of its death so soon. */
const RELAYED_ms = 1_000;

export interface SentMessage {
  readonly wire: string;
  readonly source: Flow;
  readonly at_ms: number;
  /** It has gone by another member, since this one doesn't hear the receiver. */
  readonly isRelayed: boolean;
}

export class SentOn {
  private readonly kept = new Map<string, SentMessage[]>();

  keep(member: string, message: SentMessage): void {
    const messages = this.kept.get(member) ?? [];
    this.kept.set(member, messages);
    messages.push(message);
    // A member that this one doesn't hear has no beat that would end them.
    while (messages.length > KEPT_MAX || isOver(messages[0] as SentMessage, message.at_ms)) messages.shift();
  }

  /** The member lives: it has what was sent before. */
  onBeat(member: string, now_ms: number): void {
    const messages = this.kept.get(member);
    if (messages === undefined) return;
    while (messages[0] !== undefined && messages[0].at_ms + ON_THE_WAY_ms < now_ms) messages.shift();
    if (messages.length === 0) this.kept.delete(member);
  }

  /** The member is dead. @returns what it hasn't had for certain, the oldest first; none of that is kept any longer */
  take(member: string, now_ms: number): readonly SentMessage[] {
    const messages = this.kept.get(member) ?? [];
    this.kept.delete(member);
    return messages.filter((message) => !isOver(message, now_ms));
  }
}

/** Whether it is too old to be taken by another member. */
function isOver({ at_ms, isRelayed }: SentMessage, now_ms: number): boolean {
  return now_ms - at_ms >= (isRelayed ? RELAYED_ms : STALE_ms);
}
