/** Faulty files: each is refused with all its faults, their lines and columns, and a cure, in words that are ours. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { keysBelow } from "../../src/app/config/key-paths.ts";
import { KEYS } from "../../src/app/config/sections.ts";
import { listed } from "../../src/app/config/suggestions.ts";
import { PROTOCOLS } from "../../src/transport/flow.ts";
import { faults } from "./files.ts";

/** A heading, the file as a block of code, and the faults as a list. */
const SECTION = /\n## (.*)\n\n```\n([\s\S]*?)```\n((?:\n- .*)+)/g;

const table = readFileSync(fileURLToPath(new URL("faulty-files.md", import.meta.url)), "utf8");

const files = [...table.matchAll(SECTION)].map(([, what = "", text = "", list = ""]) => ({
  what,
  // A backslash at the end of a line: no line end stands there.
  text: plain(text.replace(/\\\n$/, "")),
  expected: [...list.matchAll(/\n- (`+) ?(.*?) ?\1(?=\n|$)/g)].map(([, , fault = ""]) => plain(named(fault))),
}));

function named(fault: string): string {
  return fault.replace("KEYS", keysBelow(KEYS, "").join(", ")).replace("TRANSPORTS", listed(PROTOCOLS, "or"));
}

/** "\t" → a tab. */
function plain(text: string): string {
  return text.replace(/\\(t|u[0-9a-f]{4}|\\)/g, (code) => (code === "\\\\" ? "\\" : JSON.parse(`"${code}"`)));
}

test("there are more than 35 of them, and none without a fault", () => {
  expect(files.length).toBeGreaterThan(60);
  expect(table.match(/^## /gm)).toHaveLength(files.length);
  expect(files.filter(({ expected }) => expected.length === 0)).toEqual([]);
});

describe("check says of", () => {
  test.each(files)("$what", ({ text, expected }) => {
    expect(faults(text)).toEqual(expected);
  });
});
