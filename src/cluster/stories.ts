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
import { Seldom } from "../base/seldom.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { Request, Response } from "../message/message.ts";
import type { Router } from "../proxy/router.ts";
import type { BeginningCall, Storyteller } from "../proxy/storyteller.ts";
import { clientKey, serverKeyAs } from "../transaction/transaction-key.ts";
import { CarryingOn, type CarryingUser } from "./carrying-on.ts";
import { GivenStories } from "./given-stories.ts";
import { type Heard, type HeardStories, keyOf } from "./heard-stories.ts";
import type { MutedTransport } from "./muted-transport.ts";
import type { Part, PartTaker, PatientSpeaker } from "./ports.ts";
import type { StoryEvent } from "./story-events.ts";
import { type HearingUser, StoryHearing } from "./story-hearing.ts";
import { isStoryPart, type StoryPart } from "./story-parts.ts";
import { hasRoomFor } from "./story-size.ts";
import { StoryVoice } from "./story-voice.ts";
import { StoryWitness } from "./story-witness.ts";
import type { Tale } from "./tale.ts";
import { type TaleCore, Teller } from "./telling.ts";

/** The kinds of parts that stories are made of. */
export const STORY_KINDS = ["story", "story-over", "story-lacks", "story-taken", "stories"] as const;

/** How often a member lists the calls that it is making. */
const LIST_ms = 500;
/** How soon after it goes on with a call: nobody else knows that by this id. */
const SOON_ms = 5;
/** A call with more events has no story any more: somebody sends one provisional response after the other. */
const EVENTS_MAX = 500;
const BOOT_LENGTH = 8;

export interface StoryParts {
  readonly core: TaleCore & { storyteller: Storyteller | undefined };
  /** The one by which the core sends. */
  readonly transport: MutedTransport;
  readonly timers: Timers;
  readonly speaker: PatientSpeaker;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: Pick<Limits, "unanswered" | "unansweredCharacters">;
  /** Whether this member is heard. */
  readonly isAlive: (member: string) => boolean;
  /** Whether the shared addresses are here. */
  readonly hasAddress: () => boolean;
}

export class Stories implements Storyteller, PartTaker, HearingUser, CarryingUser, Table, TimerOwner<"list"> {
  private readonly hearing: StoryHearing;
  private readonly parts: StoryParts;
  readonly teller: Teller;
  private readonly voice: StoryVoice;
  /** The calls that are made here. */
  private readonly tales = new Map<string, Tale>();
  /** Those that were, until they were given away. */
  private readonly given = new GivenStories();
  private readonly carrying: CarryingOn;
  private readonly listTimer = new Timer<"list">(this, "list");
  private begun = 0;
  /** Calls that have found no room: no other member is told of them. */
  hits = 0;
  private readonly untold = new Seldom();

  /** From now on the core's calls are told. */
  constructor(parts: StoryParts) {
    this.parts = parts;
    const { core, timers, transport, limits, random, speaker } = parts;
    const { unanswered: stories, unansweredCharacters: characters } = limits;
    this.hearing = new StoryHearing(speaker, { stories, characters }, this);
    this.teller = new Teller(core, timers, transport);
    this.carrying = new CarryingOn(this.teller, timers, parts.log, this);
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

  start(now_ms: number, wait_ms = LIST_ms): void {
    this.parts.timers.start(this.listTimer, wait_ms, now_ms);
  }

  stop(): void {
    this.parts.timers.stop(this.listTimer);
    this.carrying.stop();
    this.voice.stop();
  }

  begin({ server, incoming, routed, decision }: BeginningCall, router: Router, now_ms: number): boolean {
    const { request } = incoming;
    if (request.method !== "INVITE") return false;
    if (!hasRoomFor(request, decision)) {
      this.tellUntold("its INVITE is too long for a datagram", now_ms);
      return false;
    }
    const id = this.nextId();
    if (id === undefined) {
      this.hits += 1;
      return false;
    }
    const tale = this.teller.open(id, server, routed, decision, now_ms);
    this.keep(tale, now_ms);
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
    if (heard.given !== undefined || !this.parts.isAlive(heard.member)) this.carrying.tell(heard, now_ms);
  }

  /** Goes on with all calls that this member was making. */
  onDead(member: string, now_ms: number): void {
    this.carrying.goOn(
      this.heard.of(member).filter(({ isOver }) => !isOver),
      now_ms,
    );
  }

  /** The addresses are here from now on: goes on with the calls that others have given away, and with our own that nobody has taken. */
  attend(now_ms: number): void {
    for (const story of this.given.all.values()) {
      // It goes on by another id: what others have heard of it ends.
      this.voice.tellGone(story);
      this.carrying.told(story, "this one", now_ms);
    }
    this.given.clear();
    this.carrying.goOn(
      this.heard.all.filter(({ given }) => given !== undefined),
      now_ms,
    );
  }

  /** Gives all calls to the others. Here nothing of them happens any more. */
  handOver(now_ms: number): void {
    for (const tale of this.tales.values()) {
      this.teller.drop(tale, now_ms);
      this.given.add(tale, now_ms);
    }
    this.tales.clear();
    this.carrying.clear();
    this.list(now_ms);
  }

  take(from: string, part: Part, now_ms: number): void {
    const [kind, value] = part;
    const isOurs = isStoryPart(value) && value.b === this.voice.boot;
    if (kind === "story-lacks" && isOurs) {
      this.voice.answer(from, value, this.tales.get(value.i) ?? this.given.all.get(value.i), now_ms);
    } else if (kind === "story-taken" && isOurs) this.giveUp(value, now_ms);
    else this.hearing.take(from, part, now_ms);
  }

  onTimer(_kind: "list", now_ms: number): void {
    this.list(now_ms, this.size > 0);
    this.heard.sweep(now_ms);
    this.start(now_ms);
  }

  /** A call that was gone on with here is told by its member, which lives after all: the one that has the addresses keeps it. */
  keeps(member: string, boot: string, id: string, now_ms: number): boolean {
    const heard = this.heard.find(boot, id);
    const tale = this.carrying.find(keyOf(boot, id));
    if (tale === undefined) {
      // Members that are cut from each other may both have begun it, or gone on with it.
      const isAnswered = this.parts.core.transactions.hasAnswered(heard?.opening?.key);
      const isOver = isAnswered || this.carrying.hasEnded(keyOf(boot, id));
      return (isOver || heard?.isTold === true) && this.voice.take(member, boot, id, isOver);
    }
    if (this.parts.hasAddress()) return this.voice.take(member, boot, id, false);
    if (!this.parts.isAlive(member)) return true;
    this.drop(tale, now_ms);
    if (heard !== undefined) this.heard.forget(heard);
    return false;
  }

  /** A member has been started anew: what its life before was making goes on here, or there, where the addresses are. */
  onAnew(orphans: readonly Heard[], now_ms: number): void {
    if (this.parts.hasAddress()) this.carrying.goOn(orphans, now_ms);
    else {
      for (const heard of orphans) {
        this.begun += 1;
        this.given.pass(heard, this.begun.toString(36), now_ms);
      }
      this.list(now_ms);
    }
  }

  onGiven(heard: Heard, now_ms: number): void {
    if (this.parts.hasAddress()) this.carrying.tell(heard, now_ms);
  }

  /** Another member makes a call of ours. The one that has the addresses keeps it, unless the other one has ended it: then nobody rings on. */
  private giveUp({ i, z }: StoryPart, now_ms: number): void {
    this.given.delete(i);
    const tale = this.tales.get(i);
    if (tale === undefined) return;
    if (this.parts.hasAddress()) {
      if (z !== true || tale.server.isAnswered) return;
      for (const one of tale.transactions) this.parts.core.transactions.cancel(one, "", now_ms);
    }
    this.drop(tale, now_ms);
  }

  yieldTo(key: string, now_ms: number): void {
    for (const tale of [...this.tales.values()]) {
      if (tale.opening.key === key && !tale.server.isAnswered) this.drop(tale, now_ms);
    }
  }

  private drop(tale: Tale, now_ms: number): void {
    this.tales.delete(tale.id);
    this.carrying.forget(tale);
    this.teller.drop(tale, now_ms);
  }

  nextId(): string | undefined {
    this.begun += 1;
    return this.tales.size < this.limit ? this.begun.toString(36) : undefined;
  }

  keep(tale: Tale, now_ms: number): void {
    this.tales.set(tale.id, tale);
    tale.onEvent = (_tale, event, at_ms) => this.lived(tale, event, at_ms);
    if (tale.events.length > 0) this.start(now_ms, SOON_ms);
  }

  private lived(tale: Tale, event: StoryEvent, now_ms: number): void {
    if (tale.events.length > EVENTS_MAX) {
      this.tellUntold(`it has more than ${EVENTS_MAX} events`, now_ms);
      this.voice.tellGone(tale);
      this.leave(tale);
      return;
    }
    this.voice.tell(tale, tale.events.length - 1, event, now_ms);
    if (tale.isOver) this.close(tale);
  }

  private tellUntold(why: string, now_ms: number): void {
    if (this.untold.takes(why, now_ms)) this.parts.log.warn("call_untold", { why });
  }

  /** The call goes on, and nothing more is written of it. */
  private leave(tale: Tale): void {
    tale.close();
    this.tales.delete(tale.id);
    this.carrying.forget(tale);
  }

  close(tale: Tale): void {
    this.carrying.ended(tale);
    this.leave(tale);
    tale.release();
  }

  /**
   * Lists the calls that are made here, or given away. A member that hears us, perhaps again, may lack what has been told meanwhile.
   * @param isUrgent the list doesn't wait for the next beat
   */
  list(now_ms: number, isUrgent = true): void {
    this.given.sweep(now_ms);
    this.voice.list(this.tales, this.given.all, isUrgent);
  }
}
