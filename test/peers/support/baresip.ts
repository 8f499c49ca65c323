/** A real phone: baresip, registered through an outbound proxy and driven by its control socket. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { hostPort } from "./addresses.ts";
import { Child } from "./child.ts";
import { defer } from "./cleanup.ts";
import { Mailbox } from "./mailbox.ts";
import {
  CALL_LIMIT_MS,
  EXPIRES_S,
  MEDIA_PORTS,
  type Phone,
  type PhoneEvent,
  type PhoneOptions,
  START_LIMIT_MS,
} from "./phone.ts";
import { SipTrace } from "./sip-trace.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const CONTROL_PORT = 4444;

export class Baresip implements Phone {
  readonly kind = "baresip";
  readonly user: string;
  readonly sip: SipTrace;
  readonly child: Child;
  /** None from another namespace. */
  private readonly control: Socket | undefined;
  private readonly events = new Mailbox<PhoneEvent>();
  private buffered = Buffer.alloc(0);
  /** Where in its output the calls begin that are looked at. */
  private progressFrom = 0;

  private constructor(user: string, child: Child, sip: SipTrace, control: Socket | undefined) {
    this.user = user;
    this.child = child;
    this.sip = sip;
    this.control = control;
    control?.on("data", (bytes) => this.read(bytes));
    // It goes away with the phone.
    control?.on("error", () => {});
  }

  /** Returns when it has registered. It stops when the test ends. */
  static async start(options: PhoneOptions): Promise<Baresip> {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "config"), configuration(options, folder));
    writeFileSync(join(folder, "accounts"), account(options));
    const child = new Child("baresip", ["-f", folder, "-v", "-s"], {
      cwd: folder,
      env: { HOME: folder },
      namespace: options.namespace,
    });
    defer(() => child.stop("SIGKILL"));
    const sip = new SipTrace(child, announcement(options));
    await child.line(/baresip is ready/, START_LIMIT_MS);
    const control = options.namespace === undefined ? await controlOf(options.local.host) : undefined;
    const phone = new Baresip(options.user, child, sip, control);
    await child.line(/200 OK .*\[\d+ bindings?\]/, START_LIMIT_MS);
    return phone;
  }

  dial(uri: string): void {
    this.command("dial", uri);
  }

  hangUp(): void {
    this.command("hangup");
  }

  /** A re-INVITE: the other side hears nothing any more. */
  hold(): void {
    this.command("hold");
  }

  /** Picks up what rings. */
  answer(): void {
    this.command("accept");
  }

  /** Sends the other side of its call to `uri` (REFER). */
  transfer(uri: string): void {
    this.command("transfer", uri);
  }

  /** The next event of ctrl_tcp of `type` that no other call of this has had. */
  next(type: string, limit_ms = CALL_LIMIT_MS): Promise<PhoneEvent> {
    return this.events.next(
      (event) => event.type === type,
      limit_ms,
      (events) => {
        const seen = events.map((event) => `${event.type} ${event.detail}`).join(" | ");
        return `baresip ${this.user}: no ${type} in ${limit_ms} ms, but: ${seen}\n${this.child.lastWords()}`;
      },
    );
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
    if (this.control === undefined) throw new Error(`baresip ${this.user} runs where nobody can tell it to ${command}`);
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
    this.events.put({ type: text("type"), detail: text("param") });
  }
}

async function controlOf(host: string): Promise<Socket> {
  const control = connect(CONTROL_PORT, host);
  defer(() => control.destroy());
  await once(control, "connect");
  return control;
}

/** Over a connection that it has opened itself its own port is any, and so is its address on loopback; what it sends isn't meant. */
function announcement({ local, outbound, transport }: PhoneOptions): RegExp {
  if (transport === undefined || transport === "udp") return new RegExp(`^UDP (\\S+):(\\d+) -> ${hostPort(local)}$`);
  return new RegExp(`^${transport.toUpperCase()} (\\S+):(\\d+) -> (?!${hostPort(outbound)}$)`);
}

function configuration({ local: { host, port }, ca, names }: PhoneOptions, folder: string): string {
  return [
    "poll_method epoll",
    `sip_listen ${host}:${port}`,
    `net_interface ${host}`,
    ...(ca === undefined ? [] : [`sip_cafile ${ca}`]),
    ...(names === undefined ? [] : [`dns_server ${names.dns}`]),
    "call_max_calls 4",
    // Sound without a sound card: what it hears is what it says.
    "audio_player aubridge,loop",
    "audio_source aubridge,loop",
    `audio_alert aufile,${join(folder, "alert.wav")}`,
    `rtp_ports ${MEDIA_PORTS.first}-${MEDIA_PORTS.last}`,
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

function account({ user, domain, outbound, answers, expires_s, transport, names }: PhoneOptions): string {
  const mode = answers === true ? "auto" : "manual";
  const suffix = transport === undefined || transport === "udp" ? "" : `;transport=${transport}`;
  return (
    `<sip:${user}@${domain}${suffix}>;auth_user=${user};auth_pass=pw-${user};outbound="sip:${names?.outbound ?? hostPort(outbound)}${suffix}"` +
    `;regint=${expires_s ?? EXPIRES_S};answermode=${mode}\n`
  );
}
