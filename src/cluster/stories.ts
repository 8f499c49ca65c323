/**
 * Calls in the making survive the death of the member that makes them: the story of each INVITE goes to the other members event by
 * event, and is told again by the one that goes on with the call when its member is dead (`tale.ts`).
 *
 * Events that are lost are asked for as soon as a later one comes, or a list of the calls that are in the making. The same list brings a
 * member that has just started up to date, and ends what it had gone on with when a member that seemed dead is heard again.
 */
import { BoundedMap } from "../base/bounded-map.ts";
import type { Table } from "../base/meter.ts";
import { Seldom } from "../base/seldom.ts";
import { Timer, type TimerOwner } from "../base/timers.ts";
import type { Request, Response } from "../message/message.ts";
import { tellGiven } from "../proxy/given.ts";
import type { Router } from "../proxy/router.ts";
import type { BeginningCall, Storyteller } from "../proxy/storyteller.ts";
import { clientKey } from "../transaction/transaction-key.ts";
import { CarryingOn, type CarryingUser } from "./carrying-on.ts";
import { DoubledCalls } from "./doubled-calls.ts";
import { GivenStories } from "./given-stories.ts";
import type { Heard, HeardStories } from "./heard-stories.ts";
import type { Part, PartTaker } from "./ports.ts";
import type { StoryEvent } from "./story-events.ts";
import { type HearingUser, StoryHearing } from "./story-hearing.ts";
import { isStoryPart } from "./story-parts.ts";
import type { StoryPorts } from "./story-ports.ts";
import { hasRoomFor } from "./story-size.ts";
import { StoryVoice } from "./story-voice.ts";
import { StoryWitness } from "./story-witness.ts";
import { type KnownStory, Succession } from "./succession.ts";
import { Tale } from "./tale.ts";
import { type Bye, Teller } from "./telling.ts";

/** The kinds of parts that stories are made of. */
export const STORY_KINDS = ["story", "story-over", "story-lacks", "story-taken", "stories"] as const;

/** How often a member lists the calls that it is making. */
const LIST_ms = 500;
/** How soon after it goes on with a call: nobody else knows that by this id. */
const SOON_ms = 5;
/** A call with more events has no story any more: somebody sends one provisional response after the other. */
const EVENTS_MAX = 500;
const BOOT_LENGTH = 8;
const BYES_MAX = 500;

export class Stories implements Storyteller, PartTaker, HearingUser, CarryingUser, Table, TimerOwner<"list"> {
  readonly hearing: StoryHearing;
  private readonly parts: StoryPorts;
  private readonly succession: Succession;
  readonly teller: Teller;
  private readonly voice: StoryVoice;
  /** The calls that are made here. */
  private readonly tales = new Map<string, Tale>();
  /** Those that were, until they were given away. */
  private readonly given = new GivenStories();
  private readonly carrying: CarryingOn;
  private readonly doubled: DoubledCalls;
  private readonly listTimer = new Timer<"list">(this, "list");
  /** BYEs, the last ones: one of a dead member's call may come before the call is gone on with here. */
  private readonly byes = new BoundedMap<string, Bye>(BYES_MAX);
  private begun = 0;
  /** Calls that have found no room: no other member is told of them. */
  hits = 0;
  private readonly untold = new Seldom();

  /** From now on the core's calls are told. */
  constructor(parts: StoryPorts) {
    this.parts = parts;
    const { core, timers, transport, limits, random, speaker, placement } = parts;
    const { unanswered: stories, unansweredCharacters: characters } = limits;
    this.hearing = new StoryHearing(speaker, { stories, characters }, this);
    this.succession = new Succession(placement, this.hearing.heard);
    this.teller = new Teller(core, timers, transport);
    this.carrying = new CarryingOn(this.teller, timers, parts.log, this);
    this.voice = new StoryVoice(random.token(BOOT_LENGTH), speaker, timers, (callId) => placement.heirs(callId));
    const { teller, carrying, voice, heard } = this;
    const drop = (tale: Tale, member: string, now_ms: number) => this.drop(tale, member, now_ms);
    this.doubled = new DoubledCalls({
      placement,
      transactions: core.transactions,
      teller,
      carrying,
      voice,
      heard,
      drop,
    });
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

  /** Whether another member goes on with the call for which this branch was made here. */
  hasGiven(branch: string, now_ms: number): boolean {
    return this.teller.given.has(clientKey(branch, "INVITE"), now_ms);
  }

  /** What another member has told of the call to which a message belongs; undefined: none has, or the call is told here already. */
  storyOf(message: Request | Response): KnownStory | undefined {
    return this.succession.storyOf(message);
  }

  /** Goes on with a call of which a message has come: its member is dead, or has given it away. */
  carryOn(heard: Heard, now_ms: number): void {
    this.carrying.tell(heard, now_ms);
  }

  /** Goes on with the calls that this member was making, as far as they are for this one. */
  onDead(member: string, now_ms: number): void {
    const open = this.heard.of(member).filter((heard) => !heard.isOver && this.succession.isOurs(heard));
    this.carrying.goOn(open, now_ms);
  }

  /** The calls of a member that is gone are for those that go on with them now. */
  onGone(member: string): void {
    for (const heard of this.heard.of(member)) this.succession.leave(heard);
  }

  /** The addresses are here from now on: goes on with the calls that others have given away, and with our own that nobody has taken. */
  attend(now_ms: number): void {
    for (const story of this.given.all.values()) {
      // It goes on by another id: what others have heard of it ends.
      this.voice.tellGone(story);
      this.carrying.told(story, "this one", now_ms);
    }
    this.given.clear();
    const theirs = this.heard.all.filter((heard) => heard.given !== undefined && this.succession.isOurs(heard));
    this.carrying.goOn(theirs, now_ms);
  }

  /** Gives all calls to the others. Here nothing of them happens any more. */
  handOver(now_ms: number): void {
    const { placement } = this.parts;
    for (const tale of this.tales.values()) {
      this.teller.drop(tale, placement.successor(tale.callId) ?? "", now_ms);
      this.given.add(tale, now_ms);
    }
    this.tales.clear();
    this.carrying.clear();
    this.list(now_ms);
  }

  /** A BYE has come of a call that may still have a story, as long as a place says nothing where it was offered before it was answered. */
  hungUp(bye: Bye, now_ms: number): void {
    for (const tale of this.tales.values()) if (tale.callId === bye.callId) hangUp(tale, bye, () => {}, now_ms);
    this.byes.set(bye.callId, bye);
  }

  take(from: string, part: Part, now_ms: number): void {
    const [kind, value] = part;
    const isOurs = isStoryPart(value) && value.b === this.voice.boot;
    if (kind === "story-lacks" && isOurs) {
      this.voice.answer(from, value, this.tales.get(value.i) ?? this.given.all.get(value.i), now_ms);
    } else if (kind === "story-taken" && isOurs) {
      const given = this.given.all.get(value.i);
      if (given instanceof Tale) tellGiven(given.listener, from, given.server.isAnswered, now_ms);
      this.given.delete(value.i);
      this.doubled.onTaken(from, value, this.tales.get(value.i), now_ms);
    } else {
      if (kind === "story-taken" && isStoryPart(value)) this.doubled.onHeir(from, value, now_ms);
      this.hearing.take(from, part, now_ms);
    }
  }

  onTimer(_kind: "list", now_ms: number): void {
    this.list(now_ms, this.size > 0);
    this.heard.sweep(now_ms);
    this.start(now_ms);
  }

  keeps(member: string, boot: string, id: string, now_ms: number): boolean {
    return this.doubled.keeps(member, boot, id, now_ms);
  }

  /** A member has been started anew: what its life before was making goes on here, or is passed on to where it is to go on. */
  onAnew(orphans: readonly Heard[], now_ms: number): void {
    const ours = orphans.filter((heard) => this.succession.isOurs(heard));
    const others = orphans.filter((heard) => !ours.includes(heard) && this.succession.isFree(heard));
    this.carrying.goOn(ours, now_ms);
    for (const heard of others) {
      this.begun += 1;
      this.given.pass(heard, this.begun.toString(36), now_ms);
    }
    if (others.length > 0) this.list(now_ms);
  }

  onGiven(heard: Heard, now_ms: number): void {
    if (this.succession.isOurs(heard)) this.carrying.tell(heard, now_ms);
  }

  goesOn(stories: readonly Heard[], isOver: boolean): void {
    this.voice.goesOn(stories, isOver);
  }

  yieldTo(key: string, now_ms: number): void {
    for (const tale of [...this.tales.values()]) {
      if (tale.opening.key === key && !tale.server.isAnswered) this.drop(tale, "", now_ms);
    }
  }

  private drop(tale: Tale, member: string, now_ms: number): void {
    this.tales.delete(tale.id);
    this.carrying.forget(tale);
    this.teller.drop(tale, member, now_ms);
  }

  nextId(): string | undefined {
    this.begun += 1;
    return this.tales.size < this.limit ? this.begun.toString(36) : undefined;
  }

  keep(tale: Tale, now_ms: number): void {
    this.tales.set(tale.id, tale);
    tale.onEvent = (_tale, event, at_ms) => this.lived(tale, event, at_ms);
    if (tale.events.length === 0) return;
    this.start(now_ms, SOON_ms);
    const bye = this.byes.get(tale.callId);
    if (bye !== undefined) hangUp(tale, bye, () => this.teller.onBye?.(bye, now_ms), now_ms);
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

/** @param end of what here takes the call to be up */
function hangUp(tale: Tale, { fromTag, toTag }: Bye, end: () => void, now_ms: number): void {
  if (tale.server.isAnswered) tale.happens(["bye", fromTag, toTag], now_ms, end);
}
