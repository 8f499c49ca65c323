/** Calls that other members have begun, and that are gone on with here: some at a time, since a dead member may have had hundreds. */
import { BoundedMap } from "../base/bounded-map.ts";
import type { Logger } from "../base/ports.ts";
import { reasonOf } from "../base/reason.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { Heard } from "./heard-stories.ts";
import type { StoryEvent } from "./story-events.ts";
import type { Tale } from "./tale.ts";
import type { HeardStory, Teller } from "./telling.ts";

/** Calls of a dead member that one turn goes on with; the next turn comes at once. */
const TURN = 50;
/** Calls of which is remembered that they are over: what members do that were cut from each other for half a minute. */
const OVER_MAX = 1_000;

/** The owner of the calls that are made here. */
export interface CarryingUser {
  /** Of a call that is to be gone on with here; undefined: there is no room for one more. */
  nextId(): string | undefined;
  /** A call is made here from now on. */
  keep(tale: Tale, now_ms: number): void;
  /** It was over already. */
  close(tale: Tale): void;
  /** These calls of other members are gone on with here from now on. @param isOver they have come to their end here */
  goesOn(stories: readonly Heard[], isOver: boolean): void;
  /** Elsewhere somebody has taken the call with this INVITE: a call of ours that nobody has taken gives way. */
  yieldTo(key: string, now_ms: number): void;
}

export class CarryingOn implements TimerOwner<"turn"> {
  private readonly teller: Teller;
  private readonly timers: Timers;
  private readonly log: Logger;
  private readonly user: CarryingUser;
  /** By the key of its story, and the other way round. */
  private readonly carried = new Map<string, Tale>();
  private readonly stories = new Map<Tale, Heard>();
  /** The keys of stories that have been gone on with to their end, the last ones. */
  private readonly over = new BoundedMap<string, true>(OVER_MAX);
  private readonly turnTimer = new Timer<"turn">(this, "turn");
  /** Calls of dead members that are still to be gone on with. */
  private waiting: Heard[] = [];

  constructor(teller: Teller, timers: Timers, log: Logger, user: CarryingUser) {
    this.teller = teller;
    this.timers = timers;
    this.log = log;
    this.user = user;
  }

  /** Calls that are gone on with here, and haven't ended. */
  get size(): number {
    return this.carried.size;
  }

  /** The call of this story, while it is made here. */
  find(key: string): Tale | undefined {
    return this.carried.get(key);
  }

  /** It has come to its end here. */
  ended(tale: Tale): void {
    const heard = this.stories.get(tale);
    if (heard === undefined) return;
    this.over.set(heard.key, true);
    this.user.goesOn([heard], true);
  }

  /** Whether the call of this story was gone on with here to its end. */
  hasEnded(key: string): boolean {
    return this.over.get(key) === true;
  }

  /** It has ended, or is another member's again. */
  forget(tale: Tale): void {
    const heard = this.stories.get(tale);
    if (heard === undefined) return;
    this.stories.delete(tale);
    this.carried.delete(heard.key);
  }

  clear(): void {
    this.carried.clear();
    this.stories.clear();
  }

  stop(): void {
    this.timers.stop(this.turnTimer);
  }

  /** Goes on with all of these that aren't gone on with yet, in the order in which they have begun: a call's first INVITE first. */
  goOn(stories: readonly Heard[], now_ms: number): void {
    const open = stories.filter(({ isTold }) => !isTold).sort((one, other) => one.zero_ms - other.zero_ms);
    if (open.length === 0) return;
    this.waiting.push(...open);
    this.log.info("calls_carried_on", { member: open[0]?.member ?? "", calls: open.length });
    this.onTimer("turn", now_ms);
  }

  onTimer(_kind: "turn", now_ms: number): void {
    this.tellAll(this.waiting.splice(0, TURN), now_ms);
    if (this.waiting.length > 0) this.timers.start(this.turnTimer, 1, now_ms);
  }

  /** Goes on with a call, as far as its story has come whole. */
  tell(heard: Heard, now_ms: number): void {
    this.tellAll([heard], now_ms);
  }

  private tellAll(stories: readonly Heard[], now_ms: number): void {
    const told = stories.filter((heard) => this.goesOn(heard, now_ms));
    if (told.length > 0) this.user.goesOn(told, false);
  }

  /** @returns whether the call is made here now, or has been over already */
  private goesOn(heard: Heard, now_ms: number): boolean {
    if (heard.isTold) return false;
    heard.isTold = true;
    heard.changed_ms = now_ms;
    const { opening, zero_ms } = heard;
    if (opening === undefined || heard.whole === 0) return false;
    const events = heard.past(now_ms);
    if (events.some(isTaken)) this.user.yieldTo(opening.key, now_ms);
    const tale = this.told({ opening, zero_ms, events }, heard.member, now_ms);
    if (tale === undefined) return false;
    if (tale.isOver) return true;
    this.carried.set(heard.key, tale);
    this.stories.set(tale, heard);
    return true;
  }

  /**
   * Lives a story from now on, unless the call is over. One of another version, or of a faulty member, must not end the others.
   * @returns undefined: it can't be told, or needn't be
   */
  told(story: HeardStory, member: string, now_ms: number): Tale | undefined {
    let why: string | undefined;
    try {
      const id = this.user.nextId();
      const tale = id === undefined ? undefined : this.teller.tell(id, story, now_ms);
      // Two members that were cut from each other have both begun it.
      if (tale === "known") return undefined;
      if (tale?.isOver === true) this.user.close(tale);
      else if (tale !== undefined) this.user.keep(tale, now_ms);
      if (tale !== undefined) return this.teller.beginAnew(tale, story.opening.listeners, now_ms);
    } catch (error) {
      why = reasonOf(error);
    }
    this.log.warn("call_not_carried_on", { member, events: story.events.length, error: why });
    return undefined;
  }
}

/** Whether a callee has accepted the INVITE (RFC 3261 §13.2.2.4). */
function isTaken({ input }: StoryEvent): boolean {
  if (input?.[0] !== "response") return false;
  const text = input[2] ?? "";
  return text.startsWith("SIP/2.0 2") && /^cseq\s*:\s*\d+\s+INVITE\s*$/im.test(text);
}
