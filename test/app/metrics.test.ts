/** The text that Prometheus reads, and the page of names that is made from the same rows. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Metric, MetricFacts } from "../../src/app/observe/metric.ts";
import { METRICS, metricsText } from "../../src/app/observe/metrics.ts";
import { metricsPage } from "../support/metrics-page.ts";
import { ANYCAST } from "./anycast-facts.ts";
import { ALL_FACTS, ANYCAST_FACTS, factsOf } from "./metric-facts.ts";
import { DOWN, GATEWAY, OUTAGE, UP } from "./status-sample.ts";

const PAGE = fileURLToPath(new URL("../../deploy/monitoring/metrics.md", import.meta.url));

/** The lines of a metric, without its name. */
function valuesOf(name: string, facts: MetricFacts): string[] {
  const lines = metricsText(facts).split("\n");
  return lines.flatMap((line) =>
    line.startsWith(`${name}{`) || line.startsWith(`${name} `) ? line.slice(name.length).trim() : [],
  );
}

describe("the text", () => {
  test("has each metric that there is something for, once, with its type and one sentence", () => {
    const text = metricsText(ALL_FACTS);
    const told = (pattern: RegExp, of: string) =>
      [...of.matchAll(pattern)].map(([, name, words]) => `${name} ${words}`);
    // No router is of a pair and behind an anycast address.
    const other = metricsText(ANYCAST_FACTS);
    const isOther = (name: string) => other.includes(`# HELP ${name} `) && !text.includes(`# HELP ${name} `);
    const [more, most] = [METRICS.filter(({ name }) => isOther(name)), METRICS.filter(({ name }) => !isOther(name))];
    expect(told(/^# HELP (\S+) (.*)$/gm, text)).toEqual(most.map(({ name, help }) => `${name} ${help}`));
    expect(told(/^# TYPE (\S+) (\S+)$/gm, text)).toEqual(most.map(({ name, type }) => `${name} ${type}`));
    expect(told(/^# TYPE (\S+) (\S+)$/gm, other)).toEqual(
      expect.arrayContaining(more.map((one) => `${one.name} ${one.type}`)),
    );
    expect(text.endsWith("\n")).toBe(true);
  });

  test("has no value but numbers, and each series once", () => {
    const series = metricsText(ALL_FACTS)
      .trimEnd()
      .split("\n")
      .filter((line) => !line.startsWith("#"));
    expect(series.filter((line) => !/^[a-z_]+(\{.*\})? -?\d+(\.\d+)?(e[+-]?\d+)?$/.test(line))).toEqual([]);
    const names = series.map((line) => line.slice(0, line.lastIndexOf(" ")));
    expect(new Set(names).size).toBe(names.length);
  });

  test("leaves out what there is nothing for", () => {
    expect(metricsText(factsOf({}))).not.toMatch(/branchline_(?:pair|anycast|member)|survival_since|process_/);
  });

  test("escapes what a name may have in it", () => {
    const row: Metric = {
      name: "x",
      type: "gauge",
      help: "a\\b\nc",
      labels: ["one", "two"],
      samples: () => [[1, 'a"b\\c\nd', "größe"]],
    };
    expect(metricsText(ALL_FACTS, [row])).toBe(
      '# HELP x a\\\\b\\nc\n# TYPE x gauge\nx{one="a\\"b\\\\c\\nd",two="größe"} 1\n',
    );
  });
});

describe("a branch", () => {
  test("is in survival since its last target fell", () => {
    expect(valuesOf("branchline_survival", factsOf({}))).toEqual(["0"]);
    const later = { ...DOWN, name: "other", since: "2026-11-28T23:01:00.000Z" };
    const facts = factsOf({ ...OUTAGE, upstream: [DOWN, later] });
    expect(valuesOf("branchline_survival", facts)).toEqual(["1"]);
    expect(valuesOf("branchline_survival_since_timestamp_seconds", facts)).toEqual([
      `${Date.UTC(2026, 10, 28, 23, 1) / 1_000}`,
    ]);
    expect(valuesOf("branchline_calls_go_to", facts)).toEqual([
      '{role="upstream"} 0',
      '{role="gateway"} 1',
      '{role="none"} 0',
    ]);
  });

  test("is ready as readiness judges, with the number of faults and warnings", () => {
    expect(valuesOf("branchline_ready", factsOf({}))).toEqual(["1"]);
    expect(valuesOf("branchline_ready", ALL_FACTS)).toEqual(["0"]);
    expect(valuesOf("branchline_readiness_findings", ALL_FACTS)).toEqual([
      '{severity="fault"} 1',
      '{severity="warning"} 0',
    ]);
    expect(valuesOf("branchline_certificate_left_seconds", factsOf({}))).toEqual([]);
    expect(valuesOf("branchline_certificate_left_seconds", ALL_FACTS)).toEqual(["2592000"]);
  });

  test("has the pace at which REGISTERs go up, and those that wait for their answer", () => {
    const registers = { per_s: 0.3, most_per_s: 10, unanswered: 2 };
    const facts = factsOf({ upstream: [{ ...UP, registers }] });
    expect(valuesOf("branchline_register_pace", facts)).toEqual(['{peer="pbx.example.com"} 0.3']);
    expect(valuesOf("branchline_register_pace_limit", facts)).toEqual(['{peer="pbx.example.com"} 10']);
    expect(valuesOf("branchline_registers_unanswered", facts)).toEqual(['{peer="pbx.example.com"} 2']);
    expect(valuesOf("branchline_register_pace", factsOf({}))).toEqual([]);
  });

  test("is none where an older status doesn't tell where calls go", () => {
    expect(valuesOf("branchline_calls_go_to", factsOf({ calls_go_to: undefined as never }))).toEqual([]);
  });

  test("has a peer's state as one of four", () => {
    const facts = factsOf({ upstream: [DOWN], gateways: [{ ...GATEWAY, calls: 3, channels: 4 }] });
    const states = valuesOf("branchline_peer_state", facts).filter((line) => line.endsWith(" 1"));
    expect(states).toEqual([
      '{role="upstream",peer="pbx.example.com",state="down"} 1',
      '{role="gateway",peer="10.10.1.3",state="up"} 1',
    ]);
    expect(valuesOf("branchline_gateway_calls", facts)).toEqual(['{gateway="10.10.1.3"} 3']);
    expect(valuesOf("branchline_gateway_channels", facts)).toEqual(['{gateway="10.10.1.3"} 4']);
    expect(valuesOf("branchline_gateway_channels", factsOf({ gateways: [GATEWAY] }))).toEqual([]);
    expect(valuesOf("branchline_peer_since_timestamp_seconds", facts)[0]).toBe(
      `{role="upstream",peer="pbx.example.com"} ${Date.parse(DOWN.since ?? "") / 1_000}`,
    );
    expect(
      valuesOf(
        "branchline_peer_since_timestamp_seconds",
        factsOf({ upstream: [{ name: "x", state: "up", observed: "up" }], gateways: [] }),
      ),
    ).toEqual([]);
    expect(UP.state).toBe("up");
  });
});

describe("a member behind an anycast address", () => {
  test("has its own state, the others' lives, its route, and the calls of each", () => {
    const states = valuesOf("branchline_anycast_state", ANYCAST_FACTS).filter((line) => line.endsWith(" 1"));
    expect(states).toEqual(['{state="active"} 1']);
    expect(valuesOf("branchline_anycast_member_alive", ANYCAST_FACTS)).toEqual([
      '{member="node2"} 1',
      '{member="node3"} 1',
    ]);
    expect(valuesOf("branchline_anycast_differences", ANYCAST_FACTS)).toEqual([
      '{member="node2"} 0',
      '{member="node3"} 0',
    ]);
    expect(valuesOf("branchline_anycast_route_announced", ANYCAST_FACTS)).toEqual(["1"]);
    expect(valuesOf("branchline_member_calls", ANYCAST_FACTS)).toEqual([
      '{member="node1"} 12',
      '{member="node2"} 1',
      '{member="node3"} 11',
    ]);
    expect(valuesOf("branchline_member_calls_total", ANYCAST_FACTS)).toEqual([
      '{member="node1"} 340',
      '{member="node2"} 338',
      '{member="node3"} 322',
    ]);
    const cluster = { ...ANYCAST, untold: { too_long: 2, too_many: 7 } };
    expect(valuesOf("branchline_members_untold_total", factsOf({ cluster }))).toEqual([
      '{reason="too_long"} 2',
      '{reason="too_many"} 7',
    ]);
  });

  test("has none of a pair's metrics, and no route where the file has no commands for it", () => {
    expect(metricsText(ANYCAST_FACTS)).not.toContain("branchline_pair");
    const cluster = { ...ANYCAST, route: undefined };
    expect(valuesOf("branchline_anycast_route_announced", factsOf({ cluster }))).toEqual([]);
  });
});

test("the page of names is made from the rows", () => {
  // `npm run reference` writes it, to be reviewed as a diff.
  if (process.env["REFERENCE"] === "write") writeFileSync(PAGE, metricsPage());
  else expect(existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "").toBe(metricsPage());
});

test("names keep to Prometheus' rules: counters end in _total, and nothing else does", () => {
  expect(
    METRICS.filter(({ name, type }) => name.endsWith("_total") !== (type === "counter")).map(({ name }) => name),
  ).toEqual([]);
  expect(
    METRICS.filter(({ name }) => !/^(branchline|process)_[a-z]+(_[a-z]+)*$/.test(name)).map(({ name }) => name),
  ).toEqual([]);
  expect(METRICS.filter(({ help }) => !/^[A-Z10].*\.$/.test(help)).map(({ help }) => help)).toEqual([]);
});
