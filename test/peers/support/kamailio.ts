/** Kamailio as the registrar upstream, and the ways in which it can be away. */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Endpoint, hostPort } from "./addresses.ts";
import { udpBound } from "./bound-port.ts";
import { Child } from "./child.ts";
import { defer } from "./cleanup.ts";
import { pathOf } from "./peers.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const CONFIGURATION = fileURLToPath(new URL("../kamailio-registrar.cfg", import.meta.url));

/** Debian's own, whole. */
const STOCK = "/etc/kamailio/kamailio.cfg";

export class Kamailio {
  private readonly endpoint: Endpoint;
  private readonly own: readonly string[];
  private child: Child | undefined;
  private controlSocket = "";

  /** @param own what the command line says of this site */
  private constructor(endpoint: Endpoint, own: readonly string[]) {
    this.endpoint = endpoint;
    this.own = own;
  }

  /** @param hq who answers the numbers that begin with 7 */
  static start(endpoint: Endpoint, hq: Endpoint): Promise<Kamailio> {
    const site = [`LISTEN=udp:${hostPort(endpoint)}`, `HQ="${hostPort(hq)}"`];
    return Kamailio.with(endpoint, ["-f", CONFIGURATION, ...site.flatMap((define) => ["-A", define])]);
  }

  /**
   * With the script that Debian ships, as it is: a registrar that asks for no password and relays nothing abroad.
   * @param domain its own
   * @param mirror where a copy of each message goes, see {@link HepMirror}
   */
  static stock(endpoint: Endpoint, domain: string, mirror: Endpoint): Promise<Kamailio> {
    const trace = [
      "trace_mode:i:1",
      "trace_to_database:i:0",
      "trace_on:i:1",
      `duplicate_uri:s:sip:${hostPort(mirror)}`,
    ];
    return Kamailio.with(endpoint, [
      ...["-f", STOCK, "-l", `udp:${hostPort(endpoint)}`, `--alias=${domain}`],
      ...["--loadmodule=siptrace.so", ...trace.map((value) => `--modparam=siptrace:${value}`)],
    ]);
  }

  private static async with(endpoint: Endpoint, own: readonly string[]): Promise<Kamailio> {
    const kamailio = new Kamailio(endpoint, own);
    defer(() => kamailio.kill());
    await kamailio.launch();
    return kamailio;
  }

  /** Silent: its sockets stay, so that nobody hears of ICMP, and what they hold comes to light if it wakes up. */
  freeze(): void {
    this.running.signal("SIGSTOP");
  }

  /** Wakes up after {@link freeze}: it remembers everything. */
  thaw(): void {
    this.running.signal("SIGCONT");
  }

  /** Gone, with all it knew: the kernel answers with ICMP port unreachable. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    await child?.stop("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.launch();
  }

  /** What it said of a call or a registration since its start. */
  log(pattern: RegExp, limit_ms?: number): Promise<string> {
    return this.running.line(pattern, limit_ms);
  }

  /** The users in its location table, each as often as it has contacts. */
  async location(): Promise<readonly string[]> {
    const { stdout } = await promisify(execFile)(pathOf("kamcmd"), ["-s", `unix:${this.controlSocket}`, "ul.dump"]);
    const users: string[] = [];
    let user = "";
    for (const line of stdout.split("\n")) {
      user = /^\s*AoR: (\S+)/.exec(line)?.[1] ?? user;
      if (/^\s*Address: /.test(line)) users.push(user);
    }
    return users.sort();
  }

  private get running(): Child {
    if (this.child === undefined) throw new Error("Kamailio isn't running");
    return this.child;
  }

  private async launch(): Promise<void> {
    const folder = temporaryFolder();
    const run = join(folder, "run");
    mkdirSync(run);
    const args = [...this.own, "-DD", "-E", "-n", "2", "-m", "32", "-M", "4", "-w", folder, "-Y", run];
    args.push("-P", join(folder, "pid"));
    this.controlSocket = join(run, "kamailio_ctl");
    this.child = new Child("kamailio", args, { cwd: folder });
    await udpBound(this.endpoint);
  }
}
