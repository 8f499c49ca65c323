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
  /** Its faults, a line for each. */
  readonly faults: readonly string[];
}

/** Keys and faults that `status` has room for. */
const KEYS_MAX = 4;

/** What `status` says of the file on disk and of a reload that was refused, in one line as far as it fits. */
export function fileLines(disk: FileOnDisk | undefined, status: RunningStatus, reader: Reader): string[] {
  const { reload_refused: refused, now } = status;
  const tried = refused === undefined ? "" : `reload refused at ${moment(refused.at, now, reader)}`;
  const why = refused === undefined ? "" : `${tried}: ${someOf(refused.faults, 1)}`;
  const line = lineOf(disk, tried, why);
  return line === "" ? [] : wrapped(line, reader.width);
}

function lineOf(disk: FileOnDisk | undefined, tried: string, why: string): string {
  const head = doubtful("The file on disk");
  if (disk?.state === "changed") {
    const cure = why === "" ? ": `branchline check`, `branchline reload`" : `; ${why}`;
    return `${head} isn't what runs (${someOf(disk.changed, KEYS_MAX)})${cure}`;
  }
  if (disk === undefined || disk.state === "same") return why === "" ? "" : doubtful("WARNING: ") + why;
  const [first = "", ...more] = disk.faults;
  const others = more.length === 0 ? "" : ` (and ${more.length} more: \`branchline check\`)`;
  return `${head} can't be used${tried === "" ? "" : ` (${tried})`}, its old text goes on to run: ${first}${others}`;
}
