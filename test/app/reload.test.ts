/** What a reload takes over, what it refuses by name, and what it says of both. */
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { changedKeys, refusedChanges } from "../../src/app/reload.ts";

const FILE = `
listen: [udp:10.222.237.1:5060]
localnet: [10.222.237.0/24]
upstream: {targets: [sip:198.51.100.10], fr_timer: 4s}
gateways: [sip:10.10.1.3]
hunt_groups: {default: {members: ["201"]}}
state: {folder: state, interval: 5m}
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
  test.each([
    ["another listener", OTHER_PORT, ["listen"]],
    ["another state folder", FILE.replace("folder: state", "folder: elsewhere"), ["state.folder"]],
    ["both", OTHER_PORT.replace("folder: state", "folder: x"), ["listen", "state.folder"]],
  ])("%s", (_, text, keys) => {
    const refused = refusedChanges(before, load(text));
    expect(refused).toEqual(keys.map((key) => `${key} has changed: that needs a restart`));
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
