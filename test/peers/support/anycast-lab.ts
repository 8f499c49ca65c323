/**
 * Three nodes that have one address, two clients, and a router that deals what is for that address packet by packet, in six network namespaces:
 *
 *   client1 10.204.204.11 ─┐            ┌─ node1 10.205.205.11 ┐
 *                          ├─ router ───┼─ node2 10.205.205.12 ├ each also 10.206.206.1/32 on lo, which BIRD announces
 *   client2 10.204.204.12 ─┘ .254  .254 └─ node3 10.205.205.13 ┘
 *
 * The first client has phones, the second one is upstream, or a gateway.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { PATIENCE_MS } from "../../support/machine.ts";
import { PROGRAM, wordsOf } from "../../support/program.ts";
import { AnycastCounts } from "./anycast-counts.ts";
import { Bird, birdOfRouter, type Neighbours, type Protocol, ROUTER_AS, startFrr } from "./anycast-routing.ts";
import { Branchline, type Settings, UNHURRIED } from "./branchline.ts";
import { monotonic_ms, pause } from "./clock.ts";
import { Namespace } from "./namespace.ts";
import { type DealtTo, dealByHash, dealByMark } from "./packet-dealer.ts";
import { type Peer, pathOf } from "./peers.ts";
import { SipAgent } from "./sip-agent.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const SIP = 5060;
/** The address of all nodes. */
export const ANYCAST = { host: "10.206.206.1", port: SIP };
export const PHONES = { host: "10.204.204.11", port: SIP };
export const UPSTREAM = { host: "10.204.204.12", port: SIP };
const CLIENTS = [PHONES.host, UPSTREAM.host];
/** No host has it. */
const NO_UPSTREAM = "10.204.204.13";
/** Settings of a site that works on its own: the second client is a gateway, to which the phones' calls go. */
export const ALONE: Partial<Settings> = {
  upstream: { targets: [`sip:${NO_UPSTREAM}`], force: "down" },
  registration: { unknown: "localnet" },
  gateways: [`sip:${UPSTREAM.host}`],
  survival: { answer: "relay" },
};
const CLIENTS_GATE = "10.204.204.254";
const NETWORK: Neighbours = {
  router: "10.205.205.254",
  nodes: ["10.205.205.11", "10.205.205.12", "10.205.205.13"],
};
const SECRET = "0123456789abcdef0123456789abcdef";
/** How often the router is asked for its routes. */
const ASK_INTERVAL_MS = 50;
/** A death and a return by OSPF take some seconds even where nobody else is at work. */
const ROUTE_LIMIT_MS = 2 * PATIENCE_MS;

/** What an anycast network is made of. */
export interface Ways {
  readonly daemon: "bird" | "frr";
  readonly dealer: "hash" | "mark";
  readonly protocol: Protocol;
}

/** The quickest to be ready. */
export const QUICK: Ways = { daemon: "bird", dealer: "hash", protocol: "bgp" };
const ALL: readonly Ways[] = (["bird", "frr"] as const).flatMap((daemon) =>
  (["hash", "mark"] as const).map((dealer) => ({ daemon, dealer, protocol: "ospf" as const })),
);
export const isLong = process.env["BRANCHLINE_LONG"] === "1";
/** What tests are played with: the quickest once, or all three times with BRANCHLINE_LONG=1. */
export const RUNS: readonly (Ways & { readonly run: number })[] = isLong
  ? ALL.flatMap((ways) => [1, 2, 3].map((run) => ({ ...ways, run })))
  : [{ ...QUICK, run: 1 }];
const COMMON = ["namespaces", "mounts", "bird", "birdc", "cc", "nft", "tc", "sysctl"] as const;
/** What must be installed for them. */
export const ANYCAST_PEERS: readonly Peer[] = isLong ? [...COMMON, "vtysh"] : COMMON;

export class AnycastLab {
  readonly nodes: readonly AnycastNode[];
  readonly phones: SipAgent;
  readonly upstream: SipAgent;
  readonly counts: AnycastCounts;
  private readonly dealtTo: DealtTo;

  private constructor(
    nodes: readonly AnycastNode[],
    agents: { phones: SipAgent; upstream: SipAgent },
    counts: AnycastCounts,
    dealtTo: DealtTo,
  ) {
    this.nodes = nodes;
    this.phones = agents.phones;
    this.upstream = agents.upstream;
    this.counts = counts;
    this.dealtTo = dealtTo;
  }

  /** All of it vanishes when the test ends. All nodes take calls, and no busy machine makes an outage. */
  static async build({ daemon, dealer, protocol }: Ways, more: Partial<Settings> = {}): Promise<AnycastLab> {
    const router = Namespace.create("router");
    for (const [bridge, address] of [
      ["cli", CLIENTS_GATE],
      ["srv", NETWORK.router],
    ] as const) {
      router.ip("link", "add", bridge, "type", "bridge");
      router.addAddress(`${address}/24`, bridge);
      router.ip("link", "set", bridge, "up");
    }
    isHost(router);
    router.forwards();
    const hosts = CLIENTS.map((host, index) => hostAt(`client${index + 1}`, host, CLIENTS_GATE, router, "cli"));
    const nodes = NETWORK.nodes.map((host, index) => {
      const space = hostAt(`node${index + 1}`, host, NETWORK.router, router, "srv");
      space.addAddress(`${ANYCAST.host}/32`);
      return new AnycastNode(`node${index + 1}`, host, space, router, protocol, more);
    });
    if (daemon === "frr") startFrr(router, NETWORK);
    else await new Bird(router).start(birdOfRouter(NETWORK, protocol));
    const dealtTo =
      dealer === "hash"
        ? dealByHash(router, "cli", ANYCAST.host)
        : dealByMark(router, "cli", ANYCAST.host, NETWORK.nodes);
    const counts = new AnycastCounts(
      ANYCAST,
      hosts,
      nodes.map(({ space }) => space),
    );
    const [phones, upstream] = await Promise.all(
      [PHONES, UPSTREAM].map((at, index) => SipAgent.open(at, hosts[index]?.name)),
    );
    if (phones === undefined || upstream === undefined) throw new Error("a client is missing");
    const lab = new AnycastLab(nodes, { phones, upstream }, counts, dealtTo);
    await Promise.all(nodes.map((node) => node.start()));
    await lab.leadsTo(nodes);
    await counts.begin();
    return lab;
  }

  node(index: number): AnycastNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  /** Once the router deals packets to these, and to no other ones. @returns after how many milliseconds */
  async leadsTo(nodes: readonly AnycastNode[]): Promise<number> {
    const wanted = nodes
      .map(({ host }) => host)
      .sort()
      .join();
    const begin_ms = monotonic_ms();
    for (;;) {
      const hops = this.dealtTo().join();
      if (hops === wanted) return monotonic_ms() - begin_ms;
      if (monotonic_ms() - begin_ms > ROUTE_LIMIT_MS) {
        throw new Error(`the router leads to ${hops || "nobody"} and not to ${wanted} after ${ROUTE_LIMIT_MS} ms`);
      }
      await pause(ASK_INTERVAL_MS);
    }
  }

  /** The node that has the most calls now. */
  async busiest(): Promise<AnycastNode> {
    const counts = await Promise.all(this.nodes.map((node) => node.callCount()));
    return this.node(counts.indexOf(Math.max(...counts)));
  }

  others(node: AnycastNode): readonly AnycastNode[] {
    return this.nodes.filter((one) => one !== node);
  }
}

/** What a control socket answers to "status", as far as these tests ask. */
interface Status {
  readonly calls_now: number;
  readonly gateways: readonly { readonly calls: number }[];
}

/** A host with branchline and BIRD. */
export class AnycastNode {
  readonly name: string;
  readonly host: string;
  readonly space: Namespace;
  /** Neither killed nor not started yet. */
  isAlive = false;
  private readonly router: Namespace;
  private readonly protocol: Protocol;
  private readonly more: Partial<Settings>;
  private readonly folder = temporaryFolder();
  private readonly bird: Bird;
  private running: Branchline | undefined = undefined;

  constructor(
    name: string,
    host: string,
    space: Namespace,
    router: Namespace,
    protocol: Protocol,
    more: Partial<Settings>,
  ) {
    this.name = name;
    this.host = host;
    this.space = space;
    this.router = router;
    this.protocol = protocol;
    this.more = more;
    this.bird = new Bird(space);
    writeFileSync(join(this.folder, "secret"), SECRET, { mode: 0o600 });
  }

  get branchline(): Branchline {
    if (this.running === undefined) throw new Error(`${this.name} has never been started`);
    return this.running;
  }

  /** Returns once it takes calls, and upstream answers it. */
  async start(): Promise<void> {
    const birdc = `${pathOf("birdc")} -s ${this.bird.socket}`;
    const settings: Settings = {
      listen: [{ address: `udp:${ANYCAST.host}:${ANYCAST.port}`, anycast: true }],
      localnet: ["10.204.204.0/24"],
      upstream: { targets: [`sip:${UPSTREAM.host}`], ...UNHURRIED, hold: "100ms" },
      limits: "none",
      cluster: {
        mode: "anycast",
        name: this.name,
        members: Object.fromEntries(NETWORK.nodes.map((host, index) => [`node${index + 1}`, host])),
        secret: join(this.folder, "secret"),
        health_file: join(this.folder, "healthy"),
        route: { announce: `${birdc} enable anycast`, withdraw: `${birdc} disable anycast` },
      },
      ...this.more,
    };
    writeFileSync(this.file, stringify(settings));
    await this.startBird();
    this.running = await Branchline.start(settings, { namespace: this.space.name });
    await this.isActive();
  }

  /** Once it is complete, and takes calls. */
  async isActive(): Promise<void> {
    await this.branchline.logs(/cluster_state state=active/);
    this.isAlive = true;
  }

  /** All processes die and the cable is dead, at once: nobody is told. @returns when that was */
  async kill(): Promise<number> {
    const at_ms = monotonic_ms();
    this.isAlive = false;
    this.router.ip("link", "set", this.name, "down");
    await Promise.all([this.branchline.kill(), this.bird.stop("SIGKILL")]);
    return at_ms;
  }

  /** The opposite of {@link kill}: it takes calls again. */
  async revive(): Promise<void> {
    this.router.ip("link", "set", this.name, "up");
    await this.startBird();
    await this.branchline.restart();
    await this.isActive();
  }

  /** How many calls it has now, by its own word. */
  async callCount(): Promise<number> {
    return (await this.status()).calls_now;
  }

  /** How many calls the only gateway has through all nodes, by its own word. */
  async gatewayCalls(): Promise<number | undefined> {
    return (await this.status()).gateways[0]?.calls;
  }

  private async status(): Promise<Status> {
    const { status } = (await this.branchline.ask({ command: "status" })) as unknown as { status: Status };
    return status;
  }

  private get file(): string {
    return join(this.folder, "branchline.yaml");
  }

  /** As `branchline cluster bird` has it, but that what it says comes to the test. */
  private async startBird(): Promise<void> {
    const neighbour = this.protocol === "bgp" ? ["--neighbor", `${NETWORK.router},${ROUTER_AS}`] : [];
    const words = [...wordsOf(PROGRAM), "cluster", "bird", "-c", this.file, ...neighbour];
    await this.bird.start(this.space.output("env", ...words).replace("log syslog all;", "log stderr all;"));
  }
}

/** A host on one of the router's networks, which leads it anywhere. */
function hostAt(name: string, host: string, gate: string, router: Namespace, bridge: string): Namespace {
  const space = Namespace.create(name);
  space.ip("link", "add", "eth0", "type", "veth", "peer", "name", name, "netns", router.name);
  space.addAddress(`${host}/24`, "eth0");
  space.ip("link", "set", "eth0", "up");
  router.ip("link", "set", name, "master", bridge, "up");
  space.ip("route", "add", "default", "via", gate);
  isHost(space);
  return space;
}

/** Replies leave by another way than packets come, and each refusal is told. */
function isHost(space: Namespace): void {
  space.set("net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0", "net.ipv4.icmp_ratelimit=0");
}
