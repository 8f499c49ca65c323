/** Dashboards and alert rules ask for metrics that exist, with labels that these have. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { METRICS } from "../../src/app/observe/metrics.ts";
import { DASHBOARDS, MONITORING, QUERIES, RULES } from "../support/monitoring-files.ts";

/** Labels that Prometheus adds, by deploy/monitoring/prometheus.yml. */
const OF_TARGETS = ["job", "instance", "branch", "latitude", "longitude"];
const LABELS = new Map<string, readonly string[]>([
  ["up", OF_TARGETS],
  ...METRICS.map(({ name, labels }) => [name, [...labels, ...OF_TARGETS]] as const),
]);
/** What isn't a metric's name: functions, operators, words. */
const WORDS = [
  ...["sum", "max", "min", "count", "topk", "rate", "increase", "resets", "max_over_time", "vector"],
  ...["by", "or", "and", "unless", "on"],
];

/** Faults of a query, as sentences. */
function faultsIn(text: string): string[] {
  const grouped = [...text.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = ""]) => names.split(/,\s*/));
  const bare = text.replace(/"[^"]*"/g, '""').replace(/\bby \([^)]*\)/g, "by");
  const asked = [...bare.matchAll(/\b([a-z_][a-z0-9_]*)\b(?:\{([^}]*)\})?/g)];
  const found = asked.filter(([, name = ""], index) => {
    const before = bare[(asked[index]?.index ?? 0) - 1] ?? "";
    return !WORDS.includes(name) && !/[\d.[]/.test(before);
  });
  const faults: string[] = [];
  const known = new Set<string>();
  for (const [, name = "", matchers = ""] of found) {
    const labels = LABELS.get(name);
    if (labels === undefined) faults.push(`there is no metric ${name}`);
    for (const label of labels ?? []) known.add(label);
    for (const [, label = ""] of matchers.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)) {
      if (labels?.includes(label) === false) faults.push(`${name} has no label ${label}`);
    }
  }
  if (found.length === 0) faults.push("asks for no metric");
  return [...faults, ...grouped.filter((label) => !known.has(label)).map((label) => `nothing has a label ${label}`)];
}

describe("queries", () => {
  test("of dashboards and alert rules name metrics and labels that there are", () => {
    expect(QUERIES.length).toBeGreaterThan(40);
    const wrong = QUERIES.flatMap(({ where, text }) => faultsIn(text).map((fault) => `${where}: ${fault}`));
    expect(wrong).toEqual([]);
  });

  test.each([
    ["branchline_survival == 1", []],
    ["sum by (branch, way) (rate(branchline_calls_total[5m]))", []],
    ["branchline_survivals", ["there is no metric branchline_survivals"]],
    ["rate(branchline_phone[5m])", ["there is no metric branchline_phone"]],
    ['branchline_phones{role="x"}', ["branchline_phones has no label role"]],
    ["sum by (ways) (branchline_calls_total)", ["nothing has a label ways"]],
    ["vector(1)", ["asks for no metric"]],
  ])("the check: %s", (text, faults) => {
    expect(faultsIn(text)).toEqual(faults);
  });
});

describe("dashboards", () => {
  test.each(DASHBOARDS.map((one) => [one.file, one] as const))("%s can be read by Grafana", (_, board) => {
    const { panels, templating } = board;
    expect(board).toMatchObject({ uid: expect.stringMatching(/^branchline-/), schemaVersion: expect.any(Number) });
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    const variables = ["__rate_interval", ...templating.list.map(({ name }) => name)];
    const used = [...JSON.stringify(panels.map(({ targets }) => targets)).matchAll(/\$\{?(\w+)/g)].map(
      ([, name]) => name,
    );
    expect(used.filter((name = "") => !variables.includes(name))).toEqual([]);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    const isOverlap = panels.some(({ gridPos: a }, index) =>
      panels
        .slice(index + 1)
        .some(({ gridPos: b }) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h),
    );
    expect(isOverlap).toBe(false);
    expect(panels.filter(({ targets }) => new Set(targets.map(({ refId }) => refId)).size !== targets.length)).toEqual(
      [],
    );
  });

  test("of all branches leads to that of one, and back", () => {
    const all = JSON.stringify(DASHBOARDS);
    for (const { uid } of DASHBOARDS) expect(all).toContain(`/d/${uid}`);
  });
});

test("each alert is told in one sentence that names the branch", () => {
  const text = readFileSync(join(MONITORING, "alerts.yml"), "utf8");
  const summaries = [...text.matchAll(/^ {10}summary: (.*)$/gm)].map(([, summary = ""]) => summary);
  expect(summaries.length).toBe(RULES.length);
  expect(summaries.filter((summary) => !summary.includes("{{ $labels.branch }}"))).toEqual([]);
});
