/** A real phone: baresip, registered through an outbound proxy and driven by its control socket. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type Endpoint, hostPort } from "./addresses.ts";
import { Child } from "./child.ts";
import { defer } from "./cleanup.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const CONTROL_PORT = 4444;
const MEDIA_PORTS = "20000-20099";
const START_LIMIT_MS = 10_000;

/** Of ctrl_tcp, as far as these tests look at it. */
export interface PhoneEvent {
  readonly type: string;
  readonly peer: string;
  /** Such as the reason why a call was closed. */
  readonly detail: string;
}

export interface PhoneOptions {
  readonly user: string;
  /** Signalling address; audio and control use others of its ports. */
  readonly local: Endpoint;
  readonly domain: string;
  readonly outbound: Endpoint;
  /** Answers whatever rings. */
  readonly answers?: boolean;
}

interface Waiter {
  readonly type: string;
  readonly resolve: (event: PhoneEvent) => void;
}

export class Baresip {
  readonly child: Child;
  private readonly control: Socket;
  private readonly events: PhoneEvent[] = [];
  private readonly waiters = new Set<Waiter>();
  private buffered = Buffer.alloc(0);
  /** Where in its output the calls begin that are looked at. */
  private progressFrom = 0;

  private constructor(child: Child, control: Socket) {
    this.child = child;
    this.control = control;
    control.on("data", (bytes) => this.read(bytes));
    // It goes away with the phone.
    control.on("error", () => {});
  }

  /** Returns when it has registered. It stops when the test ends. */
  static async start(options: PhoneOptions): Promise<Baresip> {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "config"), configuration(options.local.host, folder, options.local.port));
    writeFileSync(join(folder, "accounts"), account(options));
    const child = new Child("baresip", ["-f", folder, "-v"], { cwd: folder, env: { HOME: folder } });
    defer(() => child.stop("SIGKILL"));
    await child.line(/baresip is ready/, START_LIMIT_MS);
    const control = connect(CONTROL_PORT, options.local.host);
    defer(() => control.destroy());
    await once(control, "connect");
    const phone = new Baresip(child, control);
    await child.line(/200 OK .*\[\d+ bindings?\]/, START_LIMIT_MS);
    return phone;
  }

  dial(uri: string): void {
    this.command("dial", uri);
  }

  hangUp(): void {
    this.command("hangup");
  }

  /** The next event of `type` that no other call of this has had. */
  next(type: string, limit_ms = 8_000): Promise<PhoneEvent> {
    const index = this.events.findIndex((event) => event.type === type);
    const [known] = index < 0 ? [] : this.events.splice(index, 1);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        type,
        resolve: (event) => {
          clearTimeout(timer);
          this.waiters.delete(waiter);
          resolve(event);
        },
      };
      const timer = setTimeout(() => {
        this.waiters.delete(waiter);
        const seen = this.events.map((event) => `${event.type} ${event.detail}`).join(" | ");
        reject(new Error(`baresip: no ${type} in ${limit_ms} ms, but: ${seen}\n${this.child.lastWords()}`));
      }, limit_ms);
      this.waiters.add(waiter);
    });
  }

  /** The provisional responses to its calls, as it saw them. */
  get progress(): readonly number[] {
    const seen = this.child.lines.slice(this.progressFrom).map((line) => /SIP Progress: (\d+)/.exec(line)?.[1]);
    return seen.filter((status) => status !== undefined).map(Number);
  }

  forgetProgress(): void {
    this.progressFrom = this.child.lines.length;
  }

  private command(command: string, params?: string): void {
    const text = JSON.stringify({ command, ...(params === undefined ? {} : { params }) });
    this.control.write(`${Buffer.byteLength(text)}:${text},`);
  }

  /** Netstrings of JSON: "LENGTH:{…},". */
  private read(bytes: Buffer): void {
    this.buffered = Buffer.concat([this.buffered, bytes]);
    for (;;) {
      const colon = this.buffered.indexOf(":");
      const length = Number(this.buffered.toString("latin1", 0, Math.max(colon, 0)));
      const end = colon + 1 + length;
      if (colon < 0 || this.buffered.length < end + 1) return;
      const fields: unknown = JSON.parse(this.buffered.toString("utf8", colon + 1, end));
      this.buffered = this.buffered.subarray(end + 1);
      this.take(fields as Readonly<Record<string, unknown>>);
    }
  }

  private take(fields: Readonly<Record<string, unknown>>): void {
    if (fields["event"] !== true) return;
    const text = (name: string) => String(fields[name] ?? "");
    const event = { type: text("type"), peer: text("peeruri"), detail: text("param") };
    for (const waiter of this.waiters) {
      if (waiter.type === event.type) {
        waiter.resolve(event);
        return;
      }
    }
    this.events.push(event);
  }
}

function configuration(host: string, folder: string, port: number): string {
  return [
    "poll_method epoll",
    `sip_listen ${host}:${port}`,
    `net_interface ${host}`,
    "call_max_calls 4",
    // Sound without a sound card: what it hears is what it says.
    "audio_player aubridge,loop",
    "audio_source aubridge,loop",
    `audio_alert aufile,${join(folder, "alert.wav")}`,
    `rtp_ports ${MEDIA_PORTS}`,
    `module_path ${modulePath()}`,
    ...["account", "aubridge", "aufile", "g711", "menu", "ctrl_tcp"].map((name) => `module ${name}.so`),
    `ctrl_tcp_listen ${host}:${CONTROL_PORT}`,
    "",
  ].join("\n");
}

/** Where Debian puts it. */
function modulePath(): string {
  return "/usr/lib/baresip/modules";
}

function account({ user, domain, outbound, answers }: PhoneOptions): string {
  const mode = answers === true ? "auto" : "manual";
  return (
    `<sip:${user}@${domain}>;auth_user=${user};auth_pass=pw-${user};outbound="sip:${hostPort(outbound)}"` +
    `;regint=60;answermode=${mode}\n`
  );
}
