/** The page about doctor speaks of the checks that there are. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CHECKS } from "../../src/setup/doctor/checks.ts";

const page = readFileSync(new URL("../../deploy/doctor.md", import.meta.url), "utf8");

test("deploy/doctor.md has a section for each check, in the order in which they are told, and for no other", () => {
  const sections = /\n## The checks\n([\s\S]*?)\n## /.exec(page)?.[1] ?? "";
  expect(sections.match(/^### .*/gm)).toEqual(Object.keys(CHECKS).map((name) => `### ${name}`));
});

test("its example names no check that isn't there", () => {
  const [, named = ""] = /\nok {7}([\s\S]*?) \(--verbose/.exec(page) ?? [];
  const names = named.split(",").map((name) => name.trim());
  expect([...names, "sip-helper"].sort()).toEqual(Object.keys(CHECKS).sort());
});
