/** The last calls on disk: what was saved is there again, and nothing that a file says is believed blindly. */
import { expect, test } from "vitest";
import { callsPage } from "../../src/app/recorded-calls.ts";
import { endText } from "../../src/app/words/calls-words.ts";
import { CallLog } from "../../src/policy/call-log.ts";
import { readCalls, saveCalls } from "../../src/policy/saved-calls.ts";
import { PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const NEW_YEAR_ms = 1_767_225_600_000;
const NOTHING = () => {};
const LOG = { error: NOTHING, warn: NOTHING, info: NOTHING, debug: NOTHING };

/** A call that has ended, one that is up, and one that nobody has answered yet. */
function saved() {
  const site = new Site(SITE_YAML);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 200, after_ms: 90 });
  const phone = site.actor("201", PHONE);
  site.run(1_000);
  phone.invite("sip:1@pbx.example.com");
  site.run(2_000);
  phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
  phone.invite("sip:2@pbx.example.com");
  site.run(1_000);
  pbx.answers("INVITE", { status: 180 });
  phone.invite("sip:3@pbx.example.com");
  site.run(1_000);
  return saveCalls(site.callLog, NEW_YEAR_ms, site.simulation.now_ms);
}

/** Read an hour later, on a router that has just been started. */
function restored(text: string, wall_ms = NEW_YEAR_ms + 3_600_000) {
  const log = new CallLog(LOG);
  const { calls, faults } = readCalls(text, wall_ms, 0);
  log.restore(calls);
  const page = () => callsPage(log, {}, ({ wall_ms: at_ms = 0 }) => `${at_ms}`, 0).calls;
  return { log, page, faults };
}

test("what was saved is there again; how a call ended that was open then, nobody knows", () => {
  const { page, faults } = restored(saved());
  expect(faults).toBe(0);
  expect(page().map(({ to, state, status, lasted_ms }) => [to, state, status, lasted_ms])).toEqual([
    ["3", "unknown", null, null],
    ["2", "unknown", 200, null],
    ["1", "ended", 200, 1_900],
  ]);
  expect(page().map(({ at }) => Number(at))).toEqual([NEW_YEAR_ms - 995, NEW_YEAR_ms - 1_995, NEW_YEAR_ms - 3_995]);
});

test("a BYE after the restart ends the call of before it", () => {
  const { log, page } = restored(saved());
  const [, up] = page();
  log.hangUp({ callId: up?.call_id ?? "", fromTag: "201-tag", toTag: "pbx-tag" }, 60_000);
  expect(page()[1]).toMatchObject({ state: "ended", lasted_ms: 3_600_000 + 60_000 + 1_895 });
});

test("where the clock has been set since, no length is told", () => {
  const { log, page } = restored(saved(), 0);
  log.hangUp({ callId: page()[1]?.call_id ?? "", fromTag: "201-tag", toTag: "pbx-tag" }, 60_000);
  expect(page()[1]).toMatchObject({ state: "unknown", lasted_ms: null });
});

test("saving what was restored brings the same again, and newer calls stand behind it", () => {
  const text = saved();
  expect(saveCalls(restored(text).log, NEW_YEAR_ms + 7_200_000, 9)).toBe(text);
  const { log } = restored(text);
  expect(log.all.map(({ id }) => id)).toEqual([-2, -1, 0]);
});

test("a call that another member of a cluster has gone on with is still that member's", () => {
  const [line = ""] = saved().split("\n");
  const given = line.replace(/"status":\d+,/, "").replace(/"caller_tag"/, '"given_to":"node2","caller_tag"');
  const { log, page } = restored(given.replace(/"ended_ms":\d+,/, ""));
  const [call] = page();
  expect([call?.state, call?.legs[0]?.given_to]).toEqual(["given", "node2"]);
  expect(call && endText(call)).toBe("handed over to node2");
  expect(saveCalls(log, NEW_YEAR_ms + 7_200_000, 9)).toContain('"given_to":"node2"');
});

test("a call of another member's whose first INVITE was heard of after its second one is there again", () => {
  const [line = ""] = saved().split("\n");
  const earlier = line.replace(/"after_ms":\d+/g, '"after_ms":-20');
  const { log, faults } = restored(earlier);
  expect([faults, log.all[0]?.legs[0]?.after_ms, log.all[0]?.legs[0]?.steps[0]?.after_ms]).toEqual([0, -20, -20]);
});

test("the file stays small: the oldest calls are left out", () => {
  const line = saved().split("\n")[0] ?? "";
  const long = line.replace(/"why":"[^"]*"/, `"why":"${"w".repeat(128)}"`);
  const { log } = restored(Array.from({ length: 500 }, () => long).join("\n"));
  expect(log.all).toHaveLength(200);
  expect(saveCalls(log, NEW_YEAR_ms, 0).length).toBeLessThan(131_072);
});

test.each([
  ["{"],
  ["[]"],
  ["null"],
  ["{}"],
  ['{"began_ms":1,"legs":[]}'],
  ['{"began_ms":1,"legs":[null]}'],
  [
    saved()
      .split("\n")[0]
      ?.replace(/"began_ms":\d+/, '"began_ms":1e300') ?? "",
  ],
  [saved().split("\n")[0]?.replace('"origin":"localnet"', '"origin":"moon"') ?? ""],
  [
    saved()
      .split("\n")[0]
      ?.replace(/"from":"[^"]*"/, `"from":"${"x".repeat(129)}"`) ?? "",
  ],
  [
    saved()
      .split("\n")[0]
      ?.replace(/"steps":\[[^\]]*\]/, '"steps":[{"what":1}]') ?? "",
  ],
  [
    saved()
      .split("\n")[0]
      ?.replace(/"steps":\[[^\]]*\]/, '"steps":{"length":1e9}') ?? "",
  ],
])("a line that isn't a call is left out, and the others are kept: %s", (line) => {
  const { page, faults } = restored(`${line}\n${saved()}`);
  expect(faults).toBe(1);
  expect(page()).toHaveLength(3);
});
