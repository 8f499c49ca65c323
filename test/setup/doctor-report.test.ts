/** doctor's report: what comes first, how wide, how short, and the same as JSON. */
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { bad, doubtful, faint, good, withoutInk } from "../../src/base/ink.ts";
import { CHECKS, examine } from "../../src/setup/doctor/checks.ts";
import type { Facts } from "../../src/setup/doctor/facts.ts";
import { reportData, reportText, type Style } from "../../src/setup/doctor/report.ts";
import { sizeText } from "../../src/setup/doctor/units.ts";
import { answer, configOf, GATEWAY, healthy, peer, UPSTREAM, WAN } from "./healthy.ts";

const PLAIN: Style = { width_columns: 80, isVerbose: false };

function report(change: Partial<Facts> = {}, style: Partial<Style> = {}): string {
  return withoutInk(inked(change, style));
}

/** With the marks of its colours. */
function inked(change: Partial<Facts>, style: Partial<Style> = {}): string {
  const facts = healthy(change);
  return reportText({ facts, findings: examine(facts, configOf()) }, { ...PLAIN, ...style });
}

const BAD: Partial<Facts> = {
  family: "debian",
  peers: [peer({ answer: undefined, error: "no answer in 3 s" }), GATEWAY],
  files: { "/proc/sys/net/core/rmem_max": "212992\n" },
};

describe("doctor: report", () => {
  test("faults come first, then warnings, what was skipped, and what is well, in one line of names", () => {
    const lines = report(BAD).split("\n");
    expect(lines[0]).toBe("Platform: Debian");
    const labels = lines.flatMap((line) => /^(FAULT|warning|skipped|ok)\b/.exec(line)?.[1] ?? []);
    const order = ["FAULT", "warning", "skipped", "ok"];
    expect(labels).toEqual([...labels].sort((a, b) => order.indexOf(a) - order.indexOf(b)));
    expect(labels.filter((label) => label === "ok")).toEqual(["ok"]);
    expect(report(BAD)).toMatch(/\nok {7}file, ports, /);
    expect(report(BAD)).toContain("(--verbose says more)");
  });

  test("the last line counts", () => {
    expect(report(BAD)).toMatch(/\n1 fault, \d+ warnings, \d+ skipped\n$/);
  });

  test("no line is wider than the terminal, but for commands and for words that are longer", () => {
    for (const width_columns of [80, 60, 120]) {
      const wide = report(BAD, { width_columns, isVerbose: true })
        .split("\n")
        .filter((line) => line.length > width_columns);
      for (const line of wide) expect(line).toMatch(/^ {11}[^#]/);
    }
    expect(report(BAD)).toContain(`\n           ping -c 3 -I ${WAN} ${UPSTREAM}\n`);
  });

  test("what is skipped for one reason stands in one line", () => {
    expect(report()).toContain("skipped  phones, support-path, outbound-proxy: seen only while branchline runs\n");
  });

  test("verbose: each check that is well says what it has found", () => {
    expect(report({}, { isVerbose: true })).toContain(`ok       upstream: sip:${UPSTREAM}`);
    expect(report({}, { isVerbose: true })).not.toContain("--verbose");
  });

  test("labels alone have colours, by severity", () => {
    const text = inked(BAD);
    for (const label of [bad("FAULT"), doubtful("warning"), faint("skipped"), good("ok")])
      expect(text).toContain(label);
    expect(text.match(/\ue000/g)?.length).toBe(text.match(/^[\ue001-\ue005]/gm)?.length);
  });

  test("a cure that --fix applies says so", () => {
    expect(report(BAD)).toContain("(branchline doctor --fix does this)");
  });

  test("what a hostile answer carries reaches no terminal", () => {
    const wire = answer(`${WAN}:40000;branch=z9hG4bKx;received=\u001b[2J\u009b2J`);
    const text = report({ peers: [peer({ answer: wire })] });
    expect(text).toContain("?[2j?2j");
    expect(text).toMatch(/^[\n -~…]*$/);
  });
});

describe("doctor: --json", () => {
  const data = (change: Partial<Facts>) => {
    const facts = healthy(change);
    return JSON.parse(JSON.stringify(reportData({ facts, findings: examine(facts, configOf()) })));
  };

  test("facts for each finding, the worst first", () => {
    const { platform, summary, findings } = data(BAD);
    expect(platform).toBe("debian");
    expect(summary).toMatchObject({ faults: 1 });
    expect(findings[0]).toEqual({
      check: "upstream",
      severity: "fault",
      text: expect.stringContaining("doesn't answer OPTIONS"),
      cure: [`ping -c 3 -I ${WAN} ${UPSTREAM}`],
      facts: {
        peer: `sip:${UPSTREAM}`,
        address: UPSTREAM,
        port: 5060,
        transport: "udp",
        listen: `udp:${WAN}:5060`,
        local_address: WAN,
        local_port: 40_000,
        status: null,
        took_ms: 12,
      },
    });
  });

  test("all names are in snake_case", () => {
    const names: string[] = [];
    JSON.stringify(data(BAD), (key, value) => {
      names.push(key);
      return value;
    });
    expect(names.filter((name) => !/^[a-z0-9_]*$/.test(name))).toEqual([]);
  });
});

describe("doctor: with a faulty file", () => {
  const facts = healthy({ fileFaults: ["b.yaml:1:1: bad"], peers: [] });

  test("the fault is the first finding, and the machine is examined all the same", () => {
    const findings = examine(facts, loadConfig("", (path) => path).config);
    expect(findings[0]).toMatchObject({ check: "file", severity: "fault" });
    const of = (name: string) => findings.filter(({ check }) => check === name).map(({ severity }) => severity);
    expect(of("sip-helper")).toEqual(["ok"]);
    expect(of("memory")).toEqual(["ok"]);
    expect(of("ports")).toEqual(["skipped"]);
    expect(of("gateways")).toEqual(["skipped"]);
  });

  test("what could be read of the file is examined", () => {
    const findings = examine({ ...facts, peers: [peer()] }, configOf());
    expect(findings.filter(({ check }) => check === "ports")).toHaveLength(3);
  });
});

test("doctor: only the checks that are named are run", () => {
  expect(new Set(examine(healthy(), configOf(), ["clock", "boot"]).map(({ check }) => check))).toEqual(
    new Set(["clock", "boot"]),
  );
});

test("doctor: each check gives a verdict on a healthy router, so that --only NAME never prints nothing", () => {
  for (const name of Object.keys(CHECKS)) expect(examine(healthy(), configOf(), [name])).not.toEqual([]);
});

test("doctor: sizes as people read them", () => {
  expect([500, 1_500, 23_343_128, 170_000].map(sizeText)).toEqual(["500 kB", "1.5 MB", "22 GB", "166 MB"]);
});

test("doctor: an answer of another version that a check can't read skips that check alone", () => {
  const facts = healthy({ isRunning: true, status: { version: "9" } as never });
  const findings = examine(facts, configOf(), ["phones", "memory"]);
  expect(findings.map(({ severity }) => severity)).toEqual(["skipped", "ok"]);
});
