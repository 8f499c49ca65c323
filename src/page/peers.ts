/** Where calls go and why, upstream and gateways, their changes, and what needs somebody. */

import type { PeerFacts, RunningStatus } from "../app/status-facts.ts";
import { clusterLines } from "../app/words/cluster-words.ts";
import { forcedText } from "../app/words/force-words.ts";
import { type Mood, moodOf, titleOf } from "../app/words/mood.ts";
import { callsGo, evidenceWords, paceWords, reasonWords, withoutHold } from "../app/words/peer-words.ts";
import { conflictLines, missingLines, pathLines } from "../app/words/status-words.ts";
import { span } from "../app/words/times.ts";
import { ago_s, clockTime, READER } from "./clock.ts";
import { bar, byId, type Child, fill, h, inked, table } from "./elements.ts";

const CHANGES_SHOWN = 5;
/** Members named that aren't registered. */
const MISSING_MAX = 12;

let areAllShown = false;

export function showVerdict(status: RunningStatus): void {
  const mood = moodOf(status);
  const place = byId("verdict");
  const words = callsGo(status);
  const title = `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  // A screen reader says it when it changes, not once a second.
  if (place.dataset["words"] !== title) {
    place.dataset["words"] = title;
    fill(place, h("h1", {}, title), h("p"));
  }
  place.className = mood;
  const evidence = status.upstream.map((peer) => `${peer.name} is ${peer.observed}${why(peer)}`).join("; ");
  const forced = forcedText(status, READER);
  const text = forced === undefined ? evidence : `Upstream is ${forced}. Seen: ${evidence}`;
  place.querySelector("p")?.replaceChildren(...(inked(text) as (Node | string)[]));
  document.title = titleOf(status);
  showIcon(mood);
}

function why(peer: PeerFacts): string {
  const { since } = peer;
  const reason = reasonWords(peer);
  if (since === undefined) return "";
  return ` since ${clockTime(since)}${reason === undefined ? "" : `, ${reason}`}`;
}

/** The tab of the browser shows the state, too. */
function showIcon(mood: Mood): void {
  const shape = {
    good: "<circle cx='8' cy='8' r='6' fill='%236fb38e'/>",
    doubtful: "<path d='M8 1l7 7-7 7-7-7z' fill='%23dc9a2b'/>",
    bad: "<path d='M2 2h12v12H2z' fill='%23d5453a'/>",
  }[mood];
  byId<HTMLLinkElement & HTMLElement>("icon").setAttribute(
    "href",
    `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>${shape}</svg>`,
  );
}

/** Warnings and faults, each with what helps. */
export function showFindings(status: RunningStatus): void {
  const { missing_ways, conflicts, proxy_names, members = [], path, reload_refused, tables } = status;
  const lines = [
    ...pathLines(path, READER),
    ...conflictLines(missing_ways, READER),
    ...conflictLines(conflicts, READER),
    ...conflictLines(proxy_names, READER),
    ...missingLines(members, MISSING_MAX, READER),
    ...clusterLines(status, READER).filter((line) => /^[\ue003\ue004](?:FAULT|WARNING)/.test(line)),
    ...tables
      .filter(({ size, limit }) => size >= limit)
      .map(({ name, limit }) => `\ue003FULL\ue000: ${name}, ${limit}`),
  ];
  if (reload_refused !== undefined) {
    lines.push(`\ue004WARNING\ue000: the reload of ${clockTime(reload_refused.at)} was refused`);
  }
  const items: HTMLElement[] = [];
  for (const line of lines) {
    const last = items[items.length - 1];
    if (line.startsWith("  ") && last !== undefined) last.append(h("small", {}, line.trim()));
    else items.push(h("li", {}, ...inked(line)));
  }
  const place = byId("findings");
  place.hidden = items.length === 0;
  fill(place, ...items);
}

export function showPeers({ upstream, gateways }: RunningStatus): void {
  const rows = [
    ...upstream.map((peer) => peerRow(peer, "upstream", null)),
    ...gateways.map((peer) => peerRow(withoutHold(peer), "gateway", channels(peer))),
  ];
  fill(byId("peers"), table(["Peer", "Role", "State", "For", "Evidence", "Calls"], rows));
}

function peerRow(peer: PeerFacts, role: string, calls: readonly Child[] | null): (Child | readonly Child[])[] {
  const { name, observed, state, since, addresses = [] } = peer;
  const others = addresses.filter((address) => !name.includes(address));
  const seen = state === observed ? observed : `${observed}, taken to be ${state}`;
  return [
    others.length === 0 ? name : [name, h("span.faint", {}, ` ${others.join(", ")}`)],
    role,
    h(`span.dot.${dotOf(observed)}`, {}, seen),
    since === undefined ? "" : h("span.short", {}, span(ago_s(since))),
    [reasonWords(peer) ?? "not known yet", paceWords(peer)].filter((text) => text !== undefined).join("; "),
    calls ?? "",
  ];
}

export function dotOf(state: string): Mood {
  if (state === "up" || state === "active" || state === "alive") return "good";
  return state === "down" || state === "dead" ? "bad" : "doubtful";
}

function channels({ calls, channels: all }: RunningStatus["gateways"][number]): Child[] {
  if (all === undefined) return [calls === 1 ? "1 call" : `${calls} calls`];
  return [bar(calls / all, calls >= all), `${calls} of ${all}`];
}

export function showChanges(status: RunningStatus): void {
  const { history } = status;
  const newest = [...history].reverse();
  const shown = areAllShown ? newest : newest.slice(0, CHANGES_SHOWN);
  const items = shown.map(({ at, peer, from, to, evidence, probe_failure }) =>
    h(
      "li",
      {},
      h("time.faint", { datetime: at }, clockTime(at)),
      h("span", {}, peer),
      h("span", {}, `${from} → `, h(`span.${dotOf(to)}`, {}, to)),
      h("span.faint", {}, evidenceWords(evidence, probe_failure)),
    ),
  );
  fill(byId("changes"), ...(items.length === 0 ? [h("li.empty", {}, "None since the start")] : items));
  const more = byId("all-changes");
  more.hidden = history.length <= CHANGES_SHOWN;
  more.textContent = areAllShown ? "The last ones only" : `All ${history.length} changes`;
  more.onclick = () => {
    areAllShown = !areAllShown;
    showChanges(status);
  };
}
