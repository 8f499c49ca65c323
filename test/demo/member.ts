/** One router of a cluster: a real branchline that can be killed and started again. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterFacts } from "../../src/app/cluster-facts.ts";
import { askBranchline, BranchlineProcess, type LogLine, type UpstreamEdge } from "./branchline-process.ts";
import { check } from "./play.ts";
import { pause, within } from "./wait.ts";

const AGAIN_ms = 20;
const LIMIT_ms = 20_000;

export interface MemberUser {
  /** Something has happened to it that its operator would like to know. */
  onEvent(member: Member, what: string): void;
  /** It has ended, and shouldn't have. */
  onFailure(error: Error): void;
}

export interface MemberPlan {
  readonly name: string;
  /** Its own address, where no other router is. */
  readonly host: string;
  /** Its own. */
  readonly folder: string;
  readonly config: string;
  readonly secret: string;
  /** The shared address of a pair, as logs name it; undefined: there is none. */
  readonly shared?: string;
  /** A module that Node loads before branchline. */
  readonly preload?: string;
}

export class Member {
  readonly name: string;
  /** Its own address, where no other router is. */
  readonly host: string;
  /** Of all its lives. */
  readonly log: LogLine[] = [];
  /** Whether it has the shared address, as its log says. */
  isHolder = false;
  private readonly file: string;
  private readonly healthFile: string;
  private readonly shared: string | undefined;
  private readonly preload: string | undefined;
  private readonly user: MemberUser;
  private process: BranchlineProcess | undefined = undefined;

  constructor({ name, host, folder, config, secret, shared, preload }: MemberPlan, user: MemberUser) {
    this.name = name;
    this.host = host;
    this.shared = shared;
    this.preload = preload;
    this.user = user;
    this.file = join(folder, "branchline.yaml");
    this.healthFile = join(folder, "healthy");
    mkdirSync(folder, { recursive: true });
    writeFileSync(this.file, config);
    writeFileSync(join(folder, "secret"), secret, { mode: 0o600 });
  }

  /** Resolves once it serves. */
  async start(): Promise<void> {
    // As at a boot: the folder is in RAM.
    rmSync(this.healthFile, { force: true });
    const onEdge = (edge: UpstreamEdge) => this.onEdge(edge);
    const born = new BranchlineProcess(this.file, onEdge, (line) => this.onLine(line), this.preload);
    this.process = born;
    born.failure().catch((error: Error) => {
      if (this.process === born) this.user.onFailure(error);
    });
    await born.started();
  }

  /** Its power is cut. */
  async kill(): Promise<void> {
    const dying = this.process;
    this.process = undefined;
    this.isHolder = false;
    dying?.kill();
    await dying?.ended;
    this.user.onEvent(this, `${this.name} is killed`);
  }

  async stop(): Promise<void> {
    const ending = this.process;
    this.process = undefined;
    await ending?.stop();
  }

  /** The last resort. */
  destroy(): void {
    this.process?.kill();
  }

  /** @param words of a command, such as "drain --wait 5s" */
  ask(words: string): Promise<{ status: number; output: string }> {
    return askBranchline(this.file, words);
  }

  /** `branchline status --json`. */
  async cluster(): Promise<ClusterFacts> {
    const { output } = await this.ask("status --json");
    return (JSON.parse(output) as { cluster: ClusterFacts }).cluster;
  }

  /** The extensions of `branchline registered --json`. */
  async extensions(): Promise<readonly string[]> {
    const { output } = await this.ask("registered --json");
    const { contacts } = JSON.parse(output) as { contacts: readonly { name: string }[] };
    return contacts.map(({ name }) => name.split("@")[0] ?? name).sort();
  }

  /** Whether it runs, as far as it was told to. */
  get isRunning(): boolean {
    return this.process !== undefined;
  }

  /** What keepalived would read: whether it may have the shared address; undefined: the file isn't there. */
  get isHealthy(): boolean | undefined {
    try {
      return readFileSync(this.healthFile, "utf8").trim() === "1";
    } catch {
      return undefined;
    }
  }

  /** Resolves once `isSo` is true. @param what completes "left …" */
  async becomes(what: string, isSo: () => boolean): Promise<void> {
    const wait = async () => {
      while (!isSo()) await pause(AGAIN_ms);
    };
    await within(LIMIT_ms, `${this.name} ${what}`, wait());
  }

  /** @returns the line of this life by which it has become active */
  async active(): Promise<string> {
    const line = this.running.log.first(({ text }) => text.includes("cluster_state state=active"));
    return (await within(LIMIT_ms, `${this.name} becomes active`, line)).text;
  }

  /** Resolves once it takes upstream to be `state`. */
  upstreamIs(state: string): Promise<void> {
    return within(LIMIT_ms, `${this.name} finds the PBX ${state}`, this.running.upstreamIs(state));
  }

  private get running(): BranchlineProcess {
    if (this.process === undefined) throw new Error(`${this.name} doesn't run`);
    return this.process;
  }

  private onEdge({ from, to, evidence }: UpstreamEdge): void {
    if (this.isHolder || this.shared === undefined) this.user.onEvent(this, `PBX ${from} → ${to}: ${evidence}`);
  }

  private onLine(line: LogLine): void {
    this.log.push(line);
    const { text } = line;
    const [, where = ""] = /(?:started .*|shared_address )listen=(\S+)/.exec(text) ?? [];
    if (this.shared !== undefined && where.split(",").includes(this.shared)) {
      this.isHolder = !text.includes("is_here=no");
      this.user.onEvent(this, this.isHolder ? "has the shared address" : "leaves the shared address");
    }
    const [, state, why] = /cluster_state state=(\w+) why="([^"]*)"/.exec(text) ?? [];
    if (state !== undefined) this.user.onEvent(this, `is ${state}: ${why}`);
    const [, dead] = /cluster_member_dead member=(\S+)/.exec(text) ?? [];
    if (dead !== undefined) this.user.onEvent(this, `finds ${dead} dead`);
  }
}

/** @throws unless all these phones are registered there */
export async function checkKnowsAll(phones: readonly { readonly extension: string }[], member: Member): Promise<void> {
  const known = await member.extensions();
  const all = phones.map(({ extension }) => extension);
  check(known.join() === all.join(), `${member.name} knows ${known.join(" ") || "no phone"}`);
}
