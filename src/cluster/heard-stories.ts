/** The stories that other members have told so far, by what may come of their calls: responses, and what their callers repeat. */
import type { Table } from "../base/meter.ts";
import type { Request, Response } from "../message/message.ts";
import { parse } from "../message/parse.ts";
import { clientKey, serverKeyAs } from "../transaction/transaction-key.ts";
import type { Opening, StoryEvent } from "./story-events.ts";

/** What a story is counted with before anything of it has come, and a place in it that is empty yet. */
const STORY_CHARACTERS = 400;
const GAP_CHARACTERS = 8;
/** An event that is further ahead of the others must come again, after those. */
const AHEAD_MAX = 50;
/** How long one that is over is kept, for a caller that hasn't heard its end (64·T1). */
const OVER_ms = 32_000;
/** A call of which nothing has been heard for so long is over: timer C, and what can follow it. */
const SILENT_ms = 300_000;
/** No call is in the making for longer. */
const AGE_MAX_ms = 3_600_000;

/** A story as far as it has come. */
export class Heard {
  readonly member: string;
  readonly boot: string;
  readonly id: string;
  opening: Opening | undefined = undefined;
  /** By their place; some may be missing yet. */
  readonly events: (StoryEvent | undefined)[] = [];
  zero_ms = 0;
  characters = STORY_CHARACTERS;
  changed_ms = 0;
  /** How many events it has by the list that had us ask for it; 0: it has come whole, or none had. */
  wanted = 0;
  /** When more of it was asked for last. */
  asked_ms = Number.NEGATIVE_INFINITY;
  isOver = false;
  /** It is over since its call has come to its end, and not since nothing more is told of it here. */
  hasEnded = false;
  /** Its member has given the call away: how many events it has. */
  given: number | undefined = undefined;
  /** Another member has said that it goes on with the call. */
  heir: string | undefined = undefined;
  /** Its member was gone, and another one was to go on with the call. */
  isLeft = false;
  /** It has been told here, or can't be. */
  isTold = false;
  private ofCall: string | undefined = undefined;

  constructor(member: string, boot: string, id: string) {
    this.member = member;
    this.boot = boot;
    this.id = id;
  }

  /** How many events have come, without a gap. */
  get whole(): number {
    const gap = this.events.indexOf(undefined);
    return gap < 0 ? this.events.length : gap;
  }

  get key(): string {
    return keyOf(this.boot, this.id);
  }

  /** Its call has come to its end. */
  end(): void {
    this.isOver = true;
    this.hasEnded = true;
  }

  /** Of its INVITE; "" before that has come. */
  get callId(): string {
    if (this.ofCall !== undefined || this.opening === undefined) return this.ofCall ?? "";
    const invite = parse(this.opening.wire);
    this.ofCall = invite.kind === "request" ? invite.callId : "";
    return this.ofCall;
  }

  /** @param age_ms how long ago the call began, as its member says */
  startsAgo(age_ms: number, now_ms: number): void {
    this.zero_ms = now_ms - Math.min(Math.max(age_ms, 0), AGE_MAX_ms);
  }

  /** What has come without a gap, in the order of time: none of it is still to come. */
  past(now_ms: number): StoryEvent[] {
    let least_ms = 0;
    return (this.events.slice(0, this.whole) as StoryEvent[]).map((event) => {
      least_ms = Math.max(least_ms, Math.min(event.at_ms, Math.floor(now_ms - this.zero_ms)));
      return event.at_ms === least_ms ? event : { ...event, at_ms: least_ms };
    });
  }
}

export function keyOf(boot: string, id: string): string {
  return `${boot} ${id}`;
}

export class HeardStories implements Table {
  /** Stories of calls that may go on, forgotten for want of room. */
  hits = 0;
  readonly limit: number;
  private readonly characters_max: number;
  private characters = 0;
  /** The one that has changed last comes last. */
  private readonly stories = new Map<string, Heard>();
  private readonly byRequest = new Map<string, Heard>();
  private readonly byBranch = new Map<string, Heard>();

  /** @param limit stories @param characters_max of all of them */
  constructor(limit: number, characters_max: number) {
    this.limit = limit;
    this.characters_max = characters_max;
  }

  get size(): number {
    return this.stories.size;
  }

  find(boot: string, id: string): Heard | undefined {
    return this.stories.get(keyOf(boot, id));
  }

  /** The story of the call to which a message belongs: an INVITE, its CANCEL or its ACK, or a response to a copy of it. */
  ofMessage(message: Request | Response): Heard | undefined {
    if (message.kind === "request") return this.byRequest.get(serverKeyAs(message, "INVITE"));
    return this.byBranch.get(clientKey(message.topVia.branch, "INVITE"));
  }

  /** The last story of the call with this INVITE. */
  ofInvite(key: string): Heard | undefined {
    return this.byRequest.get(key);
  }

  /** Whether no member has gone on with the call since, as far as its story has come. */
  isLast(heard: Heard): boolean {
    return heard.opening === undefined || this.byRequest.get(heard.opening.key) === heard;
  }

  get all(): Heard[] {
    return [...this.stories.values()];
  }

  of(member: string): Heard[] {
    return [...this.stories.values()].filter((one) => one.member === member);
  }

  /** One of which nothing is known yet. */
  begin(member: string, boot: string, id: string): Heard {
    const heard = new Heard(member, boot, id);
    this.stories.set(heard.key, heard);
    this.characters += heard.characters;
    this.makeRoom();
    return heard;
  }

  /** An event has come, or has come again. @param opening with the first one @param weight in characters */
  add(
    heard: Heard,
    number: number,
    event: StoryEvent,
    opening: Opening | undefined,
    weight: number,
    now_ms: number,
  ): void {
    heard.changed_ms = now_ms;
    const gaps = number - heard.events.length;
    if (heard.events[number] !== undefined || gaps > AHEAD_MAX) return;
    while (heard.events.length < number) heard.events.push(undefined);
    heard.events[number] = event;
    if (opening !== undefined) {
      heard.opening = opening;
      // A member that hasn't heard of the end may pass the call on.
      if (this.byRequest.get(opening.key)?.hasEnded === true) heard.end();
      this.byRequest.set(opening.key, heard);
    }
    for (const [kind, branch] of event.found) if (kind === "branch") this.byBranch.set(branch as string, heard);
    const characters = weight + Math.max(gaps, 0) * GAP_CHARACTERS;
    heard.characters += characters;
    this.characters += characters;
    this.stories.delete(heard.key);
    this.stories.set(heard.key, heard);
    this.makeRoom();
  }

  forget(heard: Heard): void {
    if (this.stories.get(heard.key) !== heard) return;
    this.stories.delete(heard.key);
    this.characters -= heard.characters;
    if (heard.opening !== undefined && this.byRequest.get(heard.opening.key) === heard) {
      this.byRequest.delete(heard.opening.key);
    }
    for (const event of heard.events) {
      for (const [kind, branch] of event?.found ?? []) {
        // A member that goes on with the call tells its branches too.
        if (kind === "branch" && this.byBranch.get(branch as string) === heard) this.byBranch.delete(branch as string);
      }
    }
  }

  /** Forgets what nothing can come of any more. */
  sweep(now_ms: number): void {
    for (const heard of this.stories.values()) {
      if (now_ms - heard.changed_ms > (heard.isOver || heard.isTold ? OVER_ms : SILENT_ms)) this.forget(heard);
    }
  }

  /** Those that are over make room first, then those that have said nothing for the longest time. */
  private makeRoom(): void {
    if (this.isWithin) return;
    for (const heard of this.stories.values()) {
      if (this.isWithin) return;
      if (heard.isOver) this.forget(heard);
    }
    for (const heard of this.stories.values()) {
      if (this.isWithin) return;
      this.hits += 1;
      this.forget(heard);
    }
  }

  private get isWithin(): boolean {
    return this.stories.size <= this.limit && this.characters <= this.characters_max;
  }
}
