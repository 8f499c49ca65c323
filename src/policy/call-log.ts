/** What has been decided about the last calls, and why: for `branchline calls`, and for the log where it wasn't the usual. */
import { PLENTY } from "../base/limits.ts";
import type { Logger } from "../base/ports.ts";
import type { Request } from "../message/message.ts";
import type { DecisionListener, RoutingDecision } from "../proxy/router.ts";
import { CallEntry, CHARACTERS_MAX, LEGS_MAX, Leg, shortened } from "./call-entry.ts";
import { type CallBook, CallRecord } from "./call-record.ts";
import { CallsNow } from "./calls-now.ts";
import { plainNumber } from "./dialled-number.ts";
import { callerOf } from "./phones/address-of-record.ts";
import type { RequestFacts } from "./request-facts.ts";

/** Calls remembered. */
export const CALLS_MAX = 200;
/** An INVITE with the Call-ID of a call belongs to it while that is open, and for this time after its last change. */
const SAME_CALL_ms = 60_000;
/** A phone that follows a redirect does so at once; a person may have to confirm it. */
const FOLLOW_ms = 10_000;
/** A PBX that makes a call of its own (a B2BUA) calls the other phone at once. */
const OTHER_HALF_ms = 10_000;
/** Calls that are looked at for it. */
const LOOKED_AT_MAX = 50;
/** No call is believed to have lasted longer. */
const LASTING_MAX_ms = 30 * 86_400_000;
/** Redirects that wait to be followed. */
const REDIRECTED_MAX = 50;

/** Whether the INVITE is what a phone sends that follows our redirect of a call to `number`. */
export type Follows = (facts: RequestFacts, number: string) => boolean;

/** What of a BYE tells its call. */
export type DialogEnd = Pick<Request, "callId" | "fromTag" | "toTag">;

interface Redirected {
  readonly call: CallEntry;
  readonly leg: Leg;
  readonly at_ms: number;
}

export class CallLog implements CallBook {
  /** The number of the last change of any call. */
  changes = 0;
  /** Called when a restart would lose something. */
  onChange: () => void = () => {};
  /** Hears of each BYE, and whether its call is known here: in a cluster, another member may know it; undefined: there is none. */
  onBye: ((bye: DialogEnd, isKnown: boolean, now_ms: number) => void) | undefined = undefined;
  /** See {@link CallBook.settle}. */
  settle: CallBook["settle"] = () => {};
  /** Hears of each call that begins, and of all that becomes of it; undefined: nobody wants to. */
  onTouch: ((call: CallEntry) => void) | undefined = undefined;
  /** See {@link CallBook.lackOf}. */
  lackOf: CallBook["lackOf"] = () => undefined;
  private readonly log: Logger;
  /** Oldest first. */
  private readonly calls: CallEntry[] = [];
  /** By the Call-ID of each of its INVITEs. */
  private readonly byCallId = new Map<string, CallEntry>();
  private redirected: Redirected[] = [];
  private nextId = 1;
  private readonly now: CallsNow;

  /** @param lasting_max calls that are up and no longer remembered, of which is known that they are up */
  constructor(log: Logger, lasting_max = PLENTY.calls) {
    this.log = log;
    this.now = new CallsNow(lasting_max);
  }

  /**
   * What hears of an INVITE that begins something, and records it from now on.
   * @param to what it asks for, for people
   * @param inner what hears of it besides
   */
  record(
    facts: RequestFacts,
    to: string,
    made: RoutingDecision,
    inner: DecisionListener | undefined,
    now_ms: number,
    follows: Follows = () => false,
  ): DecisionListener {
    const call = this.callOf(facts, made, now_ms, follows) ?? this.begin(now_ms);
    const leg = new Leg(facts, to, made, Math.round(now_ms - call.at_ms));
    this.take(call, leg);
    this.touch(call, now_ms);
    return new CallRecord(leg, call, inner, this, this.log);
  }

  /** A BYE sets out: the call is over. */
  hangUp(bye: DialogEnd, now_ms: number): void {
    const isKnown = this.over(bye, now_ms);
    this.onBye?.(bye, isKnown, now_ms);
  }

  /** A BYE has set out, perhaps elsewhere. @returns whether its call is known here */
  over({ callId, fromTag, toTag }: DialogEnd, now_ms: number): boolean {
    const [key, from, to] = [keyOf(callId), keyOf(fromTag), keyOf(toTag)];
    const hasLasted = this.now.end(key, [from, to]);
    const call = this.byCallId.get(key);
    const leg = call?.decisive;
    if (call === undefined || leg?.callee_tag === undefined || leg.call_id !== key) return hasLasted;
    const isOfCaller = from === leg.caller_tag && to === leg.callee_tag;
    const isIts = isOfCaller || (from === leg.callee_tag && to === leg.caller_tag);
    if (isIts) this.end(call, now_ms);
    return isIts || hasLasted;
  }

  /** We have ended it ourselves. */
  ended(callId: string, now_ms: number): void {
    this.now.end(keyOf(callId));
    const call = this.byCallId.get(keyOf(callId));
    if (call?.answered_ms !== undefined) this.end(call, now_ms);
  }

  /** How many calls ring or are up, remembered or not; none of before a restart. */
  countNow(now_ms: number): number {
    return this.now.count(now_ms);
  }

  /** The same, as far as it is more than `most`; at hardly any cost otherwise. */
  countAbove(most: number, now_ms: number): number {
    return this.now.size > most ? this.now.count(now_ms) : 0;
  }

  /** Oldest first. */
  get all(): readonly CallEntry[] {
    return this.calls;
  }

  /** Every INVITE of them. */
  get legs(): readonly Leg[] {
    return this.calls.flatMap(({ legs }) => legs.filter((leg): leg is Leg => leg instanceof Leg));
  }

  /** Puts calls from before a restart behind those that there are, the oldest of all first. */
  restore(make: readonly ((id: number) => CallEntry)[]): void {
    const room = make.slice(Math.max(0, make.length - (CALLS_MAX - this.calls.length)));
    const first = (this.calls[0]?.id ?? this.nextId) - room.length;
    const restored = room.map((one, index) => one(first + index));
    this.calls.unshift(...restored);
    for (const call of restored) {
      for (const { call_id } of call.legs) if (!this.byCallId.has(call_id)) this.byCallId.set(call_id, call);
    }
  }

  /** An INVITE of a call; again once it is answered, in case that there was no room for it before. */
  take(call: CallEntry, leg: Leg): void {
    const left = call.take(leg);
    if (left !== leg) this.byCallId.set(leg.call_id, call);
    if (left !== undefined && !call.legs.some(({ call_id }) => call_id === left.call_id)) this.drop(call, left.call_id);
  }

  /** Something has become of it. */
  touch(call: CallEntry, now_ms: number): void {
    this.changes += 1;
    call.change = this.changes;
    call.changed_ms = now_ms;
    this.now.note(call, call.id >= (this.calls[0]?.id ?? 0), now_ms);
    this.onChange();
    this.onTouch?.(call);
  }

  /**
   * Writes down anew what will not change on its own. A call was written bit by bit, among all that a load needs for
   * moments, and each bit keeps a page of memory; written at once, they lie side by side.
   */
  renew(): void {
    this.now.renew();
    for (const [index, call] of this.calls.entries()) {
      // INVITEs that are on their way, redirects that wait, and INVITEs without room hold on to their entry.
      const isHeld = call.isOpen || call.legs.length >= LEGS_MAX || this.redirected.some((one) => one.call === call);
      if (isHeld) continue;
      const renewed = call.renewed();
      this.calls[index] = renewed;
      this.now.replace(call, renewed);
      for (const { call_id } of renewed.legs) {
        if (this.byCallId.get(call_id) !== call) continue;
        // A map keeps the key that it has.
        this.byCallId.delete(call_id);
        this.byCallId.set(call_id, renewed);
      }
    }
  }

  /** The phone is expected to come back. */
  redirect(call: CallEntry, leg: Leg, now_ms: number): void {
    this.redirected = this.redirected.filter(({ at_ms }) => now_ms - at_ms <= FOLLOW_ms).slice(1 - REDIRECTED_MAX);
    this.redirected.push({ call, leg, at_ms: now_ms });
  }

  private begin(now_ms: number): CallEntry {
    const call = new CallEntry(this.nextId, now_ms);
    this.nextId += 1;
    this.calls.push(call);
    const oldest = this.calls.length > CALLS_MAX ? this.calls.shift() : undefined;
    if (oldest !== undefined) this.forget(oldest, now_ms);
    return call;
  }

  private forget(call: CallEntry, now_ms: number): void {
    for (const { call_id } of call.legs) this.drop(call, call_id);
    this.now.note(call, false, now_ms);
  }

  private drop(call: CallEntry | undefined, callId: string): void {
    if (this.byCallId.get(callId) === call) this.byCallId.delete(callId);
  }

  private end(call: CallEntry, now_ms: number): void {
    const ended_ms = Math.round(now_ms - call.at_ms);
    // Of a call from before a restart the clock may have been set since.
    if (call.ended_ms !== undefined || ended_ms < 0 || ended_ms > LASTING_MAX_ms) return;
    call.ended_ms = ended_ms;
    this.touch(call, now_ms);
  }

  /** The call to which an INVITE belongs; undefined: it begins one. */
  private callOf(facts: RequestFacts, made: RoutingDecision, now_ms: number, follows: Follows): CallEntry | undefined {
    const same = this.byCallId.get(keyOf(facts.request.callId));
    const isSame = same !== undefined && (same.isOpen || now_ms - same.changed_ms <= SAME_CALL_ms);
    if (isSame && same.wall_ms === undefined) return same;
    const followed = made.rule === "to-gateway" ? this.followed(facts, now_ms, follows) : undefined;
    if (followed !== undefined || (facts.origin !== "upstream" && facts.origin !== "domain")) return followed;
    return this.otherHalf(facts, now_ms);
  }

  /** The call that we have redirected, and whose phone comes back with a Call-ID of its own. */
  private followed(facts: RequestFacts, now_ms: number, follows: Follows): CallEntry | undefined {
    const from = shortened(callerOf(facts.request));
    const isIts = ({ leg: { from: caller, address, redirected }, at_ms }: Redirected) => {
      const isCaller = caller === from || address === facts.source.address;
      return isCaller && now_ms - at_ms <= FOLLOW_ms && redirected !== undefined && follows(facts, redirected);
    };
    const found = this.redirected.find(isIts);
    this.redirected = this.redirected.filter((one) => one !== found);
    return found?.call;
  }

  /** The call that upstream has just been asked for by this caller, to this number, and hasn't answered. */
  private otherHalf({ request, number }: RequestFacts, now_ms: number): CallEntry | undefined {
    const caller = plainNumber(request.fromUri?.user ?? "");
    const numbers = [number, plainNumber(request.toUri?.user ?? "")];
    if (caller === "") return undefined;
    const last = this.calls.length - 1;
    for (let index = last; index >= 0 && index > last - LOOKED_AT_MAX; index--) {
      const call = this.calls[index];
      if (call === undefined || now_ms - call.at_ms > OTHER_HALF_ms) return undefined;
      const isIts = call.legs.some(({ status, given_to, origin, from, to, steps }) => {
        const isWaiting = (status ?? given_to) === undefined && (origin === "localnet" || origin === "gateway");
        const isAsked = steps[steps.length - 1]?.what.startsWith("upstream ") === true;
        return isWaiting && isAsked && numbers.includes(to) && plainNumber(from.slice(0, from.indexOf("@"))) === caller;
      });
      if (isIts) return call;
    }
    return undefined;
  }
}

/** A Call-ID or tag as it is kept. */
function keyOf(text: string): string {
  return text.length > CHARACTERS_MAX ? text.slice(0, CHARACTERS_MAX) : text;
}
