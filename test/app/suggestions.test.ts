/** What a fault suggests is a value, or a key, that the file takes. */
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { keysBelow } from "../../src/app/config/key-paths.ts";
import { KEYS } from "../../src/app/config/sections.ts";
import { meantKey } from "../../src/app/config/suggestions.ts";
import { PATHS, rowAt } from "../support/key-words.ts";
import { LEAST, load } from "./files.ts";
import { fileWith } from "./whole-files.ts";

/** Values as people get them wrong. */
const WRONG: readonly unknown[] = [
  ...[0, 1, 4, 30, 60, 100, 500, 5_000, 86_400, -1, 2.5, 1e9],
  ...["4 s", "4sec", "4S", "1,5s", "2 minutes", "1d", "99h", "0ms", "1w", "5", "004", "many"],
  ...["yes", "no", "on", "off", "True", "y", "nope", true, false],
  ...["debugg", "warning", "Drop", "paralel", "roundrobin", "upstream", "301", "hunt_first"],
  ...["10.222.237.5/24", "2001:db8::7/64", "10.222.237.0/33", "pbx.example.com", "sips:pbx.example.com", "sip:a b"],
  ...["udp:0.0.0.0", "10.0.0.1", "sctp:10.0.0.1", "two words", "(", "a@b", "7xx", "sip:branch.example.com:5060"],
  ...["", null, [], {}, [null], [[]], { a: 1 }],
];

/** The values that a message suggests, as the file would have them. */
function suggestedIn(message: string): string[] {
  const patterns = [
    /did you mean (.+?)\?/g,
    /(?:such as|like|and|or) ("[^"]*"|'[^']*'|\[[^\]]*\]|[\w:./@-]*\d[\w:./@-]*|sip:\S+|ping)(?=[;,]|$| or )/g,
    /write (\d+), without quotes/g,
    /only (\w+)$/g,
  ];
  return patterns.flatMap((pattern) => [...message.matchAll(pattern)].map(([, value = ""]) => value));
}

describe("a value that a fault suggests is taken:", () => {
  const known = new Set<string>();
  test.each(PATHS)("%s", (path) => {
    const tried = new Set<string>();
    for (const wrong of WRONG) {
      for (const problem of load(fileWith(path, wrong)).problems) {
        if (problem.path.replace(/\[.*$/, "") !== path) continue;
        for (const value of suggestedIn(problem.message)) {
          if (tried.has(value)) continue;
          tried.add(value);
          known.add(value);
          const { problems } = load(fileWith(path, parse(value)));
          const still = problems.filter((one) => one.path.replace(/\[.*$/, "") === path);
          expect({ suggested: value, by: problem.message, still }).toMatchObject({ still: [] });
        }
      }
    }
  });

  test("suggestions of all kinds were among them", () => {
    const some = [
      "4h",
      "4s",
      "24h",
      "true",
      "false",
      "debug",
      "sip:10.10.1.3",
      "10.222.237.0/24",
      "2001:db8::/64",
      "5",
    ];
    expect(some.filter((one) => !known.has(one))).toEqual([]);
    expect(known.size).toBeGreaterThan(50);
  });
});

test.each(PATHS.filter((path) => rowAt(path)?.required !== undefined))(
  "%s: what is lacking can be added as told",
  (path) => {
    const { problems } = load(fileWith(path, undefined));
    const key = path.slice(path.lastIndexOf(".") + 1);
    const told = problems.map(
      ({ message }) => new RegExp(`^lacks ${key}; add "${key}: (.*)"$`).exec(message)?.[1] ?? "",
    );
    const [example = ""] = told.filter((one) => one !== "");
    expect(example).not.toBe("");
    expect(load(fileWith(path, parse(example))).problems.map(({ message }) => message)).not.toContain(
      problems[0]?.message,
    );
  },
);

test.each(PATHS.filter((path) => rowAt(path)?.required !== undefined))(
  "%s: a mistyped key is one fault, that of its name",
  (path) => {
    const key = path.slice(path.lastIndexOf(".") + 1);
    const text = fileWith(path, 5);
    for (const wrong of [`${key}${key.slice(-1)}`, `${key.slice(0, -1)}x`]) {
      const mistyped = load(text.replace(new RegExp(`\\b${key}("?):`, "g"), `${wrong}$1:`)).problems;
      expect(mistyped.map(({ message }) => message)).toContainEqual(expect.stringContaining(`did you mean ${key}?`));
      expect(mistyped.map(({ message }) => message)).not.toContainEqual(expect.stringMatching(`^lacks ${key};`));
    }
  },
);

describe("a key that a fault suggests is one:", () => {
  const BRANCHES = [
    "",
    "upstream",
    "upstream.probe",
    "survival",
    "registration",
    "gateways",
    "hunt_groups.NAME",
  ] as const;
  test.each(BRANCHES)("in %j", (branch) => {
    const known = keysBelow(KEYS, branch);
    for (const key of known) {
      for (const wrong of [key.slice(0, -1), `${key}s`, key.toUpperCase(), key.replace("_", "-"), `${key[0]}${key}`]) {
        if ((known as string[]).includes(wrong)) continue;
        const told = meantKey(wrong, known, PATHS) ?? "";
        const [, meant = ""] = /did you mean (\w+)\?/.exec(told) ?? [];
        expect({ wrong, told: meant === "" || (known as string[]).includes(meant) }).toEqual({ wrong, told: true });
        if (key.length > 4) expect({ wrong, meant }).not.toEqual({ wrong, meant: "" });
      }
    }
  });

  test("at the top, a key that belongs further in is led there", () => {
    const inner = [
      ...new Set(PATHS.filter((path) => path.includes(".")).map((path) => path.slice(path.lastIndexOf(".") + 1))),
    ];
    const tops: readonly string[] = keysBelow(KEYS, "");
    const led = inner
      .filter((key) => key !== "NAME" && !tops.includes(key))
      .map((key) => [key, meantKey(key, tops, PATHS) ?? ""]);
    for (const [key, told = ""] of led) {
      const path = (/; write (\w+: .*)$/.exec(told)?.[1] ?? "").replace(/: \{|: …\}*/g, ".").replace(/\.$/, "");
      const near = /did you mean (\w+)\?/.exec(told)?.[1] ?? "";
      const isKey =
        (PATHS as string[]).includes(path) || PATHS.some((one) => one.startsWith(`${path}.`) && path !== "");
      expect({ key, told, isRight: isKey || tops.includes(near) }).toEqual({ key, told, isRight: true });
    }
    expect(led.length).toBeGreaterThan(30);
  });
});

test("the list of all keys is told once, however many are unknown", () => {
  const { problems } = load(`${LEAST}quux: 1\nfrobnicate: 2\nzzz: 3\nupstream: {quux: 1, zzz: 2}\n`);
  expect(problems.map(({ message }) => message.replace(/known keys are .*/, "known keys are …"))).toEqual([
    "is not a key that branchline knows; known keys are …",
    "is not a key that branchline knows; remove it",
    "is not a key that branchline knows; remove it",
    "is not a key that branchline knows; known keys are …",
    "is not a key that branchline knows; remove it",
  ]);
});
