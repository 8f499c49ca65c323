/**
 * A phone's call that goes to upstream while upstream lives, and where its rule says in an outage. Either the outage is known when the
 * call comes, or this very call finds it out, or a drill makes one of it. All are asked here, so that no rule forgets one.
 */
import { SILENCE } from "../../proxy/plan/condition.ts";
import type { Sequel, Stage } from "../../proxy/router.ts";
import { underUpstream } from "../door/own-domain.ts";
import type { Peer } from "../peers/peer.ts";
import { whyNoCalls } from "../peers/state-words.ts";
import { type Decision, deadBy, upstreamStages } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Situation } from "../situation.ts";

/** What a rule does in an outage. */
export interface InOutage {
  /** Where no upstream target takes calls: at once. */
  readonly known: () => readonly Stage[];
  /** Where upstream has been asked and says nothing, or what counts as nothing (`dead_codes`): other stages, or a continuation. */
  readonly found: Sequel["go"];
  /** Where that has nothing to offer after silence. An answer of upstream isn't replaced by one of ours that helps no more. */
  readonly last: readonly Stage[];
}

export function upstreamFirst(
  rule: string,
  facts: RequestFacts,
  { site, upstreams, now_ms }: Situation,
  { known, found, last }: InOutage,
): Decision {
  const named = upstreams.targetsFor(facts, now_ms);
  const targets = facts.isInDrill ? [] : named.filter((target) => target.takesCalls);
  const passes503 = true;
  if (targets.length === 0) {
    const why = facts.isInDrill ? "a drill: upstream counts as down" : whyNoCalls(named, upstreams.isForcedDown);
    return { rule, why, plan: known(), passes503 };
  }
  const under = ({ hop }: Peer) => underUpstream(facts, hop);
  const on: readonly Sequel[] = [
    { when: deadBy(site.upstream.deadCodes), go: found },
    { when: SILENCE, go: last },
  ];
  const plan = upstreamStages(targets, site.upstream.fr_timer_ms, under, on);
  return { rule, why: `to ${targets.map((target) => target.name).join(", ")}`, plan, passes503 };
}
