/** Methods that nobody calls stay outside of the bundle: it must read files as the source does, faults and all. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { describe } from "../../src/app/config/describe.ts";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { PROGRAM } from "../support/program.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const BASE = "listen: [udp:10.222.237.1:5060]\nlocalnet: [10.222.237.0/24]\n";

/** YAML in its many ways, and addresses in theirs. */
const TEXTS = [
  BASE,
  BASE.replace(/\n/g, "\r\n"),
  `\ufeff%YAML 1.2\n---\n${BASE}`,
  `${BASE}log: 'a\n`,
  `${BASE}log: "\\u0041\\q"\n`,
  `${BASE}log: info\nlog: debug\n\tx: 1\n`,
  `${BASE}gateways:\n  - &g sip:10.10.1.3\n  - *g\n  - *nope\n`,
  `${BASE}survival:\n  notice: >-\n    hello\n\n    you\n  answer: 302\n`,
  `${BASE}survival:\n  notice: |2+\n     x\n`,
  `${BASE}survival: {notice: [}\n---\nb: 2\n`,
  `${BASE}emergency: [112, 0x70, 1e3, ~, true, !!str 5]\n`,
  "? a\n: b\n",
  "[]",
  "listen:\n- udp:[2001:db8::1]:5060\n- tcp:[::1]\nlocalnet: [2001:db8::/32, fe80::/10]\n",
  "listen: [udp:::1]\nlocalnet: [2001:db8::/129, 10.0.0.0/33, 300.1.1.1/8, 10.1/16, ::ffff:10.0.0.0/104]\n",
  `${BASE}upstream: [sip:[2001:0DB8::5], "sip:a.b;transport=tcp"]\nlimits: none\nmax_call: 4\n`,
];

cleanUpAfterEach();

test.each(TEXTS)("trimmed bundle: %j", (text) => {
  const folder = temporaryFolder();
  const file = join(folder, "branchline.yaml");
  writeFileSync(file, text);
  const { config, problems } = loadConfig(text, (path) => resolve(folder, path));
  const faults = problems.map(({ path: key, ...rest }) => ({ ...rest, key }));
  const { stdout } = spawnSync(PROGRAM.command, [...PROGRAM.first, "check", file, "--json"], { encoding: "utf8" });
  const does = problems.length === 0 ? describe(config).trimEnd().split("\n") : [];
  const said = JSON.parse(stdout) as { readonly does: readonly string[] };
  // Of this machine, the configuration alone knows nothing.
  const ofFile = said.does.filter((line) => !line.startsWith("This machine has none "));
  expect({ ...said, does: ofFile }).toMatchObject({ faults, does });
});
