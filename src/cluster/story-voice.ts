/** What a member tells the others of the calls that it makes. */
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { ToldStory } from "./given-stories.ts";
import type { Json, Part, PatientSpeaker } from "./ports.ts";
import type { StoryEvent } from "./story-events.ts";
import { type ListingPart, numberOf, type StoryPart } from "./story-parts.ts";

/** Of one list: longer ones are told in several, so that each goes into a datagram. */
export const LISTED_MAX = 500;
/** How long the news of a 100 may wait for others, so that they go together. */
const LATE_ms = 100;

type List = Omit<ListingPart, "b">;

export class StoryVoice implements TimerOwner<"late"> {
  /** Of this start: ids of calls mean nothing without. */
  readonly boot: string;
  private readonly speaker: PatientSpeaker;
  private readonly timers: Timers;
  private readonly timer = new Timer<"late">(this, "late");
  /** What is still to be told. */
  private readonly late: Part[] = [];

  constructor(boot: string, speaker: PatientSpeaker, timers: Timers) {
    this.boot = boot;
    this.speaker = speaker;
    this.timers = timers;
  }

  /** An event has been lived. */
  tell(tale: ToldStory, number: number, event: StoryEvent, now_ms: number): void {
    this.late.push(this.partOf(tale, number, event, now_ms));
    if (tale.isOver || !isTrying(event)) this.flush();
    else if (!this.timer.isRunning) this.timers.start(this.timer, LATE_ms, now_ms);
  }

  /** The call has no story any more. */
  tellGone({ id, events }: ToldStory): void {
    this.speaker.tellAll([["story-over", { b: this.boot, i: id, n: events.length, gone: true }]]);
  }

  /** A member has asked for what it lacks. @param tale undefined: the call is over, whose end may have got lost too */
  answer(member: string, { i, n }: StoryPart, tale: ToldStory | undefined, now_ms: number): void {
    const parts: Part[] =
      tale === undefined
        ? [["story-over", { b: this.boot, i, n: 0 }]]
        : tale.events.slice(n).map((event, index) => this.partOf(tale, n + index, event, now_ms));
    this.speaker.tell(member, parts);
  }

  /** All calls that are made here, and those that are given away, by their ids. @param isUrgent it doesn't wait for the next beat */
  list(made: ReadonlyMap<string, ToldStory>, given: ReadonlyMap<string, ToldStory>, isUrgent: boolean): void {
    this.flush();
    const parts = this.listsOf(made, given).map(
      (list): Part => ["stories", { b: this.boot, ...list } as unknown as Json],
    );
    if (isUrgent) this.speaker.tellAll(parts);
    else this.speaker.tellAllSoon(parts);
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

  /** The member needn't make this call of its own any more. @param isOver it has come to its end here */
  take(member: string, b: string, i: string, isOver: boolean): true {
    this.speaker.tell(member, [["story-taken", isOver ? { b, i, n: 0, z: true } : { b, i, n: 0 }]]);
    return true;
  }

  flush(): void {
    // A timer that ran on would part the news of the next 100 from what it waits for.
    this.timers.stop(this.timer);
    if (this.late.length > 0) this.speaker.tellAll(this.late.splice(0));
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

function entryOf({ id, events }: ToldStory): readonly [string, number] {
  return [id, events.length];
}

/** Whether it says no more than that a target has the INVITE. */
function isTrying({ input }: StoryEvent): boolean {
  return input?.[0] === "response" && input[2]?.startsWith("SIP/2.0 100 ") === true;
}
