/** The real branchline, from its bundle, as a child process. */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { History } from "./sip/history.ts";
import { within } from "./wait.ts";

/** The bundle lies next to that of the demo. */
const BUNDLE = fileURLToPath(new URL("./branchline.js", import.meta.url));
const START_LIMIT_ms = 20_000;
const STOP_LIMIT_ms = 10_000;

/** One line of the log: `<priority>event key=value …`. */
export interface LogLine {
  readonly text: string;
  readonly at_ms: number;
}

/** What branchline thinks of upstream, and why. */
export interface UpstreamEdge {
  readonly from: string;
  readonly to: string;
  readonly evidence: string;
}

export class BranchlineProcess {
  readonly log = new History<LogLine>();
  private readonly child: ChildProcess;
  private readonly edges = new History<UpstreamEdge>();
  private readonly exit: Promise<string>;
  private isOver = false;

  /**
   * @param onEdge told of each change of upstream's state
   * @param onLine told of each line of the log
   * @param preload a module that Node loads before branchline
   */
  constructor(
    configFile: string,
    onEdge: (edge: UpstreamEdge) => void,
    onLine: (line: LogLine) => void = () => {},
    preload?: string,
  ) {
    const [command = "", ...words] = program();
    const first = preload === undefined ? words : ["--require", preload, ...words];
    this.child = spawn(command, [...first, "run", "-c", configFile], { stdio: ["ignore", "pipe", "pipe"] });
    this.exit = this.watchExit();
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (text) => this.onLine(text, onEdge, onLine));
    }
  }

  /** Resolves once it serves. */
  async started(): Promise<void> {
    const line = this.log.first(({ text }) => text.includes("started "));
    await within(START_LIMIT_ms, "branchline starts", Promise.race([line, this.failure()]));
  }

  /** @throws when the process ends by itself */
  async failure(): Promise<never> {
    throw new Error(`branchline ${await this.exit}`);
  }

  /** Resolves as soon as branchline takes upstream to be `state`. */
  async upstreamIs(state: string): Promise<void> {
    if (this.edges.all.at(-1)?.to !== state) await this.edges.next(({ to }) => to === state);
  }

  async stop(): Promise<void> {
    if (this.isOver) return;
    this.child.kill("SIGTERM");
    await within(STOP_LIMIT_ms, "branchline stops", this.exit).catch(() => this.kill());
  }

  /** Ends it without asking. */
  kill(): void {
    if (!this.isOver) this.child.kill("SIGKILL");
  }

  /** Resolves once it has ended, to how. */
  get ended(): Promise<string> {
    return this.exit;
  }

  private async watchExit(): Promise<string> {
    try {
      const [code, signal]: unknown[] = await once(this.child, "exit");
      return `ended with ${signal === null ? `status ${String(code)}` : String(signal)}`;
    } catch (error) {
      return `can't be started: ${String(error)}`;
    } finally {
      this.isOver = true;
    }
  }

  private onLine(text: string, onEdge: (edge: UpstreamEdge) => void, onLine: (line: LogLine) => void): void {
    const line = { text, at_ms: performance.now() };
    this.log.add(line);
    onLine(line);
    const [, from, to, evidence] = /upstream_state .*from=(\w+) to=(\w+) evidence="([^"]*)"/.exec(text) ?? [];
    if (from === undefined || to === undefined || evidence === undefined) return;
    const edge = { from, to, evidence };
    this.edges.add(edge);
    onEdge(edge);
  }
}

/**
 * What one of branchline's commands prints, and its exit status.
 * @param words such as "status --json", without a configuration file
 */
export async function askBranchline(configFile: string, words: string): Promise<{ status: number; output: string }> {
  const [command = "", ...first] = program();
  return new Promise((resolve) => {
    const child = execFile(command, [...first, ...words.split(" "), "-c", configFile], (_error, output, complaint) =>
      resolve({ status: child.exitCode ?? 1, output: output || complaint }),
    );
  });
}

/** $BRANCHLINE_PROGRAM: a command with its first words; else the bundle under $BRANCHLINE_NODE, or under this Node. */
function program(): string[] {
  const { BRANCHLINE_PROGRAM = "", BRANCHLINE_NODE = "" } = process.env;
  return BRANCHLINE_PROGRAM === "" ? [BRANCHLINE_NODE || process.execPath, BUNDLE] : BRANCHLINE_PROGRAM.split(" ");
}

/** Whether it is a Node that runs the bundle, and can load a module before it. */
export function isUnderNode(): boolean {
  return (process.env["BRANCHLINE_PROGRAM"] ?? "") === "";
}

/** What runs, for its reader. */
export function programName(): string {
  const [command = "", ...first] = program();
  return `${basename(first[first.length - 1] ?? command)}, ${engineOf(command, first)}`;
}

/** Such as "Node 20.11.1"; "?" for a program that doesn't start. */
function engineOf(command: string, first: readonly string[]): string {
  const { stdout } = spawnSync(command, [...first, "version", "--json"], { encoding: "utf8" });
  return /"engine": "([^"]*)"/.exec(stdout ?? "")?.[1] ?? "?";
}
