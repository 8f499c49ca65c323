/** The list of events against the sources: the compiler refuses an event that isn't in it, these tests one that nothing tells. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { DescribedEvent } from "../../src/base/event-types.ts";
import { EVENTS } from "../../src/base/events.ts";
import type { Logger } from "../../src/base/ports.ts";

const SOURCE = fileURLToPath(new URL("../../src", import.meta.url));
const BUNDLE = fileURLToPath(new URL("../../dist/branchline.js", import.meta.url));
const TABLE: Readonly<Record<string, DescribedEvent>> = EVENTS;

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : path.endsWith(".ts") ? [path] : [];
  });
}

const texts = sources(SOURCE)
  .filter((path) => !/\/base\/(cluster-)?events\.ts$/.test(path))
  .map((path) => readFileSync(path, "utf8"));

/** "level event" of each line that the sources can write. */
const told = new Set(
  texts.flatMap((text) => {
    const lines = text.matchAll(/\blog\.(error|warn|info|debug)\(\s*"([a-z_]+)"/g);
    return [...lines].map(([, level, event]) => `${level} ${event}`);
  }),
);

test("every event of the list is told somewhere, at each of its levels, and at no others", () => {
  const listed = Object.entries(TABLE).flatMap(([event, { at }]) => at.map((level) => `${level} ${event}`));
  expect([...told].sort()).toEqual(listed.sort());
});

test("an event has a name of its own form, and one sentence", () => {
  for (const [event, { at, says }] of Object.entries(TABLE)) {
    expect(event).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(at.length).toBeGreaterThan(0);
    expect(says, event).toMatch(/^[A-Z`b][^.]*(\.[a-z][^.]*)*\.$/);
  }
});

test("the sentences stay out of the program", () => {
  const values = texts.filter((text) => /^import (?!type)[^;]*"(?:\.\.\/)+base\/events\.ts"/m.test(text));
  expect(values).toEqual([]);
  const bundle = readFileSync(BUNDLE, "utf8");
  expect(Object.values(TABLE).filter(({ says }) => bundle.includes(says))).toEqual([]);
});

describe("what isn't in the list doesn't compile", () => {
  const lines: unknown[] = [];
  const write = (event: string, fields: unknown): void => void lines.push([event, fields]);
  const log: Logger = { error: write, warn: write, info: write, debug: write };

  test("names, levels, fields and what they hold", () => {
    log.warn("table_full", { table: "calls", size: 1, limit: 1, refused: 1, effect: "", cure: "" });
    log.error("start_failed", { error: "no address" });
    log.info("stopped", {});
    // @ts-expect-error: no such event
    log.info("table_fuller", {});
    // @ts-expect-error: it is a warning
    log.info("force", { upstream: "down" });
    // @ts-expect-error: no such field
    log.warn("force", { upstream: "down", by: "hand" });
    // @ts-expect-error: a field is missing
    log.warn("force", {});
    // @ts-expect-error: a number, not a text
    log.debug("response_from_stranger", { from: "192.0.2.1", status: "200" });
    // @ts-expect-error: an event without fields
    log.info("stopped", { why: "SIGTERM" });
    expect(lines.length).toBe(9);
  });
});
