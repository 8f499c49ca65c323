/** The command line, and what "full" and "quick" mean in rounds and windows. */
import { parseArgs } from "node:util";

export const GROUPS = ["calls", "rates", "fork", "register", "storm", "memory", "start", "idle", "outage"] as const;
export type Group = (typeof GROUPS)[number];

/** Systems that are only measured on demand. */
export const EXTRAS = ["kamailio-fm", "quickjs", "pair", "anycast", "unobserved", "observed"] as const;
export type Extra = (typeof EXTRAS)[number];

export const USAGE = `npm run bench -- [--quick] [--rounds=N] [--only=${GROUPS.join(",")}] [--also=${EXTRAS.join(",")}] [--before=FILE] [--jitless] [--warm-up=SECONDS]
  --quick   a minute for each column: one round, short windows, no outage
  --rounds  how often everything is measured; the table has medians
  --only    some groups of measures
  --also    more columns: Kamailio with its faster allocator; the binary that needs no Node (npm run native makes it); branchline as the
            member of a pair that has the addresses, while the other member runs beside it and isn't measured; three members that have
            one address, summed, and how much they pass on to each other (as root); branchline without its journal; branchline with all that makes it seen: events, records, metrics that are scraped, a status page that is open
  --before  one more column: another build of branchline.js, to see what has changed since
  --jitless Node without its compilers, as on a processor for which it has none; by default without rates and outage
  --warm-up how long a branch's calls, forks and registrations run before they are measured; 10 unless it is given, at most 50. V8 goes on
            compiling for about a minute at a branch's rate
`;
const LONGEST_WARM_UP_s = 50;

/** How long and how often things are measured. */
export interface Profile {
  readonly rounds: number;
  /** Before a measure under a high load: what is compiled while it runs has been by then. */
  readonly warmUp_ms: number;
  /** The same before one at a branch's rate. */
  readonly branchWarmUp_ms: number;
  readonly branchWindow_ms: number;
  readonly highWindow_ms: number;
  /** One try of a rate when the highest is searched. */
  readonly tryWindow_ms: number;
  readonly rateStep: number;
  readonly registerWindow_ms: number;
  /** From the start until it counts as idle: V8 clears up once, some 8 s after it, which isn't what doing nothing costs. */
  readonly idleAfter_ms: number;
  /** In full longer than the time between two probes of upstream or the gateway, which are part of being idle. */
  readonly idleWindow_ms: number;
  /** From upstream's falling silent to a proxy that knows it by its probes; undefined: not measured. */
  readonly silence_ms: number | undefined;
  readonly starts: number;
  /** Calls placed a second to have a thousand. */
  readonly fillRate: number;
  /** From the end of a thousand calls to what they leave in memory; the longest timers of SIP are over after 32 s. */
  readonly afterCalls_ms: number;
}

const FULL: Profile = {
  rounds: 3,
  warmUp_ms: 5000,
  branchWarmUp_ms: 10_000,
  branchWindow_ms: 10_000,
  highWindow_ms: 3000,
  tryWindow_ms: 3000,
  rateStep: 250,
  registerWindow_ms: 4000,
  idleAfter_ms: 30_000,
  idleWindow_ms: 31_000,
  silence_ms: 15_000,
  starts: 5,
  fillRate: 250,
  afterCalls_ms: 35_000,
};

const QUICK: Profile = {
  rounds: 1,
  warmUp_ms: 2500,
  branchWarmUp_ms: 5000,
  branchWindow_ms: 2500,
  highWindow_ms: 1500,
  tryWindow_ms: 1500,
  rateStep: 1000,
  registerWindow_ms: 2000,
  idleAfter_ms: 3000,
  idleWindow_ms: 4000,
  silence_ms: undefined,
  starts: 3,
  fillRate: 500,
  afterCalls_ms: 1000,
};

export interface Options {
  readonly isQuick: boolean;
  readonly profile: Profile;
  readonly groups: readonly Group[];
  readonly extras: readonly Extra[];
  /** Another build's bundle. */
  readonly before: string | undefined;
  /** For Node when it runs a proxy. */
  readonly nodeFlags: readonly string[];
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
      jitless: { type: "boolean", default: false },
      "warm-up": { type: "string" },
    },
  });
  const profile = values.quick ? QUICK : FULL;
  const rounds = values.rounds === undefined ? profile.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds=${values.rounds}: not a number of rounds`);
  const warmUp_s = values["warm-up"] === undefined ? profile.branchWarmUp_ms / 1000 : Number(values["warm-up"]);
  if (!(warmUp_s >= 1 && warmUp_s <= LONGEST_WARM_UP_s))
    throw new Error(`--warm-up=${values["warm-up"]}: seconds, from 1 to ${LONGEST_WARM_UP_s}`);
  return {
    isQuick: values.quick,
    profile: { ...profile, rounds, branchWarmUp_ms: warmUp_s * 1000 },
    groups:
      values.only === undefined ? defaultGroups(values.quick, values.jitless) : chosen("only", values.only, GROUPS),
    extras: values.also === undefined ? [] : chosen("also", values.also, EXTRAS),
    before: values.before,
    nodeFlags: values.jitless ? ["--jitless"] : [],
  };
}

function defaultGroups(isQuick: boolean, isJitless: boolean): Group[] {
  const left: readonly Group[] = isJitless ? ["rates", "outage"] : isQuick ? ["outage"] : [];
  return GROUPS.filter((group) => !left.includes(group));
}

function chosen<T extends string>(option: string, list: string, known: readonly T[]): T[] {
  return list.split(",").map((name) => {
    const found = known.find((candidate) => candidate === name);
    if (found === undefined) throw new Error(`--${option}=${name}: there is only ${known.join(", ")}`);
    return found;
  });
}
