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

export class Kamailio {
  private readonly endpoint: Endpoint;
  private readonly hq: Endpoint;
  private child: Child | undefined;
  private controlSocket = "";

  private constructor(endpoint: Endpoint, hq: Endpoint) {
    this.endpoint = endpoint;
    this.hq = hq;
  }

  /** @param hq who answers the numbers that begin with 7 */
  static async start(endpoint: Endpoint, hq: Endpoint): Promise<Kamailio> {
    const kamailio = new Kamailio(endpoint, hq);
    defer(() => kamailio.kill());
    await kamailio.launch();
    return kamailio;
  }

  /** Silent: its sockets stay, so that nobody hears of ICMP, and what they hold comes to light if it wakes up. */
  freeze(): void {
    this.running.signal("SIGSTOP");
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
    const args = ["-f", CONFIGURATION, "-DD", "-E", "-n", "2", "-m", "32", "-M", "4", "-w", folder, "-Y", run];
    args.push("-P", join(folder, "pid"));
    this.controlSocket = join(folder, "control");
    args.push("-A", `CONTROL="unix:${this.controlSocket}"`);
    args.push("-A", `LISTEN=udp:${hostPort(this.endpoint)}`, "-A", `HQ="${hostPort(this.hq)}"`);
    this.child = new Child("kamailio", args, { cwd: folder });
    await udpBound(this.endpoint);
  }
}
