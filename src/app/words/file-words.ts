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

/** The lines of `status` about the file on disk and a reload that was refused. */
export function fileLines(disk: FileOnDisk | undefined, status: RunningStatus, reader: Reader): string[] {
  const { reload_refused: refused, now } = status;
  const lines: string[] = [];
  if (disk?.state === "changed") {
    const keys = someOf(disk.changed, KEYS_MAX);
    lines.push(
      `${doubtful("The file on disk")} isn't what runs (${keys}): \`branchline check\`, \`branchline reload\``,
    );
  } else if (disk !== undefined && disk.state !== "same") {
    const [first = "", ...more] = disk.faults;
    const others = more.length === 0 ? "" : ` (and ${more.length} more: \`branchline check\`)`;
    lines.push(`${doubtful("The file on disk")} can't be used, its old text goes on to run: ${first}${others}`);
  }
  if (refused !== undefined) {
    lines.push(`${doubtful("Reload refused")} at ${moment(refused.at, now, reader)}: ${someOf(refused.faults, 1)}`);
  }
  return lines.flatMap((line) => wrapped(line, reader.width));
}
