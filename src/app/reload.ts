/** What a reload takes over, and what it refuses by name. */
import type { Config } from "./config/config.ts";

/** When a change of each part of the configuration takes effect; the rows of `keys.ts` say the same of its keys. */
const EFFECTS = {
  listeners: "restart",
  tls: "live",
  site: "live",
  stateFolder: "restart",
  stateInterval_ms: "live",
  logLevel: "live",
  dnsServers: "live",
  written: "live",
} as const satisfies Readonly<Record<keyof Config, "live" | "restart">>;

type Lasting = { [K in keyof Config]: (typeof EFFECTS)[K] extends "restart" ? K : never }[keyof Config];

/** The keys of the parts that can't change while branchline runs, and what tells whether they have. */
const LASTING: Readonly<Record<Lasting, { readonly key: string; readonly of: (config: Config) => string }>> = {
  listeners: { key: "listen", of: ({ listeners }) => JSON.stringify(listeners.map(({ settings }) => settings)) },
  stateFolder: { key: "state.folder", of: ({ stateFolder }) => stateFolder },
};

/** As the file spells them. */
export const LASTING_KEYS: readonly string[] = Object.values(LASTING).map(({ key }) => key);

/** The keys that have changed and need a restart, each with why; empty: the whole of `next` can be taken over. */
export function refusedChanges(before: Config, next: Config): readonly string[] {
  return Object.values(LASTING)
    .filter(({ of }) => of(before) !== of(next))
    .map(({ key }) => `${key} has changed: that needs a restart`);
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
