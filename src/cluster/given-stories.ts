/** Calls that this member has given away, or that another one had begun before it was started anew: whoever has the addresses asks for them. */
import type { Heard } from "./heard-stories.ts";
import type { Tale } from "./tale.ts";

/** How long one may still be asked for. */
const GIVING_ms = 10_000;

/** What is told of a story. */
export type ToldStory = Pick<Tale, "id" | "callId" | "opening" | "events" | "zero_ms" | "isOver">;

export class GivenStories {
  private readonly given = new Map<string, ToldStory>();
  /** Until when, in the same order. */
  private readonly until_ms = new Map<string, number>();

  /** By their ids here. */
  get all(): ReadonlyMap<string, ToldStory> {
    return this.given;
  }

  add(story: ToldStory, now_ms: number): void {
    this.given.set(story.id, story);
    this.until_ms.set(story.id, now_ms + GIVING_ms);
  }

  /** One that was heard, under an id of ours. */
  pass(heard: Heard, id: string, now_ms: number): void {
    const { callId, opening, zero_ms } = heard;
    heard.isTold = true;
    heard.changed_ms = now_ms;
    if (opening === undefined) return;
    this.add({ id, callId, opening, events: heard.past(now_ms), zero_ms, isOver: false }, now_ms);
  }

  delete(id: string): void {
    this.given.delete(id);
    this.until_ms.delete(id);
  }

  clear(): void {
    this.given.clear();
    this.until_ms.clear();
  }

  sweep(now_ms: number): void {
    for (const [id, until_ms] of this.until_ms) if (until_ms <= now_ms) this.delete(id);
  }
}
