/** What `branchline force` and `reload` say, and `status` about a forced state and the file on disk. */
import { describe, expect, test } from "vitest";
import type { RunningStatus } from "../../src/app/status-facts.ts";
import type { FileOnDisk } from "../../src/app/words/file-words.ts";
import { forceFacts, forceText } from "../../src/app/words/force-words.ts";
import { reloadText } from "../../src/app/words/reload-words.ts";
import type { StatusWish } from "../../src/app/words/status-words.ts";
import { withoutInk } from "../../src/base/ink.ts";
import { READER } from "./reader.ts";
import { more, NOW, OUTAGE, STATUS, UP, words } from "./status-sample.ts";

describe("forced", () => {
  const forced = { by: "command", since: NOW, until: "2026-11-29T13:40:05.000Z", left_s: 580 } as const;
  const down: Partial<RunningStatus> = {
    ...OUTAGE,
    force: "down",
    forced,
    upstream: [{ ...UP, state: "down", observed: "up" }],
  };

  test("status leads with it, with the time that is left, and still says what is seen", () => {
    expect(words(down).split("\n").slice(1, 5)).toEqual([
      "Upstream is FORCED down for another 9 min 40 s (until 14:40:05): calls go to the",
      "  gateway; `branchline force auto` ends that",
      "Upstream pbx.example.com: taken to be down; seen: up for 3 h 5 min (since",
      "  11:25:05, answers OPTIONS)",
    ]);
  });

  test("force itself prints two lines at most, and facts", () => {
    const status = { ...STATUS, ...down };
    expect(forceText(status, READER).split("\n")).toHaveLength(3);
    expect(withoutInk(forceText({ ...status, forced: { by: "command", since: NOW } }, READER))).toBe(
      "Upstream is FORCED down: calls go to the gateway; `branchline force auto` ends\n  that\n",
    );
    expect(forceText(STATUS, READER)).toBe(
      "Upstream isn't forced: pbx.example.com is up; calls go to pbx.example.com\n",
    );
    expect(forceFacts(status)).toEqual({
      force: "down",
      forced,
      upstream: [{ name: "pbx.example.com", state: "down", observed: "up" }],
      calls_go_to: { role: "gateway", peers: ["10.10.1.3"] },
    });
  });

  test("by the file: no command ends that", () => {
    const text = withoutInk(forceText({ ...STATUS, ...down, forced: { by: "file", since: NOW } }, READER));
    expect(text).toContain('FORCED down by the file ("upstream.force"): calls go');
    expect(text).not.toContain("force auto");
  });
});

describe("the file on disk", () => {
  const disk = (change: Partial<FileOnDisk>): Partial<StatusWish> => ({
    disk: { state: "same", changed: [], faults: [], ...change },
  });

  test("says what runs: nothing is said", () => expect(more({}, disk({}))).toEqual([]));

  test("says something else, has faults, or isn't there: one line, with the cure", () => {
    expect(more({}, disk({ state: "changed", changed: ["gateways", "log"] }))).toEqual([
      "The file on disk isn't what runs (gateways and log): `branchline check`,",
      "  `branchline reload`",
    ]);
    expect(more({}, disk({ state: "faulty", faults: ["f.yaml:3:1: no such key", "f.yaml:4:1: nor this"] }))).toEqual([
      "The file on disk can't be used, its old text goes on to run: f.yaml:3:1: no such",
      "  key (and 1 more: `branchline check`)",
    ]);
    expect(more({}, disk({ state: "missing", faults: ["f.yaml: no such file"] }))).toEqual([
      "The file on disk can't be used, its old text goes on to run: f.yaml: no such",
      "  file",
    ]);
  });

  const refused = (reason: "needs_restart" | "faulty_file", ...faults: string[]) => {
    return { reload_refused: { at: "2026-11-29T13:02:03.000Z", reason, keys: [], faults } };
  };

  test("a reload was refused: when and why, in the same line", () => {
    const restart = refused("needs_restart", "listen has changed: that needs a restart");
    expect(more(restart, disk({ state: "changed", changed: ["listen"] }))).toEqual([
      "The file on disk isn't what runs (listen); reload refused at 14:02:03: listen",
      "  has changed: that needs a restart",
    ]);
    const fault = "f.yaml:3:1: no such key";
    expect(more(refused("faulty_file", fault), disk({ state: "faulty", faults: [fault] }))).toEqual([
      "The file on disk can't be used (reload refused at 14:02:03), its old text goes",
      "  on to run: f.yaml:3:1: no such key",
    ]);
    expect(more(refused("faulty_file", fault, fault), disk({}))).toEqual([
      "WARNING: reload refused at 14:02:03: f.yaml:3:1: no such key and 1 more",
    ]);
  });

  test("another version is installed than the one that runs", () => {
    expect(more({}, { installed: "0.3.0" })).toEqual(["branchline 0.3.0 is installed: restart to run it"]);
  });
});

test("what reload says", () => {
  expect(reloadText({ is_done: true, changed: [] })).toBe("Nothing has changed.\n");
  expect(reloadText({ is_done: true, changed: ["log", "upstream.fr_timer"] })).toBe(
    "Now active: log, upstream.fr_timer\n",
  );
  expect(reloadText({ is_done: false, reason: "faulty_file", keys: [], faults: ["one", "two"] })).toBe(
    "one\ntwo\nReload refused: the old configuration stays active.\n",
  );
});
