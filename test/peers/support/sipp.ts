/** SIPp with a scenario of ours: starting, ending, and what it counted and saw. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Endpoint, hostPort } from "./addresses.ts";
import { tcpBound, udpBound } from "./bound-port.ts";
import { Child } from "./child.ts";
import { defer } from "./cleanup.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const SCENARIOS = fileURLToPath(new URL("../sipp/", import.meta.url));

/** Some calls never end once SIPp has taken a message for one that it didn't wait for; whoever waits gives up later. */
const TELL_AFTER_MS = 15_000;

/** What a phone calls, unless a test has it otherwise. */
const NUMBER = "5551234";
const DOMAIN = "pbx.example.com";

export interface SippOptions {
  /** TLS is what a relay makes of it: SIPp itself speaks TCP then. */
  readonly transport?: "udp" | "tcp" | "tls";
  /** Where its requests go. */
  readonly remote?: Endpoint;
  readonly calls?: number;
  readonly callsPerSecond?: number;
  /** The user it calls; by default a number of the PSTN at upstream. */
  readonly service?: string;
  readonly keys?: Readonly<Record<string, string>>;
  /** Keeps what it receives, for {@link Sipp.received}. */
  readonly isTraced?: boolean;
}

/** Since its start. */
export interface SippCounts {
  readonly successful: number;
  readonly failed: number;
  readonly retransmissions: number;
  /** Responses and requests that its scenario doesn't provide for. */
  readonly unexpected: number;
}

export class Sipp {
  private readonly child: Child;
  private readonly folder: string;

  private constructor(child: Child, folder: string) {
    this.child = child;
    this.folder = folder;
  }

  /** Returns when its socket is there. It stops when the test ends. */
  static async start(scenario: "phone" | "callee", local: Endpoint, options: SippOptions = {}): Promise<Sipp> {
    const { remote, calls, callsPerSecond, isTraced, transport = "udp" } = options;
    const service = options.service ?? (remote === undefined ? undefined : NUMBER);
    const keys = { via: transport.toUpperCase(), contact: hostPort(local), domain: DOMAIN, ...options.keys };
    const folder = temporaryFolder();
    const args = ["-sf", join(SCENARIOS, `${scenario}.xml`), "-i", local.host, "-p", String(local.port), "-nostdin"];
    args.push("-trace_stat", "-stf", join(folder, "statistics.csv"), "-fd", "1", "-stat_delimiter", ";");
    args.push("-trace_err", "-error_file", join(folder, "errors.log"));
    // SIPp 3.6.1 under load was once seen to refuse the very 180 that it said it was waiting for. It goes on, and what it
    // didn't expect is counted; a call that lacks a message fails, since it never comes to its end.
    args.push("-default_behaviors", "all,-abortunexp");
    if (transport !== "udp") args.push("-t", "t1");
    if (isTraced === true) args.push("-trace_msg", "-message_file", join(folder, "messages.log"));
    if (calls !== undefined) args.push("-m", String(calls));
    if (callsPerSecond !== undefined) args.push("-r", String(callsPerSecond));
    if (service !== undefined) args.push("-s", service);
    for (const [key, value] of Object.entries(keys)) args.push("-key", key, value);
    if (remote !== undefined) args.push(hostPort(remote));
    const sipp = new Sipp(new Child("sipp", args, { cwd: folder, env: { TERM: "dumb" } }), folder);
    defer(() => sipp.child.stop("SIGKILL"));
    if (remote === undefined) await (transport === "udp" ? udpBound(local) : tcpBound(local));
    return sipp;
  }

  /** For a caller: once all its calls are over. */
  async finished(): Promise<SippCounts> {
    const tell = () => this.errors() !== "" && console.log(`SIPp still calls, and complains: ${this.errors()}`);
    const watch = setTimeout(tell, TELL_AFTER_MS);
    await this.child.ended;
    clearTimeout(watch);
    return this.counts();
  }

  /** For a callee: lets the calls in progress end, and then itself. */
  async stop(): Promise<SippCounts> {
    await this.child.stop("SIGUSR1");
    return this.counts();
  }

  /** Start lines of what it received, in order; only after its end are all of them there. */
  received(): string[] {
    const parts = read(join(this.folder, "messages.log")).split(/^-{10,}.*$/m);
    const arrived = parts.filter((part) => part.includes("message received"));
    return arrived.map((part) => /^(?:[A-Z]+ sip\S+ SIP\/2\.0|SIP\/2\.0 \d+.*)$/m.exec(part)?.[0] ?? "unreadable");
  }

  /** What it complained of. */
  errors(): string {
    return read(join(this.folder, "errors.log")).slice(0, 2_000);
  }

  private counts(): SippCounts {
    const [names = "", ...rows] = read(join(this.folder, "statistics.csv")).trim().split("\n");
    const values = (rows.at(-1) ?? "").split(";");
    const columns = names.split(";");
    const count = (name: string): number => {
      const value = Number(values[columns.indexOf(name)]);
      if (Number.isNaN(value)) throw new Error(`SIPp counted no ${name}:\n${this.child.lastWords()}`);
      return value;
    };
    return {
      successful: count("SuccessfulCall(C)"),
      failed: count("FailedCall(C)"),
      retransmissions: count("Retransmissions(C)"),
      // It counts only the calls that it aborts for them, and it is told to go on.
      unexpected: read(join(this.folder, "errors.log")).split("call on unexpected message").length - 1,
    };
  }
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, "latin1").replace(/\r/g, "") : "";
}
