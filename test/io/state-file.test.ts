/** The bindings file: whole after any crash, on disks that don't keep their word too. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Disk, StateFile } from "../../src/io/node/state-file.ts";
import { mulberry32 } from "../support/simulation.ts";

class PowerCut extends Error {}

/**
 * A disk in memory that loses power after so many steps. What was not synced is then torn: some prefix of it is there,
 * with whatever the sectors held before behind it.
 */
class TearingDisk implements Disk {
  readonly files = new Map<string, string>();
  private steps = 0;
  private readonly cutAfter: number;
  private readonly random: () => number;

  constructor(files: ReadonlyMap<string, string>, cutAfter: number, random: () => number) {
    for (const [name, text] of files) this.files.set(name, text);
    this.cutAfter = cutAfter;
    this.random = random;
  }

  async readText(file: string): Promise<string> {
    const text = this.files.get(file);
    if (text === undefined) throw new Error("ENOENT");
    return text;
  }

  async writeText(file: string, text: string): Promise<void> {
    this.step(() => {
      const kept = Math.floor(this.random() * text.length);
      this.files.set(file, text.slice(0, kept) + (this.files.get(file) ?? "").slice(kept));
    });
    this.files.set(file, text);
  }

  async rename(from: string, to: string): Promise<void> {
    this.step(() => {});
    const text = this.files.get(from);
    if (text === undefined) throw new Error("ENOENT");
    this.files.set(to, text);
    this.files.delete(from);
  }

  async syncFolder(): Promise<void> {
    this.step(() => {});
  }

  private step(tear: () => void): void {
    this.steps += 1;
    if (this.steps < this.cutAfter) return;
    if (this.steps === this.cutAfter) tear(); // later there is no power to tear anything with
    throw new PowerCut();
  }
}

describe("state file", () => {
  it("after a power cut at any step the last save, or the one that was cut, is there whole", async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = mulberry32(seed);
      let files: ReadonlyMap<string, string> = new Map();
      let saved = 0;
      for (let life = 0; life < 10; life++) {
        const disk = new TearingDisk(files, 1 + Math.floor(random() * 20), random);
        const file = new StateFile("/state/bindings.json", disk);
        const found = await file.load();
        const generation = found === undefined ? 0 : Number(found.body);
        expect([saved, saved + 1], `seed ${seed}, life ${life}`).toContain(generation);
        saved = generation;
        try {
          for (;;) {
            await file.save(String(saved + 1), 1_000 + saved + 1);
            saved += 1;
          }
        } catch (error) {
          if (!(error instanceof PowerCut)) throw error;
        }
        files = disk.files;
      }
    }
  });

  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "branchline-state-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("makes its folder and keeps the generation before", async () => {
    const path = join(folder, "deep", "bindings.json");
    await new StateFile(path).save("one", 1);
    await new StateFile(path).save("two", 2);
    expect((await new StateFile(path).load())?.body).toBe("two");
    expect(readFileSync(`${path}.old`, "utf8")).toContain("one");
  });

  it.each([
    ["empty", ""],
    ["torn", '{"version":1,"saved":5,"sum":"'],
    ["tampered with", '{"version":1,"saved":5,"sum":"00"}\n{}\n'],
    ["something else", "\0\xff".repeat(1_000)],
  ])("a file that is %s falls back to the generation before", async (_, text) => {
    const path = join(folder, "bindings.json");
    await new StateFile(path).save("before", 1);
    await new StateFile(path).save("after", 2);
    writeFileSync(path, text);
    expect((await new StateFile(path).load())?.body).toBe("before");
  });
});
