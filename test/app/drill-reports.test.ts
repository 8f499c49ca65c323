/** Reports of drills: what is kept of them, and how they read. */
import { describe, expect, it, test } from "vitest";
import { DrillKeeper } from "../../src/app/drill-keeper.ts";
import { type DrillReport, newestOf, readReports, reportLines, wait_ms } from "../../src/app/drill-report.ts";
import { QUIET_HOST } from "../../src/app/quiet-host.ts";
import { reportPage } from "../../src/app/words/drill-page.ts";
import { drillLines, drillText, reportsText, reportText } from "../../src/app/words/drill-words.ts";
import { withoutInk } from "../../src/base/ink.ts";
import { READER } from "./reader.ts";

const STEPS = [
  { what: "notice", after_ms: 0, result: null, answer: null, unasked: null },
  { what: "redirect to gateway 10.10.1.3", after_ms: 1_000, result: null, answer: null, unasked: null },
];
const LEG = {
  ...{ call_id: "one", from: "201@pbx.example.com", to: "5551234", origin: "localnet" as const },
  ...{ rule: "call", why: "a drill: upstream counts as down", after_ms: 0, steps: STEPS, status: 302, took_ms: 1_000 },
};
const TO_GATEWAY = [{ what: "gateway 10.10.1.3", after_ms: 1_040, result: null, answer: null, unasked: null }];
const REPORT: DrillReport = {
  ...{ id: 3, by: "command", phones: ["201", "202"], started: "2026-11-29T14:00:00.000Z" },
  ...{ ended: "2026-11-29T14:10:00.000Z", planned_s: 600, lasted_s: 600, end: "time", why: "its time was over" },
  counts: { made: 1, answered: 1, not_taken: 0, failed: 0, longest_wait_ms: 1_040 },
  drilled: [
    { phone: "201", calls: 1, registers_here: 9, registers_up: 1, registers_refused: 0 },
    { phone: "202", calls: 0, registers_here: 0, registers_up: 0, registers_refused: 2 },
  ],
  other_calls: 12,
  calls: [
    {
      ...{ id: 1, call_id: "one", at: "2026-11-29T14:01:00.000Z", from: "201@pbx.example.com", to: "5551234" },
      ...{ origin: "localnet", state: "ended", status: 200, after_ms: 4_000, lasted_ms: 60_000 },
      legs: [LEG, { ...LEG, call_id: "two", rule: "to-gateway", after_ms: 1_030, steps: TO_GATEWAY, status: 200 }],
    },
  ],
  calls_left_out: 0,
};
const RUNNING: DrillReport = { ...REPORT, id: 4, ended: null, end: "running", why: "", lasted_s: 60 };
const WIDE = { ...READER, width: 200 };
const plain = (text: string) => withoutInk(text);

describe("words", () => {
  test("the wait of a call is the time until its last way was tried", () => {
    expect(REPORT.calls.map(wait_ms)).toEqual([1_040]);
    expect(wait_ms({ legs: [LEG] })).toBeUndefined();
  });

  test("a report as text", () => {
    expect(plain(reportText(REPORT, WIDE)).split("\n").slice(0, 8)).toEqual([
      "Drill: 3, 201 and 202, begun by a command",
      "Time: 2026-11-29 15:00:00 to 15:10:00, 10 min of 10 min",
      "End: its time was over",
      "Calls: 1 made, 1 answered, 0 busy, declined or cancelled, none failed; the longest wait for a way was 1 s",
      "Other phones: 12 calls meanwhile, by the usual way",
      "Phones:",
      "  201  1 call, 9 REGISTERs answered here, 1 REGISTER sent up, to keep upstream's registration",
      "  202  no call, 2 that an outage would refuse",
    ]);
    expect(plain(reportText(REPORT, WIDE))).toContain("302 > gateway 10.10.1.3: 200 after 4 s, lasted 1 min");
  });

  test("the drill that runs, that none does, and the list", () => {
    expect(plain(drillText({ running: RUNNING, kept: [] }, WIDE))).toContain("End: it runs\n");
    expect(drillText({ running: null, kept: [] }, WIDE)).toBe("No drill runs, and none has been kept.\n");
    expect(plain(drillText({ running: null, kept: [REPORT] }, WIDE))).toMatch(/^No drill runs\. The last one:\n3 {2}/);
    const aborted: DrillReport = { ...REPORT, end: "aborted", why: "a real outage: upstream is down" };
    expect(plain(reportsText([aborted], WIDE))).toBe(
      "3  2026-11-29 15:00:00  201 and 202  1 call, 1 answered, 0 failed: aborted: a real outage: upstream is down\n",
    );
  });

  test("status says that one runs", () => {
    const drill = { phones: ["201"], since: "", left_s: 540, calls: 1 };
    expect(drillLines({ drill }, WIDE).map(plain)).toEqual([
      "DRILL: 201 is treated as in an outage for another 9 min, 1 call so far; `branchline drill --stop` ends it",
    ]);
    expect(drillLines({}, WIDE)).toEqual([]);
  });

  test("the page holds nothing that a phone has written as HTML, loads nothing and runs nothing", () => {
    const [call] = REPORT.calls;
    const evil = { ...REPORT, calls: call === undefined ? [] : [{ ...call, from: '"><script>alert(1)</script>&' }] };
    const page = reportPage(evil, "0.2.0", "router-1", WIDE);
    expect(page).toContain("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;");
    expect(page).not.toMatch(/<script|<link|<img|src=|href=|url\(/);
    expect(page).toContain("router-1, branchline 0.2.0");
    expect(page).toContain("<td>201</td>");
    expect(page).toContain("302 &gt; gateway 10.10.1.3");
  });
});

describe("the file", () => {
  function store(body?: string) {
    const saved: string[] = [];
    const load = () => Promise.resolve(body === undefined ? undefined : { body, savedAt_ms: 0 });
    const save = (text: string) => Promise.resolve(void saved.push(text));
    return { saved, ports: { store: { load, save }, log: QUIET_HOST.log, wallClock_ms: () => 0 } };
  }

  it("keeps reports over a restart, and numbers go on", async () => {
    const { saved, ports } = store();
    const keeper = new DrillKeeper(ports);
    await keeper.start();
    expect(keeper.nextId).toBe(1);
    keeper.keep(REPORT);
    keeper.keep(RUNNING);
    await keeper.stop();
    const next = new DrillKeeper(store(saved.at(-1)).ports);
    await next.start();
    expect(next.nextId).toBe(5);
    expect(next.summaries.map(({ id, end }) => [id, end])).toEqual([
      [4, "interrupted"],
      [3, "time"],
    ]);
    expect(next.find(3)).toEqual(REPORT);
  });

  it("has a report once: its end takes the place of its beginning", async () => {
    const { saved, ports } = store();
    const keeper = new DrillKeeper(ports);
    keeper.keep({ ...RUNNING, id: 3 });
    keeper.keep(REPORT);
    await keeper.stop();
    expect(readReports(saved.at(-1) ?? "").reports).toEqual([REPORT]);
  });

  it("believes nothing blindly: a line that is no report is left out", () => {
    const whole = JSON.stringify(REPORT);
    const broken = [
      "",
      "{",
      "null",
      "[]",
      JSON.stringify({ ...REPORT, counts: undefined }),
      JSON.stringify({ ...REPORT, calls: [{ legs: [null] }] }),
      JSON.stringify({ ...REPORT, drilled: {} }),
      JSON.stringify({ ...REPORT, phones: [201] }),
      JSON.stringify({ ...REPORT, phones: 7 }),
      JSON.stringify({ ...REPORT, ended: ["x"] }),
    ];
    const { reports, faults } = readReports([...broken, whole].join("\n"));
    expect(reports).toEqual([REPORT]);
    expect(faults).toBe(broken.length - 1);
  });

  it("is bounded, and the oldest go", () => {
    const many = Array.from({ length: 80 }, (_, index) => ({ ...REPORT, id: index + 1 }));
    expect(newestOf(many).map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, index) => index + 31));
    const [call] = REPORT.calls;
    const calls = Array.from({ length: 60 }, () => call).flatMap((one) => one ?? []);
    const long = many.map((report) => ({ ...report, calls }));
    expect(reportLines(newestOf(long)).length).toBeLessThanOrEqual(262_144);
    expect(newestOf(long).at(-1)?.id).toBe(80);
  });
});
