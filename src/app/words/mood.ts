/** How a branch is, at a glance: what the title and the icon of the status page show. */
import type { RunningStatus } from "../status-facts.ts";

export type Mood = "good" | "doubtful" | "bad";

/** Whether calls go where they should: "doubtful" in survival, and while an administrator forces upstream's state. */
export function moodOf({ calls_go_to: to, force }: Pick<RunningStatus, "calls_go_to" | "force">): Mood {
  if (to?.role === "none") return "bad";
  return to?.role === "gateway" || force !== "auto" ? "doubtful" : "good";
}

/** Of the browser's tab: "No way out: branchline". */
export function titleOf(status: Pick<RunningStatus, "calls_go_to" | "force">): string {
  const where = { none: "No way out: ", gateway: "Survival: ", upstream: "" }[status.calls_go_to?.role ?? "upstream"];
  return `${where === "" && status.force !== "auto" ? `Forced ${status.force}: ` : where}branchline`;
}
