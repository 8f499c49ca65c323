/** A program under test or beside it: its lines, its end, and that it never outlives the test run. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { PATIENCE_MS } from "../../support/machine.ts";
import { patient } from "./patience.ts";
import { pathOf } from "./peers.ts";

const STOP_LIMIT_MS = PATIENCE_MS;
/** How much of its output an error shows. */
const LINES_SHOWN = 15;
/** Runs a program in a mount namespace of its own. */
const WITH_HOSTS = 'mount --bind "$0" /etc/hosts && exec "$@"';

export interface ChildOptions {
  readonly cwd?: string;
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The network namespace to run in. */
  readonly namespace?: string | undefined;
  /** What it finds as /etc/hosts instead of the machine's: needs the right to mount. */
  readonly hosts?: string | undefined;
  /** Keeps what it reads from standard input open, for programs that end with it or take commands there. */
  readonly stdin?: "pipe" | "ignore";
}

interface Waiter {
  readonly pattern: RegExp;
  readonly resolve: (line: string) => void;
}

/** Each leads a process group of its own, so that its children end with it. */
const running = new Set<Child>();
process.on("exit", () => {
  for (const child of running) child.signal("SIGKILL");
});

export class Child {
  readonly name: string;
  /** What it has printed on standard output and standard error. */
  readonly lines: string[] = [];
  readonly ended: Promise<number | null>;
  private readonly process: ChildProcess;
  private readonly waiters = new Set<Waiter>();
  private readonly watchers: ((line: string) => void)[] = [];

  constructor(name: string, args: readonly string[], options: ChildOptions = {}) {
    this.name = name;
    const program = name.startsWith("/") ? name : pathOf(name);
    const { namespace, hosts, env, cwd, stdin } = options;
    const inside = namespace === undefined ? [] : [pathOf("ip"), "netns", "exec", namespace];
    const knowing = hosts === undefined ? [] : [pathOf("unshare"), "--mount", "sh", "-c", WITH_HOSTS, hosts];
    const [command = "", ...rest] = [...inside, ...knowing, program, ...args];
    this.process = spawn(command, rest, {
      detached: true,
      stdio: [stdin ?? "ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    // Text that is typed after its end is lost.
    this.process.stdin?.on("error", () => {});
    running.add(this);
    this.ended = once(this.process, "close").then(([code]) => {
      running.delete(this);
      return code;
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.take(line));
    }
  }

  /** 0 when it couldn't be started. */
  get pid(): number {
    return this.process.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** The first line that matches, printed already or within `limit_ms`. */
  async line(pattern: RegExp, limit_ms = PATIENCE_MS): Promise<string> {
    const known = this.lines.find((line) => pattern.test(line));
    return known ?? this.nextLine(pattern, limit_ms);
  }

  /** The first line that matches from now on. */
  async nextLine(pattern: RegExp, limit_ms = PATIENCE_MS): Promise<string> {
    let waiter: Waiter | undefined;
    const found = new Promise<string>((resolve) => {
      waiter = { pattern, resolve };
      this.waiters.add(waiter);
    });
    const fail = (why: string) => new Error(`${this.name} ${why} before ${pattern}:\n${this.lastWords()}`);
    let timer: NodeJS.Timeout | undefined;
    const patient_ms = patient(limit_ms);
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(fail(`said nothing in ${patient_ms} ms`)), patient_ms);
    });
    const over = this.ended.then((code) => {
      throw fail(`ended with ${code}`);
    });
    try {
      return await Promise.race([found, late, over]);
    } finally {
      clearTimeout(timer);
      if (waiter !== undefined) this.waiters.delete(waiter);
    }
  }

  /** Shows `watcher` every line from now on. */
  watch(watcher: (line: string) => void): void {
    this.watchers.push(watcher);
  }

  /** Types a line, where its standard input is open. */
  type(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  /** Types keys without the end of a line. */
  press(keys: string): void {
    this.process.stdin?.write(keys);
  }

  /** To the program and its own children. */
  signal(name: NodeJS.Signals): void {
    const { pid } = this.process;
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch {
      // All of the group have ended.
    }
  }

  /** Ends it, kindly at first. */
  async stop(name: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (!this.hasEnded) this.signal(name);
    const kill = setTimeout(() => this.signal("SIGKILL"), patient(STOP_LIMIT_MS));
    const code = await this.ended;
    clearTimeout(kill);
    this.signal("SIGKILL");
    return code;
  }

  lastWords(): string {
    return this.lines.slice(-LINES_SHOWN).join("\n");
  }

  private take(line: string): void {
    this.lines.push(line);
    for (const watcher of this.watchers) watcher(line);
    for (const waiter of [...this.waiters]) if (waiter.pattern.test(line)) waiter.resolve(line);
  }
}
