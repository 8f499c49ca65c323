/** The table of configuration keys against the loaders, README and the sample file. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { fieldsOf } from "../../src/app/config/fields.ts";
import type { Row } from "../../src/app/config/key-kinds.ts";
import { keysBelow } from "../../src/app/config/key-paths.ts";
import { ABOVE } from "../../src/app/config/key-words.ts";
import { lastingKeys } from "../../src/app/config/lasting.ts";
import { Reader } from "../../src/app/config/reader.ts";
import { KEYS, type Path } from "../../src/app/config/sections.ts";
import { cellsOf, KEY_WORDS, PATHS, withKeyTable } from "../support/key-table.ts";
import { keysNamedIn } from "../support/sample-keys.ts";
import { load } from "./files.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const README = join(ROOT, "README.md");
const SAMPLE = join(ROOT, "deploy/branchline.yaml");

/** What a mapping can't do without. */
const REQUIRED: Readonly<Record<string, object>> = {
  "": { listen: ["udp:10.222.237.1", "tls:10.222.237.1"], localnet: ["10.222.237.0/24"] },
  listen: { address: "tls:eth0" },
  tls: { certificate: "a.pem", key: "a.key" },
  gateways: { uri: "sip:10.10.1.3" },
  "upstream.targets": { uri: "sip:198.51.100.10" },
  emergency: { numbers: ["112"] },
  "hunt_groups.NAME": { members: ["201"] },
};

/** A file with that value, and what else the mappings around it need; the same without it when it is undefined. */
function fileWith(path: string, value: unknown): string {
  const segments = path.split(".");
  const make = (depth: number): unknown => {
    const key = segments[depth];
    if (key === undefined) return value;
    return { ...REQUIRED[segments.slice(0, depth).join(".")], [key]: make(depth + 1) };
  };
  return JSON.stringify({ tls: REQUIRED["tls"], ...(make(0) as object) });
}

const rows: readonly (readonly [Path, Row])[] = PATHS.map((path) => [path, KEYS[path]]);

describe("the loaders", () => {
  test.each(rows.filter(([, row]) => row.default !== undefined))(
    "%s: its default, written out, changes nothing",
    (path, row) => {
      const [without, given] = [load(fileWith(path, undefined)), load(fileWith(path, row.default))];
      expect(given.problems).toEqual([]);
      // But for what the file says, which a reload compares.
      expect({ ...given.config, written: undefined }).toEqual({ ...without.config, written: undefined });
    },
  );

  const choices = rows.flatMap(([path, row]) =>
    row.kind === "choice" ? row.choices.map((one) => [path, one] as const) : [],
  );
  test.each(choices)("%s may be %s", (path, value) => {
    expect(load(fileWith(path, value)).problems).toEqual([]);
  });

  test.each(rows)("%s is a key that they read: nonsense there is a fault there", (path, { kind }) => {
    const nonsense = kind === "mapping" || kind === "names" ? "nonsense" : [{ "no such key": 1 }];
    const { problems } = load(fileWith(path, nonsense));
    expect(problems.map((problem) => problem.path.replace(/\[0\].*/, ""))).toContain(path);
  });

  test("a fault lists the keys of a mapping in the order of the table", () => {
    expect(keysBelow(KEYS, "survival")).toEqual(["answer", "notice", "notice_hold"]);
    expect(keysBelow(KEYS, "gateways.rewrite")).toEqual(["called", "calling"]);
    expect(keysBelow(KEYS, "").slice(0, 6)).toEqual(["listen", "tls", "names", "localnet", "upstream", "registration"]);
  });

  test("a key that the table lacks is a type error, and throws", () => {
    const fields = fieldsOf(new Reader(), undefined, KEYS, "upstream");
    // @ts-expect-error upstream has no such key
    expect(() => fields.duration_ms("fr_tmier")).toThrow("no configuration key upstream.fr_tmier");
  });
});

describe("README", () => {
  test("its table of keys is the one that is made from the rows and words of the sections", () => {
    const readme = readFileSync(README, "utf8");
    // `npm run reference` writes it, to be reviewed as a diff.
    if (process.env["REFERENCE"] === "write") writeFileSync(README, withKeyTable(readme));
    else expect(readme).toBe(withKeyTable(readme));
  });

  test("names the keys whose change needs a restart", () => {
    const named = lastingKeys(KEYS)
      .map((key) => `\`${key}\``)
      .join(" or ");
    expect(readFileSync(README, "utf8").replace(/\s+/g, " ")).toContain(`A change of ${named} needs a restart`);
  });

  test("each key has its words in the section that has its row, and no section has others", () => {
    expect(Object.keys(KEY_WORDS).sort()).toEqual([...PATHS].sort());
  });

  test("a key without a row of its own is told of in the row above it", () => {
    const untold = PATHS.filter((path) => KEY_WORDS[path] === ABOVE).filter((path) => {
      const key = path.slice(path.lastIndexOf(".") + 1);
      const above = PATHS.filter((one) => path.startsWith(`${one}.`) && cellsOf(one) !== undefined).pop();
      const text = above === undefined ? "" : (cellsOf(above) ?? []).join(" ");
      const alike = /as `([\w.]+)`/.exec(text)?.[1];
      const isTold = key === "NAME" ? text.includes("→") : new RegExp(`\\b${key}\\b`).test(text);
      return !isTold && !(PATHS as string[]).includes(`${alike}.${key}`);
    });
    expect(untold).toEqual([]);
  });
});

/** Keys that the sample leaves to README, since few sites need them; with each, the keys below it. */
const NOT_IN_SAMPLE: readonly string[] = [
  "listen.address",
  "listen.advertise",
  "listen.family",
  "tls.client_certificates",
  "upstream.targets.uri",
  "upstream.targets.probe",
  "upstream.force",
  "upstream.dead_codes",
  "registration.mode",
  "registration.expires_cap",
  "registration.survival_expires",
  "registration.local_after",
  "registration.unknown",
  "registration.pace",
  "registration.throttle",
  "extensions.suffix_digits",
  "extensions.forward",
  "extensions.ring",
  "gateways.uri",
  "gateways.name",
  "gateways.priority",
  "gateways.weight",
  "gateways.channels",
  "gateways.trusted",
  "gateways.rewrite",
  "gateways.probe",
  "gateway_choice",
  "gateway_probe",
  "carriers",
  "max_call",
  "emergency.callback",
  "inbound.order",
  "inbound.timer",
  "outage_answers",
  "hunt_groups.NAME.overflow",
  "state.folder",
  "state.interval",
];

test("the sample file names each key, or the key is listed here", () => {
  const named = keysNamedIn(readFileSync(SAMPLE, "utf8"));
  const lacking = PATHS.filter((path) => !named.has(path));
  const listed = (path: string) => NOT_IN_SAMPLE.some((one) => path === one || path.startsWith(`${one}.`));
  expect(lacking.filter((path) => !listed(path))).toEqual([]);
  expect(NOT_IN_SAMPLE.filter((one) => !(lacking as string[]).includes(one))).toEqual([]);
});
