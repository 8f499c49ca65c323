/**
 * Calls in the making survive the death of the member that makes them: the story of each INVITE goes to the other members event by
 * event, and is told again by the one that goes on with the call when its member is dead (`tale.ts`).
 *
 * Events that are lost are asked for as soon as a later one comes, or a list of the calls that are in the making. The same list brings a
 * member that has just started up to date, and ends what it had gone on with when a member that seemed dead is heard again.
 */
import type { Limits } from "../base/limits.ts";
import type { Table } from "../base/meter.ts";
import type { Logger, Random } from "../base/ports.ts";
import { reasonOf } from "../base/reason.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { Request, Response } from "../message/message.ts";
import type { Router } from "../proxy/router.ts";
import type { BeginningCall, Storyteller } from "../proxy/storyteller.ts";
import { clientKey, serverKeyAs } from "../transaction/transaction-key.ts";
import type { Heard, HeardStories } from "./heard-stories.ts";
import type { MutedTransport } from "./muted-transport.ts";
import type { Part, PartTaker, Speaker } from "./ports.ts";
import type { StoryEvent } from "./story-events.ts";
import { type HearingUser, StoryHearing } from "./story-hearing.ts";
import { isStoryPart } from "./story-parts.ts";
import { hasRoomFor } from "./story-size.ts";
import { StoryVoice } from "./story-voice.ts";
import { StoryWitness } from "./story-witness.ts";
import type { Tale } from "./tale.ts";
import { type HeardStory, type TaleCore, Teller } from "./telling.ts";

/** The kinds of parts that stories are made of. */
export const STORY_KINDS = ["story", "story-over", "story-lacks", "story-taken", "stories"] as const;

/** How often a member lists the calls that it is making. */
const LIST_ms = 500;
/** How long a call that is given away may still be asked for. */
const GIVING_ms = 10_000;
/** A call with more events has no story any more: somebody sends one provisional response after the other. */
const EVENTS_MAX = 500;
/** Calls of a dead member that one turn goes on with; the next turn comes at once. */
const TURN = 50;
const BOOT_LENGTH = 8;

type Due = "list" | "turn";

export interface StoryParts {
  readonly core: TaleCore & { storyteller: Storyteller | undefined };
  /** The one by which the core sends. */
  readonly transport: MutedTransport;
  readonly timers: Timers;
  readonly speaker: Speaker;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: Pick<Limits, "unanswered" | "unansweredCharacters">;
  /** Whether this member is heard. */
  readonly isAlive: (member: string) => boolean;
  /** Whether the shared addresses are here. */
  readonly hasAddress: () => boolean;
}

export class Stories implements Storyteller, PartTaker, HearingUser, Table, TimerOwner<Due> {
  private readonly hearing: StoryHearing;
  private readonly parts: StoryParts;
  readonly teller: Teller;
  private readonly voice: StoryVoice;
  /** The calls that are made here. */
  private readonly tales = new Map<string, Tale>();
  /** Those that were, until they were given away. */
  private readonly given = new Map<string, { readonly tale: Tale; readonly until_ms: number }>();
  /** Those that another member had begun, by the key of its story. */
  private readonly carried = new Map<string, Tale>();
  private readonly listTimer = new Timer<Due>(this, "list");
  private readonly turnTimer = new Timer<Due>(this, "turn");
  /** Calls of dead members that are still to be gone on with. */
  private waiting: Heard[] = [];
  private begun = 0;

  /** From now on the core's calls are told. */
  constructor(parts: StoryParts) {
    this.parts = parts;
    const { core, timers, transport, limits, random, speaker } = parts;
    const { unanswered: stories, unansweredCharacters: characters } = limits;
    this.hearing = new StoryHearing(speaker, { stories, characters }, this);
    this.teller = new Teller(core, timers, transport);
    this.voice = new StoryVoice(random.token(BOOT_LENGTH), speaker, timers);
    core.storyteller = this;
    core.transactions.witness = new StoryWitness(this.teller.places, core.transactions);
  }

  /** What others have told. */
  get heard(): HeardStories {
    return this.hearing.heard;
  }

  get size(): number {
    return this.tales.size;
  }

  get limit(): number {
    return this.heard.limit;
  }

  get hits(): number {
    return this.heard.hits;
  }

  start(now_ms: number): void {
    this.parts.timers.start(this.listTimer, LIST_ms, now_ms);
  }

  stop(): void {
    for (const timer of [this.listTimer, this.turnTimer]) this.parts.timers.stop(timer);
    this.voice.stop();
  }

  begin({ server, incoming, routed, decision }: BeginningCall, router: Router, now_ms: number): boolean {
    const { request } = incoming;
    if (request.method !== "INVITE" || this.tales.size >= this.limit) return false;
    if (!hasRoomFor(request, decision)) return false;
    this.begun += 1;
    const tale = this.teller.open(this.begun.toString(36), server, routed, decision, now_ms);
    this.keep(tale);
    this.teller.live(tale, routed, router, now_ms);
    return true;
  }

  /** The member that makes the call to which this request belongs, as its story says; undefined: no other does. */
  ownerOf(request: Request): string | undefined {
    const heard = this.heard.ofRequest(serverKeyAs(request, "INVITE"));
    return heard === undefined || heard.isTold || heard.given !== undefined ? undefined : heard.member;
  }

  /** Whether another member goes on with the call for which this branch was made here. */
  hasGiven(branch: string, now_ms: number): boolean {
    return this.teller.given.has(clientKey(branch, "INVITE"), now_ms);
  }

  /** Before a message is looked at: goes on with its call, where its member is dead or has given it away. */
  carryOn(message: Request | Response, now_ms: number): void {
    const heard =
      message.kind === "request"
        ? this.heard.ofRequest(serverKeyAs(message, "INVITE"))
        : this.heard.ofBranch(clientKey(message.topVia.branch, "INVITE"));
    if (heard === undefined) return;
    if (heard.given !== undefined || !this.parts.isAlive(heard.member)) this.tell(heard, now_ms);
  }

  /** Goes on with all calls that this member was making. */
  onDead(member: string, now_ms: number): void {
    this.goOn(
      this.heard.of(member).filter(({ isOver }) => !isOver),
      now_ms,
    );
  }

  /** The addresses are here from now on: goes on with the calls that others have given away, and with our own that nobody has taken. */
  attend(now_ms: number): void {
    for (const { tale } of this.given.values()) {
      // It goes on by another id: what others have heard of it ends.
      this.voice.tellGone(tale);
      this.told(tale, "this one", now_ms);
    }
    this.given.clear();
    this.goOn(
      this.heard.all.filter(({ given }) => given !== undefined),
      now_ms,
    );
  }

  /** Gives all calls to the others. Here nothing of them happens any more. */
  handOver(now_ms: number): void {
    for (const tale of this.tales.values()) {
      this.teller.drop(tale, now_ms);
      this.given.set(tale.id, { tale, until_ms: now_ms + GIVING_ms });
    }
    this.tales.clear();
    this.carried.clear();
    this.list(now_ms);
  }

  take(from: string, part: Part, now_ms: number): void {
    const [kind, value] = part;
    const isOurs = isStoryPart(value) && value.b === this.voice.boot;
    if (kind === "story-lacks" && isOurs) {
      this.voice.answer(from, value, this.tales.get(value.i) ?? this.given.get(value.i)?.tale, now_ms);
    } else if (kind === "story-taken" && isOurs) this.giveUp(value.i, now_ms);
    else this.hearing.take(from, part, now_ms);
  }

  onTimer(kind: Due, now_ms: number): void {
    if (kind === "turn") this.turn(now_ms);
    else {
      this.list(now_ms);
      this.heard.sweep(now_ms);
      this.start(now_ms);
    }
  }

  /** A call that was gone on with here is told by its member, which lives after all: the one that has the addresses keeps it. */
  keeps(member: string, boot: string, id: string, now_ms: number): boolean {
    const key = `${boot} ${id}`;
    const tale = this.carried.get(key);
    if (tale === undefined) return this.heard.find(boot, id)?.isTold === true && this.takes(member, boot, id);
    if (this.parts.hasAddress()) return this.takes(member, boot, id);
    if (!this.parts.isAlive(member)) return true;
    this.carried.delete(key);
    this.tales.delete(tale.id);
    this.teller.drop(tale, now_ms);
    const heard = this.heard.find(boot, id);
    if (heard !== undefined) this.heard.forget(heard);
    return false;
  }

  onGiven(heard: Heard, now_ms: number): void {
    if (this.parts.hasAddress()) this.tell(heard, now_ms);
  }

  /** Its member needn't make the call any more. */
  private takes(member: string, boot: string, id: string): true {
    this.voice.take(member, boot, id);
    return true;
  }

  /** Another member makes a call of ours. The one that has the addresses keeps it. */
  private giveUp(id: string, now_ms: number): void {
    this.given.delete(id);
    const tale = this.tales.get(id);
    if (tale === undefined || this.parts.hasAddress()) return;
    this.tales.delete(id);
    this.teller.drop(tale, now_ms);
  }

  private keep(tale: Tale): void {
    this.tales.set(tale.id, tale);
    tale.onEvent = (_tale, event, now_ms) => this.lived(tale, event, now_ms);
  }

  private lived(tale: Tale, event: StoryEvent, now_ms: number): void {
    const isTooLong = tale.events.length > EVENTS_MAX;
    if (isTooLong) this.voice.tellGone(tale);
    else this.voice.tell(tale, tale.events.length - 1, event, now_ms);
    if (isTooLong || tale.isOver) this.close(tale);
  }

  private close(tale: Tale): void {
    tale.close();
    this.tales.delete(tale.id);
    tale.release();
  }

  private list(now_ms: number): void {
    for (const [id, { until_ms }] of this.given) if (until_ms <= now_ms) this.given.delete(id);
    this.voice.list(
      this.tales.values(),
      [...this.given.values()].map(({ tale }) => tale),
    );
  }

  private goOn(stories: readonly Heard[], now_ms: number): void {
    const open = stories.filter(({ isTold }) => !isTold);
    if (open.length === 0) return;
    this.waiting.push(...open);
    this.parts.log.info("calls_carried_on", { member: open[0]?.member ?? "", calls: open.length });
    this.turn(now_ms);
  }

  private turn(now_ms: number): void {
    for (const heard of this.waiting.splice(0, TURN)) this.tell(heard, now_ms);
    if (this.waiting.length > 0) this.parts.timers.start(this.turnTimer, 1, now_ms);
  }

  /** Goes on with a call, as far as its story has come whole. */
  private tell(heard: Heard, now_ms: number): void {
    if (heard.isTold) return;
    heard.isTold = true;
    heard.changed_ms = now_ms;
    const { opening, zero_ms } = heard;
    if (opening === undefined || heard.whole === 0) return;
    const tale = this.told({ opening, zero_ms, events: heard.past(now_ms) }, heard.member, now_ms);
    if (tale?.isOver === false) this.carried.set(heard.key, tale);
  }

  /**
   * Lives a story from now on, unless the call is over. One of another version, or of a faulty member, must not end the others.
   * @returns undefined: it can't be told
   */
  private told(story: HeardStory, member: string, now_ms: number): Tale | undefined {
    let why: string | undefined;
    try {
      this.begun += 1;
      const isFull = this.tales.size >= this.limit;
      const tale = isFull ? undefined : this.teller.tell(this.begun.toString(36), story, now_ms);
      if (tale?.isOver === true) this.close(tale);
      else if (tale !== undefined) this.keep(tale);
      if (tale !== undefined) return this.teller.beginAnew(tale, story.opening.listeners, now_ms);
    } catch (error) {
      why = reasonOf(error);
    }
    this.parts.log.warn("call_not_carried_on", { member, events: story.events.length, error: why });
    return undefined;
  }
}
