/** Everything the bench makes on the machine, and its removal: a temporary directory, a network namespace, processes. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { MEMBER_HOSTS, PROXY } from "./addresses.ts";
import { DealtNetwork } from "./dealt-network.ts";
import { processTree } from "./proc.ts";

/** The proxy under test has a core to itself; generator and bench share the other. */
const PROXY_CPU = 1;
const GENERATOR_CPU = 0;
/** What a system has running beside it must not take time from the proxy under test. */
const BESIDE_CPU = cpus().length > 2 ? 2 : GENERATOR_CPU;

export class Sandbox {
  /** Whether traffic runs in a network namespace of its own. */
  readonly isIsolated: boolean;
  /** Whether proxy and generator have a core each. */
  readonly isPinned: boolean;
  private readonly directory: string;
  private readonly namespace = `blbench${process.pid}`;
  private readonly running = new Set<number>();
  private dealt: DealtNetwork | undefined = undefined;

  private constructor() {
    this.directory = mkdtempSync(join(tmpdir(), "branchline-bench-"));
    this.isPinned = cpus().length > 1 && succeeds("taskset", ["--version"]);
    this.isIsolated = this.addNamespace();
    process.on("exit", () => this.close());
  }

  /** Opens the sandbox; it is closed however the bench ends. */
  static open(): Sandbox {
    const sandbox = new Sandbox();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));
    return sandbox;
  }

  newDirectory(): string {
    return mkdtempSync(join(this.directory, "run-"));
  }

  /**
   * A copy of Node for the proxy under test. Memory that it shared with the generator and the bench would count for it
   * by a third only, while on a router it is alone.
   */
  privateNode(): string {
    const copy = join(this.directory, "node");
    if (!existsSync(copy)) copyFileSync(process.execPath, copy);
    return copy;
  }

  /** Starts a proxy under test. What it says goes to the file `log`. */
  spawnProxy(command: readonly string[], log: string): ChildProcess {
    return this.spawnLogging(command, PROXY_CPU, log);
  }

  /** Starts proxies that all have the proxy's address, each in a network of its own, until all of them have ended. @throws without such networks */
  spawnMembers(commands: readonly (readonly string[])[], log: string): ChildProcess[] {
    if (!this.isIsolated) throw new Error("members with one address need network namespaces: run it as root");
    const dealt = new DealtNetwork(this.namespace, MEMBER_HOSTS, PROXY);
    this.dealt = dealt;
    const children = commands.map((command, index) =>
      this.spawnLogging(command, PROXY_CPU, log, dealt.namespaces[index]),
    );
    const end = () => {
      if (children.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)) this.endDealing();
    };
    for (const child of children) child.once("exit", end);
    return children;
  }

  /** Starts what runs beside a proxy under test, and isn't measured. */
  spawnBeside(command: readonly string[], log: string): ChildProcess {
    return this.spawnLogging(command, BESIDE_CPU, log);
  }

  /** Starts the load generator, with a channel to it. */
  spawnGenerator(command: readonly string[]): ChildProcess {
    return this.spawn(command, GENERATOR_CPU, ["ignore", "inherit", "inherit", "ipc"]);
  }

  close(): void {
    for (const pid of this.running) killTree(pid);
    this.running.clear();
    this.endDealing();
    if (this.isIsolated) spawnSync("ip", ["netns", "del", this.namespace]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private endDealing(): void {
    this.dealt?.remove();
    this.dealt = undefined;
  }

  private spawnLogging(command: readonly string[], cpu: number, log: string, namespace?: string): ChildProcess {
    const output = openSync(log, "a");
    const child = this.spawn(command, cpu, ["ignore", output, output], namespace);
    closeSync(output);
    return child;
  }

  private spawn(
    command: readonly string[],
    cpu: number,
    stdio: ("ignore" | "inherit" | "ipc" | number)[],
    name = this.namespace,
  ): ChildProcess {
    // Neither prefix forks: the pid is the command's own.
    const namespace = this.isIsolated ? ["ip", "netns", "exec", name] : [];
    const pinning = this.isPinned ? ["taskset", "-c", String(cpu)] : [];
    const [program, ...args] = [...namespace, ...pinning, ...command];
    if (program === undefined) throw new Error("nothing to start");
    const child = spawn(program, args, { stdio });
    const { pid } = child;
    if (pid !== undefined) {
      this.running.add(pid);
      child.once("exit", () => this.running.delete(pid));
    }
    return child;
  }

  private addNamespace(): boolean {
    if (process.getuid?.() !== 0 || !succeeds("ip", ["netns", "add", this.namespace])) return false;
    if (succeeds("ip", ["-n", this.namespace, "link", "set", "lo", "up"])) return true;
    spawnSync("ip", ["netns", "del", this.namespace]);
    return false;
  }
}

/** Ends a process and its descendants, leaving them no choice. */
export function killTree(root: number): void {
  for (const pid of processTree(root)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

function succeeds(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}
