/** `branchline drain` and `branchline join`: takes a member of a pair out of service, and back. */
import { type ClusterFacts, isRelieved, mayBeRelieved, othersInWords } from "../app/cluster-facts.ts";
import { drainNote, drainText, joinText, leftWords } from "../app/words/cluster-words.ts";
import { EXIT_DONE, EXIT_WORLD } from "./exit.ts";
import { fail, print } from "./paper.ts";
import { reader } from "./reader.ts";
import { findRunning, type Running, show, theRunning } from "./running.ts";
import { seconds } from "./spans.ts";

const AGAIN_ms = 250;
/** A member that joins is complete within a second, or goes on after 10 s with what it has. */
const JOIN_s = 15;
/** The other member may be amid an upgrade of its own. */
const RELIEF_s = 60;
/** Until one that has been started can be asked. */
const START_s = 30;

/** Why a time of `--wait` is refused; undefined: it is fine. */
export function waitFault(time: string): string | undefined {
  return time === "0" || seconds(time) !== undefined ? undefined : "Must be 0 or a time, such as 60s or 5m.";
}

/**
 * Drains this member, and waits until nothing is left.
 * @param wait how long, such as "60s"; "0": not at all
 * @param isAlone also where no other member takes calls
 */
export async function drain(file: string, wait: string, isAlone: boolean, asJson: boolean): Promise<void> {
  const running = await theRunning(file);
  const asked = clusterOf((await running.ask({ command: "drain", alone: isAlone })).status.cluster);
  const note = asJson ? undefined : drainNote(asked, reader());
  if (note !== undefined) print(`${note}\n`);
  const isOver = ({ state }: ClusterFacts) => state !== "draining";
  const cluster = await settled(running, asked, isOver, seconds(wait) ?? 0, asJson ? undefined : leftWords);
  process.exitCode = cluster.state === "drained" || wait === "0" ? EXIT_DONE : EXIT_WORLD;
  show(drainText(cluster, reader()), asJson, cluster);
}

/**
 * {@link drain} for scripts that restart branchline: waits until another member takes calls. Does nothing where none runs, or one without a
 * cluster.
 */
export async function drainPatiently(file: string, wait: string, asJson: boolean): Promise<void> {
  const running = await findRunning(file);
  let cluster = await clusterAt(running);
  if (running === undefined || cluster === undefined) return;
  const say = asJson ? () => {} : (line: string) => print(`${line}\n`);
  if (!isRelieved(cluster) && mayBeRelieved(cluster)) say(`Waiting: ${othersInWords(cluster)}`);
  for (let tries = (RELIEF_s * 1_000) / AGAIN_ms; ; tries--) {
    const asked = isRelieved(cluster) ? await running.tryToAsk({ command: "drain", alone: false }) : undefined;
    if (asked !== undefined) {
      const isOver = ({ state }: ClusterFacts) => state !== "draining";
      cluster = await settled(running, clusterOf(asked.status.cluster), isOver, seconds(wait) ?? 0, undefined);
    }
    // Else both were told to drain, and this one has stepped back.
    const isLeaving = cluster.state === "draining" || cluster.state === "drained";
    if (isLeaving || tries <= 0 || !mayBeRelieved(cluster)) break;
    await again();
    cluster = clusterOf((await running.ask({ command: "status" })).status.cluster);
  }
  process.exitCode = cluster.state === "drained" ? EXIT_DONE : EXIT_WORLD;
  const isLeft = cluster.state === "active" || cluster.state === "syncing";
  const text = isLeft ? `No other member takes calls: ${othersInWords(cluster)}\n` : drainText(cluster, reader());
  show(text, asJson, cluster);
}

/** Lets this member take calls again, and waits until it does. */
export async function join(file: string, asJson: boolean): Promise<void> {
  const running = await theRunning(file);
  const asked = clusterOf((await running.ask({ command: "join" })).status.cluster);
  const cluster = await settled(running, asked, ({ state }) => state === "active", JOIN_s, undefined);
  process.exitCode = cluster.state === "active" ? EXIT_DONE : EXIT_WORLD;
  show(joinText(cluster, reader()), asJson, cluster);
}

/** {@link join} for scripts that have restarted branchline: it may not run yet. Does nothing where the one that runs has no cluster. */
export async function joinPatiently(file: string, asJson: boolean): Promise<void> {
  let running = await findRunning(file);
  for (let tries = (START_s * 1_000) / AGAIN_ms; tries > 0 && running === undefined; tries--) {
    await again();
    running = await findRunning(file);
  }
  if (running !== undefined && (await clusterAt(running)) === undefined) return;
  await join(file, asJson);
}

async function clusterAt(running: Running | undefined): Promise<ClusterFacts | undefined> {
  return (await running?.ask({ command: "status" }))?.status.cluster;
}

function again(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, AGAIN_ms));
}

/** @param say each other line that it makes is printed while waiting */
async function settled(
  running: Running,
  first: ClusterFacts,
  isSettled: (cluster: ClusterFacts) => boolean,
  wait_s: number,
  say: ((cluster: ClusterFacts) => string) | undefined,
): Promise<ClusterFacts> {
  let cluster = first;
  let said = "";
  for (let tries = (wait_s * 1_000) / AGAIN_ms; tries > 0 && !isSettled(cluster); tries--) {
    const line = say?.(cluster) ?? "";
    if (line !== said) print(`${line}\n`);
    said = line;
    await again();
    cluster = clusterOf((await running.ask({ command: "status" })).status.cluster);
  }
  return cluster;
}

function clusterOf(cluster: ClusterFacts | undefined): ClusterFacts {
  return cluster ?? fail("The running branchline says nothing of a cluster any more");
}
