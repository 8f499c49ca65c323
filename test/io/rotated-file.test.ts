/** A file of lines on a real disk: bounded, private, and with a head in each of its parts. */
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RotatedFile } from "../../src/io/node/rotated-file.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

cleanUpAfterEach();

const line = (index: number) => `${String(index).padStart(9, "0")}\n`;

test("a full file is put aside, the oldest goes, and no line is cut or lost between two of them", () => {
  const folder = temporaryFolder();
  const file = join(folder, "log", "calls.csv");
  const lines = new RotatedFile({ file, size_bytes: 105, keep: 2 }, "head\n");
  for (let index = 0; index < 100; index++) lines.add(line(index));
  const names = readdirSync(join(folder, "log")).sort();
  expect(names).toEqual(["calls.csv", "calls.csv.1", "calls.csv.2"]);
  const parts = [...names].reverse().map((name) => readFileSync(join(folder, "log", name), "utf8"));
  for (const part of parts) {
    expect(part.startsWith("head\n")).toBe(true);
    expect(part.length).toBeLessThanOrEqual(105);
  }
  const kept = parts.join("").split("head\n").join("");
  const first = Number(kept.slice(0, 9));
  expect(kept).toBe(Array.from({ length: 100 - first }, (_, index) => line(first + index)).join(""));
  expect(100 - first).toBeGreaterThanOrEqual(20);
});

test("what is there after a restart is added to, without a second head", () => {
  const file = join(temporaryFolder(), "events.jsonl");
  new RotatedFile({ file, size_bytes: 1_000, keep: 1 }, "head\n").add("one\n");
  new RotatedFile({ file, size_bytes: 1_000, keep: 1 }, "head\n").add("two é\n");
  expect(readFileSync(file, "utf8")).toBe("head\none\ntwo é\n");
});

test("a file, or its folder, that somebody has put aside is made anew", () => {
  const folder = join(temporaryFolder(), "log");
  const lines = new RotatedFile({ file: join(folder, "calls.csv"), size_bytes: 1_000, keep: 1 }, "head\n");
  lines.add("one\n");
  renameSync(folder, `${folder}.old`);
  lines.add("two\n");
  expect(readFileSync(join(folder, "calls.csv"), "utf8")).toBe("head\ntwo\n");
  expect(readFileSync(join(`${folder}.old`, "calls.csv"), "utf8")).toBe("head\none\n");
});

test("only its owner may read it", () => {
  const file = join(temporaryFolder(), "events.jsonl");
  new RotatedFile({ file, size_bytes: 1_000, keep: 1 }).add("one\n");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("one piece that is longer than a file still gets there, and a folder in its place is an error", () => {
  const file = join(temporaryFolder(), "events.jsonl");
  const lines = new RotatedFile({ file, size_bytes: 10, keep: 0 });
  lines.add("x".repeat(50));
  lines.add("y".repeat(50));
  expect(readFileSync(file, "utf8")).toBe("y".repeat(50));
  expect(existsSync(`${file}.1`)).toBe(false);
  const blocked = join(temporaryFolder(), "file");
  writeFileSync(blocked, "");
  expect(() => new RotatedFile({ file: join(blocked, "x"), size_bytes: 10, keep: 0 }).add("x")).toThrow();
});
