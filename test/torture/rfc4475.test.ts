/** RFC 4475: each message through the whole core. Ours always; the RFC's own where its archive is at hand. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { rfc4475Messages } from "./rfc4475-messages.ts";
import { rfc4475Verdicts } from "./rfc4475-verdicts.ts";
import { IPV4_WORLD, report } from "./torture-site.ts";
import { testVerdicts } from "./verdict-tests.ts";

const FOLDER = fileURLToPath(new URL("../../../shared/corpora/rfc4475/", import.meta.url));
const hasArchive = existsSync(`${FOLDER}expected.json`);

/** The archive's own copy lacks the empty line behind the header, which is not what the RFC is after. */
const WHOLE: Readonly<Record<string, string>> = { baddn: "extra/baddn-with-final-crlf" };

interface Expectation {
  readonly section: string;
  readonly expect: readonly string[];
}

test("every message of ours has a verdict, and every verdict a message", () => {
  expect(rfc4475Messages.map(({ name }) => name)).toEqual(rfc4475Verdicts.map(({ name }) => name));
  expect(rfc4475Verdicts.filter(({ name }) => !name.includes("/"))).toHaveLength(49);
});

describe("messages of our own", () => {
  testVerdicts("RFC 4475", rfc4475Verdicts, rfc4475Messages, IPV4_WORLD);
});

describe.runIf(hasArchive)("the RFC's own messages", () => {
  const read = (name: string) => readFileSync(`${FOLDER}${WHOLE[name] ?? name}.dat`, "latin1");
  const files = hasArchive ? readdirSync(FOLDER).filter((file) => file.endsWith(".dat")) : [];
  const names = files.map((file) => file.replace(".dat", ""));
  const text = hasArchive ? readFileSync(`${FOLDER}expected.json`, "utf8") : '{"messages":{}}';
  const { messages: survey } = JSON.parse(text) as { messages: Record<string, Expectation> };

  test("each has a verdict", () => {
    const ours = rfc4475Verdicts.filter(({ name }) => !name.includes("/"));
    expect(ours.map(({ name }) => name).sort()).toEqual(names.sort());
    expect(ours.map(({ name, section }) => [name, section]).sort()).toEqual(
      Object.entries(survey)
        .map(([name, { section }]) => [name, section])
        .sort(),
    );
  });

  testVerdicts(
    "RFC 4475",
    rfc4475Verdicts,
    names.map((name) => ({ name, wire: read(name) })),
    IPV4_WORLD,
  );

  test.each(Object.entries(survey))(
    "%s: what the survey's first choice isn't says why",
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
    const wire = readFileSync(`${FOLDER}${name}.dat`, "latin1");
    expect(report(wire, IPV4_WORLD)).toMatchObject({ outcome, strays: [], afterwards: 200 });
  });
});
