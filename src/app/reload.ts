/** What a reload takes over, and what it refuses by name. */
import type { Config } from "./config/config.ts";

/** The keys that have changed and need a restart; empty: the whole of `next` can be taken over. */
export function refusedChanges(before: Config, next: Config): readonly string[] {
  return [...next.lasting].filter(([key, value]) => before.lasting.get(key) !== value).map(([key]) => key);
}

/** The keys that one of the files has and the other has not, or has otherwise; in the order of the names. */
export function changedKeys(before: Config, next: Config): readonly string[] {
  const all = new Set([...before.written.keys(), ...next.written.keys()]);
  return [...all].filter((key) => before.written.get(key) !== next.written.get(key)).sort();
}

/** Why nothing of a file is taken over. */
export interface Refusal {
  /** The file has faults; keys of it need a restart; the certificate can't be used. */
  readonly reason: "faulty_file" | "needs_restart" | "certificate";
  /** The keys that need a restart. */
  readonly keys: readonly string[];
  /** All of it in words, each fault in a line. */
  readonly faults: readonly string[];
}

/** How a reload has ended, as the control socket and `branchline reload --json` tell it. */
export type ReloadOutcome =
  /** The keys that have changed. */
  { readonly is_done: true; readonly changed: readonly string[] } | ({ readonly is_done: false } & Refusal);

/** Faults of a file that are told of a refused reload, and characters of each: they go into the log, and with each status. */
const FAULTS_MAX = 50;
const FAULT_CHARACTERS_MAX = 500;

/** @param faults a line for each; any file may be named, and each of its lines may have one */
export function faultyFile(faults: readonly string[]): Refusal {
  const told = faults.slice(0, FAULTS_MAX).map((fault) => {
    return fault.length <= FAULT_CHARACTERS_MAX ? fault : `${fault.slice(0, FAULT_CHARACTERS_MAX)} …`;
  });
  const left = faults.length - told.length;
  const more = left === 0 ? [] : [`and ${left} more: branchline check tells all`];
  return { reason: "faulty_file", keys: [], faults: [...told, ...more] };
}

/** What keys say that can't be taken over without a restart. */
export function needsRestart(keys: readonly string[]): Refusal {
  const faults = keys.map((key) => `${key} has changed: that needs a restart`);
  return { reason: "needs_restart", keys, faults };
}
