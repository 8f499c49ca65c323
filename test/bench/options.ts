/** The command line, and what "full" and "quick" mean in rounds and windows. */
import { parseArgs } from "node:util";

export const GROUPS = ["calls", "latency", "register", "storm", "memory", "start", "outage"] as const;
export type Group = (typeof GROUPS)[number];

/** Systems that are only measured on demand. */
export const EXTRAS = ["kamailio-fm", "js-floor"] as const;
export type Extra = (typeof EXTRAS)[number];

export const USAGE = `npm run bench -- [--quick] [--rounds=N] [--only=${GROUPS.join(",")}] [--also=${EXTRAS.join(",")}] [--before=FILE]
  --quick   under 90 s: one round, short windows, no outage
  --rounds  how often everything is measured; the table has medians
  --only    some groups of measures
  --also    more columns: Kamailio with its faster allocator; the least JavaScript that forwards the same packets
  --before  one more column: another build of branchline.js, to see what has changed since
`;

/** How long and how often things are measured. */
export interface Profile {
  readonly rounds: number;
  /** Before a measure under load: what is compiled while it runs has been by then. */
  readonly warmUp_ms: number;
  readonly branchWindow_ms: number;
  readonly highWindow_ms: number;
  /** One try of a rate when the highest is searched. */
  readonly tryWindow_ms: number;
  readonly rateStep: number;
  readonly registerWindow_ms: number;
  /** Longer than the time between two probes of upstream, which are part of being idle. */
  readonly idleWindow_ms: number;
  readonly starts: number;
  /** Calls placed a second to have a thousand. */
  readonly fillRate: number;
}

const FULL: Profile = {
  rounds: 3,
  warmUp_ms: 5000,
  branchWindow_ms: 4000,
  highWindow_ms: 3000,
  tryWindow_ms: 3000,
  rateStep: 250,
  registerWindow_ms: 4000,
  idleWindow_ms: 10_000,
  starts: 5,
  fillRate: 250,
};

const QUICK: Profile = {
  rounds: 1,
  warmUp_ms: 3000,
  branchWindow_ms: 2500,
  highWindow_ms: 1500,
  tryWindow_ms: 1500,
  rateStep: 500,
  registerWindow_ms: 2000,
  idleWindow_ms: 2000,
  starts: 3,
  fillRate: 500,
};

export interface Options {
  readonly profile: Profile;
  readonly groups: readonly Group[];
  readonly extras: readonly Extra[];
  /** Another build's bundle. */
  readonly before: string | undefined;
}

/** Reads the command line; throws what is wrong with it. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      only: { type: "string" },
      also: { type: "string" },
      before: { type: "string" },
    },
  });
  const profile = values.quick ? QUICK : FULL;
  const rounds = values.rounds === undefined ? profile.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds=${values.rounds}: not a number of rounds`);
  return {
    profile: { ...profile, rounds },
    groups: values.only === undefined ? defaultGroups(values.quick) : chosen("only", values.only, GROUPS),
    extras: values.also === undefined ? [] : chosen("also", values.also, EXTRAS),
    before: values.before,
  };
}

function defaultGroups(isQuick: boolean): Group[] {
  return GROUPS.filter((group) => !(isQuick && group === "outage"));
}

function chosen<T extends string>(option: string, list: string, known: readonly T[]): T[] {
  return list.split(",").map((name) => {
    const found = known.find((candidate) => candidate === name);
    if (found === undefined) throw new Error(`--${option}=${name}: there is only ${known.join(", ")}`);
    return found;
  });
}
