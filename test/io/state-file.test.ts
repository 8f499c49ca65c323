/** The bindings file: whole after any crash, on disks that don't keep their word too. */
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Disk, StateFile } from "../../src/io/node/state-file.ts";
import { mulberry32 } from "../support/simulation.ts";

class PowerCut extends Error {}

/** What lies on the disk, under whichever name. */
interface Inode {
  text: string;
}

type Names = Map<string, Inode>;

/**
 * A disk in memory that loses power after so many steps. A file that was not synced is then torn: some prefix of it is there,
 * with whatever the sectors held before behind it; and of the names that were given since the folder was synced some
 * are there and some are not.
 */
class TearingDisk implements Disk {
  private readonly names: Names = new Map();
  private lasting: Names;
  private changes: ((names: Names) => void)[] = [];
  private steps = 0;
  private readonly cutAfter: number;
  private readonly random: () => number;

  constructor(files: ReadonlyMap<string, string>, cutAfter: number, random: () => number) {
    for (const [name, text] of files) this.names.set(name, { text });
    this.lasting = new Map(this.names);
    this.cutAfter = cutAfter;
    this.random = random;
  }

  /** After the power cut. */
  get files(): ReadonlyMap<string, string> {
    return new Map([...this.lasting].map(([name, { text }]) => [name, text]));
  }

  async readText(file: string): Promise<string> {
    return this.find(file).text;
  }

  async writeText(file: string, text: string): Promise<void> {
    const inode = this.names.get(file) ?? { text: "" };
    this.name((names) => names.set(file, inode));
    this.step(() => {
      const kept = Math.floor(this.random() * text.length);
      inode.text = text.slice(0, kept) + inode.text.slice(kept);
    });
    inode.text = text;
  }

  async rename(from: string, to: string): Promise<void> {
    this.step(() => {});
    const inode = this.find(from);
    this.name((names) => {
      names.delete(from);
      names.set(to, inode);
    });
  }

  async syncFolder(): Promise<void> {
    this.step(() => {});
    this.lasting = new Map(this.names);
    this.changes = [];
  }

  private find(file: string): Inode {
    const inode = this.names.get(file);
    if (inode === undefined) throw Object.assign(new Error(`no ${file}`), { code: "ENOENT" });
    return inode;
  }

  private name(change: (names: Names) => void): void {
    change(this.names);
    this.changes.push(change);
  }

  private step(tear: () => void): void {
    this.steps += 1;
    if (this.steps < this.cutAfter) return;
    if (this.steps === this.cutAfter) {
      tear(); // later there is no power to tear anything with
      for (const change of this.changes) if (this.random() < 0.5) change(this.lasting);
    }
    throw new PowerCut();
  }
}

describe("state file", () => {
  it("after a power cut at any step the last save, or the one that was cut, is there whole", async () => {
    for (let seed = 1; seed <= 300; seed++) {
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
    rmSync(`${path}.old`);
    await expect(new StateFile(path).load()).rejects.toThrow("bindings.json is damaged");
  });

  it("there is none at first, nor when the very first save was cut off", async () => {
    const path = join(folder, "bindings.json");
    expect(await new StateFile(path).load()).toBeUndefined();
    writeFileSync(`${path}.new`, '{"version":1,"sav');
    expect(await new StateFile(path).load()).toBeUndefined();
  });

  it("one that can't be read at all is reported", async () => {
    const path = join(folder, "bindings.json");
    mkdirSync(path);
    await expect(new StateFile(path).load()).rejects.toThrow("EISDIR");
  });

  it("a link that lies where it is gathered isn't written through, nor one in the file's own place", async () => {
    const path = join(folder, "bindings.json");
    const victim = join(folder, "shadow");
    writeFileSync(victim, "precious");
    for (const place of [`${path}.new`, path, `${path}.old`]) {
      rmSync(place, { force: true });
      symlinkSync(victim, place);
      await new StateFile(path).save("body", 1);
      expect(readFileSync(victim, "utf8"), place).toBe("precious");
      expect(lstatSync(path).isFile()).toBe(true);
      expect((await new StateFile(path).load())?.body).toBe("body");
    }
  });

  it("what a crash has left there is in no save's way, and lends it no permissions", async () => {
    const path = join(folder, "bindings.json");
    writeFileSync(`${path}.new`, '{"version":1,"sav', { mode: 0o666 });
    await new StateFile(path).save("whole", 1);
    expect((await new StateFile(path).load())?.body).toBe("whole");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});
