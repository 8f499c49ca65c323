/** The table of configuration keys against the loaders, the reference and the sample file. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { fieldsOf } from "../../src/app/config/fields.ts";
import type { Row } from "../../src/app/config/key-kinds.ts";
import { keysBelow } from "../../src/app/config/key-paths.ts";
import { Reader } from "../../src/app/config/reader.ts";
import { KEYS, type Path } from "../../src/app/config/sections.ts";
import { jsonSchema, keepsTo } from "../support/json-schema.ts";
import { KEY_WORDS, listedPaths, PAGES, PATHS, pageOf, rowAt, TOPS, wordsAt } from "../support/key-words.ts";
import { manPage } from "../support/man-page.ts";
import { withReference } from "../support/reference-page.ts";
import { namedIn, withAbouts } from "../support/sample-keys.ts";
import { load } from "./files.ts";
import { fileWith } from "./whole-files.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SAMPLE = join(ROOT, "deploy/branchline.yaml");

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
    expect(keysBelow(KEYS, "survival")).toEqual(["answer", "notice", "notice_hold", "makers"]);
    expect(keysBelow(KEYS, "gateways.rewrite")).toEqual(["called", "calling"]);
    expect(keysBelow(KEYS, "").slice(0, 6)).toEqual(["listen", "tls", "names", "localnet", "upstream", "registration"]);
  });

  test("a key that the table lacks is a type error, and throws", () => {
    const fields = fieldsOf(new Reader(), undefined, KEYS, "upstream");
    // @ts-expect-error upstream has no such key
    expect(() => fields.duration_ms("fr_tmier")).toThrow("no configuration key upstream.fr_tmier");
  });
});

describe("the reference", () => {
  const generated: readonly (readonly [file: string, make: (text: string) => string])[] = [
    ["deploy/configuration.md", withReference],
    ["deploy/branchline.yaml", withAbouts],
    ["deploy/branchline.schema.json", () => `${JSON.stringify(jsonSchema(), null, 2)}\n`],
    ["deploy/man/branchline.yaml.5", manPage],
  ];
  test.each(generated)("%s is what is made from the rows and words of the sections", (file, make) => {
    const text = existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file), "utf8") : "";
    // `npm run reference` writes it, to be reviewed as a diff.
    if (process.env["REFERENCE"] === "write") writeFileSync(join(ROOT, file), make(text));
    else expect(text).toBe(make(text));
  });

  test("each key has its words in the section that has its row, and no section has others", () => {
    expect(Object.keys(KEY_WORDS).sort()).toEqual([...PATHS].sort());
    expect(Object.keys(PAGES).sort()).toEqual([...TOPS].sort());
  });

  test("a key is listed, or the mapping around it says where its keys are listed", () => {
    const listed = new Set(TOPS.flatMap(listedPaths));
    const elsewhere = PATHS.filter((path) => wordsAt(path).keysOf !== undefined);
    const untold = PATHS.filter((path) => !listed.has(path)).filter(
      (path) =>
        !elsewhere.some(
          (one) => path.startsWith(`${one}.`) && wordsAt(one).words.includes(`\`${wordsAt(one).keysOf}\``),
        ),
    );
    expect(untold.filter((path) => !path.startsWith("gateway_probe."))).toEqual([]);
    expect(wordsAt("gateway_probe").words).toContain("`upstream.probe`");
  });

  test("words are whole sentences in everyday order", () => {
    const all = [...PATHS.map((path) => wordsAt(path).words), ...TOPS.map((top) => pageOf(top).about)];
    expect(all.filter((words) => !/^[`A-Z]/.test(words) || !/[.]$/.test(words))).toEqual([]);
    expect(all.filter((words) => /\b(so long|so many|whom|whoever|nobody)\b/i.test(words))).toEqual([]);
  });

  test.each(TOPS)("the example of %s is a file without faults, also for the schema", (top) => {
    const { example } = pageOf(top);
    const file = Object.entries(BASE).reduce(
      (text, [key, line]) => (new RegExp(`^${key}:`, "m").test(text) ? text : `${line}\n${text}`),
      `${example}\n`,
    );
    expect(load(file).problems).toEqual([]);
    expect(keepsTo(jsonSchema(), parse(file))).toBe(true);
    expect(parse(file)).toHaveProperty(top);
  });
});

const BASE = { localnet: "localnet: [10.222.237.0/24]", listen: "listen: [udp:10.222.237.1]" };

/** Keys that the sample leaves to the reference, since few sites need them; with each, the keys below it. */
const NOT_IN_SAMPLE: readonly string[] = [
  "include",
  "listen.family",
  "listen.anycast",
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
  "survival.makers",
  "survival.makers.NAME.status",
  "survival.makers.NAME.notice",
  "survival.makers.NAME.called",
  "survival.makers.NAME.alert_info",
  "journal",
  "server_header",
  "registration.copies",
  "registration.copies.to",
  "registration.copies.from",
  "cluster.mode",
  "cluster.secret.env",
  "cluster.second_secret",
  "cluster.shared.address",
  "cluster.shared.interface",
  "cluster.health_file",
  "cluster.hand_over",
  "cluster.route",
  "cluster.log_calls",
  "http.password",
  "http.names",
  "http.metrics_from",
  "state.folder",
  "state.interval",
  "events.disk",
  "hooks.authorization",
  "hooks.ca",
  "hooks.limit",
  "hooks.keep",
  "records.file",
  "records.format",
  "records.disk",
  "hep.to",
  "hep.id",
  "hep.masked",
];

describe("the sample", () => {
  const named = namedIn(readFileSync(SAMPLE, "utf8"));

  test("names each key, or the key is listed here", () => {
    const paths = new Set(named.map(({ path }) => path));
    const lacking = PATHS.filter((path) => !paths.has(path));
    const isBelow = (path: string, one: string) => path === one || path.startsWith(`${one}.`);
    expect(lacking.filter((path) => !NOT_IN_SAMPLE.some((one) => isBelow(path, one)))).toEqual([]);
    expect(NOT_IN_SAMPLE.filter((one) => !lacking.some((path) => isBelow(path, one)))).toEqual([]);
  });

  test("shows the default in what is commented out, where there is one", () => {
    const shown = named.filter(({ path, isComment }) => isComment && rowAt(path)?.default !== undefined);
    // The example of a mapping that changes what it shows.
    const examples = ["emergency.reserve", "emergency.preempt"];
    const others = shown.filter(({ path, value }) => !examples.includes(path) && typeof value !== "object");
    expect(others.length).toBeGreaterThan(12);
    expect(others.filter(({ path, value }) => rowAt(path)?.default !== value)).toEqual([]);
  });

  test("has no faults, names all keys at the top, and begins with the line by which editors find the schema", () => {
    const text = readFileSync(SAMPLE, "utf8");
    expect(load(text).problems).toEqual([]);
    const tops = named.filter(({ path }) => !path.includes(".")).map(({ path }) => path);
    expect([...TOPS].filter((top) => !tops.includes(top) && !NOT_IN_SAMPLE.includes(top))).toEqual([]);
    const [, schema = ""] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    expect(existsSync(join(ROOT, "deploy", schema))).toBe(true);
  });
});
