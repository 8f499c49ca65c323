/** What a member tells the others of the calls that it makes. */
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { ToldStory } from "./given-stories.ts";
import type { Heard } from "./heard-stories.ts";
import type { Json, Part, PatientSpeaker } from "./ports.ts";
import type { StoryEvent } from "./story-events.ts";
import { type ListingPart, numberOf, type StoryPart } from "./story-parts.ts";

/** Of one list: longer ones are told in several, so that each goes into a datagram. */
export const LISTED_MAX = 500;
/** How long the news of a 100 may wait for others, so that they go together. */
const LATE_ms = 100;

type List = Omit<ListingPart, "b">;
type HeirsOf = (callId: string) => readonly string[];

export class StoryVoice implements TimerOwner<"late"> {
  /** Of this start: ids of calls mean nothing without. */
  readonly boot: string;
  private readonly speaker: PatientSpeaker;
  private readonly timers: Timers;
  private readonly heirs: HeirsOf;
  private readonly timer = new Timer<"late">(this, "late");
  /** What is still to be told, by those that are to hear it. */
  private readonly late = new Map<string, { readonly heirs: readonly string[]; readonly parts: Part[] }>();

  /** @param heirs the members that hear of the call with this Call-ID */
  constructor(boot: string, speaker: PatientSpeaker, timers: Timers, heirs: HeirsOf) {
    this.boot = boot;
    this.speaker = speaker;
    this.timers = timers;
    this.heirs = heirs;
  }

  /** An event has been lived. */
  tell(tale: ToldStory, number: number, event: StoryEvent, now_ms: number): void {
    const heirs = this.heirs(tale.callId);
    const key = heirs.join();
    const late = this.late.get(key) ?? { heirs, parts: [] };
    late.parts.push(this.partOf(tale, number, event, now_ms));
    this.late.set(key, late);
    if (tale.isOver || !isTrying(event)) this.flush();
    else if (!this.timer.isRunning) this.timers.start(this.timer, LATE_ms, now_ms);
  }

  /** The call has no story any more. */
  tellGone({ id, callId, events }: ToldStory): void {
    const part: Part = ["story-over", { b: this.boot, i: id, n: events.length, gone: true }];
    this.speaker.tellThese(this.heirs(callId), [part]);
  }

  /** A member has asked for what it lacks. @param tale undefined: the call is over, whose end may have got lost too */
  answer(member: string, { i, n }: StoryPart, tale: ToldStory | undefined, now_ms: number): void {
    const parts: Part[] =
      tale === undefined
        ? [["story-over", { b: this.boot, i, n: 0 }]]
        : tale.events.slice(n).map((event, index) => this.partOf(tale, n + index, event, now_ms));
    this.speaker.tell(member, parts);
  }

  /**
   * To each member that lives: all calls of which it is to hear, those that are made here and those that are given away, by their ids.
   * @param isUrgent it doesn't wait for the next beat
   */
  list(made: ReadonlyMap<string, ToldStory>, given: ReadonlyMap<string, ToldStory>, isUrgent: boolean): void {
    this.flush();
    const heirs = new Map<ToldStory, readonly string[]>();
    for (const stories of [made, given]) for (const one of stories.values()) heirs.set(one, this.heirs(one.callId));
    for (const member of this.speaker.live()) {
      const isFor = ([, story]: readonly [string, ToldStory]) => heirs.get(story)?.includes(member) === true;
      const lists = this.listsOf(new Map([...made].filter(isFor)), new Map([...given].filter(isFor)));
      const parts = lists.map((list): Part => ["stories", { b: this.boot, ...list } as unknown as Json]);
      if (isUrgent) this.speaker.tell(member, parts);
      else this.speaker.tellSoon(member, parts);
    }
  }

  private listsOf(made: ReadonlyMap<string, ToldStory>, given: ReadonlyMap<string, ToldStory>): List[] {
    if (made.size + given.size <= LISTED_MAX) {
      return [{ s: [...made.values()].map(entryOf), g: [...given.values()].map(entryOf), all: true }];
    }
    const ids = [...made.keys(), ...given.keys()].sort((one, other) => numberOf(one) - numberOf(other));
    const lists: List[] = [];
    let after = 0;
    for (let first = 0; first < ids.length; first += LISTED_MAX) {
      const page = ids.slice(first, first + LISTED_MAX);
      const isLast = first + LISTED_MAX >= ids.length;
      const upto = isLast ? Number.MAX_SAFE_INTEGER : numberOf(page[page.length - 1] ?? "0");
      const s = page.flatMap((id) => made.get(id) ?? []).map(entryOf);
      const g = page.flatMap((id) => given.get(id) ?? []).map(entryOf);
      lists.push({ s, g, all: false, w: [after, upto] });
      after = upto;
    }
    return lists;
  }

  /** These calls of other members are gone on with here, or were to their end: whoever has heard of them needn't do so. */
  goesOn(stories: readonly Heard[], isOver: boolean): void {
    for (const member of this.speaker.live()) {
      // Their own member is told once it is known that it lives.
      const others = stories.filter((one) => one.member !== member);
      const parts = others.map(({ boot, id }) => takenPart(boot, id, isOver));
      if (parts.length > 0) this.speaker.tell(member, parts);
    }
  }

  /** The member needn't make this call of its own any more. @param isOver it has come to its end here */
  take(member: string, b: string, i: string, isOver: boolean): true {
    this.speaker.tell(member, [takenPart(b, i, isOver)]);
    return true;
  }

  flush(): void {
    // A timer that ran on would part the news of the next 100 from what it waits for.
    this.timers.stop(this.timer);
    for (const { heirs, parts } of this.late.values()) this.speaker.tellThese(heirs, parts);
    this.late.clear();
  }

  onTimer(): void {
    this.flush();
  }

  stop(): void {
    this.timers.stop(this.timer);
  }

  private partOf(tale: ToldStory, n: number, e: StoryEvent, now_ms: number): Part {
    return ["story", this.valueOf(tale, n, e, now_ms) as unknown as Json];
  }

  private valueOf(tale: ToldStory, n: number, e: StoryEvent, now_ms: number): StoryPart {
    const { boot: b } = this;
    const { id: i, isOver: z } = tale;
    if (n > 0) return z ? { b, i, n, e, z } : { b, i, n, e };
    const a = Math.round(now_ms - tale.zero_ms);
    return z ? { b, i, n, e, o: tale.opening, a, z } : { b, i, n, e, o: tale.opening, a };
  }
}

function takenPart(b: string, i: string, isOver: boolean): Part {
  return ["story-taken", isOver ? { b, i, n: 0, z: true } : { b, i, n: 0 }];
}

function entryOf({ id, events }: ToldStory): readonly [string, number] {
  return [id, events.length];
}

/** Whether it says no more than that a target has the INVITE. */
function isTrying({ input }: StoryEvent): boolean {
  return input?.[0] === "response" && input[2]?.startsWith("SIP/2.0 100 ") === true;
}
