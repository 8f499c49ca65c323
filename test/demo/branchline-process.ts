/** The real branchline, from its bundle, as a child process. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { History } from "./sip/history.ts";
import { within } from "./wait.ts";

/** The bundle lies next to that of the demo. */
const BUNDLE = fileURLToPath(new URL("./branchline.js", import.meta.url));
const START_LIMIT_ms = 5_000;
const STOP_LIMIT_ms = 3_000;

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
  /** That of the Node that runs the bundle: this one, or the one that BRANCHLINE_NODE names. */
  readonly nodeVersion: string;
  private readonly child: ChildProcess;
  private readonly edges = new History<UpstreamEdge>();
  private readonly exit: Promise<string>;
  private isOver = false;

  /** @param onEdge told of each change of upstream's state */
  constructor(configFile: string, onEdge: (edge: UpstreamEdge) => void) {
    const { BRANCHLINE_NODE = "" } = process.env;
    const node = BRANCHLINE_NODE === "" ? process.execPath : BRANCHLINE_NODE;
    this.nodeVersion = versionOf(node);
    this.child = spawn(node, [BUNDLE, "run", "-c", configFile], { stdio: ["ignore", "pipe", "pipe"] });
    this.exit = this.watchExit();
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (text) => this.onLine(text, onEdge));
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

  /** Ends it without asking: the last resort. */
  kill(): void {
    if (!this.isOver) this.child.kill("SIGKILL");
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

  private onLine(text: string, onEdge: (edge: UpstreamEdge) => void): void {
    this.log.add({ text, at_ms: performance.now() });
    const [, from, to, evidence] = /upstream_state .*from=(\w+) to=(\w+) evidence="([^"]*)"/.exec(text) ?? [];
    if (from === undefined || to === undefined || evidence === undefined) return;
    const edge = { from, to, evidence };
    this.edges.add(edge);
    onEdge(edge);
  }
}

/** Such as "20.11.1"; "?" for a program that doesn't start. */
function versionOf(node: string): string {
  const { stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
  return stdout?.trim().replace(/^v/, "") || "?";
}
