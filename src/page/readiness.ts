/** Readiness: were the WAN to die now, what would become of calls, and what is to be mended before. */
import type { Readiness } from "../app/observe/readiness.ts";
import { findingText, readinessHead } from "../app/words/readiness-words.ts";
import { byId, fill, h, inked } from "./elements.ts";

let shown = "";

export function showReadiness(readiness: Readiness): void {
  // A screen reader says what has changed, not what is told again.
  const told = JSON.stringify({ ...readiness, now: "" });
  if (told === shown) return;
  shown = told;
  byId("ready").hidden = false;
  fill(byId("ready-head"), ...readinessHead(readiness).map((line) => h("p", {}, ...inked(line))));
  const items = readiness.findings
    .filter(({ severity }) => severity !== "ok")
    .map((finding) => {
      const cures = finding.cure.map((line) => h("small.mono", {}, line));
      return h(`li.${finding.severity}`, {}, ...inked(findingText(finding)), ...cures);
    });
  const list = byId("ready-findings");
  list.hidden = items.length === 0;
  fill(list, ...items);
}
