/** The real bundle as a child process: start, log, kill, start again. */
import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { PATIENCE_MS } from "../../support/machine.ts";
import { BUNDLE, byNode, PROGRAM, type Program } from "../../support/program.ts";
import { Child } from "./child.ts";
import { defer } from "./cleanup.ts";
import { monotonic_ms } from "./clock.ts";
import type { Disk } from "./tearing-disk.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** What packages call the binary. */
const STATIC = "branchline-static";
const RUN_SCRIPT = fileURLToPath(new URL("../../../deploy/run.sh", import.meta.url));

/** The configuration file, as far as these tests write it. */
export interface Settings {
  readonly listen: readonly (string | { readonly address: string; readonly anycast: true })[];
  readonly tls?: {
    readonly certificate: string;
    readonly key: string;
    readonly ca?: string;
    readonly client_certificates?: "none" | "optional" | "required";
  };
  readonly localnet: readonly string[];
  readonly upstream?: string | Readonly<Record<string, unknown>>;
  readonly registration?: Readonly<Record<string, unknown>>;
  readonly gateways?: readonly (string | { readonly uri: string; readonly channels: number })[];
  readonly survival?: {
    readonly answer?: 302 | 380 | "relay";
    readonly notice?: string;
    readonly notice_hold?: string;
  };
  readonly names?: readonly string[];
  readonly hunt_groups?: Readonly<
    Record<
      string,
      {
        readonly members: readonly string[];
        readonly strategy?: "parallel" | "serial";
        readonly ring?: string;
        readonly decline?: "member" | "group";
      }
    >
  >;
  readonly strangers?: "auto" | "drop" | "reject";
  readonly limits?: "none";
  readonly journal?: "off" | { readonly memory: string };
  readonly emergency?: readonly string[];
  readonly dns?: { readonly servers: readonly string[] };
  readonly state?: { readonly folder?: string; readonly interval?: string };
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly http?: Readonly<Record<string, unknown>>;
}

export interface Surroundings {
  readonly namespace?: string;
  /** What runs it; default: what the environment names, see program.ts. */
  readonly program?: Program;
  /** Under its state folder; default: the real one. */
  readonly disk?: Disk;
  /** As on a router: with the limits on memory that deploy/run.sh sets. */
  readonly isSmall?: boolean;
  /** As on a router: by deploy/run.sh. */
  readonly byRunScript?: boolean;
  /** The heap that deploy/run.sh gives it; default: what it chooses here. */
  readonly heap_mb?: number;
}

/** Probes so often that no test has to wait for them. A busy machine that keeps a test waiting for seconds isn't an outage. */
export const QUICK_PROBES = {
  interval: "200ms",
  suspect_interval: "100ms",
  down_interval: "200ms",
  timeout: "2s",
} as const;

/** For tests without an outage: no busy machine makes one. */
export const UNHURRIED = { fr_timer: "32s", probe: { timeout: "32s" } } as const;

/** Emulated, on a busy machine. */
const START_LIMIT_MS = 30_000;

export class Branchline {
  private readonly folder: string;
  private surroundings: Surroundings;
  private child: Child | undefined;
  private startUp = Number.NaN;
  private forgiven: RegExp | undefined;
  /** By {@link kill}, and not started again. */
  private isKilled = false;

  private constructor(folder: string, surroundings: Surroundings) {
    this.folder = folder;
    this.surroundings = surroundings;
  }

  /** Returns when it listens. It stops when the test ends. */
  static async start(settings: Settings, surroundings: Surroundings = {}): Promise<Branchline> {
    if (PROGRAM.node !== undefined && !existsSync(BUNDLE))
      throw new Error("dist/branchline.js is missing: npm run build");
    const folder = temporaryFolder();
    writeFileSync(join(folder, "branchline.yaml"), stringify(settings));
    const branchline = new Branchline(folder, surroundings);
    defer(() => branchline.stop());
    await branchline.launch();
    return branchline;
  }

  /** Once it knows that upstream answers. */
  async upstreamIs(state: "up" | "suspect" | "down" | "recovering", limit_ms = PATIENCE_MS): Promise<void> {
    await this.running.line(new RegExp(`upstream_state .*to=${state}`), limit_ms);
  }

  /** Once its log has such a line. */
  async logs(pattern: RegExp, limit_ms = PATIENCE_MS): Promise<string> {
    return this.running.line(pattern, limit_ms);
  }

  /** The next change of upstream to `state`. */
  async upstreamBecomes(state: "up" | "suspect" | "down" | "recovering", limit_ms = PATIENCE_MS): Promise<void> {
    await this.running.nextLine(new RegExp(`upstream_state .*to=${state}`), limit_ms);
  }

  /**
   * Reads the file anew.
   * @param settings what it says from now on; default: what it said
   * @returns the log line that tells how that went
   */
  async reload(settings?: Settings): Promise<string> {
    if (settings !== undefined) writeFileSync(this.configFile, stringify(settings));
    const line = this.running.nextLine(/reloaded |reload_refused /);
    this.running.signal("SIGHUP");
    return line;
  }

  /** Pulls the plug and plugs it in again: same file, same state folder. */
  async killAndRestart(): Promise<void> {
    await this.kill();
    await this.restart();
  }

  /** SIGKILL; {@link restart} may follow. */
  async kill(): Promise<void> {
    this.isKilled = true;
    await this.running.stop("SIGKILL");
  }

  /** @param changes to where it ran before */
  async restart(changes: Surroundings = {}): Promise<void> {
    this.surroundings = { ...this.surroundings, ...changes };
    await this.launch();
  }

  /** Such errors in its log are what the test is about. */
  forgive(errors: RegExp): void {
    this.forgiven = errors;
  }

  /** Ends it, and shows that it was well until then. */
  async stop(): Promise<void> {
    if (this.child !== undefined && !this.isKilled) await this.terminate();
  }

  /** As {@link stop}; {@link restart} may follow. @returns the exit status; null: it had to be killed */
  async terminate(): Promise<number | null> {
    const { running } = this;
    this.child = undefined;
    const wasAlive = !running.hasEnded;
    const code = await running.stop();
    const faults = running.lines.filter((line) => line.startsWith("<3>") && this.forgiven?.test(line) !== true);
    if (!wasAlive || faults.length > 0) throw new Error(`branchline was not well:\n${running.lastWords()}`);
    return code;
  }

  static readonly bundle = BUNDLE;

  /** What a command prints that asks the running one, by the same program. Rejects with its exit code when it fails. */
  async command(name: string, ...args: readonly string[]): Promise<string> {
    const { command, first } = this.program;
    const { stdout } = await promisify(execFile)(command, [...first, name, ...args, "-c", this.configFile]);
    return stdout;
  }

  /** What its control socket answers: at once, without a process of its own. */
  async ask(question: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    const socket = createConnection(join(this.stateFolder, "control.sock"));
    socket.write(`${JSON.stringify(question)}\n`);
    let text = "";
    for await (const piece of socket) text += String(piece);
    return JSON.parse(text);
  }

  /** Its configuration file. */
  get file(): string {
    return join(this.folder, "branchline.yaml");
  }

  get stateFolder(): string {
    return join(this.folder, "state");
  }

  /** How long it took from the last start until it listened. */
  get startUp_ms(): number {
    return this.startUp;
  }

  get lines(): readonly string[] {
    return this.running.lines;
  }

  get pid(): number {
    return this.running.pid;
  }

  private get running(): Child {
    if (this.child === undefined) throw new Error("branchline has been stopped");
    return this.child;
  }

  private async launch(): Promise<void> {
    const { namespace, disk, byRunScript } = this.surroundings;
    const { command, args, env } = byRunScript === true ? this.byRunScript() : this.byItself();
    const begin_ms = monotonic_ms();
    this.isKilled = false;
    this.child = new Child(command, args, {
      cwd: this.folder,
      namespace,
      env: { ...env, ...disk?.begin(this.stateFolder) },
    });
    await this.child.line(/started /, START_LIMIT_MS);
    this.startUp = monotonic_ms() - begin_ms;
  }

  private byItself() {
    const { disk, isSmall } = this.surroundings;
    const flags = [...(isSmall === true ? routerFlags() : []), ...(disk?.nodeArguments ?? [])];
    const { node } = this.program;
    // A binary has no flags: its heap is limited by the machine's memory, and nothing is laid under its disk.
    const { command, first } = node === undefined ? this.program : byNode(node, flags);
    return { command, args: [...first, "run", "-c", this.configFile], env: {} };
  }

  /** The program and the script lie side by side, as on a router. */
  private byRunScript() {
    const { heap_mb } = this.surroundings;
    const { command, first, node } = this.program;
    const folder = join(this.folder, "program");
    mkdirSync(folder, { recursive: true });
    const script = join(folder, basename(RUN_SCRIPT));
    copyFileSync(RUN_SCRIPT, script);
    if (node !== undefined) copyFileSync(BUNDLE, join(folder, basename(BUNDLE)));
    else
      writeFileSync(join(folder, STATIC), `#!/bin/sh\nexec ${[command, ...first].join(" ")} "$@"\n`, { mode: 0o755 });
    return {
      command: "sh",
      args: [script, this.configFile],
      env: {
        ...(node === undefined ? {} : { BRANCHLINE_NODE: node }),
        ...(heap_mb === undefined ? {} : { BRANCHLINE_HEAP_MB: `${heap_mb}` }),
      },
    };
  }

  private get program(): Program {
    return this.surroundings.program ?? PROGRAM;
  }

  private get configFile(): string {
    return join(this.folder, "branchline.yaml");
  }
}

/** Node's flags in deploy/run.sh, on the smallest machine. */
function routerFlags(): readonly string[] {
  const flags = /^ {2}flags="(--.*)"$/m.exec(readFileSync(RUN_SCRIPT, "utf8"))?.[1];
  if (flags === undefined) throw new Error("deploy/run.sh starts Node in another way than it did");
  return ["--max-old-space-size=32", ...flags.split(" ")];
}
