/**
 * Decisions and plans are plain values. All scenarios are played again, each decision, each continuation and each list of chosen
 * targets turned into JSON and back before the proxy sees it: the ladders are the same.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { RoutingPolicy } from "../../src/policy/routing-policy.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const OWN_NAME = "plans-as-json.test.ts";
const SCENARIOS = readdirSync(FOLDER).filter((name) => name.endsWith(".test.ts") && name !== OWN_NAME);
/** The only one in which a gateway sends emergency calls back. */
const FILES = [...SCENARIOS, "../field/emergency-origins.test.ts"];

const POLICY = fileURLToPath(new URL("../../src/policy/", import.meta.url));
const source = (file: string) => readFileSync(POLICY + file, "utf8");
/** All rules, as their decisions have them. */
const DECIDING = ["routing-policy.ts", ...readdirSync(`${POLICY}rules`).map((file) => `rules/${file}`)].map(source);
const RULES = sorted(
  DECIDING.flatMap((text) => quotedIn(text, /\b(?:(?:decision|upstreamFirst)\(\s*|rule: )"[a-z-]+"/g)),
);
/** All that a plan may name, as the types have it. */
const NAMES = sorted([
  ...quotedIn(source("named.ts"), /\bname: "[a-z-]+"(?: \| "[a-z-]+")*/g),
  ...quotedIn(source("plan.ts"), /\bContinuationName = "[a-z-]+"(?: \| "[a-z-]+")*/g),
]);

function quotedIn(text: string, places: RegExp): string[] {
  return (text.match(places) ?? []).flatMap((place) => [...place.matchAll(/"(.*?)"/g)].map(([, name = ""]) => name));
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

/** What of decisions and plans isn't plain, by where it is. */
const offences = new Set<string>();
/** Rules that have decided, and all names in plans. */
const seen = { rules: new Set<string>(), names: new Set<string>() };

/** The value as JSON has it. */
function copyOf<T>(value: T): T {
  for (const offence of unlikeJson(value, "")) offences.add(offence);
  const text = JSON.stringify(value);
  return text === undefined ? value : JSON.parse(text);
}

/** What in a value JSON would change or leave out, but for members that are undefined: without any, the copy is equal. */
function unlikeJson(value: unknown, place: string): string[] {
  if (value === undefined || value === null || typeof value === "string" || typeof value === "boolean") return [];
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? [] : [`${place}: ${value}`];
  if (Array.isArray(value)) {
    return value.flatMap((one) => (one === undefined ? [`${place}[]: undefined`] : unlikeJson(one, `${place}[]`)));
  }
  if (typeof value !== "object") return [`${place}: ${typeof value}`];
  if (Object.getPrototypeOf(value) !== Object.prototype) return [`${place}: ${value.constructor.name}`];
  const { name, port } = value as { readonly name?: unknown; readonly port?: unknown };
  // A value with a port is a flow: its name is that of a certificate.
  if (typeof name === "string" && port === undefined) seen.names.add(name);
  return Object.entries(value).flatMap(([key, one]) => unlikeJson(one, `${place}.${key}`));
}

const { decide, continue: goOn, targets, begin, reply } = RoutingPolicy.prototype;
Object.assign(RoutingPolicy.prototype, {
  decide(this: RoutingPolicy, ...question: Parameters<typeof decide>) {
    const made = copyOf(decide.apply(this, question));
    seen.rules.add(made.rule);
    return made;
  },
  continue(this: RoutingPolicy, ...question: Parameters<typeof goOn>) {
    return copyOf(goOn.apply(this, question));
  },
  targets(this: RoutingPolicy, ...question: Parameters<typeof targets>) {
    const chosen = copyOf(targets.apply(this, question));
    noteAsJson(question[2]);
    return chosen;
  },
  begin(this: RoutingPolicy, ...question: Parameters<typeof begin>) {
    const hold_ms = begin.apply(this, question);
    noteAsJson(question[2]);
    return hold_ms;
  },
  reply(this: RoutingPolicy, ...question: Parameters<typeof reply>) {
    return copyOf(reply.apply(this, question));
  },
});

function noteAsJson(running: Parameters<typeof begin>[2]): void {
  running.notes = copyOf(running.notes);
}

afterEach(() => expect([...offences]).toEqual([]));

describe.each(FILES)("played from JSON: %s", async (name) => {
  await import(/* @vite-ignore */ new URL(name, import.meta.url).href);
});

test("closures, live objects and numbers that JSON doesn't know are found", () => {
  const value = {
    plan: [{ targets: () => [] }, { observer: new Map() }, undefined],
    hold_ms: Number.POSITIVE_INFINITY,
  };
  expect(unlikeJson({ ...value, why: undefined }, "")).toEqual([
    ".plan[].targets: function",
    ".plan[].observer: Map",
    ".plan[]: undefined",
    ".hold_ms: Infinity",
  ]);
});

test("all rules have decided, and all names have been in a plan", () => {
  expect([RULES.length, NAMES.length].every((count) => count >= 12)).toBe(true);
  expect([...seen.rules].sort()).toEqual(RULES);
  expect([...seen.names].sort()).toEqual(NAMES);
});
