/** The file on disk and the one that runs, in words: nothing where they say the same. */
import { doubtful } from "../../base/ink.ts";
import type { RunningStatus } from "../status-facts.ts";
import { someOf, wrapped } from "./lines.ts";
import { moment, type Reader } from "./times.ts";

/** What is on disk, beside what runs. */
export interface FileOnDisk {
  /** "changed": it says something else than what runs; "missing": it can't be read, or isn't there. */
  readonly state: "same" | "changed" | "faulty" | "missing";
  /** The keys that say something else; empty unless it has changed. */
  readonly changed: readonly string[];
  /** Those of them that a reload refuses. */
  readonly needs_restart: readonly string[];
  /** Its faults, a line for each. */
  readonly faults: readonly string[];
}

/** Keys and faults that `status` has room for. */
const KEYS_MAX = 4;

/**
 * What `status` says of the file on disk and of a reload that was refused, in one line as far as it fits.
 * @param restart the command that restarts it here; undefined: there is none
 */
export function fileLines(
  disk: FileOnDisk | undefined,
  status: RunningStatus,
  restart: string | undefined,
  reader: Reader,
): string[] {
  const { reload_refused: refused, now } = status;
  const tried = refused === undefined ? "" : `reload refused at ${moment(refused.at, now, reader)}`;
  // A file that can be used by now has none of the faults for which a reload was refused; a certificate beside it may have.
  const isOver = disk !== undefined && refused !== undefined && refused.reason !== "certificate";
  const why = refused === undefined || isOver ? "" : `${tried}: ${someOf(refused.faults, 1)}`;
  const line = lineOf(disk, tried, why, restart);
  return line === "" ? [] : wrapped(line, reader.width);
}

function lineOf(disk: FileOnDisk | undefined, tried: string, why: string, restart: string | undefined): string {
  const head = doubtful("The file on disk");
  if (disk?.state === "changed") {
    return `${head} isn't what runs (${someOf(disk.changed, KEYS_MAX)})${cureOf(disk, why, restart)}`;
  }
  if (disk === undefined || disk.state === "same") return why === "" ? "" : doubtful("WARNING: ") + why;
  const [first = "", ...more] = disk.faults;
  const others = more.length === 0 ? "" : ` (and ${more.length} more: \`branchline check\`)`;
  const still = `${tried === "" ? "" : ` (${tried})`}; branchline goes on with what it has read before`;
  return `${head} can't be used: ${first}${others}${still}`;
}

function cureOf({ needs_restart: keys }: FileOnDisk, why: string, restart: string | undefined): string {
  if (keys.length > 0) {
    const how = restart === undefined ? "stop branchline, then start it again" : `\`${restart}\``;
    return `; ${someOf(keys, KEYS_MAX)} ${keys.length === 1 ? "needs" : "need"} a restart: ${how}`;
  }
  return why === "" ? ": `branchline check`, `branchline reload`" : `; ${why}`;
}
