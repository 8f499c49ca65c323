/**
 * The disk as it is, for a program that nothing can be laid under: what SIGKILL leaves stays, and saves are seen from outside, by the
 * times of their files. The disk that tears them is in tearing-disk.ts.
 */
import { existsSync, type FSWatcher, readdirSync, type Stats, statSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { PROGRAM } from "../../support/program.ts";
import { defer } from "./cleanup.ts";
import { monotonic_ms, until } from "./clock.ts";
import { type Disk, type Loss, type Save, TearingDisk } from "./tearing-disk.ts";

/** Whether the power goes with the process, and takes along what it hadn't synced. */
export const CUTS_POWER = PROGRAM.node !== undefined;
const FILE = "bindings.json";

/** The tearing one, but for a binary. @param pause_ms before each step of a write, at the most */
export function diskUnder(seed: number, pause_ms: number): Disk {
  return CUTS_POWER ? new TearingDisk(seed, pause_ms) : new WatchedDisk();
}

class WatchedDisk implements Disk {
  readonly nodeArguments: readonly string[] = [];
  private folder = "";
  private watchers: FSWatcher[] = [];
  private begun_ms = 0;
  /** Files that this life has found. */
  private found = new Set<string>();
  /** By their files. */
  private readonly seen = new Map<string, Save>();
  private onLook: () => unknown = () => {};

  constructor() {
    defer(() => this.rest());
  }

  begin(folder: string): Readonly<Record<string, string>> {
    this.folder = folder;
    this.begun_ms = monotonic_ms();
    this.seen.clear();
    const files = [FILE, `${FILE}.new`].map((name) => this.stat(name)).filter((stats) => stats !== undefined);
    this.found = new Set(files.map(identity));
    this.rest();
    // It makes the folder: then what happens in there is of interest.
    this.watch(existsSync(folder) ? folder : dirname(folder));
    return {};
  }

  saves(): readonly Save[] {
    this.look();
    return [...this.seen.values()];
  }

  /** Its moment comes by an event: most saves are over before anybody asks again. */
  async saving(limit_ms: number): Promise<void> {
    const { size } = this.seen;
    const isBegun = () => this.seen.size > size;
    const begun = new Promise<void>((resolve) => {
      this.onLook = () => isBegun() && resolve();
    });
    await Promise.race([begun, until("a save", isBegun, limit_ms)]);
  }

  losePower(): Loss {
    return { torn: 0, undone: 0, files: existsSync(this.folder) ? readdirSync(this.folder) : [] };
  }

  private watch(folder: string): void {
    const watcher = watch(folder, () => {
      if (folder !== this.folder && existsSync(this.folder)) {
        this.rest();
        this.watch(this.folder);
      }
      this.look();
    });
    this.watchers.push(watcher);
  }

  private look(): void {
    const [done, next] = [this.stat(FILE), this.stat(`${FILE}.new`)];
    if (done !== undefined) this.note(done, true);
    if (next !== undefined) this.note(next, false);
    this.onLook();
  }

  /** @param isDurable it has its name: SIGKILL can't take that back */
  private note(stats: Stats, isDurable: boolean): void {
    const id = identity(stats);
    if (this.seen.get(id)?.isDurable === true) return;
    // A file that was cut off in another life may be written anew, or only get its name.
    const began_ms = asMonotonic_ms(this.found.has(id) ? stats.mtimeMs : stats.birthtimeMs);
    if (this.found.has(id) && began_ms < this.begun_ms) return;
    const ended_ms = isDurable ? asMonotonic_ms(stats.ctimeMs) : Number.POSITIVE_INFINITY;
    this.seen.set(id, { began_ms, isDurable, ended_ms });
  }

  private stat(name: string): Stats | undefined {
    return statSync(join(this.folder, name), { throwIfNoEntry: false });
  }

  private rest(): void {
    for (const watcher of this.watchers.splice(0)) watcher.close();
  }
}

/** Numbers of inodes are given again. */
function identity({ ino, birthtimeMs }: Stats): string {
  return `${ino} ${birthtimeMs}`;
}

function asMonotonic_ms(wall_ms: number): number {
  return wall_ms - Date.now() + monotonic_ms();
}
