/** The JSON Schema takes every file that the loaders take, and refuses what a single value shows to be wrong. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { DurationRow, Row } from "../../src/app/config/key-kinds.ts";
import { keepsTo, type Schema } from "../support/json-schema.ts";
import { PATHS, rowAt } from "../support/key-words.ts";
import { LEAST, load, WHOLE } from "./files.ts";
import { fileWith } from "./whole-files.ts";

const FILE = fileURLToPath(new URL("../../deploy/branchline.schema.json", import.meta.url));
const SAMPLE = fileURLToPath(new URL("../../deploy/branchline.yaml", import.meta.url));
const schema = JSON.parse(readFileSync(FILE, "utf8")) as Schema;

/** As an editor's YAML server reads it: YAML 1.2, and names of keys are text. */
const passes = (text: string) => keepsTo(schema, parse(text));

const rows = PATHS.map((path) => [path, rowAt(path) as Row] as const);

describe("it takes what the loaders take:", () => {
  test.each([
    ["the sample", readFileSync(SAMPLE, "utf8")],
    ["a whole file", WHOLE],
    ["the least file", LEAST],
    ["lists of one", "listen: udp:10.222.237.1\nlocalnet: 10.222.237.0/24\ngateways: {uri: sip:10.10.1.3}\n"],
    ["numbers without quotes", `${LEAST}emergency: [112, 0911]\nhunt_groups: {201: {members: 0201, overflow: 202}}\n`],
    ["truth and choices in quotes", `${LEAST}registration: {throttle: "true"}\nsurvival: {answer: "302"}\n`],
    ["anchors", `${LEAST}hunt_groups: {default: &all {members: ["201"]}, "300": *all}\n`],
    ["no emergency numbers", `${LEAST}emergency: []\n`],
    ["no limits", `${LEAST}limits: {per_source: none}\n`],
    [
      "number rules that cut off",
      `${LEAST}gateways: [{uri: sip:10.10.1.3, rewrite: {called: {match: "^0", replace: ""}}}]\n`,
    ],
  ])("%s", (_, text) => {
    expect(load(text).problems).toEqual([]);
    expect(passes(text)).toBe(true);
  });

  test.each(rows.flatMap(([path, row]) => valuesOf(row).map((value) => [path, value] as const)))(
    "%s may be %j",
    (path, value) => {
      const text = fileWith(path, value);
      expect(load(text).problems).toEqual([]);
      expect(passes(text)).toBe(true);
    },
  );
});

/** What the row says may stand there. */
function valuesOf(row: Row): unknown[] {
  switch (row.kind) {
    case "duration":
      return [row.least, row.most];
    case "count":
      return [row.least, row.most];
    case "choice":
      return [...row.choices];
    case "flag":
      return [true, false];
    default:
      return row.default === undefined ? [] : [row.default];
  }
}

describe("it refuses, as they do:", () => {
  test.each([
    ["no listen", "localnet: [10.222.237.0/24]\n"],
    ["a key that isn't one", `${LEAST}upstrem: sip:pbx.example.com\n`],
    ["one further in", `${LEAST}upstream: {probe: {intervall: 1s}}\n`],
    ["a transport that isn't one", "listen: [sctp:10.0.0.1]\nlocalnet: [10.222.237.0/24]\n"],
    ["a network that isn't one", "listen: [udp:10.0.0.1]\nlocalnet: [phones]\n"],
    ["a duration without a unit", `${LEAST}max_call: 4\n`],
    ["a unit that isn't one", `${LEAST}max_call: 4d\n`],
    ["yes", `${LEAST}registration: {throttle: yes}\n`],
    ["a choice that isn't one", `${LEAST}log: verbose\n`],
    ["a number beyond its range", `${LEAST}registration: {pace: 0}\n`],
    ["a broken number", `${LEAST}upstream: {probe: {failures: 2.5}}\n`],
    ["a URI that isn't one", `${LEAST}upstream: pbx.example.com\n`],
    ["a gateway without its URI", `${LEAST}gateways: [{name: isdn}]\n`],
    ["a group without members", `${LEAST}hunt_groups: {default: {ring: 20s}}\n`],
    ["a member with blanks", `${LEAST}hunt_groups: {default: {members: [two words]}}\n`],
    ["a rule without its text", `${LEAST}gateways: [{uri: sip:10.10.1.3, rewrite: {called: [{match: "^0"}]}}]\n`],
    ["a list in place of a mapping", `${LEAST}survival: [302]\n`],
    ["a text in place of a mapping", `${LEAST}dns: 10.0.0.1\n`],
    ["a status that isn't final", `${LEAST}outage_answers: {SUBSCRIBE: 180}\n`],
    ["a class that isn't one", `${LEAST}upstream: {targets: sip:a, probe: {alive_codes: [7xx]}}\n`],
    ["nothing", ""],
  ])("%s", (_, text) => {
    expect(load(text).problems).not.toEqual([]);
    expect(passes(text)).toBe(false);
  });

  test.each(rows.filter(([, row]) => row.kind === "duration"))("%s: a number, and words", (path, row) => {
    const { least } = row as DurationRow;
    expect(passes(fileWith(path, least))).toBe(true);
    expect(passes(fileWith(path, 4))).toBe(false);
    expect(passes(fileWith(path, "soon"))).toBe(false);
  });
});

test("a word of JSON Schema that the check of these tests doesn't know is no silent pass", () => {
  expect(() => keepsTo({ minLength: 3 }, "a")).toThrow("no such word in this validator: minLength");
});
