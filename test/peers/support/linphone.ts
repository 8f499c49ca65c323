/** A real phone: linphone-daemon, registered through an outbound proxy, driven by what is typed and read by its own log. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostPort } from "./addresses.ts";
import { Child } from "./child.ts";
import { defer } from "./cleanup.ts";
import { Mailbox } from "./mailbox.ts";
import { pathOf } from "./peers.ts";
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

/** Where it keeps what it remembers, below its home. */
const DATA = join(".local", "share");
const STATE_CHANGE = /CallSession \[\w+\] moving from state LinphoneCall(\w+) to LinphoneCall(\w+)/;

export class Linphone implements Phone {
  readonly kind = "linphone";
  readonly user: string;
  readonly sip: SipTrace;
  private readonly child: Child;
  private readonly events = new Mailbox<PhoneEvent>();

  private constructor(user: string, child: Child) {
    this.user = user;
    this.child = child;
    this.sip = new SipTrace(child, /received \[\d+\] new bytes from \[(?:UDP|TCP|TLS):\/\/([^:]+):(\d+)\]/);
    child.watch((line) => this.take(line));
  }

  /** Returns when it has registered. It stops when the test ends. */
  static async start(options: PhoneOptions): Promise<Linphone> {
    const folder = temporaryFolder();
    mkdirSync(join(folder, DATA, "linphone"), { recursive: true });
    const file = join(folder, "linphonerc");
    writeFileSync(file, configuration(options, folder));
    const args = ["--config", file, ...(options.answers === true ? ["--auto-answer"] : [])];
    // It opens its log by name, which a pipe allows and the socket that Node gives it as standard output does not.
    const script = `${pathOf("linphone-daemon")} "$@" --log /dev/stdout | cat`;
    const child = new Child("sh", ["-c", script, "linphone-daemon", ...args], {
      cwd: folder,
      stdin: "pipe",
      hosts: options.names?.hosts,
      env: {
        HOME: folder,
        XDG_CONFIG_HOME: join(folder, ".config"),
        XDG_DATA_HOME: join(folder, DATA),
        // Neither ALSA nor PulseAudio: it does without sound.
        ALSA_CONFIG_PATH: "/dev/null",
        PULSE_SERVER: "none",
      },
    });
    defer(() => child.stop("SIGKILL"));
    const phone = new Linphone(options.user, child);
    await child.line(/to \[LinphoneRegistrationOk\]/, START_LIMIT_MS);
    return phone;
  }

  dial(uri: string): void {
    this.child.type(`call ${uri}`);
  }

  hangUp(): void {
    this.child.type("terminate");
  }

  /** A re-INVITE: the other side hears nothing any more. */
  hold(): void {
    this.child.type("call-pause");
  }

  /** Connects the other sides of its first and its second call (REFER with Replaces). */
  connectCalls(): void {
    this.child.type("call-transfer 1 2");
  }

  /** Says no to what rings, with 603. */
  decline(): void {
    this.child.type("terminate");
  }

  next(type: "CALL_ESTABLISHED" | "CALL_CLOSED" | "CALL_HELD", limit_ms = CALL_LIMIT_MS): Promise<PhoneEvent> {
    return this.events.next(
      (event) => event.type === type,
      limit_ms,
      (events) => {
        const seen = events.map((event) => `${event.type} ${event.detail}`).join(" | ");
        return `linphone ${this.user}: no ${type} in ${limit_ms} ms, but: ${seen}\n${this.child.lastWords()}`;
      },
    );
  }

  private take(line: string): void {
    const [, before = "", after = ""] = STATE_CHANGE.exec(line) ?? [];
    if (after === "End" || after === "Error") this.put("CALL_CLOSED", after);
    if (after === "Paused") this.put("CALL_HELD", after);
    if (after !== "Connected") return;
    if (before.startsWith("Outgoing")) this.put("CALL_ESTABLISHED", after);
    // Its state doesn't tell whether the ACK has come.
    else
      void this.sip.next({ method: "ACK" }, CALL_LIMIT_MS).then(() => this.put("CALL_ESTABLISHED", "ACK"), ignoreLack);
  }

  private put(type: string, detail: string): void {
    this.events.put({ type, detail });
  }
}

/** The wait for an event that doesn't come then says what is missing. */
function ignoreLack(): void {}

function configuration(options: PhoneOptions, folder: string): string {
  const { user, local, domain, outbound, expires_s, transport = "udp", ca, names } = options;
  // -1: any port; it doesn't take one again that it has used a moment ago.
  const port = (name: string) => (name !== transport ? 0 : name === "udp" ? local.port : -1);
  const suffix = names !== undefined && transport === "udp" ? "" : `;transport=${transport}`;
  const proxy = `<sip:${names?.outbound ?? hostPort(outbound)}${suffix}>`;
  const route = names === undefined ? proxy.replace(">", ";lr>") : proxy;
  return [
    "[sip]",
    `sip_port=${port("udp")}`,
    `sip_tcp_port=${port("tcp")}`,
    `sip_tls_port=${port("tls")}`,
    // It looks for names in certificates, and has no eye for addresses.
    ...(ca === undefined
      ? []
      : [`root_ca=${ca}`, "verify_server_certs=1", `verify_server_cn=${names === undefined ? 0 : 1}`]),
    "use_ipv6=0",
    `bind_address=${local.host}`,
    `contact=sip:${user}@${local.host}`,
    "guess_hostname=0",
    "default_proxy=0",
    // Loopback doesn't count as a network for it.
    "auto_net_state_mon=0",
    "register_only_when_network_is_up=0",
    "[net]",
    "firewall_policy=0",
    "[rtp]",
    `bind_address=${local.host}`,
    `audio_rtp_port=${MEDIA_PORTS.first}`,
    "[video]",
    "capture=0",
    "display=0",
    "[misc]",
    "contacts_migration_done=1",
    "[storage]",
    "backend=sqlite3",
    `uri=${join(folder, "database")}`,
    "[proxy_0]",
    `reg_proxy=${proxy}`,
    `reg_route=${route}`,
    `reg_identity=sip:${user}@${domain}`,
    `reg_expires=${expires_s ?? EXPIRES_S}`,
    "reg_sendregister=1",
    "publish=0",
    "[auth_info_0]",
    `username=${user}`,
    `userid=${user}`,
    `passwd=pw-${user}`,
    "",
  ].join("\n");
}
