/** From one stage of a plan to the next. Nothing is sent here. */
import type { Continuation, Named, Onward, Stage } from "../router.ts";
import { meets, type Outcome } from "./condition.ts";

/** Where a request is in its plan; past the last stage, the caller gets the best answer. */
export interface Place {
  readonly plan: readonly Stage[];
  readonly index: number;
}

/** What a continuation comes to now; undefined when it has nothing to offer. */
export type Resolve = (continuation: Continuation, outcome: Outcome) => readonly Stage[] | undefined;

export function stageAt({ plan, index }: Place): Stage | undefined {
  return plan[index];
}

export function nextPlace({ plan, index }: Place): Place {
  return { plan, index: index + 1 };
}

/**
 * Where the first sequel leads that the outcome meets and that has something to offer.
 * @param resolve asked only for what is met
 * @returns undefined: the caller gets the best answer
 */
export function follow(place: Place, outcome: Outcome, resolve: Resolve): Place | undefined {
  const stage = stageAt(place);
  if (stage?.kind !== "fork") return undefined;
  for (const { when, go } of stage.on ?? []) {
    if (!meets(outcome, when)) continue;
    if (go === "next") return nextPlace(place);
    const plan = isContinuation(go) ? resolve(go, outcome) : go;
    if (plan !== undefined) return { plan, index: 0 };
  }
  return undefined;
}

export function isContinuation(go: Onward): go is Continuation {
  return go !== "next" && isNamed(go);
}

/** Whether a part of a plan is left to the router until its time has come. */
export function isNamed(part: object): part is Named {
  return "name" in part;
}
