/** The bundle leaves out parts of its libraries: it must read, and complain of, every file as the source does. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { describe as describeConfig } from "../../src/app/config/describe.ts";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { PROGRAM } from "../support/program.ts";

const LEAST = "listen: [udp:10.0.0.1:5060]\nlocalnet: [10.222.237.0/24]\n";
const folder = mkdtempSync(join(tmpdir(), "branchline-test-"));

const FILES: Readonly<Record<string, string>> = {
  "anchors, quotes, blocks and escapes": `${LEAST}survival: {answer: relay, notice: "\\u00e9 'x'"}
strangers: >-
  drop
hunt_groups: &groups
  default:
    members: ["201", '202', !!str 203]
emergency: ["112", "0x1f", '1e3', 010]
gateways:
  - uri: sip:10.10.1.3
    channels: 0x2
  - {uri: sip:10.10.1.4, weight: 3, rewrite: {called: [{match: "^0", replace: ""}]}}
`,
  "aliases and a merge": `${LEAST}x: &x {log: info}\n<<: *x\n`,
  "tags of YAML 1.1": `${LEAST}upstream: !!set {a}\nstrangers: !!timestamp 2001-12-14\nlog: !!binary aaaa\nstate: !!omap [a: 1]\n`,
  "a tag of nobody's": `${LEAST}log: !mine info\n`,
  "YAML 1.1 by directive": `%YAML 1.1\n---\n${LEAST}log: yes\nmax_call: 190:20:30\n`,
  "keys that are no texts": `${LEAST}? [a]\n: b\n? {c: 1}\n: d\n1: e\n~: f\n`,
  "broken syntax": "listen: [x\n? [a]\nlocalnet: *no\n\ta: |\n b: c: d\n",
  "twice the same key, an unknown alias": `${LEAST}log: *no\nlog: info\n`,
  "networks of all kinds": `listen: ["udp:[2001:db8::1]", "udp:[2001:DB8:0::1]:5060", udp:10.0.0.1]
localnet: [10.222.237.0/24, "2001:db8:0:1::/64", "::ffff:10.0.0.0/104", 10.222.237.128/25, 10.0.0.0/33, "2001:db8::/129"]
`,
  "networks that are none": `listen: [udp:10.0.0.1]
localnet: [010.0.0.0/8, "fe80::1%eth0/64", "2001:db8::1::/64", 10.0.0/24, "2001:db8:0:1:ffff::/80", "2001:db8:0:1::/64", 0.0.0.0/0]
`,
  nothing: "",
  "numbers of all kinds": `${LEAST}max_call: 1.5h\nemergency: {numbers: [112, 1_000, .inf], reserve: 0o7, preempt: TRUE}\n`,
};

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the bundle and the source say the same of", () => {
  test.each(Object.entries(FILES))("%s", (_what, text) => {
    const file = join(folder, "branchline.yaml");
    writeFileSync(file, text);
    const { stdout } = spawnSync(PROGRAM.command, [...PROGRAM.first, "check", file, "--json"], { encoding: "utf8" });
    const { config, problems } = loadConfig(text, (path) => path);
    const faults = problems.map(({ path: key, ...rest }) => ({ ...rest, key }));
    const does = problems.length === 0 ? describeConfig(config).trimEnd().split("\n") : [];
    const said = JSON.parse(stdout) as { readonly does: readonly string[] };
    // Of this machine, the configuration alone knows nothing.
    const ofFile = said.does.filter((line) => !line.startsWith("This machine has none "));
    expect({ ...said, does: ofFile }).toMatchObject({ faults, does });
  });
});
