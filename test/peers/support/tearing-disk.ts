/**
 * A disk that keeps only its word: after a power cut a file that wasn't synced is torn, and renames whose folder wasn't
 * synced have happened or not. tearing-disk.cjs keeps the journal in branchline's process; here the power is cut.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { mulberry32 } from "../../support/simulation.ts";
import { until } from "./clock.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const PRELOAD = fileURLToPath(new URL("tearing-disk.cjs", import.meta.url));
const GARBAGE_BYTES_MOST = 4_096;

/** A line of the journal; which fields there are depends on what was done. */
interface Entry {
  readonly at_ms: number;
  readonly op:
    | "no-folder"
    | "make-folder"
    | "found"
    | "open"
    | "write"
    | "sync"
    | "rename"
    | "remove"
    | "sync-folder"
    | "ready";
  readonly id?: number;
  readonly path?: string;
  readonly from?: string;
  readonly to?: string;
  readonly text?: string;
  readonly isNew?: boolean;
}

interface Inode {
  /** What the process sees. */
  text: string;
  /** What was synced last. */
  synced: string;
  isSynced: boolean;
}

/** A change of names that the folder's next sync makes last. */
interface Renaming {
  readonly remove?: string;
  readonly name?: string;
  readonly id?: number;
}

/** A save of the bindings, by the monotonic clock. */
export interface Save {
  readonly began_ms: number;
  /** It is on disk for good: since {@link Save.ended_ms}. */
  readonly isDurable: boolean;
  /** Infinite where it was cut off. */
  readonly ended_ms: number;
}

export interface Loss {
  /** Files that were found in another state than they had been written. */
  readonly torn: number;
  /** Renames and new names that were undone. */
  readonly undone: number;
  /** What there is afterwards. */
  readonly files: readonly string[];
}

/** What lies under the state folder. */
export interface Disk {
  /** Of Node's own. */
  readonly nodeArguments: readonly string[];
  /** The environment of a new life. */
  begin(folder: string): Readonly<Record<string, string>>;
  /** In this life, the last one last. */
  saves(): readonly Save[];
  /** Once a save is under way. */
  saving(limit_ms: number): Promise<void>;
  /** To be called when the process is dead. */
  losePower(): Loss;
}

export class TearingDisk implements Disk {
  readonly nodeArguments: readonly string[] = ["-r", PRELOAD];
  private readonly random: () => number;
  private readonly pause_ms: number;
  private readonly home = temporaryFolder();
  private folder = "";
  private lives = 0;

  /** @param pause_ms before each step of a write, at the most */
  constructor(seed: number, pause_ms: number) {
    this.random = mulberry32(seed);
    this.pause_ms = pause_ms;
  }

  /** The environment of a new life. */
  begin(folder: string): Readonly<Record<string, string>> {
    this.folder = folder;
    this.lives += 1;
    writeFileSync(this.journal, "");
    const { journal, pause_ms } = this;
    const seed = Math.floor(this.random() * 0xffff_ffff);
    return { TEARING_DISK: JSON.stringify({ folder, journal, pause_ms, seed }) };
  }

  /** In this life, the last one last. */
  saves(): readonly Save[] {
    const saves: Save[] = [];
    let isNamed = false;
    for (const { op, path, to, at_ms } of this.entries()) {
      const last = saves.at(-1);
      if (op === "open" && path?.endsWith("/bindings.json.new") === true) {
        saves.push({ began_ms: at_ms, isDurable: false, ended_ms: Number.POSITIVE_INFINITY });
        isNamed = false;
      }
      if (op === "rename" && to?.endsWith("/bindings.json") === true) isNamed = true;
      if (op !== "sync-folder" || path !== this.folder || last === undefined || last.isDurable || !isNamed) continue;
      saves[saves.length - 1] = { ...last, isDurable: true, ended_ms: at_ms };
    }
    return saves;
  }

  async saving(limit_ms: number): Promise<void> {
    const { length } = this.saves();
    // One that is over before a busy machine looks has begun too.
    const isBegun = (saves: readonly Save[]) => saves.length > length || saves.at(-1)?.isDurable === false;
    await until("a save", () => isBegun(this.saves()), limit_ms);
  }

  /** To be called when the process is dead: leaves in the folder what a power cut at its last moment would have left. */
  losePower(): Loss {
    if (!existsSync(this.folder)) return { torn: 0, undone: 0, files: [] };
    // Killed before branchline's first line ran.
    if (!this.entries().some(({ op }) => op === "ready"))
      return { torn: 0, undone: 0, files: readdirSync(this.folder) };
    const { inodes, names, pending, isFolderSynced } = this.replay();
    if (!isFolderSynced && this.random() < 0.5) {
      rmSync(this.folder, { recursive: true, force: true });
      return { torn: 0, undone: 1, files: [] };
    }
    for (const one of readdirSync(this.folder, { withFileTypes: true })) {
      if (one.isFile()) rmSync(join(this.folder, one.name)); // sockets stay
    }
    // Most file systems keep the order of such changes; POSIX doesn't promise it.
    const isOrdered = this.random() < 0.5;
    const kept = Math.floor(this.random() * (pending.length + 1));
    const done = pending.filter((_, index) => (isOrdered ? index < kept : this.random() < 0.5));
    for (const one of done) apply(names, one);
    let torn = 0;
    for (const [path, id] of names) {
      const inode = inodes.get(id);
      if (inode === undefined) continue;
      const left = inode.isSynced ? inode.text : this.tear(inode);
      if (left !== inode.text) torn += 1;
      writeFileSync(path, left, { encoding: "latin1", mode: 0o600 });
    }
    return {
      torn,
      undone: pending.length - done.length,
      files: [...names.keys()].map((path) => basename(path)).sort(),
    };
  }

  private get journal(): string {
    return join(this.home, `journal-${this.lives}`);
  }

  /** SIGKILL may have cut the last line. */
  private entries(): Entry[] {
    const lines = readFileSync(this.journal, "latin1").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Entry);
  }

  private replay() {
    const inodes = new Map<number, Inode>();
    const names = new Map<string, number>();
    let pending: Renaming[] = [];
    let isFolderSynced = true;
    for (const { op, id = 0, path = "", from = "", to = "", text = "", isNew } of this.entries()) {
      const inode = inodes.get(id);
      if (op === "no-folder" || op === "make-folder") isFolderSynced = false;
      if (op === "found") {
        inodes.set(id, { text, synced: text, isSynced: true });
        names.set(path, id);
      }
      if (op === "open") {
        inodes.set(id, { text: "", synced: inode?.synced ?? "", isSynced: false });
        if (isNew === true) pending.push({ name: path, id });
      }
      if (op === "write" && inode !== undefined) Object.assign(inode, { text: inode.text + text, isSynced: false });
      if (op === "sync" && inode !== undefined) Object.assign(inode, { synced: inode.text, isSynced: true });
      if (op === "rename") pending.push({ remove: from, name: to, id });
      if (op === "remove") pending.push({ remove: path });
      if (op !== "sync-folder") continue;
      if (path !== this.folder) {
        isFolderSynced = true;
      } else {
        for (const one of pending) apply(names, one);
        pending = [];
      }
    }
    return { inodes, names, pending, isFolderSynced };
  }

  /** What the sectors hold of a file that wasn't synced. */
  private tear({ text, synced }: Inode): string {
    const length = Math.floor(this.random() * (text.length + 1));
    const kind = Math.floor(this.random() * 5);
    if (kind === 0) return text;
    if (kind === 1) return "";
    if (kind === 2) return text.slice(0, length);
    if (kind === 3) return text.slice(0, length) + synced.slice(length);
    return text.slice(0, length) + this.garbage();
  }

  private garbage(): string {
    const isZero = this.random() < 0.5;
    const length = 1 + Math.floor(this.random() * GARBAGE_BYTES_MOST);
    return Array.from({ length }, () => (isZero ? "\0" : String.fromCharCode(this.random() * 256))).join("");
  }
}

function apply(names: Map<string, number>, { remove, name, id }: Renaming): void {
  if (remove !== undefined) names.delete(remove);
  if (name !== undefined && id !== undefined) names.set(name, id);
}
