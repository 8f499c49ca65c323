/** What plans leave open until its time has come, by name: while upstream lives, survival isn't worked out. */
import type { Outcome } from "../../proxy/plan/condition.ts";
import type { Continuation, Stage } from "../../proxy/router.ts";
import type { ContinuationName } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Situation } from "../situation.ts";
import { isRefusedHere, survivalStages } from "./call.ts";
import { redirectStages } from "./redirecting.ts";
import { ringingOf } from "./ringing.ts";

type Resolver = (
  facts: RequestFacts,
  situation: Situation,
  continuation: Continuation,
  outcome: Outcome | undefined,
) => readonly Stage[] | undefined;

const RESOLVERS: Readonly<Record<ContinuationName, Resolver>> = {
  survival: (facts, situation, _, outcome) =>
    isRefusedHere(facts, situation, outcome) ? undefined : survivalStages(facts, situation),
  forward: (facts, situation, { number, rung }) => {
    if (number === undefined) return undefined;
    const { hunting, now_ms } = situation;
    const stages = hunting.onward(number, ringingOf(facts, situation), facts, now_ms, rung);
    return stages.length > 0 ? stages : undefined;
  },
  redirect: redirectStages,
};

const BY_NAME: ReadonlyMap<string, Resolver> = new Map(Object.entries(RESOLVERS));

/** The stages of a continuation; undefined when it has nothing to offer. */
export function continuationStages(
  facts: RequestFacts,
  situation: Situation,
  continuation: Continuation,
  outcome: Outcome | undefined,
): readonly Stage[] | undefined {
  return BY_NAME.get(continuation.name)?.(facts, situation, continuation, outcome);
}
