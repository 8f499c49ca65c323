/** RFC 4475: each message through the whole core. Ours always; the RFC's own where its archive is at hand. */
import { describe, expect, test } from "vitest";
import { archiveMessages, hasArchive, readArchive, survey } from "./archive.ts";
import { rfc4475Messages } from "./rfc4475-messages.ts";
import { rfc4475Verdicts } from "./rfc4475-verdicts.ts";
import { IPV4_WORLD, report } from "./torture-site.ts";
import { testVerdicts } from "./verdict-tests.ts";

test("every message of ours has a verdict, and every verdict a message", () => {
  expect(rfc4475Messages.map(({ name }) => name)).toEqual(rfc4475Verdicts.map(({ name }) => name));
  expect(rfc4475Verdicts.filter(({ name }) => !name.includes("/"))).toHaveLength(49);
});

describe("messages of our own", () => {
  testVerdicts("RFC 4475", rfc4475Verdicts, rfc4475Messages, IPV4_WORLD);
});

describe.runIf(hasArchive)("the RFC's own messages", () => {
  test("each has a verdict", () => {
    const ours = rfc4475Verdicts.filter(({ name }) => !name.includes("/"));
    const theirs = Object.entries(survey).map(([name, { section }]) => `${name} ${section}`);
    expect(ours.map(({ name, section }) => `${name} ${section}`).sort()).toEqual(theirs.sort());
    expect(ours.map(({ name }) => name).sort()).toEqual(archiveMessages.map(({ name }) => name).sort());
  });

  testVerdicts("RFC 4475", rfc4475Verdicts, archiveMessages, IPV4_WORLD);

  test.each(Object.entries(survey))(
    "%s: what isn't the survey's first choice says why",
    (name, { expect: choices }) => {
      const row = rfc4475Verdicts.find((one) => one.name === name);
      expect(choices).toContain(String(row?.outcome));
      expect(row?.deviation !== undefined).toBe(choices[0] !== String(row?.outcome));
    },
  );

  test.each([
    ["extra/test", "drop"],
    ["baddn", 400],
  ])("the archive's odd %s gets %s", (name, outcome) => {
    expect(report(readArchive(name), IPV4_WORLD)).toMatchObject({ outcome, strays: [], afterwards: 200 });
  });
});
