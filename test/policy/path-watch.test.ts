/** Whether upstream keeps Path: what is concluded from its answers and from its own requests, and what is said of it. */
import { describe, expect, it } from "vitest";
import type { LogFields, Logger } from "../../src/base/ports.ts";
import { PathWatch } from "../../src/policy/phones/path-watch.ts";

const PBX = { name: "pbx.example.com" };

function watch() {
  const told: string[] = [];
  const tell = (event: string, fields: LogFields = {}) => void told.push(`${event} ${String(fields["upstream"])}`);
  const log: Logger = { error: tell, warn: tell, info: tell, debug: tell };
  return { watch: new PathWatch(log), told };
}

describe("the cure", () => {
  it.each([
    ["kamailio (5.6.3 (x86_64/linux))", /use_path and path_mode .*deploy\/pbx\.md/],
    ["Asterisk PBX 22.1", /support_path=yes/],
    ["FPBX-17.0.19(22.1)", /support_path=yes/],
    ["OpenSIPS (3.4.2)", /p1v/],
    ["Another PBX", /^on the PBX: support for Path \(deploy\/pbx\.md\)$/m],
    ["", /^on the PBX: support for Path \(deploy\/pbx\.md\)$/m],
  ])("follows what the PBX calls itself: %j", (agent, cure) => {
    const { watch: one } = watch();
    one.registered(PBX, false, agent);
    one.ignored(PBX);
    const cures = one.findings([PBX])[0]?.cures.join("\n");
    expect(cures).toMatch(cure);
    expect(cures).toMatch(/registration: contact/);
  });
});

type Evidence = "listed" | "unlisted" | "used" | "ignored";

function seen(...evidence: Evidence[]) {
  const { watch: one, told } = watch();
  for (const what of evidence) {
    if (what === "used") one.used(PBX);
    else if (what === "ignored") one.ignored(PBX);
    else one.registered(PBX, what === "listed");
  }
  return { state: one.stateOf(PBX), told, findings: one.findings([PBX]) };
}

describe("the state of upstream's Path", () => {
  it.each<[Evidence[], string]>([
    [[], "unknown"],
    [["listed"], "confirmed"],
    [["unlisted"], "unconfirmed"],
    [["unlisted", "listed"], "confirmed"],
    [["listed", "unlisted"], "unconfirmed"],
    [["unlisted", "used"], "confirmed"],
    [["unlisted", "used", "unlisted"], "confirmed"],
    [["used", "listed", "unlisted"], "confirmed"],
    [["unlisted", "ignored"], "ignored"],
    [["ignored", "unlisted"], "ignored"],
    [["ignored", "listed"], "confirmed"],
    [["ignored", "listed", "unlisted"], "unconfirmed"],
    [["listed", "ignored"], "ignored"],
    [["ignored", "used"], "confirmed"],
    [["used", "ignored"], "ignored"],
  ])("%j: %s", (evidence, state) => {
    expect(seen(...evidence).state).toBe(state);
  });

  it("an upstream that isn't known changes nothing", () => {
    const { watch: one, told } = watch();
    one.registered(undefined, false);
    one.used(undefined);
    one.ignored(undefined);
    expect([one.findings([PBX]), told]).toEqual([[], []]);
  });

  it("each upstream has its own", () => {
    const { watch: one } = watch();
    const second = { name: "10.1.1.1" };
    one.registered(PBX, true);
    one.registered(second, false);
    expect(one.findings([PBX, second]).map(({ upstream, path }) => [upstream, path])).toEqual([
      ["10.1.1.1", "unconfirmed"],
    ]);
    one.forget();
    expect(one.findings([PBX, second])).toEqual([]);
  });
});

describe("what is said", () => {
  it("the log says it once, and again only after it has changed", () => {
    expect(seen("unlisted", "unlisted", "unlisted").told).toEqual(["path_unconfirmed pbx.example.com"]);
    expect(seen("unlisted", "listed", "unlisted").told.map((line) => line.split(" ")[0])).toEqual([
      "path_unconfirmed",
      "path_confirmed",
      "path_unconfirmed",
    ]);
    expect(seen("ignored", "ignored").told).toEqual(["path_ignored pbx.example.com"]);
    expect(seen("listed", "used").told).toEqual([]);
  });

  it("both cures are named", () => {
    for (const [what, path] of [
      ["unlisted", "unconfirmed"],
      ["ignored", "ignored"],
    ] as const) {
      const [finding] = seen(what).findings;
      expect(finding).toMatchObject({ upstream: "pbx.example.com", path });
      expect(finding?.cures.join("\n")).toMatch(/support for Path.*\n.*registration: contact/);
    }
    expect(seen("listed").findings).toEqual([]);
  });
});
