/** Every import of src keeps to the floor plan. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { FLOORS, PACKAGES, ROOMS } from "./floor-plan.ts";
import { floorOf, floorOffences, importsOf, isWithin, roomOf } from "./support/imports.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const textOf = (path: string) => readFileSync(join(ROOT, path), "utf8");
const linesOf = (path: string) => textOf(path).trimEnd().split("\n").length;

function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourcesIn(path);
    return /\.[cm]?[jt]s$/.test(entry.name) ? [path] : [];
  });
}

const sources = sourcesIn("src");

describe("src", () => {
  test("every import keeps to the plan", () => {
    expect(sources.length).toBeGreaterThan(150);
    expect(sources.flatMap((path) => floorOffences(path, textOf(path)))).toEqual([]);
  });

  test("every import is seen: as many as there are lines that end an import, or load on demand", () => {
    const isEnd = (line: string) => /(?:^import|\bfrom) "[^"]+";$|\bimport\("[^"]+"\)/.test(line);
    const ends = (text: string) => text.split("\n").filter(isEnd).length;
    const missed = sources.filter((path) => importsOf(textOf(path)).length !== ends(textOf(path)));
    expect(missed).toEqual([]);
  });
});

describe("the plan", () => {
  test("is a table of at most 40 lines, and the linter's file is short", () => {
    expect(linesOf("test/floor-plan.ts")).toBeLessThanOrEqual(40);
    expect(linesOf(".biome.json")).toBeLessThanOrEqual(150);
  });

  test("stands: a floor imports only from rows above its own", () => {
    const seen = new Set(["host"]);
    for (const [floor, below] of Object.entries(FLOORS)) {
      expect(below.split(" ").filter((one) => one !== "" && !seen.has(one))).toEqual([]);
      seen.add(floor);
    }
  });

  test("has no row for what isn't there", () => {
    const floors = new Set(sources.map(floorOf));
    expect(Object.keys(FLOORS).filter((floor) => !floors.has(floor))).toEqual([]);
    for (const [floor, rooms] of Object.entries(ROOMS)) {
      const inside = sources.filter((path) => floorOf(path) === floor).map((path) => roomOf(path, floor));
      expect(rooms.filter((room) => !inside.includes(room))).toEqual([]);
    }
    const importers = Object.entries(PACKAGES).filter(
      ([name, place]) =>
        !sources.some((path) => isWithin(path, place) && importsOf(textOf(path)).some(({ from }) => from === name)),
    );
    expect(importers).toEqual([]);
  });

  test("and the linter agree on which floors know the host", () => {
    const { overrides } = JSON.parse(textOf(".biome.json")) as {
      overrides: { includes: string[]; linter: { rules: { style?: { noRestrictedGlobals?: unknown } } } }[];
    };
    const pure = overrides.filter(({ linter }) => linter.rules.style?.noRestrictedGlobals !== undefined);
    const hosts = Object.keys(FLOORS).filter((floor) => FLOORS[floor]?.split(" ").includes("host"));
    const exempt = hosts.map((floor) => (floor.endsWith("/") ? `!**/src/${floor}**` : `!**/src/${floor}`));
    expect(pure.map(({ includes }) => includes)).toEqual([["**/src/**", ...exempt]]);
  });
});

describe("what is forbidden is told with its place", () => {
  const POLICY = "src/policy/site.ts";
  test.each([
    ["a floor above", `import { a } from "../policy/site.ts";`, `${POLICY}: floor base/ may not import policy/`],
    ["a type of it", `import type { A } from "../policy/site.ts";`, `${POLICY}: floor base/ may not import policy/`],
    ["a re-export", `export * from "../policy/site.ts";`, `${POLICY}: floor base/ may not import policy/`],
    ["a call", `const a = import("../policy/site.ts");`, `${POLICY}: floor base/ may not import policy/`],
    ["for its effects", `import "../policy/site.ts";`, `${POLICY}: floor base/ may not import policy/`],
    ["a type in place", `let a: import("../policy/site.ts").A;`, `${POLICY}: floor base/ may not import policy/`],
    ["Node", `import * as net from "net";`, "net: floor base/ may not touch the host"],
    ["Node by its full name", `import net from "node:net";`, "node:net: floor base/ may not touch the host"],
    ["Node within Node", `import fs from "fs/promises";`, "fs/promises: floor base/ may not touch the host"],
    ["require", `const net = require("net");`, "net: floor base/ may not touch the host"],
    ["a package of another file", `import { parse } from "yaml";`, "yaml: only src/app/config/ may"],
    ["an unknown package", `import a from "left-pad";`, "left-pad: the floor plan has no such package"],
    ["the C host", `import * as native from "native";`, "native: only src/io/quickjs/ may"],
    ["a test", `import a from "../../test/a.ts";`, "test/a.ts: src/ is all that the program is made of"],
    [
      "a name that is worked out",
      "import(`../$" + "{a}.ts`);",
      "what only shows when it runs: the floor plan has no such package",
    ],
  ])("%s", (_, text, told) => {
    expect(floorOffences("src/base/made-up.ts", `/** About. */\n${text}\n`)).toEqual([
      `src/base/made-up.ts:2 imports ${told}`,
    ]);
  });

  test("an import of several lines, at the line that names the file", () => {
    const text = 'import {\n  type A,\n  b,\n} from "../proxy/router.ts";\n';
    expect(floorOffences("src/message/made-up.ts", text)).toEqual([
      "src/message/made-up.ts:4 imports src/proxy/router.ts: floor message/ may not import proxy/",
    ]);
  });

  test.each([
    [
      "src/policy/phones/made-up.ts",
      "../rules/call.ts",
      "src/policy/rules/call.ts: phones/ stands before rules/ in policy/",
    ],
    ["src/policy/site.ts", "./peers/peer.ts", "src/policy/peers/peer.ts: site.ts stands before peers/ in policy/"],
    [
      "src/policy/access/made-up.ts",
      "../situation.ts",
      "src/policy/situation.ts: access/ stands before situation.ts in policy/",
    ],
    [
      "src/policy/rules/made-up.ts",
      "../../transaction/timers.ts",
      "src/transaction/timers.ts: floor policy/ may not import transaction/",
    ],
  ])("in %s %s", (path, from, told) => {
    expect(floorOffences(path, `import { a } from "${from}";\n`)).toEqual([`${path}:1 imports ${told}`]);
  });

  test("a floor, a room or a file beside the rooms that the plan doesn't have", () => {
    expect(floorOffences("src/attic/made-up.ts", "")).toEqual(["src/attic/made-up.ts: the floor plan has no attic/"]);
    expect(floorOffences("src/policy/attic/made-up.ts", "")).toEqual([
      "src/policy/attic/made-up.ts: the floor plan has no attic/ in policy/",
    ]);
    expect(floorOffences("src/policy/made-up.ts", "")).toEqual([
      "src/policy/made-up.ts: the floor plan has no made-up.ts in policy/",
    ]);
  });

  test("and what is allowed isn't", () => {
    const allowed =
      'import { a } from "../phones/gruu.ts";\nimport { b } from "./call.ts";\nimport type { C } from "../site.ts";\n';
    expect(floorOffences("src/policy/rules/made-up.ts", allowed)).toEqual([]);
    expect(floorOffences("src/io/node/made-up.ts", 'import * as fs from "fs";\nimport "node:net";\n')).toEqual([]);
    expect(floorOffences("src/cli/cli.ts", 'import { Command } from "commander";\n')).toEqual([]);
  });
});
