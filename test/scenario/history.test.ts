/** What is kept for months: outages, calls that survived, emergency calls, drills; over restarts, and bounded. */
import { describe, expect, it } from "vitest";
import { KeptHistory, type ToldEntry } from "../../src/app/observe/history.ts";
import { KEPT_MAX, REPORT_CHARACTERS_MAX } from "../../src/app/observe/history-entries.ts";
import { newestFirst } from "../../src/app/words/history-words.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";

const NEW_YEAR_ms = 1_767_225_600_000;
const DAY_ms = 86_400_000;
const iso = (wall_ms: number) => new Date(wall_ms).toISOString();

/** A history by itself, on a clock of the test's. */
function desk(began_ms = NEW_YEAR_ms, text: string | null = "") {
  const clock = { now_ms: 1_000, wall_ms: began_ms };
  const wallOf = (at_ms: number) => clock.wall_ms + at_ms - 1_000;
  const history = new KeptHistory(wallOf, clock.now_ms);
  if (text !== null) history.restore(text);
  const edge = (to: string, at_ms: number, name = "pbx", role: "upstream" | "gateway" = "upstream") =>
    history.edge({ at_ms, role, name, from: "", to, evidence: "probe failed", probe_failure: "silence" });
  return { history, clock, edge, all: (past_s?: number) => allOf(history, clock.now_ms, past_s) };
}

function allOf(history: KeptHistory, now_ms: number, past_s?: number): ToldEntry[] {
  const entries: ToldEntry[] = [];
  for (let before: number | undefined, isFirst = true; isFirst || before !== undefined; isFirst = false) {
    const page = history.page({ ...(past_s === undefined ? {} : { past_s }), ...(before && { before }) }, iso, now_ms);
    entries.push(...page.entries);
    before = page.next;
  }
  return entries;
}

/** A whole site whose history is kept from the beginning. */
function office(more = "") {
  const site = new Site(`${SITE_YAML}emergency: ["112"]\nsurvival: {answer: relay}\n${more}`);
  const history = new KeptHistory((at_ms) => NEW_YEAR_ms + at_ms, 0);
  history.follow(site.engine);
  history.restore("");
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 200, after_ms: 90 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200, after_ms: 90 });
  const phone = site.actor("201", PHONE).answers("INVITE", { status: 200, after_ms: 90 });
  site.run(1_000);
  return { site, history, pbx, gateway, phone, all: () => allOf(history, site.simulation.now_ms) };
}

describe("calls", () => {
  it("keeps nothing of a day on which upstream takes all calls", () => {
    const { site, phone, all, history } = office();
    phone.invite("sip:5551234@pbx.example.com");
    site.run(1_000);
    expect(all()).toEqual([]);
    expect(history.counts).toEqual({ outage: 0, forced: 0, unready: 0, drill: 0, emergency: 0, survived: 0 });
  });

  it("keeps the call that finds the outage out, and one of the known outage", () => {
    const { site, phone, all } = office();
    site.simulation.silence(PBX);
    phone.invite("sip:5551234@pbx.example.com");
    site.run(60_000);
    phone.request("INVITE", "sip:5559999@pbx.example.com", [], "second");
    site.run(5_000);
    expect(
      newestFirst(all()).map(({ kind, ...entry }) => [
        kind,
        "to" in entry ? [entry.to, entry.way] : "peer" in entry && entry.peer,
      ]),
    ).toEqual([
      ["survived", ["5559999", "gateway 10.10.1.3"]],
      ["outage", "198.51.100.10"],
      ["survived", ["5551234", "gateway 10.10.1.3"]],
    ]);
  });

  it("keeps no call of an outage that nobody answered, nor one that a phone has dialled at the gateway itself", () => {
    const { site, phone, gateway, history } = office();
    site.simulation.silence(PBX);
    site.run(60_000);
    phone.invite("sip:5551234@10.10.1.3");
    site.run(2_000);
    gateway.answers("INVITE", { status: 486 });
    phone.request("INVITE", "sip:5551234@pbx.example.com", [], "second");
    site.run(5_000);
    expect(history.counts.survived).toBe(0);
  });

  it("keeps an emergency call in normal times too, with its way and its end, whoever took it", () => {
    const { site, phone, gateway, all } = office();
    phone.invite("sip:112@pbx.example.com");
    site.run(2_000);
    gateway.answers("INVITE", { status: 503 });
    phone.request("INVITE", "sip:112@pbx.example.com", [], "second");
    site.run(40_000);
    expect(all()).toMatchObject([
      { kind: "emergency", to: "112", way: "upstream 198.51.100.10", status: 200 },
      { kind: "emergency", to: "112", way: "gateway 10.10.1.3", status: 200, from: "201@pbx.example.com" },
    ]);
  });

  it("keeps a call from the gateway that was meant for upstream and rang here", () => {
    const { site, gateway, all } = office("inbound: upstream-first\n");
    site.simulation.silence(PBX);
    gateway.invite("sip:5550100@10.222.237.1");
    site.run(30_000);
    expect(all().filter(({ kind }) => kind === "survived")).toHaveLength(1);
  });
});

describe("an administrator forces upstream down", () => {
  it("that is no outage, and its calls haven't survived one", () => {
    const { site, history, phone, all } = office();
    site.engine.force("down");
    phone.invite("sip:5551234@pbx.example.com");
    site.run(7_000);
    site.engine.force("auto");
    site.run(1_000);
    expect(all()).toMatchObject([{ kind: "forced", role: "upstream", back: "no longer forced", lasted_s: 7 }]);
    expect(history.counts).toMatchObject({ outage: 0, forced: 1, survived: 0 });
  });

  it("upstream dies meanwhile, and returns later: an outage", () => {
    const { site, history, all } = office();
    site.engine.force("down");
    site.simulation.silence(PBX);
    site.run(60_000);
    site.engine.force("auto");
    site.run(60_000);
    site.simulation.silence(PBX, false);
    site.run(300_000);
    expect(all()).toMatchObject([{ kind: "outage", evidence: "forced", back: "hold over" }]);
    expect(history.counts).toMatchObject({ outage: 1, forced: 0 });
  });

  it("amid an outage: it stays one", () => {
    const { site, history, all } = office();
    site.simulation.silence(PBX);
    site.run(60_000);
    site.engine.force("down");
    site.run(60_000);
    site.engine.force("auto");
    expect(all()).toMatchObject([{ kind: "outage" }]);
    expect(history.counts).toMatchObject({ outage: 1, forced: 0 });
  });

  it("a restart ends what a command has forced", () => {
    const before = desk();
    before.history.edge({ at_ms: 61_000, role: "upstream", name: "pbx", from: "up", to: "down", evidence: "forced" });
    const after = desk(NEW_YEAR_ms + DAY_ms, before.history.save());
    after.edge("down", 2_000);
    expect(after.all()).toMatchObject([{ kind: "outage" }, { kind: "forced", until: iso(NEW_YEAR_ms + DAY_ms) }]);
    expect(after.history.counts).toMatchObject({ outage: 1, forced: 1 });
  });
});

describe("outages", () => {
  it("has since, until and the evidence of both", () => {
    const { site, all } = office();
    site.simulation.silence(PBX);
    site.run(120_000);
    const [open] = all();
    expect(open).toMatchObject({ kind: "outage", role: "upstream", evidence: expect.stringMatching(/: silence$/) });
    expect(open).not.toHaveProperty("until");
    site.simulation.silence(PBX, false);
    site.run(600_000);
    const [over] = all();
    const { since = "", until = "" } = over as { since?: string; until?: string };
    expect(over).toMatchObject({
      back: "hold over",
      lasted_s: Math.round((Date.parse(until) - Date.parse(since)) / 1_000),
    });
    expect(all()).toHaveLength(1);
  });

  it("goes on through a restart: one outage, with its first beginning", () => {
    const before = desk();
    before.edge("down", 61_000);
    const after = desk(NEW_YEAR_ms + DAY_ms, null);
    // Told by the peers before the file has been read.
    after.edge("down", 1_000);
    expect(after.history.restore(before.history.save())).toBe(0);
    after.edge("recovering", 5_000);
    expect(after.all()).toMatchObject([{ since: iso(NEW_YEAR_ms + 60_000) }]);
    after.edge("up", 61_000);
    expect(after.all()).toMatchObject([
      { since: iso(NEW_YEAR_ms + 60_000), until: iso(NEW_YEAR_ms + DAY_ms + 60_000) },
    ]);
    expect(after.history.counts.outage).toBe(1);
  });

  it("ends where the file names the peer no longer", () => {
    const { history, edge, all } = desk();
    edge("down", 2_000);
    edge("down", 3_000, "pstn", "gateway");
    history.watchOnly((role) => role === "gateway", 9_000);
    expect(all()).toMatchObject([
      { peer: "pstn" },
      { peer: "pbx", back: "not in the file any more", until: iso(NEW_YEAR_ms + 8_000) },
    ]);
    expect(all()[0]).not.toHaveProperty("until");
  });

  it("has the time that the router's clock would have shown, once that is set", () => {
    const { clock, edge, all } = desk(0);
    edge("down", 2_000);
    clock.wall_ms = NEW_YEAR_ms;
    expect(all()).toMatchObject([{ since: iso(NEW_YEAR_ms + 1_000) }]);
  });
});

describe("the file", () => {
  it("keeps the newest of each kind, and counts them all: an outage isn't pushed out by calls", () => {
    const { history, edge, all, clock } = desk();
    edge("down", 1_500);
    const most = KEPT_MAX.drill + 5;
    for (let index = 0; index < most; index++) {
      history.drill({
        since_ms: 2_000 + index,
        until_ms: 3_000 + index,
        phones: `${index}`,
        end: "done",
        report: null,
      });
    }
    clock.now_ms = 100_000;
    expect(all().filter(({ kind }) => kind === "drill")).toHaveLength(KEPT_MAX.drill);
    expect(all().filter(({ kind }) => kind === "outage")).toHaveLength(1);
    expect(all()[0]).toMatchObject({ phones: `${most - 1}`, lasted_s: 1 });
    const again = desk(NEW_YEAR_ms, history.save());
    again.clock.now_ms = clock.now_ms;
    expect(again.all()).toEqual(all().map((entry) => ({ ...entry, id: expect.any(Number) })));
    expect(again.history.counts).toEqual({ outage: 1, forced: 0, unready: 0, drill: most, emergency: 0, survived: 0 });
    expect(again.history.save()).toBe(history.save());
  });

  it("is at most 512 kB where each entry is as long as it may be", () => {
    const { history } = desk();
    const report = "r".repeat(REPORT_CHARACTERS_MAX - 2);
    const times = { since_ms: 2_000, until_ms: 3_000 };
    for (let index = 0; index < KEPT_MAX.drill; index++) {
      history.drill({ ...times, phones: "p".repeat(512), end: "done", report });
    }
    const text = "c".repeat(128);
    const call = { kind: "survived", since: 0, call_id: text, from: text, to: text, way: text, status: 200 };
    const lines = [...Array(KEPT_MAX.survived + KEPT_MAX.emergency)].map((_, index) =>
      JSON.stringify({ ...call, kind: index < KEPT_MAX.survived ? "survived" : "emergency" }),
    );
    for (let index = 0; index < KEPT_MAX.unready; index++) {
      history.turn({ is_ready: false, faults: ["f".repeat(600)] }, 3_000 + index);
      history.turn({ is_ready: true, faults: [] }, 3_001 + index);
    }
    const both = desk(NEW_YEAR_ms, [history.save(), ...lines].join("\n"));
    expect(both.all()).toHaveLength(KEPT_MAX.drill + KEPT_MAX.unready + lines.length);
    expect(both.history.save().length).toBeLessThan(512 * 1_024);
  });

  it("keeps when readiness was lost and regained, over a restart; files of before lack the kind", () => {
    const { history, all, clock } = desk();
    history.turn({ is_ready: true, faults: [], lost_ms: 0 }, 1_500);
    expect(all()).toEqual([]);
    history.turn({ is_ready: false, faults: ["phones: none", "x".repeat(600)] }, 2_000);
    clock.now_ms = 62_000;
    expect(all()).toMatchObject([
      { kind: "unready", evidence: expect.stringMatching(/^phones: none; x{486}$/), lasted_s: 60 },
    ]);
    expect(history.lostSince).toBe(NEW_YEAR_ms + 1_000);
    const again = desk(NEW_YEAR_ms, history.save());
    expect(again.history.counts.unready).toBe(1);
    expect(again.history.lostSince).toBe(history.lostSince);
    again.history.turn({ is_ready: true, faults: [], lost_ms: 60_000 }, 62_000);
    expect(again.all()).toMatchObject([{ until: iso(NEW_YEAR_ms + 61_000), lasted_s: 60 }]);
    expect(again.history.lostSince).toBeUndefined();
    const before = '{"began":0,"counts":{"outage":4,"drill":0,"emergency":0,"survived":0},"peaks":[]}';
    const old = desk(NEW_YEAR_ms, null);
    expect(old.history.restore(before)).toBe(0);
    expect(old.history.counts).toMatchObject({ outage: 4, unready: 0 });
  });

  it("drops a report that is too long, and keeps the drill", () => {
    const { history, all } = desk();
    history.drill({ since_ms: 1, until_ms: 2, phones: "all", end: "done", report: "r".repeat(REPORT_CHARACTERS_MAX) });
    expect(all()).toMatchObject([{ kind: "drill", report: null }]);
    expect(history.lastDrill).toMatchObject({ phones: "all" });
  });

  it.each([
    ["no JSON", "{"],
    ["another kind", '{"kind":"flood","since":0}'],
    ["a time that no Date has", '{"kind":"outage","since":9e15,"role":"upstream","peer":"p","evidence":"e"}'],
    ["a drill without an end", '{"kind":"drill","since":0,"phones":"all","end":"done"}'],
    [
      "a text that is too long",
      `{"kind":"outage","since":0,"role":"upstream","peer":"${"p".repeat(600)}","evidence":"e"}`,
    ],
    ["a status that is none", '{"kind":"survived","since":0,"call_id":"","from":"","to":"","way":"","status":"200"}'],
  ])("leaves a line out that is damaged: %s", (_, line) => {
    const { history, edge } = desk();
    edge("down", 2_000);
    const other = desk(NEW_YEAR_ms, null);
    expect(other.history.restore(`${history.save()}\n${line}`)).toBe(1);
    expect(other.all()).toHaveLength(1);
  });
});

it("told since a time: what hadn't ended by then, the outage that goes on too", () => {
  const { edge, all, clock } = desk();
  edge("down", 2_000, "old");
  edge("up", 3_000, "old");
  edge("down", 4_000, "long");
  edge("down", 9_000);
  edge("up", 10_000);
  clock.now_ms = 20_000;
  expect(all(15)).toMatchObject([{ peer: "pbx" }, { peer: "long", lasted_s: 16 }]);
});

it("a phone that follows its 302 to the gateway: one call that survived", () => {
  const { site, history, all } = office();
  site.reload(`${SITE_YAML}survival: {answer: 302}\n`);
  site.simulation.silence(PBX);
  site.run(60_000);
  const phone = site.actor("202", PHONE_2);
  const called_ms = site.simulation.now_ms;
  phone.request("INVITE", "sip:5551234@pbx.example.com", [], "one");
  site.run(3_000);
  phone.request("INVITE", "sip:5551234@10.10.1.3", [], "one", 2);
  site.run(3_000);
  expect(history.counts.survived).toBe(1);
  // The time of the call, as `calls` has it: not that of the INVITE which followed.
  const [call] = all();
  expect(call).toMatchObject({ kind: "survived", way: "gateway 10.10.1.3" });
  expect(Date.parse(call?.since ?? "") - NEW_YEAR_ms - called_ms).toBeLessThan(100);
});
