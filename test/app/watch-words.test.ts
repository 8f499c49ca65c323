/** The screen of `branchline watch`, line by line. */
import { describe, expect, test } from "vitest";
import type { JournalEntry } from "../../src/app/observe/journal-entry.ts";
import type { Key } from "../../src/app/observe/keys.ts";
import type { TraceQuestion } from "../../src/app/observe/trace.ts";
import { answered, pressed, WATCH, type Watch, watchQuestion } from "../../src/app/observe/watch.ts";
import type { RecordedCall } from "../../src/app/recorded-calls.ts";
import type { RunningStatus } from "../../src/app/status-facts.ts";
import { edgeText, watchScreen, watchStart } from "../../src/app/words/watch-words.ts";
import { withoutInk } from "../../src/base/ink.ts";
import { callOf, messageOf, pageOf, traceOf } from "./observe/calls-sample.ts";
import { READER } from "./reader.ts";
import { DOWN, GATEWAY, OUTAGE, STATUS } from "./status-sample.ts";

const CALLS = [
  callOf(3, { state: "ended", lasted_ms: 200_000 }),
  callOf(2),
  callOf(1, { state: "failed", status: 503, lasted_ms: null }),
];
const SIZES = [
  [80, 24],
  [120, 40],
  [200, 60],
  [60, 12],
  [40, 5],
  [20, 3],
  [10, 1],
] as const;

function watching(calls: readonly RecordedCall[], change: Partial<RunningStatus> = {}): Watch {
  return answered(WATCH, { command: "calls" }, { ok: true, status: { ...STATUS, ...change }, calls: pageOf(calls) });
}

function press(watch: Watch, ...keys: readonly Key[]): Watch {
  let now = watch;
  for (const key of keys) now = pressed(now, key, { page: 10, most: 100 }) ?? now;
  return now;
}

function inked(watch: Watch, columns = 80, rows = 24): readonly string[] {
  return watchScreen(watch, rows, { ...READER, width: columns }).lines;
}

function screen(watch: Watch, columns = 80, rows = 24): string[] {
  return inked(watch, columns, rows).map((line) => withoutInk(line).trimEnd());
}

test("a screen of 80 by 24: the state, the calls that go on, the last ones, and the keys", () => {
  const lines = screen(watching(CALLS));
  expect(lines.slice(0, 10)).toEqual([
    "branchline 0.2.0, running for 3 h 5 min; it is 14:30:05 (UTC+01:00)",
    "Upstream pbx.example.com: up for 3 h 5 min (since 11:25:05, answers OPTIONS);",
    "  calls go there",
    "Gateway 10.10.1.3: up for 3 h 5 min (since 11:25:05, answers OPTIONS), in 1 call",
    "Phones: 2 registered",
    "Calls now: 3, 1 through the gateway",
    "> 14:20:00  201 to 5552  upstream pbx.example.com: 200 after 4.2 s, up for 10 s",
    "Last calls:",
    "  14:20:00  201 to 5553  upstream pbx.exa...: 200 after 4.2 s, lasted 3 min 20 s",
    "  14:20:00  201 to 5551  upstream pbx.example.com: 503 after 4.2 s",
  ]);
  expect(lines.slice(10, 23).every((line) => line === "")).toBe(true);
  expect(lines[23]).toBe("arrows, j, k: choose a call   Enter: its ladder   q: quit");
});

describe("whatever it shows and however large the terminal is", () => {
  const many = Array.from({ length: 100 }, (_, id) => callOf(id, { state: id % 3 === 0 ? "up" : "ended" }));
  const gateways = Array.from({ length: 30 }, (_, at) => ({ ...GATEWAY, calls: 0, name: `gateway-${at}.example.com` }));
  const foreign = callOf(1, { from: "2\u001b[2J\n1@x", to: "\u0000\u009b".repeat(100) });
  const journal = Array.from({ length: 100 }, (_, at) =>
    messageOf(at + 1, "c0", `INFO sip:${"x".repeat(300)} SIP/2.0`),
  );
  const ladder = laddered(press(watching([callOf(0)]), "enter"), journal);

  test.each<[string, Watch]>([
    ["nothing is known", WATCH],
    ["no call", watching([])],
    ["three calls", watching(CALLS)],
    ["a hundred calls, the last one chosen", press(watching(many), "end")],
    ["thirty gateways and an outage", watching(many, { ...OUTAGE, gateways })],
    ["names that would move the cursor", watching([foreign])],
    ["a ladder that nothing is known of", press(watching(CALLS), "enter")],
    ["a long ladder", ladder],
    ["whole messages", press(ladder, "raw", "home")],
    ["no answer", answered(watching(CALLS), { command: "calls" }, "x".repeat(500))],
  ])("%s: it fits, with the keys below, and nothing moves the cursor", (_, watch) => {
    for (const [columns, rows] of SIZES) {
      const lines = screen(watch, columns, rows);
      expect(lines).toHaveLength(rows);
      expect(lines.filter((line) => line.length > columns)).toEqual([]);
      expect(lines.join("")).toMatch(/^[ -~]*$/);
      expect(lines[rows - 1]).toMatch(/^arrows, j/);
    }
  });

  test("the chosen call is on the screen, wherever it is in the list", () => {
    for (const [columns, rows] of SIZES.slice(0, 4)) {
      for (let at = 0; at < 100; at += 9) {
        const watch = press(watching(many), ...(Array(at).fill("down") as Key[]));
        expect(screen(watch, columns, rows).filter((line) => line.startsWith("> "))).toHaveLength(1);
      }
    }
  });

  test("half of the room is left to the calls, and what has no room is said to be there; what is DOWN comes first", () => {
    const one = { ...DOWN, name: "isdn", calls: 0, channels: 8 };
    const lines = screen(watching(many, { gateways: [...gateways, one] }));
    const head = lines.findIndex((line) => line.startsWith("> "));
    expect(head).toBe(12);
    expect(lines.slice(9, 12)).toEqual([
      "... and more: see `branchline status`",
      "Phones: 2 registered",
      "Calls now: 3, none through gateways",
    ]);
    expect(lines.slice(3, 5).join("")).toMatch(/^Gateway isdn: DOWN .* 0 of {2}8 channels in use$/);
  });
});

test("the chosen line is marked, and strong where there are colours", () => {
  const lines = inked(press(watching(CALLS), "down"));
  expect(lines[8]).toBe("\ue001> 14:20:00  201 to 5553  upstream pbx.exa...: 200 after 4.2 s, lasted 3 min 20 s\ue000");
  expect(lines[6]).toContain("\ue002200\ue000");
});

test("what nobody answers any more is said above what was known", () => {
  const lines = inked(answered(watching(CALLS), { command: "calls" }, "waiting"));
  expect(lines[0]).toBe("\ue003NO ANSWER\ue000: waiting");
  expect(lines[1]).toContain("branchline 0.2.0");
});

describe("a ladder", () => {
  const journal = [
    messageOf(1, "c2"),
    { kind: "decision", seq: 2, at_ms: 2, method: "INVITE", call_id: "c2", rule: "call", why: "upstream first" },
    messageOf(3, "c2", "BYE sip:5552@pbx.example.com SIP/2.0"),
  ] satisfies JournalEntry[];
  const open = press(watching(CALLS), "enter");

  test("has the call, who takes part, and each message", () => {
    const lines = screen(laddered(open, journal));
    expect(lines.slice(0, 9)).toEqual([
      "2026-11-29 14:20:00  201@pbx.example.com to 5552",
      "  upstream pbx.example.com: 200 after 4.2 s, up for 10 s",
      "  rule call: upstream first",
      "  Call-ID c2",
      "          201                                     branchline",
      "          10.222.237.21:5060",
      "   0.000  |--------------- INVITE --------------->|  calling",
      "   0.001  |                                       | rule call: upstream first",
      "   0.002  |----------------- BYE ---------------->|  ended",
    ]);
    expect(lines[23]).toBe("arrows, j, k: scroll   r: whole messages   Esc: back   q: quit");
  });

  test("of a caller with a very long name still has room for messages", () => {
    const long = journal.map((entry) =>
      entry.kind === "in" ? { ...entry, wire: entry.wire.replace("201@", `${"2".repeat(4_000)}@`) } : entry,
    );
    for (const [columns, rows] of [
      [80, 24],
      [60, 12],
    ] as const) {
      const lines = screen(laddered(open, long), columns, rows).join("\n");
      expect(lines).toContain(" BYE ");
      expect(lines).toContain("222");
    }
  });

  test("scrolls, and says where it is", () => {
    const long = Array.from({ length: 50 }, (_, at) => messageOf(at + 1, "c2", `INFO sip:${at}@x SIP/2.0`));
    const last = laddered(open, long);
    expect(screen(last)[23]).toMatch(/ q: quit {3}50 of 50$/);
    const first = screen(press(last, "home"));
    expect(first[23]).toMatch(/ q: quit {3}17 of 50$/);
    expect(first[6]).toContain("   0.000  ");
    expect(screen(last)[22]).toContain("   0.049  ");
  });

  test("says what there is to say of one that isn't there", () => {
    expect(screen(open)).toContain("...");
    expect(screen(laddered(open, []))).toContain("The journal has nothing of it any more");
    const off = answered(open, watchQuestion(open), {
      ok: true,
      status: STATUS,
      trace: { ...traceOf([], {}), limit: 0 },
    });
    expect(screen(off)).toContain("The journal is off: the file says journal: off");
  });
});

test("without a terminal: the state at the beginning, and a line for each change", () => {
  expect(withoutInk(watchStart(STATUS, READER))).toMatch(
    /^branchline 0\.2\.0, .*\nUpstream [\s\S]*\nCalls now: 3, .*\n$/,
  );
  const change = {
    ...({ at: "2026-11-29T13:20:00.000Z", role: "upstream", peer: "pbx.example.com", from: "up", to: "down" } as const),
    evidence: "request unanswered",
  };
  expect(edgeText(change, STATUS, READER)).toBe("2026-11-29 14:20:00  upstream: up to down, no answer to a request\n");
});

/** The ladder, once it has been asked for. */
function laddered(watch: Watch, journal: readonly JournalEntry[]): Watch {
  let now = watch;
  for (let time = 0; time < 2; time++) {
    const question = watchQuestion(now);
    now = answered(now, question, { ok: true, status: STATUS, trace: traceOf(journal, question as TraceQuestion) });
  }
  return now;
}
