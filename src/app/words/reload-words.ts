/** What `branchline reload` says. */
import type { ReloadOutcome } from "../reload.ts";

/**
 * The lines of a reload that was done or refused.
 * @param restart the command that restarts it here; undefined: there is none
 */
export function reloadText(outcome: ReloadOutcome, restart?: string): string {
  if (outcome.is_done) {
    const { changed } = outcome;
    return changed.length === 0 ? "Nothing has changed.\n" : `Now active: ${changed.join(", ")}\n`;
  }
  const how = outcome.reason === "needs_restart" && restart !== undefined ? `To restart it: ${restart}\n` : "";
  return `${outcome.faults.join("\n")}\nReload refused: the old configuration stays active.\n${how}`;
}
