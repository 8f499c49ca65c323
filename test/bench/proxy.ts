/** A proxy under test while it runs: what it has used so far, and its end. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { monotonic_ms } from "../sip/wire.ts";
import { PROXY } from "./addresses.ts";
import type { LoadClient } from "./load-client.ts";
import { cpuTime_us, type Drops, memory_mb, processTree, udpDrops } from "./proc.ts";
import { killTree, type Sandbox } from "./sandbox.ts";
import type { System } from "./systems.ts";

const START_LIMIT_MS = 5000;
const STOP_LIMIT_MS = 3000;
/** How much of its log is shown when it fails. */
const LOG_LINES = 5;

export class RunningProxy {
  /** From its spawning to the first OPTIONS that it answered. */
  readonly start_ms: number;
  private readonly child: ChildProcess;
  private readonly beside: ChildProcess | undefined;
  private readonly pid: number;
  private readonly log: string;

  private constructor(
    child: ChildProcess,
    beside: ChildProcess | undefined,
    pid: number,
    log: string,
    start_ms: number,
  ) {
    this.child = child;
    this.beside = beside;
    this.pid = pid;
    this.log = log;
    this.start_ms = start_ms;
  }

  static async start(sandbox: Sandbox, load: LoadClient, system: System): Promise<RunningProxy> {
    await load.ask({ kind: "reset" });
    const directory = sandbox.newDirectory();
    const log = `${directory}/log`;
    const { measured, beside: besideCommand } = system.prepare(directory, sandbox.privateNode());
    const beside = besideCommand && sandbox.spawnBeside(besideCommand, `${directory}/beside.log`);
    const spawned_ms = monotonic_ms();
    const child = sandbox.spawnProxy(measured, log);
    const pid = child.pid;
    if (pid === undefined) throw new Error(`${measured[0]} cannot be started`);
    const { answeredAt_ms } = await load.ask({ kind: "ping", limit_ms: START_LIMIT_MS });
    const proxy = new RunningProxy(child, beside, pid, log, (answeredAt_ms ?? Number.NaN) - spawned_ms);
    if (answeredAt_ms === undefined) {
      await proxy.stop();
      throw new Error(`${system.name} answers no OPTIONS within ${START_LIMIT_MS} ms:\n${proxy.lastWords()}`);
    }
    return proxy;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  cpuTime_us(): number {
    return cpuTime_us(processTree(this.pid));
  }

  memory_mb(): number {
    return memory_mb(processTree(this.pid));
  }

  drops(): Drops {
    return udpDrops(this.pid, PROXY);
  }

  lastWords(): string {
    return readFileSync(this.log, "utf8").trim().split("\n").slice(-LOG_LINES).join("\n");
  }

  async stop(): Promise<void> {
    await end(this.child);
    if (this.beside !== undefined) await end(this.beside);
  }
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
