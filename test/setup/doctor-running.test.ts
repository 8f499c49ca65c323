/** doctor on the file, the branchline that runs with it, and the phones that have come. */
import { describe, expect, test } from "vitest";
import type { RunningStatus } from "../../src/app/control.ts";
import { LAN, status, told, YAML } from "./healthy.ts";

describe("doctor: file", () => {
  test("a valid file is told in short", () => {
    expect(told("file")).toBe("ok /etc/branchline/branchline.yaml is valid");
  });

  test("each fault is a finding, the last one with what follows; more than ten are counted", () => {
    const faults = (count: number) => Array.from({ length: count }, (_, index) => `b.yaml:${index + 1}:1: bad`);
    const two = told("file", { fileFaults: faults(2) }).split("\n");
    expect(two).toEqual([
      "fault b.yaml:1:1: bad",
      "# correct this in the file",
      "fault b.yaml:2:1: bad",
      expect.stringMatching(/^# branchline doesn't start before this is corrected/),
    ]);
    expect(told("file", { fileFaults: faults(12) })).toContain(
      "# branchline doesn't start before this is corrected, and 2 faults more;",
    );
  });
});

describe("doctor: running", () => {
  test("not running, with the command that starts it", () => {
    expect(told("running", { start: "systemctl start branchline" })).toBe(
      "warning no branchline runs with this file: phones get no answer\nsystemctl start branchline",
    );
    expect(told("running", { start: "systemctl start branchline", fileFaults: ["x"] })).toMatch(
      /\n# once the file has no fault:\nsystemctl start branchline$/,
    );
  });

  test("running for a time that people can read, forced or not, with this file or another", () => {
    const running = (change: Partial<RunningStatus>) => told("running", { isRunning: true, status: status(change) });
    expect(running({ up_s: 86_012 })).toBe("ok branchline 0.1.0 has run for 23 h 53 min");
    expect(running({ force: "down" })).toMatch(/^warning .*upstream is forced down, .*\nbranchline force auto$/);
    const forced = { since: "", until: "", left_s: 90 };
    expect(running({ force: "down", forced: { ...forced, by: "command" } })).toMatch(
      /forced down for another 1 min 30 s, .*\nbranchline force auto$/,
    );
    expect(running({ force: "up", forced: { by: "file", since: "" } })).toMatch(
      /forced up by the file, .*\n# upstream\.force: auto in the file, then branchline reload$/,
    );
    const refused = { at: "2026-11-29T10:00:00Z" } as never;
    expect(running({ reload_refused: refused })).toMatch(/^warning the last reload was refused.*\nbranchline reload$/);
    const other = { isRunning: true, status: status(), otherFile: "/etc/other.yaml" };
    expect(told("running", other)).toMatch(/^warning .*with another file: \/etc\/other\.yaml/);
  });

  test("why a branchline that runs isn't asked: not root, or no answer", () => {
    expect(told("running", { isRunning: true, askFault: "EACCES" })).toBe("skipped needs root (sudo)");
    const silent = { isRunning: true, askFault: "it was silent for 5 s", restart: "systemctl restart branchline" };
    expect(told("running", silent)).toBe(
      "warning a branchline runs, but doesn't answer: it was silent for 5 s\nsystemctl restart branchline",
    );
    expect(told("phones", silent)).toMatch(/^skipped /);
  });
});

describe("doctor: phones", () => {
  test("phones that have come, and those that were turned away", () => {
    const running = (change: Partial<RunningStatus>) => told("phones", { isRunning: true, status: status(change) });
    expect(running({})).toBe("ok 3 phones registered; 0 requests came from outside localnet and upstream");
    expect(running({ phones: { addresses: 0, contacts: 0 }, dropped: { forbidden: 7 } })).toMatch(
      /^warning no phone has registered yet; 7 requests/,
    );
    expect(told("phones")).toBe("skipped seen only while branchline runs");
    expect(told("phones", { isRunning: true, askFault: "EACCES" })).toBe("skipped needs root (sudo)");
  });

  test("an address in the phones' network", () => {
    const outside = YAML.replace(`udp:${LAN}, `, "");
    expect(told("phones", {}, outside)).toContain("listen names none of them: they reach us only if");
    expect(told("phones", {}, outside)).toContain(`# listen: [udp:${LAN}:5060]`);
    expect(told("phones", { addresses: [] })).toContain("no interface that is up lies there");
  });
});
