/**
 * Channels of gateways at all members: one record for each call that occupies any. Those of a member that has died stay until a BYE comes to
 * another one, or their time is over; those of its calls that nobody had answered are free again, unless another member goes on with them. Two members that take calls at the same time are kept apart by `lease-hearing.ts`.
 */
import { BoundedMap } from "../base/bounded-map.ts";
import { ownText } from "../base/own-text.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { Calls } from "../policy/gateways/calls.ts";
import { type GatewayCall, isElsewhere } from "../policy/gateways/gateway-call.ts";
import type { Listener } from "../transport/flow.ts";
import { HEARD, LeaseHearing } from "./lease-hearing.ts";
import { heldFor_ms, readLease, writeLease } from "./lease-record.ts";
import type { Json, Part, PartTaker, Speaker } from "./ports.ts";
import type { RecordOwner, Replicated } from "./replicated.ts";

const KIND = "lease";
/** The part by which a member is asked to end a call that nobody has answered: an emergency call needs its channel. */
const REFUSE = "refuse";
/** The parts that are its own. */
export const LEASE_KINDS: readonly string[] = [HEARD, REFUSE];
/** A lease that a member hasn't heard of by then is told again. */
const REPEAT_ms = 100;
/** A call that rings is told anew: its record holds hardly longer than timer C. */
const RINGING_EACH_ms = 60_000;
/** Within that time another member goes on with the calls of one that is dead, if it does: VRRP of whole seconds takes 4 s. */
const ORPHANS_ms = 10_000;
/** Told so often, it is left to the comparison of records. */
const TOLD_MAX = 10;
/** Calls whose BYE has come, but whose lease hasn't: it comes with the next comparison at the latest. */
const ENDED_MAX = 256;
const ENDED_ms = 60_000;

interface Parts {
  readonly calls: Calls;
  readonly replica: Replicated;
  readonly speaker: Speaker;
  readonly timers: Timers;
  /** Of this member. */
  readonly listeners: readonly Listener[];
  /** The other members that live. */
  readonly live: () => readonly string[];
  /** Whether a member lives, as far as any that lives can tell. */
  readonly isReached: (member: string) => boolean;
  /** Those that take calls now, as this one does. */
  readonly rivals: () => readonly string[];
  readonly now_ms: () => number;
}

/** What becomes due. */
type Due = "repeat" | "answer" | "ringing" | "orphans";

export class LeaseRecords implements RecordOwner, PartTaker, TimerOwner<Due> {
  private readonly parts: Parts;
  private readonly hearing = new LeaseHearing();
  /** Leases that have come, by their members, and aren't answered yet. */
  private readonly unanswered = new Map<string, [string, number][]>();
  /** Calls of others that nobody has answered, by their Call-IDs: whose they are. */
  private readonly ringing = new Map<string, string>();
  /** Those of them whose members have died, and those that were given away here: until when another member may go on with them. */
  private readonly orphans = new Map<string, number>();
  private readonly repeat = new Timer<Due>(this, "repeat");
  private readonly answer = new Timer<Due>(this, "answer");
  private readonly tellRinging = new Timer<Due>(this, "ringing");
  private readonly dropOrphans = new Timer<Due>(this, "orphans");
  /** Until when a lease with this Call-ID would be one of a call that is over. */
  private readonly ended = new BoundedMap<string, number>(ENDED_MAX);
  private order = 0;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Calls of before are told; from now on all others are. */
  start(now_ms: number): void {
    const { calls, replica, rivals } = this.parts;
    replica.own(KIND, this);
    for (const [callId, call] of calls.all()) this.tell(callId, call, now_ms);
    calls.onCall = (callId, call, at_ms) => {
      if (call === undefined) this.end(callId, at_ms);
      else if (isElsewhere(call)) this.give(callId, at_ms);
      else this.tell(callId, call, at_ms);
    };
    calls.elsewhere = {
      kindOf: (callId) => {
        if (this.orphans.has(callId)) return "orphan";
        return this.makerOf(callId) === undefined ? undefined : "elsewhere";
      },
      refuse: (callId) => this.parts.speaker.tell(this.makerOf(callId) ?? "", [[REFUSE, callId]]),
    };
    this.parts.timers.start(this.tellRinging, RINGING_EACH_ms, now_ms);
    calls.inDoubt = (gateway, at_ms) => this.hearing.inDoubt(gateway, rivals(), at_ms);
  }

  apply(key: string, value: Json | undefined, left_ms: number, from: string, now_ms: number): void {
    const { calls, listeners, live, isReached } = this.parts;
    const callId = key.slice(KIND.length + 1);
    this.forgetRinging(callId);
    if (value === undefined) {
      const isOver = calls.adopt(callId, undefined, now_ms);
      const call = calls.find(callId);
      // A member that took this one for dead had begun to go on with the call, and has given it back.
      if (!isOver && call !== undefined) this.tell(callId, call, now_ms);
      else this.hearing.forget(callId);
      return;
    }
    if (now_ms < (this.ended.get(callId) ?? 0)) {
      this.end(callId, now_ms);
      return;
    }
    const read = readLease(callId, value, left_ms, listeners, now_ms);
    // Of a life that is over, this member's own too: if anybody went on with the call, the record would be of that member.
    if (read === undefined || (read.rings && !isReached(from))) return;
    if (!calls.adopt(callId, read.call, now_ms)) return;
    this.hearing.isTold(callId, from, read.call.gateways);
    if (read.rings) this.ringing.set(ownText(callId), from);
    if (!live().includes(from)) return;
    const list = this.unanswered.get(from) ?? [];
    list.push([callId, read.order]);
    this.unanswered.set(from, list);
    if (!this.answer.isRunning) this.parts.timers.start(this.answer, 0, now_ms);
  }

  take(from: string, [kind, value]: Part, now_ms: number): void {
    this.forgetEnded();
    if (kind === HEARD) this.hearing.take(from, value, now_ms);
    else if (typeof value === "string" && this.parts.calls.find(value)?.running !== undefined)
      this.parts.calls.refuse(value, now_ms);
  }

  onTimer(kind: Due, now_ms: number): void {
    this.forgetEnded();
    if (kind === "repeat") this.tellAgain(now_ms);
    else if (kind === "answer") this.answerAll();
    else if (kind === "orphans") this.endOrphans(now_ms);
    else {
      this.parts.timers.start(this.tellRinging, RINGING_EACH_ms, now_ms);
      this.tellAllRinging(now_ms);
    }
  }

  /** It may have taken this member for dead, and its calls that ring for lost. */
  onAlive(now_ms: number): void {
    this.tellAllRinging(now_ms);
  }

  /** A member that nobody hears any more answers nothing; what it has told of its own channels is all that counts now. */
  onGone(member: string, now_ms: number): void {
    this.unanswered.delete(member);
    this.hearing.onDead(member);
    for (const [callId, owner] of this.ringing) if (owner === member) this.awaitHeir(callId, now_ms);
  }

  /** Another member is to go on with a call of ours. Its record is ours until that one tells of it. */
  private give(callId: string, now_ms: number): void {
    this.forgetRinging(callId);
    this.hearing.forget(callId);
    this.awaitHeir(ownText(callId), now_ms);
  }

  /** The member that makes a call that nobody has answered, if it hears us. */
  private makerOf(callId: string): string | undefined {
    const member = this.ringing.get(callId);
    return member !== undefined && this.parts.live().includes(member) ? member : undefined;
  }

  private awaitHeir(callId: string, now_ms: number): void {
    this.orphans.set(callId, now_ms + ORPHANS_ms);
    if (!this.dropOrphans.isRunning) this.parts.timers.start(this.dropOrphans, ORPHANS_ms, now_ms);
  }

  private tellAllRinging(now_ms: number): void {
    for (const [callId, call] of this.parts.calls.all()) {
      if (call.running !== undefined) this.tell(callId, call, now_ms);
    }
  }

  /**
   * No member has gone on with them: their channels are free. The records of a member that is dead stay as they are: if it lives after all, it
   * tells of its calls, and what is removed here would be removed there.
   */
  private endOrphans(now_ms: number): void {
    for (const [callId, until_ms] of this.orphans) {
      if (until_ms > now_ms) continue;
      const isOurs = !this.ringing.has(callId);
      this.forgetRinging(callId);
      this.parts.calls.adopt(callId, undefined, now_ms);
      this.hearing.forget(callId);
      if (isOurs) this.parts.replica.remove(keyOf(callId), now_ms);
    }
    const left_ms = Math.min(...this.orphans.values()) - now_ms;
    if (this.orphans.size > 0) this.parts.timers.start(this.dropOrphans, left_ms, now_ms);
  }

  private forgetRinging(callId: string): void {
    this.ringing.delete(callId);
    this.orphans.delete(callId);
  }

  private tell(callId: string, call: GatewayCall, now_ms: number): void {
    this.ended.delete(callId);
    this.forgetRinging(callId);
    this.order += 1;
    const { order } = this.hearing.tells(callId, call.gateways, this.order);
    this.put(callId, call, order, now_ms);
    if (!this.repeat.isRunning) this.parts.timers.start(this.repeat, REPEAT_ms, now_ms);
  }

  private end(callId: string, now_ms: number): void {
    const key = keyOf(callId);
    const { replica } = this.parts;
    this.forgetRinging(callId);
    if (replica.get(key, now_ms) === undefined) this.ended.set(ownText(callId), now_ms + ENDED_ms);
    this.hearing.forget(callId);
    replica.remove(key, now_ms);
  }

  private put(callId: string, call: GatewayCall, order: number, now_ms: number): void {
    const left_ms = heldFor_ms(call, now_ms);
    if (left_ms > 0) this.parts.replica.put(keyOf(callId), writeLease(call, order, now_ms), left_ms, now_ms);
  }

  private tellAgain(now_ms: number): void {
    const live = this.parts.live();
    let isAnyUnheard = false;
    for (const [callId, own] of this.hearing.unheardBy(live)) {
      const call = this.parts.calls.find(callId);
      if (call === undefined || own.told >= TOLD_MAX) continue;
      isAnyUnheard = true;
      own.told += 1;
      this.put(callId, call, own.order, now_ms);
    }
    if (isAnyUnheard) this.parts.timers.start(this.repeat, REPEAT_ms, now_ms);
  }

  private answerAll(): void {
    for (const [member, calls] of this.unanswered) this.parts.speaker.tell(member, [this.hearing.heard(calls)]);
    this.unanswered.clear();
  }

  /** Calls whose time is over end without a word. */
  private forgetEnded(): void {
    const { calls } = this.parts;
    this.hearing.keep((callId) => calls.has(callId));
    for (const callId of this.ringing.keys()) if (!calls.has(callId)) this.forgetRinging(callId);
  }
}

function keyOf(callId: string): string {
  return `${KIND} ${callId}`;
}
