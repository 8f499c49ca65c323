/**
 * One small file that is whole after any crash: written anew beside the old one, synced, and then renamed. A checksum
 * tells whether a file system has kept its word, and the generation before serves when it has not.
 */
import * as crypto from "crypto";
import * as fs from "fs";
import * as path from "path";
import { reasonOf } from "../../base/reason.ts";

/** What a state file does to the disk; tests put a disk in its place that tears. */
export interface Disk {
  readText(file: string): Promise<string>;
  /** Writes and syncs. */
  writeText(file: string, text: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Makes renames in the folder durable. */
  syncFolder(folder: string): Promise<void>;
}

const CANNOT_SYNC_FOLDERS = ["EINVAL", "ENOTSUP", "ENOSYS"];

export interface Saved {
  readonly body: string;
  /** Wall-clock time, milliseconds since 1970, of the router that wrote it. */
  readonly savedAt_ms: number;
}

export class StateFile {
  private readonly file: string;
  private readonly disk: Disk;

  constructor(file: string, disk: Disk = nodeDisk) {
    this.file = file;
    this.disk = disk;
  }

  /**
   * The newest generation that is whole; undefined when nothing was ever saved.
   * @throws when there are files, but none that can be read and is whole
   */
  async load(): Promise<Saved | undefined> {
    const faults: string[] = [];
    const current = await this.read(this.file, faults);
    if (current !== undefined) return current;
    // A torn one says nothing: the very first save was cut off.
    const next = await this.read(`${this.file}.new`, []);
    if (next !== undefined) {
      await this.adopt();
      return next;
    }
    const before = await this.read(`${this.file}.old`, faults);
    if (before === undefined && faults.length > 0) throw new Error(faults.join("; "));
    return before;
  }

  /** @throws when the disk can't be written; what was there before is still there then */
  async save(body: string, savedAt_ms: number): Promise<void> {
    const head = JSON.stringify({ version: 1, saved: savedAt_ms, sum: checksum(savedAt_ms, body) });
    await this.disk.writeText(`${this.file}.new`, `${head}\n${body}\n`);
    await this.disk.rename(this.file, `${this.file}.old`).catch(() => {}); // there is none the first time
    await this.disk.rename(`${this.file}.new`, this.file);
    await this.disk.syncFolder(path.dirname(this.file));
  }

  /** A save was cut off between its two renames: without the second, the next one would begin by overwriting the newest. */
  private async adopt(): Promise<void> {
    try {
      await this.disk.rename(`${this.file}.new`, this.file);
      await this.disk.syncFolder(path.dirname(this.file));
    } catch {
      // It has been read all the same.
    }
  }

  /** @param faults takes the reason why a file that is there can't be used */
  private async read(file: string, faults: string[]): Promise<Saved | undefined> {
    let text: string;
    try {
      text = await this.disk.readText(file);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") faults.push(reasonOf(error));
      return undefined;
    }
    const lineEnd = text.indexOf("\n");
    const head = parseHead(text.slice(0, lineEnd));
    const body = text.slice(lineEnd + 1).replace(/\n$/, "");
    if (head === undefined || head.sum !== checksum(head.saved, body)) {
      faults.push(`${file} is damaged`);
      return undefined;
    }
    return { body, savedAt_ms: head.saved };
  }
}

/** The file in a state folder that keeps the bindings. */
export function bindingsFile(folder: string): StateFile {
  return new StateFile(path.join(folder, "bindings.json"), startDisk);
}

/** The file in a state folder that keeps the last calls, a line of JSON for each behind its head. */
export function callsFile(folder: string): StateFile {
  return new StateFile(path.join(folder, "calls.jsonl"));
}

/** The file in a state folder that keeps outages, drills and calls of months, in the same form. */
export function historyFile(folder: string): StateFile {
  return new StateFile(path.join(folder, "history.jsonl"));
}

/** The file in a state folder that keeps the reports of drills, a line of JSON for each behind its head. */
export function drillsFile(folder: string): StateFile {
  return new StateFile(path.join(folder, "drills.jsonl"));
}

/** What the bindings' holds; undefined when it can't be read. */
export async function loadBindings(folder: string): Promise<string | undefined> {
  return (await bindingsFile(folder).load())?.body;
}

const nodeDisk: Disk = {
  readText: (file) => fs.promises.readFile(file, "utf8"),
  async writeText(file, text) {
    await fs.promises.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    // What a crash has left there is in the way; a link there, or one laid in between, isn't followed ("x": O_EXCL).
    await fs.promises.unlink(file).catch(() => {}); // there is none, or open says what is wrong
    const handle = await fs.promises.open(file, "wx", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  rename: (from, to) => fs.promises.rename(from, to),
  async syncFolder(folder) {
    const handle = await fs.promises.open(folder, "r");
    try {
      await handle.sync();
    } catch (error) {
      // vfat, and what is mounted through FUSE, may not know it: the file is in its place all the same.
      if (!CANNOT_SYNC_FOLDERS.includes(codeOf(error))) throw error;
    } finally {
      await handle.close();
    }
  },
};

/** Read in place: nothing is served before the bindings are there, and Node would start threads and load a module for it. */
const startDisk: Disk = { ...nodeDisk, readText: async (file) => fs.readFileSync(file, "utf8") };

function codeOf(error: unknown): string {
  return error instanceof Error ? String((error as NodeJS.ErrnoException).code) : "";
}

function parseHead(line: string): { saved: number; sum: string } | undefined {
  try {
    const head: unknown = JSON.parse(line);
    if (typeof head !== "object" || head === null) return undefined;
    const { saved, sum } = head as { saved?: unknown; sum?: unknown };
    return typeof saved === "number" && typeof sum === "string" ? { saved, sum } : undefined;
  } catch {
    return undefined;
  }
}

function checksum(savedAt_ms: number, body: string): string {
  return crypto.createHash("sha256").update(`${savedAt_ms}\n${body}`).digest("hex");
}
