/** What the checks of readiness rest on, and how they say what they have found. */
import type { RegisteredContact } from "../../policy/phones/registered.ts";
import type { Site } from "../../policy/site.ts";
import type { RunningStatus } from "../status-facts.ts";

/** What readiness rests on; times of day in ISO 8601. */
export interface ReadinessFacts {
  readonly status: RunningStatus;
  readonly site: Site;
  /** When this program was built. */
  readonly built: string;
  /** None where only faults are asked for: what is told of single phones are warnings. */
  readonly contacts: readonly RegisteredContact[];
  /** The most calls at once on one of the last 14 days. */
  readonly peak: number;
  /** Why the phones' registrations couldn't be written to the state folder, the last time; undefined: they could, or needn't yet. */
  readonly unsaved: string | undefined;
  /** The drill that ended last; undefined: none is known. */
  readonly drill: { readonly until: string; readonly end: string; readonly age_days: number } | undefined;
}

/** What one check has found. */
export interface ReadinessVerdict {
  /** "warning": it is ready, and something could go wrong; "fault": calls would fail. */
  readonly severity: "ok" | "warning" | "fault";
  readonly text: string;
  /** Command lines, keys of the file, or hints that begin with "#". Each fault and each warning has one. */
  readonly cure: readonly string[];
}

export interface ReadinessFinding extends ReadinessVerdict {
  readonly check: string;
}

/** Whether phones' calls go elsewhere than to upstream already. */
export function isOutage({ upstream, calls_go_to: to }: Pick<RunningStatus, "upstream" | "calls_go_to">): boolean {
  return upstream.length > 0 && to !== undefined && to.role !== "upstream";
}

export const ok = (text: string): ReadinessVerdict => ({ severity: "ok", text, cure: [] });
export const warning = (text: string, ...cure: readonly [string, ...string[]]): ReadinessVerdict => {
  return { severity: "warning", text, cure };
};
export const fault = (text: string, ...cure: readonly [string, ...string[]]): ReadinessVerdict => {
  return { severity: "fault", text, cure };
};

/** What was found, or that it is well. */
export function orOk(found: readonly ReadinessVerdict[], text: string): ReadinessVerdict[] {
  return found.length > 0 ? [...found] : [ok(text)];
}
