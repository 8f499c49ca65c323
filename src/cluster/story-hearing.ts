/** What others tell of the calls that they make: takes it, asks for what is missing, and learns which calls are over or given away. */
import { FirstLists, type Listed } from "./first-lists.ts";
import { type Heard, HeardStories } from "./heard-stories.ts";
import type { Part, Speaker } from "./ports.ts";
import type { StoryEvent } from "./story-events.ts";
import {
  isEvent,
  isListing,
  isStoryPart,
  type ListingPart,
  numberOf,
  type StoryPart,
  weightOf,
} from "./story-parts.ts";

/** A question for what is missing isn't asked again sooner. */
const ASK_AGAIN_ms = 200;
/**
 * Calls of the lists of one round that are asked for at once, so that a member that starts isn't flooded: the next one is asked for when one of
 * them has come. And when the next round comes.
 */
const ASKED_MAX = 40;
const ROUND_ms = 400;
/** A call that a list doesn't have may just have begun. */
const UNLISTED_ms = 500;

/** Of a list that has all. */
const WHOLE = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

/** A call of a member's list. */
interface ListedBy extends Listed {
  readonly from: string;
}

/** What becomes of what is heard. */
export interface HearingUser {
  /** @returns whether this call is made here, and not where it is told */
  keeps(member: string, boot: string, id: string, now_ms: number): boolean;
  /** Calls of a life of a member that is over: it has been started anew. */
  onAnew(orphans: readonly Heard[], now_ms: number): void;
  /** Its member has given the call away, and its story is whole. */
  onGiven(heard: Heard, now_ms: number): void;
}

export class StoryHearing {
  readonly heard: HeardStories;
  private readonly speaker: Speaker;
  private readonly user: HearingUser;
  private readonly first = new FirstLists((call) => {
    return this.heard.find(call.boot, call.id)?.isOver !== true && this.lacks(call);
  });
  /** `lacked`: what its lists have, and isn't asked for yet. */
  private round: { at_ms: number; asked: number; lacked: ListedBy[] } = { at_ms: -ROUND_ms, asked: 0, lacked: [] };

  /** @param limits stories, and their characters */
  constructor(speaker: Speaker, limits: { stories: number; characters: number }, user: HearingUser) {
    this.heard = new HeardStories(limits.stories, limits.characters);
    this.speaker = speaker;
    this.user = user;
  }

  take(from: string, [kind, value]: Part, now_ms: number): void {
    if (kind === "story" && isStoryPart(value) && isEvent(value.e)) this.takeEvent(from, value, value.e, now_ms);
    else if (kind === "story-over" && isStoryPart(value)) this.takeEnd(value, now_ms);
    else if (kind === "stories" && isListing(value)) this.takeList(from, value, now_ms);
    else if (kind === "story-taken" && isStoryPart(value)) this.takeHeir(from, value, now_ms);
  }

  /** Whether all is known of the calls that each of these members was making when it was heard first, as far as there is room. */
  isWhole(members: readonly string[]): boolean {
    return this.heard.hits > 0 || this.first.isWhole(members);
  }

  /** The member is dead: if it is heard again, it has other calls. */
  onDead(member: string): void {
    this.first.forget(member);
  }

  private takeEvent(from: string, part: StoryPart, event: StoryEvent, now_ms: number): void {
    const { b, i, n, o, a = 0, z } = part;
    const weight = weightOf(part);
    if (weight === undefined || this.user.keeps(from, b, i, now_ms)) return;
    const heard = this.heard.find(b, i) ?? this.heard.begin(from, b, i);
    if (heard.isTold) return;
    heard.heir = undefined;
    heard.isLeft = false;
    if (n === 0 && heard.whole === 0) heard.startsAgo(a, now_ms);
    this.heard.add(heard, n, event, o, weight, now_ms);
    if (z === true) heard.end();
    if (heard.whole < Math.max(heard.events.length, n + 1)) this.ask(heard, now_ms);
    else this.look(heard, now_ms);
    if (heard.wanted === 0 || heard.whole < heard.wanted) return;
    heard.wanted = 0;
    this.askForNext(now_ms);
  }

  /** A third member goes on with a call that its own doesn't make any more. */
  private takeHeir(from: string, { b, i, z }: StoryPart, now_ms: number): void {
    const heard = this.heard.find(b, i);
    if (heard === undefined || heard.isTold) return;
    heard.heir = from;
    if (z === true) heard.end();
    heard.changed_ms = now_ms;
  }

  private takeEnd({ b, i, n, gone }: StoryPart, now_ms: number): void {
    const heard = this.heard.find(b, i);
    if (heard === undefined) return;
    if (gone === true) {
      this.heard.forget(heard);
      return;
    }
    heard.isOver = true;
    heard.changed_ms = now_ms;
    if (heard.whole < n) this.ask(heard, now_ms);
  }

  private takeList(from: string, listing: ListingPart, now_ms: number): void {
    const { b, s, g = [], all, w } = listing;
    if (now_ms - this.round.at_ms >= ROUND_ms) this.round = { at_ms: now_ms, asked: 0, lacked: [] };
    const { round } = this;
    const listed = new Set<string>();
    const calls: Listed[] = [];
    for (const [id, count] of [...s, ...g]) {
      listed.add(id);
      if (this.user.keeps(from, b, id, now_ms)) continue;
      const known = this.heard.find(b, id);
      if (known !== undefined) {
        known.changed_ms = now_ms;
        known.isLeft = false;
      }
      const one = { from, boot: b, id, count };
      calls.push(one);
      if (!this.lacks(one)) continue;
      round.asked += 1;
      if (round.asked > ASKED_MAX) round.lacked.push(one);
      else this.askFor(one, now_ms);
    }
    this.first.take(from, listing, calls);
    for (const [id, count] of g) {
      const heard = this.heard.find(b, id);
      if (heard === undefined || heard.isTold) continue;
      heard.given = count;
      this.look(heard, now_ms);
    }
    if (all) this.endUnlisted(from, b, listed, WHOLE, now_ms);
    else if (w !== undefined) this.endUnlisted(from, b, listed, w, now_ms);
    const isOpen = ({ boot, whole, isTold, isOver }: Heard) => boot !== b && whole > 0 && !isTold && !isOver;
    const open = this.heard.of(from).filter(isOpen);
    // The member that was to go on with them when that life ended knows more of them.
    for (const heard of open) heard.isOver = heard.isLeft;
    const orphans = open.filter(({ isLeft }) => !isLeft);
    if (orphans.length > 0) this.user.onAnew(orphans, now_ms);
  }

  /** What a list doesn't have of its window is over. Calls of another life of the same member are another matter. */
  private endUnlisted(
    from: string,
    boot: string,
    listed: ReadonlySet<string>,
    [after, upto]: readonly [number, number],
    now_ms: number,
  ): void {
    for (const heard of this.heard.of(from)) {
      const isListed = heard.boot !== boot || listed.has(heard.id);
      const number = numberOf(heard.id);
      if (number <= after || number > upto) continue;
      if (!isListed && !heard.isTold && now_ms - heard.changed_ms > UNLISTED_ms) heard.isOver = true;
    }
  }

  private look(heard: Heard, now_ms: number): void {
    if (heard.given !== undefined && heard.whole >= heard.given && !heard.isTold) this.user.onGiven(heard, now_ms);
  }

  private lacks({ boot, id, count }: Listed): boolean {
    const known = this.heard.find(boot, id);
    return known === undefined ? count > 0 : !known.isTold && known.whole < count;
  }

  private askFor({ from, boot, id, count }: ListedBy, now_ms: number): void {
    const heard = this.heard.find(boot, id) ?? this.heard.begin(from, boot, id);
    heard.changed_ms = now_ms;
    heard.wanted = count;
    this.ask(heard, now_ms);
  }

  /** One that was asked for has come. One that gets lost waits for the next round. */
  private askForNext(now_ms: number): void {
    const { lacked } = this.round;
    for (let one = lacked.shift(); one !== undefined; one = lacked.shift()) {
      if (!this.lacks(one)) continue;
      this.askFor(one, now_ms);
      return;
    }
  }

  /** Often enough, since the answer may get lost. */
  private ask(heard: Heard, now_ms: number): void {
    if (now_ms - heard.asked_ms < ASK_AGAIN_ms) return;
    heard.asked_ms = now_ms;
    this.speaker.tell(heard.member, [["story-lacks", { b: heard.boot, i: heard.id, n: heard.whole }]]);
  }
}
