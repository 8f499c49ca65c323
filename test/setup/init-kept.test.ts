/** What `branchline init` takes from the file of a branchline that runs here: answers to propose, and settings to keep. */
import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/app/config/load-config.ts";
import type { Draft } from "../../src/setup/init/answers.ts";
import { yamlOf } from "../../src/setup/init/draft.ts";
import { canKeep, type Kept, keptOf, keptText, lostKeys } from "../../src/setup/init/kept.ts";
import { EDGEROUTER_4, settleOn } from "./routers.ts";

const FILE = `# of the office
state: /var/lib/branchline
listen:
- udp:10.1.20.1:5060
# the tunnel
- {address: "udp:10.99.0.2:5060", advertise: "203.0.113.9:5060"}
localnet: [10.1.20.0/24]
upstream:
  targets: [sip:pbx.example.com]
  may_dial_out: true   # agreed with headquarters
gateways:
  - uri: sip:10.10.1.3
    channels: 4
emergency: {numbers: ["112", "0110"], callback: 0s}
inbound: {order: upstream-first}
extensions:
  prefixes: ["0301234"]
survival: {answer: relay}
hunt_groups:
  default: {members: ["201", "202"]}
  "30": {members: ["203"]}
`;

function kept(text = FILE): Kept {
  const { config, problems } = loadConfig(text, (path) => path);
  expect(problems).toEqual([]);
  return keptOf("/etc/branchline.yaml", text, config);
}

const extras = (isHere = true) => ({ state: undefined, isBehindNat: false, kept: kept(), isHere });

describe("a file that runs already", () => {
  test("answers every question of init, in an outage of DNS too", () => {
    const { draft, question } = settleOn(EDGEROUTER_4, {}, { names: {}, kept: kept() });
    expect(question).toBeUndefined();
    expect(draft).toEqual({
      localnet: ["10.1.20.0/24"],
      upstream: ["sip:pbx.example.com"],
      gateways: ["sip:10.10.1.3"],
      members: ["201", "202"],
      emergency: ["112", "0110"],
      listen: ["udp:10.1.20.1:5060", "udp:10.99.0.2:5060"],
    });
  });

  test("loses nothing where each answer stays as it is", () => {
    const { answers } = kept();
    expect(parse(yamlOf(answers, extras()))).toEqual(parse(FILE));
    expect(yamlOf(answers, extras())).toContain("  may_dial_out: true   # agreed with headquarters\n");
    expect(lostKeys(kept(), answers)).toEqual([]);
  });

  test.each([
    ["upstream:\n  targets: [sip:pbx.example.com]\n  force: down   # rehearsal\n  may_dial_out: true\n"],
    ["upstream:\n  'force': \"down\"\n  targets: [sip:pbx.example.com]\n  may_dial_out: true\n"],
    ["upstream: {targets: [sip:pbx.example.com], may_dial_out: true, force: up}\n"],
    ["upstream: {targets: [sip:pbx.example.com], force: down, may_dial_out: true}\n"],
    ["upstream: { force: down, targets: [sip:pbx.example.com], may_dial_out: true }\n"],
    ["upstream: {\n  targets: [sip:pbx.example.com],\n  force: down,\n  may_dial_out: true\n  }\n"],
    ["upstream: {\n  targets: [sip:pbx.example.com],\n  may_dial_out: true,\n  force: down\n  }\n"],
  ])("keeps no state that upstream is forced into: %j", (upstream) => {
    const old = kept(FILE.replace(/upstream:\n(.+\n){2}/, upstream));
    const { problems, config } = loadConfig(yamlOf(old.answers, { ...extras(), kept: old }), (path) => path);
    expect(problems).toEqual([]);
    expect(config.site.upstream).toMatchObject({ force: "auto", mayDialOut: true });
    expect(config.site.upstream.targets.map(({ text }) => text)).toEqual(["sip:pbx.example.com"]);
    expect(keptText(old)).toMatch(/except upstream\.force/);
    expect(keptText(kept())).not.toMatch(/force/);
  });

  test.each([
    ["tls: {certificate: tls/branch.pem, key: ./branch.key, ca: ../ca.pem}\n"],
    ['tls: {"certificate": "tls/branch.pem", "key": \'./branch.key\', "ca": ../ca.pem }\n'],
    ["tls:\n  ca: ../ca.pem # private\n  key: ./branch.key\n  certificate: tls/branch.pem\n"],
    [
      "tls:\n  # key: old.key, until May\n  key: ./branch.key\n  certificate: tls/branch.pem # ca: none\n  ca: ../ca.pem\n",
    ],
  ])("means the same files of TLS in another folder: %j", (tls) => {
    const text = FILE.replace("udp:10.1.20.1:5060", "tls:10.1.20.1").concat(tls);
    const resolve = (folder: string) => (path: string) => posix.resolve(folder, path);
    const { config } = loadConfig(text, resolve("/etc/branchline"));
    const files = {
      certificate: "/etc/branchline/tls/branch.pem",
      key: "/etc/branchline/branch.key",
      ca: "/etc/ca.pem",
    };
    expect(config.tls).toMatchObject(files);
    const old = keptOf("/etc/branchline/a.yaml", text, config, false);
    const next = loadConfig(yamlOf(old.answers, { ...extras(false), kept: old }), resolve("/tmp/new"));
    expect(next.problems).toEqual([]);
    expect(next.config.tls).toMatchObject(files);
    const same = keptOf("/etc/branchline/a.yaml", text, config);
    expect(yamlOf(same.answers, { ...extras(), kept: same })).toContain(tls);
  });

  test("a comment that speaks of an authority which the file doesn't name stays as it is", () => {
    const text = FILE.concat("tls: {certificate: a.pem, key: b.key} # or ca: FILE\n");
    const { config } = loadConfig(text, (path) => `/etc/${path}`);
    expect(keptOf("/etc/a.yaml", text, config, false).blocks.get("tls")).toBe(
      'tls: {certificate: "/etc/a.pem", key: "/etc/b.key"} # or ca: FILE\n',
    );
  });

  test("leaves its state folder to the branchline that runs, where the new file is another one", () => {
    expect(parse(yamlOf(kept().answers, extras(false)))).not.toHaveProperty("state");
  });

  test.each<[Draft, string[]]>([
    [{ upstream: ["sip:10.3.0.1"] }, ["upstream.may_dial_out"]],
    [{ gateways: ["sip:10.10.1.4"] }, ["gateways.channels"]],
    [{ emergency: ["112"] }, ["emergency.callback"]],
    [{ members: ["201"] }, ["hunt_groups.30"]],
    [{ listen: ["udp:10.1.20.1:5060"] }, ["listen.advertise"]],
    [{ localnet: ["10.1.0.0/16"] }, []],
  ])("names what stood beside an answer that is another one: %j", (change, lost) => {
    const draft = { ...kept().answers, ...change };
    expect(lostKeys(kept(), draft)).toEqual(lost);
    const { problems, config } = loadConfig(yamlOf(draft, extras()), (path) => path);
    expect(problems).toEqual([]);
    expect(config.site.inbound.order).toBe("upstream-first");
  });

  test.each([
    "{localnet: [10.1.20.0/24], listen: [udp:10.1.20.1:5060]}",
    "listen: [udp:10.1.20.1:5060]\nlocalnet: &lan [10.1.20.0/24]\n",
  ])("isn't kept where a part of its text alone would say something else: %s", (text) => {
    expect(canKeep(kept(text), loadConfig(text, (path) => path).config)).toBe(false);
    expect(canKeep(kept(), loadConfig(FILE, (path) => path).config)).toBe(true);
  });
});
