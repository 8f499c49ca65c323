/** What a reload takes over, and what it refuses by name. */
import type { Config } from "./config/config.ts";

/** The keys that have changed and need a restart, each with why; empty: the whole of `next` can be taken over. */
export function refusedChanges(before: Config, next: Config): readonly string[] {
  return [...next.lasting]
    .filter(([key, value]) => before.lasting.get(key) !== value)
    .map(([key]) => `${key} has changed: that needs a restart`);
}

/** The keys that one of the files has and the other has not, or has otherwise; in the order of the names. */
export function changedKeys(before: Config, next: Config): readonly string[] {
  const all = new Set([...before.written.keys(), ...next.written.keys()]);
  return [...all].filter((key) => before.written.get(key) !== next.written.get(key)).sort();
}

/** How a reload has ended. */
export type ReloadOutcome =
  /** The keys that have changed. */
  | { readonly isDone: true; readonly changed: readonly string[] }
  /** Nothing has changed; each fault in a line. */
  | { readonly isDone: false; readonly faults: readonly string[] };
