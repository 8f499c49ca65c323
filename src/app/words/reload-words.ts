/** What `branchline reload` says. */
import type { ReloadOutcome } from "../reload.ts";

/** The lines of a reload that was done or refused. */
export function reloadText(outcome: ReloadOutcome): string {
  if (outcome.is_done) {
    const { changed } = outcome;
    return changed.length === 0 ? "Nothing has changed.\n" : `Now active: ${changed.join(", ")}\n`;
  }
  return `${outcome.faults.join("\n")}\nReload refused: the old configuration stays active.\n`;
}
