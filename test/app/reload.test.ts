/** What a reload takes over, what it refuses by name, and what it says of both. */
import { describe, expect, test } from "vitest";
import { flag, restart, text } from "../../src/app/config/key-kinds.ts";
import { lastingKeys, lastingParts } from "../../src/app/config/lasting.ts";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { KEYS } from "../../src/app/config/sections.ts";
import { changedKeys, faultyFile, needsRestart, refusedChanges } from "../../src/app/reload.ts";

const FILE = `
listen: [udp:10.222.237.1:5060]
localnet: [10.222.237.0/24]
upstream: {targets: [sip:198.51.100.10], fr_timer: 4s}
gateways: [sip:10.10.1.3]
hunt_groups: {default: {members: ["201"]}}
state: {folder: state, interval: 5m}
`;
const PAIR = `
cluster:
  name: left
  members: {left: 10.10.9.1, right: 10.10.9.2}
  secret: state/cluster-secret
  shared: [10.222.237.1]
`;
const LISTEN = "[udp:10.222.237.1:5060]";
const OTHER_PORT = FILE.replace("1:5060", "1:5070");

function load(text: string) {
  const { config, problems } = loadConfig(text, (path) => path);
  expect(problems).toEqual([]);
  return config;
}

const before = load(FILE);

describe("a reload names what has changed", () => {
  test.each([
    ["a value", FILE.replace("4s", "5s"), ["upstream.fr_timer"]],
    ["one in a list", FILE.replace("10.10.1.3", "10.10.1.4"), ["gateways"]],
    ["one under a name of the administrator's", FILE.replace("201", "202"), ["hunt_groups.default.members"]],
    ["a key more, and one less", `${FILE.replace(", fr_timer: 4s", "")}log: debug\n`, ["log", "upstream.fr_timer"]],
    ["nothing but the spelling", `# a remark\n${FILE.replace(LISTEN, "\n  - udp:10.222.237.1:5060")}`, []],
  ])("%s", (_, text, keys) => {
    const next = load(text);
    expect(changedKeys(before, next)).toEqual(keys);
    expect(changedKeys(next, before)).toEqual(keys);
    expect(refusedChanges(before, next)).toEqual([]);
  });
});

describe("a reload refuses by name", () => {
  const CASES: readonly (readonly [what: string, text: string, keys: readonly string[]])[] = [
    ["another listener", OTHER_PORT, ["listen"]],
    ["another state folder", FILE.replace("folder: state", "folder: elsewhere"), ["state.folder"]],
    ["another size of the journal", `${FILE}journal: {memory: 4MB}\n`, ["journal"]],
    ["a pair", `${FILE}${PAIR}`, ["cluster"]],
    ["a server for browsers", `${FILE}http: {listen: 10.222.237.1}\n`, ["http"]],
    ["events", `${FILE}events: events.jsonl\n`, ["events"]],
    ["hooks", `${FILE}hooks: [{run: tell.sh}]\n`, ["hooks"]],
    ["records", `${FILE}records: calls.csv\n`, ["records"]],
    ["copies by HEP", `${FILE}hep: 10.10.9.1\n`, ["hep"]],
    ["both", OTHER_PORT.replace("folder: state", "folder: x"), ["listen", "state.folder"]],
  ];
  test.each(CASES)("%s", (_, text, keys) => {
    expect(refusedChanges(before, load(text))).toEqual(keys);
    const faults = keys.map((key) => `${key} has changed: that needs a restart`);
    expect(needsRestart(keys)).toEqual({ reason: "needs_restart", keys, faults });
  });

  test("no others than these: all that a row says needs a restart", () => {
    expect(lastingKeys(KEYS).sort()).toEqual([...new Set(CASES.flatMap(([, , keys]) => keys))].sort());
  });

  test("not the same listeners, spelled otherwise", () => {
    const next = load(FILE.replace(LISTEN, "[{address: udp:10.222.237.1:5060}]"));
    expect(refusedChanges(before, next)).toEqual([]);
    expect(changedKeys(before, next)).toEqual(["listen"]);
  });

  test("a file whose aliases would grow beyond measure does no harm", () => {
    const of = (depth: number) => (depth === 0 ? '"201"' : `*a${depth - 1}, *a${depth - 1}`);
    const members = Array.from({ length: 12 }, (_, depth) => `  g${depth}: {members: &a${depth} [${of(depth)}]}`);
    const text = FILE.replace(/hunt_groups.*/, `hunt_groups:\n${members.join("\n")}`);
    expect(loadConfig(text, (path) => path).config.written.size).toBeLessThan(30);
  });
});

describe("a row that is marked for a restart is all that says so", () => {
  const lasting = restart(text());

  test("a mapping whose keys are all lasting is one key, and a key beside live ones stands for itself", () => {
    expect(lastingKeys({ page: lasting, "page.listen": lasting, "page.port": lasting })).toEqual(["page"]);
    expect(lastingKeys({ "page.listen": lasting, "page.port": lasting })).toEqual(["page.listen", "page.port"]);
    expect(lastingKeys({ page: lasting, "page.listen": lasting, "page.loud": flag(false) })).toEqual(["page.listen"]);
  });

  test("its value is what the section has made of it, and a mapping that isn't there has one too", () => {
    const sections = { metrics: { keys: { "metrics.listen": lasting, "metrics.loud": flag(false) } } };
    const at = (metrics: unknown) => [...lastingParts(sections, { metrics })];
    expect(at({ listen: { port: 9100 }, loud: true })).toEqual([["metrics.listen", '{"port":9100}']]);
    expect(at(undefined)).toEqual([["metrics.listen", ""]]);
  });

  test("a section that calls the part otherwise than its key is a bug, and throws", () => {
    const sections = { metrics: { keys: { "metrics.listen": lasting } } };
    expect(() => lastingParts(sections, { metrics: { at: 1 } })).toThrow("metrics.listen");
  });
});

test("a file with a fault in each of its lines makes no answer of status long", () => {
  expect(faultyFile(["one", "two"])).toEqual({ reason: "faulty_file", keys: [], faults: ["one", "two"] });
  const { faults } = faultyFile(Array.from({ length: 200_000 }, () => "x".repeat(10_000)));
  expect(faults.join().length).toBeLessThan(30_000);
  expect(faults[faults.length - 1]).toBe("and 199950 more: branchline check tells all");
});
