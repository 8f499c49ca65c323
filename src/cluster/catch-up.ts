/** Asks members for what they have and this one lacks. They answer by `catch-up-answers.ts`, and never send what isn't asked for. */
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import { CATCH_UP, type CatchUpAction, type CatchUpInput, type CatchUpPlace } from "./catch-up-machine.ts";
import { BUCKETS, markText } from "./digests.ts";
import type { Json, Part, Speaker } from "./ports.ts";
import type { RecordStore } from "./record-store.ts";
import { fieldOf, isList } from "./record-wire.ts";

/** An answer takes a few milliseconds, between sites tens of them. */
export const SILENCE_ms = 200;
/** A member that lives and answers nothing: it is asked again in the next round of comparisons. */
const SILENCES_MAX = 25;
/** Of one answer's records. */
export const PIECE_MAX_OCTETS = 8_000;
/** In one packet of any network: between members there may be a tunnel that loses longer ones. */
export const PIECE_MIN_OCTETS = 1_000;
/** Any datagram may be lost: after so many silences in a row the same is asked for by short datagrams. */
const SILENCES_LONG = 2;
/** So often in a row the short one was answered and the long one wasn't: no long one is tried any more. */
const LONG_LOST_MAX = 3;
/** Changes always are on their way, so that digests need never be equal: those that had been made before the first round are here after it. */
const ROUNDS_MAX = 3;

export interface CatchUpUser {
  /** What that member had when it was asked is here. */
  onCaughtUp(member: string, isItsComplete: boolean, now_ms: number): void;
  /** It is dead, or gives no answer. */
  onNoAnswer(member: string, now_ms: number): void;
}

export class CatchUp implements TimerOwner<"silence"> {
  private place: CatchUpPlace = "idle";
  private readonly waiting: string[] = [];
  private member = "";
  /** Answers bear the number of their request. */
  private request = 0;
  private part: Part = ["digests", null];
  private rounds = 0;
  private silences = 0;
  private isShort = false;
  private longLost = 0;
  /** Whether this round has brought anything: if not, the other one lacks what is here, or there is no room here for what it has. */
  private hasNews = false;
  private isMemberComplete = false;
  /** Buckets that differ, and haven't been fetched yet. */
  private differing: readonly number[] = [];
  /** How many of them have been asked for, and behind which key in the first. */
  private asked = 0;
  private after = "";
  private readonly store: RecordStore;
  private readonly speaker: Speaker;
  private readonly timers: Timers;
  private readonly user: CatchUpUser;
  private readonly silence: Timer = new Timer<"silence">(this, "silence") as Timer;

  constructor(store: RecordStore, speaker: Speaker, timers: Timers, user: CatchUpUser) {
    this.store = store;
    this.speaker = speaker;
    this.timers = timers;
    this.user = user;
  }

  /** Whether it waits for an answer. */
  get isBusy(): boolean {
    return this.place !== "idle";
  }

  /** As soon as those that have waited longer are done. */
  compareWith(member: string, now_ms: number): void {
    if ((this.isBusy && this.member === member) || this.waiting.includes(member)) return;
    this.waiting.push(member);
    this.feed("waiting", now_ms);
  }

  /** The member is dead. */
  drop(member: string, now_ms: number): void {
    const at = this.waiting.indexOf(member);
    if (at >= 0) this.waiting.splice(at, 1);
    if (this.isBusy && this.member === member) this.feed("gone", now_ms);
  }

  /** Which of that member's buckets differ: `{request, buckets, complete}`. */
  takeDiffer(from: string, value: Json, now_ms: number): void {
    if (this.place !== "comparing" || !this.isAnswer(from, value)) return;
    const buckets = fieldOf(value, "buckets");
    if (buckets === undefined || !isList(buckets) || !buckets.every(isBucket)) return;
    this.isMemberComplete = fieldOf(value, "complete") === true;
    this.differing = [...new Set(buckets)];
    this.after = "";
    const isEnough = buckets.length === 0 || this.rounds > ROUNDS_MAX || (this.rounds > 1 && !this.hasNews);
    this.hasNews = false;
    this.feed(isEnough ? "equal" : "differs", now_ms);
  }

  /**
   * A piece has come, `{request, list, more: [bucket, after]}`, and its records have been taken; `more`: where it has ended.
   * @param isNews whether any of them was
   */
  tookEntries(from: string, value: Json, isNews: boolean, now_ms: number): void {
    if (this.place !== "fetching" || !this.isAnswer(from, value)) return;
    this.hasNews ||= isNews;
    this.longLost = this.isShort ? this.longLost + 1 : 0;
    this.isShort = this.longLost >= LONG_LOST_MAX;
    const more = fieldOf(value, "more");
    const [bucket, after] = more !== undefined && isList(more) ? more : [];
    const at = typeof bucket === "number" ? this.differing.indexOf(bucket) : -1;
    const isPiece = at >= 0 && at < this.asked && typeof after === "string" && (at > 0 || after > this.after);
    this.differing = this.differing.slice(isPiece ? at : this.asked);
    this.after = isPiece ? after : "";
    const isLast = this.differing.length === 0;
    this.feed(isPiece ? "piece" : isLast ? "last" : "answered", now_ms);
  }

  onTimer(_kind: "silence", now_ms: number): void {
    this.silences += 1;
    this.feed(this.silences > SILENCES_MAX ? "mute" : "silent", now_ms);
  }

  private isAnswer(from: string, value: Json): boolean {
    return from === this.member && fieldOf(value, "request") === this.request;
  }

  private feed(input: CatchUpInput, now_ms: number): void {
    const transition = CATCH_UP[this.place][input];
    if (transition === undefined) return;
    this.place = transition.next;
    for (const action of transition.actions) this.act(action, now_ms);
  }

  private act(action: CatchUpAction, now_ms: number): void {
    switch (action) {
      case "begin":
        this.member = this.waiting.shift() ?? "";
        this.rounds = 0;
        this.isShort = false;
        this.longLost = 0;
        break;
      case "compare":
        this.rounds += 1;
        this.request += 1;
        this.ask(["digests", { request: this.request, digests: this.store.digests.text }], now_ms);
        break;
      case "want":
        this.request += 1;
        this.ask(this.want(), now_ms);
        break;
      case "again":
        this.askAgain(now_ms);
        break;
      case "finish":
        this.timers.stop(this.silence);
        this.user.onCaughtUp(this.member, this.isMemberComplete, now_ms);
        break;
      case "giveUp":
        this.timers.stop(this.silence);
        this.user.onNoAnswer(this.member, now_ms);
        break;
      case "look":
        if (this.waiting.length > 0) this.feed("waiting", now_ms);
    }
  }

  private ask(part: Part, now_ms: number): void {
    this.part = part;
    this.silences = 0;
    this.timers.start(this.silence, SILENCE_ms, now_ms);
    this.speaker.tell(this.member, [part]);
  }

  private askAgain(now_ms: number): void {
    const { silences } = this;
    const isFetching = this.place === "fetching";
    if (isFetching && silences >= SILENCES_LONG) this.isShort = true;
    this.ask(isFetching ? this.want() : this.part, now_ms);
    this.silences = silences;
  }

  /**
   * With the marks of what is here, so that only what isn't is sent; for as many buckets as these marks fit into a piece. A bucket that alone has
   * too many is asked for without them.
   */
  private want(): Part {
    const { request, after } = this;
    const most = this.isShort ? PIECE_MIN_OCTETS : PIECE_MAX_OCTETS;
    const [first = 0] = this.differing;
    let have = this.marksIn(first);
    let at = 1;
    for (; at < this.differing.length; at += 1) {
      const more = this.marksIn(this.differing[at] ?? 0);
      if (have.length + more.length > most) break;
      have += more;
    }
    this.asked = at;
    return [
      "want",
      { request, buckets: this.differing.slice(0, at), after, most, have: have.length > most ? "" : have },
    ];
  }

  private marksIn(bucket: number): string {
    return this.store
      .inBucket(bucket)
      .map(({ mark }) => markText(mark))
      .join("");
  }
}

/** @param data from a member */
export function isBucket(data: Json): data is number {
  return typeof data === "number" && Number.isInteger(data) && data >= 0 && data < BUCKETS;
}
