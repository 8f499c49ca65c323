/** The other version, with which a pair is upgraded, follows the code: otherwise only the long test of the upgrade would say so. */
import { expect, test } from "vitest";
import { otherBuild } from "./support/other-build.ts";

test("the other version says what this one doesn't know, and has its own number", async () => {
  const text = await otherBuild("0.7.9");
  expect(text.startsWith("#!/usr/bin/env node\n")).toBe(true);
  expect(text).toContain("0.7.9");
}, 60_000);
