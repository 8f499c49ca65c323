/** The members of a pair. */
import type { ClusterFacts, MemberFacts } from "../app/cluster-facts.ts";
import { span } from "../app/words/times.ts";
import { ago_s } from "./clock.ts";
import { byId, type Child, fill, h, table } from "./elements.ts";
import { dotOf } from "./peers.ts";

export function showMembers(cluster: ClusterFacts | undefined): void {
  byId("pair").hidden = cluster === undefined;
  if (cluster === undefined) return;
  const { name, state, since, why, shared, members } = cluster;
  const here = shared.filter(({ is_here }) => is_here).map(({ address }) => address);
  const own = [`${name} (this one)`, dot(state), h("span.short", {}, span(ago_s(since))), why, here.join(", ")];
  fill(byId("members"), table(["Member", "State", "For", "Evidence", "Shared address"], [own, ...members.map(row)]));
}

function row({ name, life, state, since, why, has_address, version, upstream }: MemberFacts): Child[] {
  const does =
    life === "alive" ? (state ?? life) : life === "left" ? "stopped" : life === "unheard" ? "not heard" : life;
  const blind = life === "alive" && upstream?.answers === false ? "; upstream is silent there" : "";
  const program = life === "alive" && version !== undefined ? `; version ${version}` : "";
  const since_text = life === "unheard" ? "" : h("span.short", {}, span(ago_s(since)));
  return [
    name,
    dot(does),
    since_text,
    `${why}${program}${blind}`,
    life === "alive" && has_address === true ? "here" : "",
  ];
}

function dot(state: string): HTMLElement {
  return h(`span.dot.${dotOf(state)}`, {}, state);
}
