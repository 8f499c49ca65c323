/** Findings as files: NAME.sip has the messages byte by byte, NAME.json who sends them when, and to which site. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Finding, LIMITS, QUIET_ms, type Step } from "./campaign.ts";
import { hashOf } from "./rng.ts";
import { ORIGIN_NAMES, type Origin, SITES } from "./sites.ts";
import { type Trouble, World } from "./world.ts";

/** A finding that is fed again by every test run. */
export interface Case {
  readonly name: string;
  readonly site: string;
  /** Of the site's own chance. */
  readonly seed: number;
  readonly steps: readonly Step[];
}

interface Script {
  readonly site: string;
  /** Left out: {@link USUAL_SEED}. */
  readonly seed?: number;
  /** What it showed when it was found. */
  readonly found: string;
  readonly steps: readonly { readonly origin: Origin; readonly wait_ms: number; readonly bytes: number }[];
}

/** What a site draws chance from where a finding doesn't say. */
export const USUAL_SEED = 1;

/** Feeds the steps to a site that has just started; what goes wrong. */
export function replay(site: string, seed: number, steps: readonly Step[], clock_ms: () => number): Trouble[] {
  const world = new World(site, seed);
  let slowest_ms = 0;
  for (const { origin, wait_ms, wire } of steps) {
    world.advance(wait_ms);
    const start_ms = clock_ms();
    world.feed(origin, wire);
    slowest_ms = Math.max(slowest_ms, clock_ms() - start_ms);
  }
  world.settle(QUIET_ms);
  const { timers, transactions } = world.close();
  if (timers + transactions > 0) {
    world.troubles.push({ kind: "leak", detail: `${timers} timers and ${transactions} transactions after the end` });
  }
  if (slowest_ms > LIMITS.slow_ms) world.troubles.push({ kind: "slow", detail: `${slowest_ms.toFixed(1)} ms` });
  return world.troubles;
}

/** Whether the steps show trouble of this kind; slowness in each of several tries, for the machine may be busy. */
export function shows(
  { kind, site, seed }: Pick<Finding, "kind" | "site" | "seed">,
  steps: readonly Step[],
  clock_ms: () => number,
): boolean {
  const has = () => replay(site, seed, steps, clock_ms).some((trouble) => trouble.kind === kind);
  return kind === "slow" ? [1, 2, 3, 4, 5].every(has) : has();
}

/** @returns where it was written; nothing when it is there already */
export function write(folder: string, finding: Finding): string | undefined {
  const { site, seed, kind, detail, steps } = finding;
  const name = `${kind}-${hashOf(`${site} ${steps.map(({ wire }) => wire).join("")}`).toString(36)}`;
  const path = join(folder, `${name}.sip`);
  if (existsSync(path)) return undefined;
  mkdirSync(folder, { recursive: true });
  const script: Script = {
    site,
    ...(seed === USUAL_SEED ? {} : { seed }),
    found: `${kind}: ${detail.split(/\r?\n/)[0]}`,
    steps: steps.map(({ origin, wait_ms, wire }) => ({ origin, wait_ms, bytes: wire.length })),
  };
  writeFileSync(path, steps.map(({ wire }) => wire).join(""), "latin1");
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(script, undefined, 2)}\n`);
  return path;
}

/** All findings in `folder`; a .sip file without its .json is one message that everybody sends to every site. */
export function readCases(folder: string): Case[] {
  const names = readdirSync(folder).filter((file) => file.endsWith(".sip"));
  return names.flatMap((file) => {
    const name = file.slice(0, -4);
    const wire = readFileSync(join(folder, file), "latin1");
    const scriptPath = join(folder, `${name}.json`);
    if (!existsSync(scriptPath)) return everywhere(name, wire);
    const { site, seed = USUAL_SEED, steps } = JSON.parse(readFileSync(scriptPath, "utf8")) as Script;
    let start = 0;
    const cut = steps.map(({ origin, wait_ms, bytes }) => {
      start += bytes;
      return { origin, wait_ms, wire: wire.slice(start - bytes, start) };
    });
    return [{ name, site, seed, steps: cut }];
  });
}

function everywhere(name: string, wire: string): Case[] {
  const steps = ORIGIN_NAMES.map((origin) => ({ origin, wait_ms: 0, wire }));
  return Object.keys(SITES).map((site) => ({ name: `${name} at ${site}`, site, seed: USUAL_SEED, steps }));
}
