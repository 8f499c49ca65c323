/** The members of a cluster: of a pair, or behind an anycast address. */
import type { CallCounts, ClusterFacts, MemberFacts } from "../app/cluster-facts.ts";
import { routeWords } from "../app/words/anycast-words.ts";
import { heardWords } from "../app/words/member-words.ts";
import { span } from "../app/words/times.ts";
import { ago_s } from "./clock.ts";
import { byId, type Child, fill, h, table } from "./elements.ts";
import { dotOf } from "./peers.ts";

export function showMembers(cluster: ClusterFacts | undefined): void {
  byId("pair").hidden = cluster === undefined;
  if (cluster === undefined) return;
  const { mode, name, state, since, why, shared, members, route, calls } = cluster;
  const isAnycast = mode === "anycast";
  byId("h-pair").textContent = isAnycast ? "Members" : "Pair";
  const here = shared.filter(({ is_here }) => is_here).map(({ address }) => address);
  const way = routeWords(cluster);
  const fault = route?.error === undefined ? "" : ` (${route.error})`;
  const last = isAnycast ? callsText(calls) : here.join(", ");
  const own = [`${name} (this one)`, dot(state), h("span.short", {}, span(ago_s(since))), `${why}${way}${fault}`, last];
  const head = ["Member", "State", "For", "Evidence", isAnycast ? "Calls now, since its start" : "Shared address"];
  fill(byId("members"), table(head, [own, ...members.map((one) => row(one, isAnycast))]));
}

function row(member: MemberFacts, isAnycast: boolean): Child[] {
  const { name, life, state, since, why, has_address, version, upstream, calls } = member;
  const does =
    life === "alive" ? (state ?? life) : life === "left" ? "stopped" : life === "unheard" ? "not heard" : life;
  const blind = life === "alive" && upstream?.answers === false ? "; upstream is silent there" : "";
  const program = life === "alive" && version !== undefined ? `; version ${version}` : "";
  const heard = heardWords(member);
  const since_text = life === "unheard" ? "" : h("span.short", {}, span(ago_s(since)));
  const holds = life === "alive" && has_address === true ? "here" : "";
  return [
    name,
    dot(does),
    since_text,
    `${why}${heard === undefined ? "" : `; ${heard}`}${program}${blind}`,
    isAnycast ? callsText(calls) : holds,
  ];
}

/** "12, 340" */
function callsText(calls: CallCounts | undefined): string {
  return calls === undefined ? "" : `${calls.active}, ${calls.processed}`;
}

function dot(state: string): HTMLElement {
  return h(`span.dot.${dotOf(state)}`, {}, state);
}
