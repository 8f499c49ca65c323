/** Measures branchline against Kamailio doing the same job, on this machine, round by round, and prints a table. */
import { readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { resolve } from "node:path";
import { runFloor } from "./floor.ts";
import { runWorker } from "./load/worker.ts";
import { LoadClient } from "./load-client.ts";
import { calls } from "./measures/calls.ts";
import { fork } from "./measures/fork.ts";
import { highRate } from "./measures/high-rate.ts";
import { highestRate } from "./measures/highest-rate.ts";
import { idle } from "./measures/idle.ts";
import type { Bench, Measure } from "./measures/measure.ts";
import { memory } from "./measures/memory.ts";
import { outage } from "./measures/outage.ts";
import { register } from "./measures/register.ts";
import { start } from "./measures/start.ts";
import { storm } from "./measures/storm.ts";
import { type Extra, type Options, readOptions, USAGE } from "./options.ts";
import { runPageReader } from "./page-reader.ts";
import { Sandbox } from "./sandbox.ts";
import {
  branchline,
  branchlineAnycast,
  branchlineBefore,
  branchlineObserved,
  branchlinePair,
  branchlineStatic,
  branchlineUnobserved,
  floor,
  kamailioFast,
  kamailioLean,
  type System,
} from "./systems.ts";
import { markdownTable, Samples } from "./table.ts";

const MEASURES: readonly Measure[] = [calls, highRate, highestRate, fork, register, storm, memory, start, idle, outage];

async function runBench(options: Options): Promise<void> {
  const systems = systemsToCompare(options);
  const sandbox = Sandbox.open();
  console.log(`${describeMachine(systems, sandbox)}\n`);
  const load = await LoadClient.start(sandbox);
  const warnings = new Set<string>();
  const bench: Bench = { sandbox, load, profile: options.profile, warn: (text) => warnings.add(text) };
  const { groups, isQuick } = options;
  const measures = MEASURES.filter(
    ({ group, isLeftOutOfQuick }) => groups.includes(group) && !(isQuick && isLeftOutOfQuick === true),
  );
  const samples = new Samples();
  for (let round = 1; round <= options.profile.rounds; round += 1) {
    for (const measure of measures) {
      if (measure.isOnce && round > 1) continue;
      for (const system of systems) {
        progress(`round ${round}/${options.profile.rounds}: ${measure.group}, ${system.name}`);
        await sample(bench, measure, system, samples);
      }
    }
  }
  progress("");
  load.stop();
  const names = systems.map(({ name }) => name);
  const rows = measures.flatMap((measure) => measure.rows);
  console.log(markdownTable(rows, names, samples, "branchline", ["kamailio-lean", "js-floor", "before"]));
  if (warnings.size > 0) console.log(`\nTo be read with care:\n${[...warnings].map((text) => `- ${text}`).join("\n")}`);
}

/** A system that fails one measure has no figure there; the others go on. */
async function sample(bench: Bench, measure: Measure, system: System, samples: Samples): Promise<void> {
  try {
    const values = await measure.run(bench, system);
    for (const [key, value] of Object.entries(values)) samples.add(system.name, key, value);
  } catch (error) {
    bench.warn(`${measure.group}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function systemsToCompare(options: Options): System[] {
  const rival = kamailioLean();
  const { nodeFlags } = options;
  const subject = branchline(nodeFlags);
  if (rival === undefined)
    console.log("Kamailio is not installed (Debian: apt-get install kamailio): no comparison.\n");
  if (subject === undefined) console.log("dist/branchline.js has not been built: Kamailio alone.\n");
  const made: Readonly<Record<Extra, () => System | undefined>> = {
    "kamailio-fm": kamailioFast,
    quickjs: branchlineStatic,
    pair: () => branchlinePair(nodeFlags),
    anycast: () => branchlineAnycast(nodeFlags),
    unobserved: () => branchlineUnobserved(nodeFlags),
    observed: () => branchlineObserved(nodeFlags),
  };
  const extras = options.extras.map((name) => made[name]());
  if (options.extras.includes("quickjs") && !extras.some((system) => system?.name === "quickjs")) {
    console.log("The binary for this processor has not been built: npm run native\n");
  }
  const before = options.before === undefined ? undefined : branchlineBefore(resolve(options.before), nodeFlags);
  if (options.before !== undefined && before === undefined) console.log(`${options.before}: no such build.\n`);
  const systems = [rival, ...extras, floor(nodeFlags), before, subject];
  return systems.filter((system) => system !== undefined);
}

function describeMachine(systems: readonly System[], sandbox: Sandbox): string {
  const processors = cpus();
  const receiveBuffer_kib = Number(readFileSync("/proc/sys/net/core/rmem_max", "latin1")) / 1024;
  return [
    `${processors[0]?.model.trim() ?? "unknown CPU"}, ${processors.length} cores`,
    `Linux ${release()}`,
    [...new Set(systems.map(({ version }) => version))].join(", "),
    `net.core.rmem_max ${receiveBuffer_kib} KiB`,
    sandbox.isPinned ? "one core for the proxy, one for the load" : "NOT pinned to cores",
    sandbox.isIsolated ? "own network namespace" : "the machine's own loopback",
  ].join("; ");
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== "") process.stderr.write(`${text}\n`);
}

async function main(args: readonly string[]): Promise<void> {
  if (args[0] === "generator") return runWorker();
  if (args[0] === "floor") return runFloor();
  if (args[0] === "reader") return runPageReader();
  if (args.includes("--help")) {
    console.log(USAGE);
    return;
  }
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  await runBench(options);
  process.exit();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
