/**
 * Two routers that serve a branch as a pair, with keepalived, and all that they reach, in seven network namespaces:
 *
 *   phones .10 ─ switch ─ left  10.222.237.2, 198.51.100.2 ─ switch ─ 198.51.100.10 upstream
 *                  │ uplinks                                   │
 *   phones .11 ─ switch ─ right 10.222.237.3, 198.51.100.3 ─ switch ─ (198.51.100.10)
 *
 * 10.222.237.1 and 198.51.100.1 are shared. Without the uplinks each side has a router of its own, and reaches another host of upstream's.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Branchline, type Settings, UNHURRIED } from "./branchline.ts";
import { Child } from "./child.ts";
import { defer } from "./cleanup.ts";
import { monotonic_ms, pause, until } from "./clock.ts";
import { Namespace } from "./namespace.ts";
import { SipAgent } from "./sip-agent.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const SIP = 5060;
export const SHARED_LAN = { host: "10.222.237.1", port: SIP };
export const SHARED_WAN = { host: "198.51.100.1", port: SIP };
const UPSTREAM = { host: "198.51.100.10", port: SIP };
export const UPSTREAM_URI = `sip:${UPSTREAM.host}`;
/** What a control socket answers to "registered". */
interface Registered {
  readonly registered: {
    readonly contacts: readonly { readonly name: string; readonly contact: string }[];
    readonly next?: string;
  };
}

const UPSTREAM_MAC = "02:00:00:00:00:10";
export const SECRET = "0123456789abcdef0123456789abcdef";

export type Side = "left" | "right";
const SIDES = { left: { host: 2, phones: 10, priority: 150 }, right: { host: 3, phones: 11, priority: 100 } } as const;

/** As many milliseconds of the address's absence as a phone sees, and what is asked every few. */
const PING_INTERVAL_MS = 10;

export class PairLab {
  readonly left: Member;
  readonly right: Member;
  /** Phones of either side: each agent stands for any number of them. */
  readonly phones: Readonly<Record<Side, SipAgent>>;
  readonly upstream: SipAgent;
  /** That of the right side, while the sides are apart. */
  readonly otherUpstream: SipAgent;
  /** Where phones of either side are plugged in. */
  readonly offices: Readonly<Record<Side, Namespace>>;
  private readonly switches: Namespace;
  private readonly otherPort: string;

  private constructor(
    members: readonly [Member, Member],
    agents: { left: SipAgent; right: SipAgent; upstream: SipAgent; otherUpstream: SipAgent },
    offices: Readonly<Record<Side, Namespace>>,
    switches: Namespace,
    otherPort: string,
  ) {
    [this.left, this.right] = members;
    this.phones = agents;
    this.upstream = agents.upstream;
    this.otherUpstream = agents.otherUpstream;
    this.offices = offices;
    this.switches = switches;
    this.otherPort = otherPort;
  }

  /**
   * All of it vanishes when the test ends. The left router has the addresses, and both are active. No busy machine makes an outage.
   * @param more `listen`: shared addresses besides
   */
  static async build(more: Partial<Settings> = {}): Promise<PairLab> {
    const switches = Namespace.create("switches");
    for (const network of ["lan", "wan"]) {
      for (const bridge of [`${network}left`, `${network}right`]) {
        switches.ip("link", "add", bridge, "type", "bridge");
        switches.ip("link", "set", bridge, "up");
      }
      switches.ip("link", "add", `${network}up0`, "type", "veth", "peer", "name", `${network}up1`);
      plug(switches, `${network}up0`, `${network}left`);
      plug(switches, `${network}up1`, `${network}right`);
    }
    const headquarters = { left: Namespace.create("upstream"), right: Namespace.create("upstream2") };
    for (const side of ["left", "right"] as const) {
      const host = headquarters[side];
      cable(host, "eth0", `${UPSTREAM.host}/24`, switches, `wan${side}`);
      // Neighbours needn't learn that it is another one.
      host.ip("link", "set", "eth0", "address", UPSTREAM_MAC);
    }
    switches.ip("link", "set", portOf(headquarters.right, "eth0"), "down");
    const offices = { left: Namespace.create("leftphones"), right: Namespace.create("rightphones") };
    const members: Member[] = [];
    for (const side of ["left", "right"] as const) {
      const { host, phones } = SIDES[side];
      cable(offices[side], "eth0", `10.222.237.${phones}/24`, switches, `lan${side}`);
      const router = Namespace.create(side);
      cable(router, "lan", `10.222.237.${host}/24`, switches, `lan${side}`);
      cable(router, "wan", `198.51.100.${host}/24`, switches, `wan${side}`);
      router.set("net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2", "net.ipv4.ip_nonlocal_bind=1");
      members.push(new Member(side, router, switches, more));
    }
    const [left, right] = members as [Member, Member];
    const agents = {
      left: await SipAgent.open({ host: "10.222.237.10", port: SIP }, offices.left.name),
      right: await SipAgent.open({ host: "10.222.237.11", port: SIP }, offices.right.name),
      upstream: await SipAgent.open(UPSTREAM, headquarters.left.name),
      otherUpstream: await SipAgent.open(UPSTREAM, headquarters.right.name),
    };
    await left.start();
    await until("left has the addresses", () => left.hasAddresses);
    await right.start();
    const lab = new PairLab([left, right], agents, offices, switches, portOf(headquarters.right, "eth0"));
    for (const { branchline } of [left, right]) await branchline.upstreamIs("up");
    return lab;
  }

  /**
   * A stranger in a network, at its address that ends in `own`, who has the address of another host as well: it hears all that this host is
   * sent, where that is a member, since the switches are hubs from now on.
   * @param host the last number of that other host's address
   */
  impostor(network: "lan" | "wan", own: number, host: number): Namespace {
    const prefix = network === "lan" ? "10.222.237" : "198.51.100";
    const space = Namespace.create(`${network}fake${own}`);
    cable(space, "eth0", `${prefix}.${own}/24`, this.switches, `${network}left`);
    space.set("net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2");
    space.addAddress(`${prefix}.${host}/32`);
    const member = [this.left, this.right].find(({ side }) => SIDES[side].host === host);
    if (member !== undefined) space.ip("link", "set", "eth0", "address", member.macOf(network));
    for (const bridge of [`${network}left`, `${network}right`]) {
      this.switches.ip("link", "set", bridge, "type", "bridge", "ageing_time", "0", "fdb_flush");
    }
    return space;
  }

  /** Both sides are cut from each other. */
  split(): void {
    for (const port of ["lanup0", "wanup0"]) this.switches.ip("link", "set", port, "down");
    this.switches.ip("link", "set", this.otherPort, "up");
  }

  heal(): void {
    this.switches.ip("link", "set", this.otherPort, "down");
    for (const port of ["lanup0", "wanup0"]) this.switches.ip("link", "set", port, "up");
  }
}

/** A router: branchline and keepalived. */
export class Member {
  readonly side: Side;
  private readonly space: Namespace;
  private readonly switches: Namespace;
  private readonly folder = temporaryFolder();
  private readonly more: Partial<Settings>;
  private running: Branchline | undefined = undefined;
  private keepalived: Child | undefined = undefined;

  constructor(side: Side, space: Namespace, switches: Namespace, more: Partial<Settings>) {
    this.side = side;
    this.space = space;
    this.switches = switches;
    this.more = more;
    writeFileSync(join(this.folder, "secret"), SECRET, { mode: 0o600 });
  }

  get branchline(): Branchline {
    if (this.running === undefined) throw new Error(`${this.side} has never been started`);
    return this.running;
  }

  async start(): Promise<void> {
    const { host } = SIDES[this.side];
    const { listen, ...more } = this.more;
    const settings: Settings = {
      listen: ["udp:10.222.237.1", "udp:198.51.100.1", `udp:198.51.100.${host}`, ...(listen ?? [])],
      localnet: ["10.222.237.0/24"],
      upstream: { targets: [UPSTREAM_URI], ...UNHURRIED, hold: "100ms" },
      limits: "none",
      cluster: {
        name: this.side,
        members: { left: "10.222.237.2", right: "10.222.237.3" },
        secret: join(this.folder, "secret"),
        shared: ["10.222.237.1", "198.51.100.1"],
        health_file: this.healthFile,
      },
      ...more,
    };
    this.running = await Branchline.start(settings, { namespace: this.space.name });
    await this.isActive();
    await this.startKeepalived();
  }

  /** Once it is complete, and takes calls. */
  async isActive(): Promise<void> {
    await this.branchline.logs(/cluster_state state=active/);
  }

  /** Once keepalived is ready to take the addresses. */
  async standsBy(): Promise<void> {
    const states = () => this.keepalived?.lines.filter((line) => line.includes("(wan) Entering ")) ?? [];
    await until("keepalived stands by", () => states().at(-1)?.includes("BACKUP STATE") === true);
  }

  /** Whether the kernel has both shared addresses here. */
  get hasAddresses(): boolean {
    const listed = this.space.output("ip", "-4", "-o", "address");
    return listed.includes(` ${SHARED_LAN.host}/`) && listed.includes(` ${SHARED_WAN.host}/`);
  }

  /** All processes die and all cables are dead, at once. @returns when that was */
  async cutPower(): Promise<number> {
    const at_ms = monotonic_ms();
    this.cables("down");
    const { keepalived } = this;
    this.keepalived = undefined;
    await Promise.all([this.branchline.kill(), keepalived?.stop("SIGKILL")]);
    return at_ms;
  }

  /** branchline dies, and whoever has started it removes its health file, as deploy/debian/branchline.service does. */
  async crash(): Promise<void> {
    await this.branchline.kill();
    rmSync(this.healthFile, { force: true });
  }

  /** @returns when branchline was started again */
  async powerUp(): Promise<number> {
    for (const [device, { host }] of Object.entries({ lan: SHARED_LAN, wan: SHARED_WAN })) {
      this.space.try("address", "delete", `${host}/24`, "dev", device);
    }
    this.cables("up");
    const at_ms = monotonic_ms();
    await this.branchline.restart();
    await this.startKeepalived();
    return at_ms;
  }

  /** What its control socket answers: at once, without a process of its own. */
  async ask(question: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    return this.branchline.ask(question);
  }

  /** Whether the other router is alive, by its own word. */
  async hearsOther(): Promise<boolean> {
    const { status } = (await this.ask({ command: "status" })) as {
      status: { cluster: { members: { life: string }[] } };
    };
    return status.cluster.members.every(({ life }) => life === "alive");
  }

  /** How many addresses-of-record have a phone, by its own word. */
  async phoneCount(): Promise<number> {
    const { status } = (await this.ask({ command: "status" })) as { status: { phones: { addresses: number } } };
    return status.phones.addresses;
  }

  /** All contacts that it knows, in order. */
  async contacts(): Promise<readonly string[]> {
    const found: string[] = [];
    for (let after: string | null = ""; after !== null; ) {
      const { registered } = (await this.ask({ command: "registered", after })) as unknown as Registered;
      found.push(...registered.contacts.map(({ name, contact }) => `${name} ${contact}`));
      after = registered.next ?? null;
    }
    return found.sort();
  }

  /** The hardware address of an interface. */
  macOf(device: "lan" | "wan"): string {
    return this.space.output("cat", `/sys/class/net/${device}/address`).trim();
  }

  private get healthFile(): string {
    return join(this.folder, "healthy");
  }

  private cables(state: "up" | "down"): void {
    for (const device of ["lan", "wan"]) this.switches.ip("link", "set", portOf(this.space, device), state);
  }

  private async startKeepalived(): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    const file = join(this.folder, "keepalived.conf");
    writeFileSync(file, keepalivedConf(this.side, this.healthFile));
    const [own, ofVrrp] = [join(this.folder, "keepalived.pid"), join(this.folder, "vrrp.pid")];
    // After a power cut /run is empty. A pid that is left may be another process's by now: keepalived would believe that it runs already.
    for (const left of [own, ofVrrp]) rmSync(left, { force: true });
    const pids = ["-p", own, "-r", ofVrrp];
    const child = new Child("keepalived", ["-n", "-l", "-P", "-f", file, ...pids], { namespace: this.space.name });
    this.keepalived = child;
    defer(() => child.stop());
  }
}

function keepalivedConf(side: Side, healthFile: string): string {
  const instance = (device: string, id: number, address: string) => `
vrrp_instance ${device} {
  state BACKUP
  interface ${device}
  virtual_router_id ${id}
  priority ${SIDES[side].priority}
  advert_int 0.1
  nopreempt
  virtual_ipaddress { ${address}/24 }
}`;
  return `global_defs {
  router_id ${side}
  vrrp_version 3
  script_user root
  enable_script_security
}
vrrp_track_file healthy { file ${healthFile}
  weight 0 reverse
}
vrrp_sync_group all {
  group { lan wan }
  track_file { healthy }
}${instance("lan", 51, SHARED_LAN.host)}${instance("wan", 52, SHARED_WAN.host)}
`;
}

/** Lays a cable to a port of a switch. */
function cable(space: Namespace, device: string, address: string, switches: Namespace, bridge: string): void {
  space.ip("link", "add", device, "type", "veth", "peer", "name", portOf(space, device), "netns", switches.name);
  space.addAddress(address, device);
  space.ip("link", "set", device, "up");
  // A host believes a gratuitous ARP of an address that it doesn't know yet.
  space.set(`net.ipv4.conf.${device}.arp_accept=1`);
  plug(switches, portOf(space, device), bridge);
}

function plug(switches: Namespace, port: string, bridge: string): void {
  switches.ip("link", "set", port, "master", bridge);
  switches.ip("link", "set", port, "up");
}

/** The switch's end of a cable, by at most 15 characters. */
function portOf(space: Namespace, device: string): string {
  return `${space.name.split("-").at(-1)?.slice(0, 11)}${device.slice(0, 4)}`;
}

/** Asks the shared address over and over, as a phone that is impatient. */
export class Pings {
  private readonly agent: SipAgent;
  private readonly sent = new Map<string, number>();
  private isOver = false;
  private readonly done: Promise<void>;

  constructor(agent: SipAgent) {
    this.agent = agent;
    this.done = this.run();
  }

  /** The longest time without an answer to anything that was sent, since `from_ms`. */
  async longestGap_ms(from_ms: number): Promise<number> {
    this.isOver = true;
    await this.done;
    await pause(500);
    const answered = new Set(this.agent.received.filter(({ isRequest }) => !isRequest).map(({ callId }) => callId));
    const times = [...this.sent]
      .filter(([callId, at_ms]) => at_ms >= from_ms && answered.has(callId))
      .map(([, at_ms]) => at_ms);
    let longest = 0;
    let before = from_ms;
    for (const at_ms of times) {
      longest = Math.max(longest, at_ms - before);
      before = at_ms;
    }
    return longest;
  }

  private async run(): Promise<void> {
    const { sentBy } = this.agent;
    for (let count = 1; !this.isOver; count++) {
      const callId = `ping-${count}`;
      const lines = [
        `OPTIONS sip:${SHARED_LAN.host} SIP/2.0`,
        `Via: SIP/2.0/UDP ${sentBy};branch=z9hG4bKping${count};rport`,
        `From: <sip:ping@${sentBy}>;tag=ping`,
        `To: <sip:${SHARED_LAN.host}>`,
        `Call-ID: ${callId}`,
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 70",
        "Content-Length: 0",
      ];
      this.sent.set(callId, await this.agent.send(`${lines.join("\r\n")}\r\n\r\n`, SHARED_LAN));
      await pause(PING_INTERVAL_MS);
    }
  }
}
