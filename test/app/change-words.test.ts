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
      "Upstream is FORCED down until 14:40:05 (9 min 40 s left): calls go to the",
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
    disk: { state: "same", changed: [], needs_restart: [], faults: [], ...change },
  });

  test("says what runs: nothing is said", () => expect(more({}, disk({}))).toEqual([]));

  test("says something else, has faults, or isn't there: one line, with the cure", () => {
    expect(more({}, disk({ state: "changed", changed: ["gateways", "log"] }))).toEqual([
      "The file on disk isn't what runs (gateways and log): `branchline check`,",
      "  `branchline reload`",
    ]);
    expect(more({}, disk({ state: "faulty", faults: ["f.yaml:3:1: no such key", "f.yaml:4:1: nor this"] }))).toEqual([
      "The file on disk can't be used: f.yaml:3:1: no such key (and 1 more: `branchline",
      "  check`); branchline goes on with what it has read before",
    ]);
    expect(more({}, disk({ state: "missing", faults: ["f.yaml: no such file"] }))).toEqual([
      "The file on disk can't be used: f.yaml: no such file; branchline goes on with",
      "  what it has read before",
    ]);
  });

  test("keys that a reload refuses: the restart of this router in its place, whether a reload was tried or not", () => {
    const changed = disk({ state: "changed", changed: ["listen", "log"], needs_restart: ["listen"] });
    const restart = "/etc/init.d/branchline restart";
    expect(more({}, { ...changed, restart })).toEqual([
      "The file on disk isn't what runs (listen and log); listen needs a restart:",
      "  `/etc/init.d/branchline restart`",
    ]);
    const tried = refused("needs_restart", "listen has changed: that needs a restart");
    expect(more(tried, { ...changed, restart })).toEqual(more({}, { ...changed, restart }));
    expect(more(tried, changed).join(" ")).toMatch(/listen needs a restart: stop +branchline, then start it again$/);
  });

  const refused = (reason: "needs_restart" | "faulty_file" | "certificate", ...faults: string[]) => {
    return { reload_refused: { at: "2026-11-29T13:02:03.000Z", reason, keys: [], faults } };
  };

  test("a reload was refused: when and why, in the same line", () => {
    const fault = "f.yaml:3:1: no such key";
    expect(more(refused("faulty_file", fault), disk({ state: "faulty", faults: [fault] }))).toEqual([
      "The file on disk can't be used: f.yaml:3:1: no such key (reload refused at",
      "  14:02:03); branchline goes on with what it has read before",
    ]);
    expect(more(refused("certificate", "a.crt: expired", "more"), disk({}))).toEqual([
      "WARNING: reload refused at 14:02:03: a.crt: expired and 1 more",
    ]);
    expect(more(refused("faulty_file", fault), { disk: undefined })).toEqual([
      `WARNING: reload refused at 14:02:03: ${fault}`,
    ]);
  });

  test.each(["needs_restart", "faulty_file"] as const)(
    "a reload that was refused (%s) is over once the file is mended",
    (reason) => {
      const before = refused(reason, "state.folder has changed: that needs a restart");
      expect(more(before, disk({}))).toEqual([]);
      const changed = disk({ state: "changed", changed: ["log"] });
      expect(more(before, changed)).toEqual(more({}, changed));
    },
  );

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
  const needed = ["listen has changed: that needs a restart"];
  const outcome = { is_done: false, reason: "needs_restart", keys: ["listen"], faults: needed } as const;
  const refusal = `${needed}\nReload refused: the old configuration stays active.\n`;
  expect(reloadText(outcome)).toBe(refusal);
  expect(reloadText(outcome, "systemctl restart branchline")).toBe(
    `${refusal}To restart it: systemctl restart branchline\n`,
  );
});
