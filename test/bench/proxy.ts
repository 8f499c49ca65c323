/** A proxy under test while it runs: what it has used so far, and its end. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { monotonic_ms } from "../sip/wire.ts";
import { PROXY } from "./addresses.ts";
import type { LoadClient } from "./load-client.ts";
import { cpuTime_us, type Drops, type Memory, memoryOf, processTree, udpDrops } from "./proc.ts";
import { killTree, type Sandbox } from "./sandbox.ts";
import type { System } from "./systems.ts";

const START_LIMIT_MS = 5000;
const STOP_LIMIT_MS = 3000;
/** How much of its log is shown when it fails. */
const LOG_LINES = 5;

export class RunningProxy {
  /** From its spawning to the first OPTIONS that it answered. */
  readonly start_ms: number;
  /** The first one is the proxy; members of a cluster behind its address follow. */
  private readonly children: readonly ChildProcess[];
  private readonly beside: ChildProcess | undefined;
  private readonly pids: readonly number[];
  /** Of members, the paths of their control sockets. */
  private readonly controls: readonly string[];
  private readonly log: string;

  private constructor(
    children: readonly ChildProcess[],
    beside: ChildProcess | undefined,
    pids: readonly number[],
    controls: readonly string[],
    log: string,
    start_ms: number,
  ) {
    this.children = children;
    this.beside = beside;
    this.pids = pids;
    this.controls = controls;
    this.log = log;
    this.start_ms = start_ms;
  }

  static async start(sandbox: Sandbox, load: LoadClient, system: System): Promise<RunningProxy> {
    await load.ask({ kind: "reset" });
    const directory = sandbox.newDirectory();
    const log = `${directory}/log`;
    const {
      measured,
      beside: besideCommand,
      members,
      controls = [],
    } = system.prepare(directory, sandbox.privateNode());
    const beside = besideCommand && sandbox.spawnBeside(besideCommand, `${directory}/beside.log`);
    const spawned_ms = monotonic_ms();
    const children = members === undefined ? [sandbox.spawnProxy(measured, log)] : sandbox.spawnMembers(members, log);
    const pids = children.flatMap(({ pid }) => pid ?? []);
    if (pids.length < children.length) throw new Error(`${measured[0]} cannot be started`);
    const { answeredAt_ms } = await load.ask({ kind: "ping", limit_ms: START_LIMIT_MS });
    const proxy = new RunningProxy(children, beside, pids, controls, log, (answeredAt_ms ?? Number.NaN) - spawned_ms);
    if (answeredAt_ms === undefined) {
      await proxy.stop();
      throw new Error(`${system.name} answers no OPTIONS within ${START_LIMIT_MS} ms:\n${proxy.lastWords()}`);
    }
    return proxy;
  }

  get hasEnded(): boolean {
    return this.children.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
  }

  get hasMembers(): boolean {
    return this.controls.length > 0;
  }

  cpuTime_us(): number {
    return cpuTime_us(this.pids.flatMap(processTree));
  }

  memory(): Memory {
    return memoryOf(this.pids.flatMap(processTree));
  }

  /** Of the last messages that have come to members, how many of a hundred were passed on to another one; NaN: it has no members. */
  async passed_percent(): Promise<number> {
    const entries = (await Promise.all(this.controls.map(journalOf))).flat();
    const came = entries.filter(({ kind, member }) => kind === "in" && member === undefined).length;
    return (100 * entries.filter(({ kind }) => kind === "passed").length) / came;
  }

  drops(): Drops {
    const all = this.pids.map((pid) => udpDrops(pid, PROXY));
    const sum = (key: keyof Drops) => all.reduce((total, drops) => total + drops[key], 0);
    return { there: sum("there"), elsewhere: sum("elsewhere") };
  }

  lastWords(): string {
    return readFileSync(this.log, "utf8").trim().split("\n").slice(-LOG_LINES).join("\n");
  }

  async stop(): Promise<void> {
    for (const child of this.children) await end(child);
    if (this.beside !== undefined) await end(this.beside);
  }
}

/** An entry of a journal, as far as it tells where a message has come from, or that it has been passed on. */
interface Entry {
  readonly kind: string;
  readonly member?: string;
}

/** All that is kept, by the control socket at this path. */
async function journalOf(path: string): Promise<Entry[]> {
  const all: Entry[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const socket = createConnection(path);
    socket.write(`${JSON.stringify({ command: "trace", after })}\n`);
    let text = "";
    for await (const piece of socket) text += String(piece);
    const { trace } = JSON.parse(text) as { trace: { entries: Entry[]; next?: number } };
    all.push(...trace.entries);
    after = trace.next;
  }
  return all;
}

async function end(child: ChildProcess): Promise<void> {
  const { pid, exitCode, signalCode } = child;
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const kill = setTimeout(() => killTree(pid), STOP_LIMIT_MS);
  await ended;
  clearTimeout(kill);
}
