/** Kamailio as the registrar upstream, and the ways in which it can be away. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Endpoint, hostPort } from "./addresses.ts";
import { udpBound } from "./bound-port.ts";
import { Child } from "./child.ts";
import { defer } from "./cleanup.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const CONFIGURATION = fileURLToPath(new URL("../kamailio-registrar.cfg", import.meta.url));

export class Kamailio {
  private readonly endpoint: Endpoint;
  private readonly hq: Endpoint;
  private child: Child | undefined;

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

  /** What it said of a call or a registration. */
  log(pattern: RegExp): Promise<string> {
    return this.running.line(pattern);
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
    args.push("-A", `LISTEN=udp:${hostPort(this.endpoint)}`, "-A", `HQ="${hostPort(this.hq)}"`);
    this.child = new Child("kamailio", args, { cwd: folder });
    await udpBound(this.endpoint);
  }
}
