/** Any number of members behind one address: the whole of branchline but for its sockets, and what may befall each of them. */
import { ClusterNode, transportOfMember } from "../../../src/app/cluster-node.ts";
import { loadConfig } from "../../../src/app/config/load-config.ts";
import type { MutedTransport } from "../../../src/cluster/muted-transport.ts";
import type { ClusterSettings } from "../../../src/cluster/settings.ts";
import type { Stories } from "../../../src/cluster/stories.ts";
import { hashOf, Rng } from "../../fuzz/rng.ts";
import { Site } from "../../support/site.ts";
import { ANYCAST, Spray } from "./spray.ts";

/** Between members. */
const LINK_ms = 1;
/** Until the router knows by BFD that a member is dead. */
const WITHDRAWN_ms = 300;
/** Where a line loses something, it is also late and doubled. */
const LATE_MAX_ms = 30;
const DOUBLED_SHARE = 0.1;
/** A day in 2026. */
const CLOCK_ms = 1_780_000_000_000;

export const ANYCAST_YAML = `
listen: [udp:10.206.206.1:5060]
localnet: [10.204.204.0/24]
upstream: {targets: ["sip:198.51.100.10"], probe: {interval: 1s, timeout: 500ms}}
gateways: ["sip:10.10.1.3", "sip:10.10.1.4"]
`;

const sign = (text: string) => Buffer.from(`${text.length}${text}`).toString("base64url").slice(-22).padStart(22, "x");

/** A program that runs: a member that is started anew is another one. */
export class AnycastNode {
  readonly name: string;
  readonly site: Site;
  readonly node: ClusterNode;
  isUp = true;
  onDatagram: (wire: string) => void = () => {};

  constructor(name: string, yaml: string, life: number, group: AnycastGroup) {
    const { network, names } = group;
    this.name = name;
    let transport: MutedTransport | undefined;
    const clock_ms = (now_ms: number) => now_ms + CLOCK_ms + (group.clocks_ms.get(name) ?? 0);
    this.site = new Site(yaml, network.seenBy(name), clock_ms, [], {
      secret: "shared",
      seed: hashOf(`${name} ${life}`),
      isStandby: false,
      ports: (host) => {
        transport = transportOfMember(host.transport);
        return { ...host, transport, member: name };
      },
    });
    if (transport === undefined) throw new Error("no transport");
    this.site.routes = () => ANYCAST.address;
    const settings: ClusterSettings = {
      mode: "anycast",
      name,
      members: names.map((one, index) => ({ name: one, address: `10.205.205.${11 + index}`, port: 5059 })),
      secret: { env: "SECRET" },
      second_secret: undefined,
      shared: [],
      health_file: "/nowhere",
      hand_over: "none",
      route: undefined,
      log_calls_ms: undefined,
    };
    const { config } = loadConfig(yaml, (path) => path);
    const { engine, listeners } = this.site;
    this.node = new ClusterNode(engine, { ...config, listeners: [...listeners] }, settings, {
      link: (onDatagram) => {
        this.onDatagram = onDatagram;
        const send = (to: string, wire: string) => group.carry(this, to, wire);
        return { open: async () => {}, close: async () => {}, send };
      },
      signs: [sign],
      transport,
      readInterfaces: () => undefined,
      wasAlone: () => false,
      tellHealth: (word) => {
        if (this.isUp) group.announce(name, word !== "no");
        return undefined;
      },
    });
  }

  get stories(): Stories {
    return this.node["calls"].stories;
  }

  get state(): string {
    return this.node.cluster.state;
  }

  /** All that it could do is over. */
  die(): void {
    this.isUp = false;
    this.site.die();
  }
}

export class AnycastGroup {
  readonly network: Spray;
  readonly names: readonly string[];
  /** Those that were started last, by name. */
  readonly nodes = new Map<string, AnycastNode>();
  /** Of all lives. */
  readonly sites: Site[] = [];
  /** By how much a member's clock is wrong. */
  readonly clocks_ms = new Map<string, number>();
  /** Share of what members send to each other that is lost. */
  linkLoss = 0;
  /** Until the router follows what a member announces, or withdraws. */
  follows_ms = 0;
  /** Whether a datagram of the members' is lost. */
  loses: (from: string, to: string, wire: string) => boolean = () => false;
  private readonly yaml: string;
  private readonly cuts = new Set<string>();
  private readonly rng: Rng;
  private lives = 0;

  constructor(count: number, seed: number, yaml = ANYCAST_YAML) {
    this.names = Array.from({ length: count }, (_, index) => `node${index + 1}`);
    this.network = new Spray(seed);
    this.rng = new Rng(seed + 13);
    this.yaml = yaml;
  }

  /** All members, as they begin. */
  static async start(count: number, seed: number, yaml?: string): Promise<AnycastGroup> {
    const group = new AnycastGroup(count, seed, yaml);
    for (const name of group.names) await group.boot(name);
    return group;
  }

  run(duration_ms: number): void {
    this.network.run(duration_ms);
  }

  /** @param saved what it finds on its disk, and how old that is */
  async boot(name: string, saved?: { readonly text: string; readonly age_ms: number }): Promise<AnycastNode> {
    this.lives += 1;
    const node = new AnycastNode(name, this.yaml, this.lives, this);
    this.nodes.set(name, node);
    this.sites.push(node.site);
    if (saved !== undefined) node.site.restore(saved.text, saved.age_ms);
    await node.node.start();
    return node;
  }

  node(name: string): AnycastNode {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`there is no ${name}`);
    return node;
  }

  get living(): readonly AnycastNode[] {
    return [...this.nodes.values()].filter(({ isUp }) => isUp);
  }

  /** The members that make calls now. */
  get owners(): readonly AnycastNode[] {
    return this.living.filter(({ stories }) => stories.size > 0);
  }

  /** Its power is cut: for a while the router still leads to it. */
  kill(name: string, withdrawn_ms = WITHDRAWN_ms): void {
    const node = this.node(name);
    node.die();
    this.network.after(withdrawn_ms, () => {
      if (!this.node(name).isUp) this.network.announced.delete(name);
    });
  }

  /** As the service's manager stops it: its socket is closed, and for a while the router may still lead to it. */
  async stop(name: string): Promise<void> {
    const node = this.node(name);
    await node.node.stop();
    node.die();
  }

  /** What a member has said just before it died leads nobody to it: the router withdraws that with the rest. */
  announce(name: string, isAnnounced: boolean): void {
    const { announced } = this.network;
    const node = this.nodes.get(name);
    const follow = () => {
      if (!isAnnounced) announced.delete(name);
      else if (node?.isUp === true && this.nodes.get(name) === node) announced.add(name);
    };
    if (this.follows_ms === 0) follow();
    else this.network.after(this.follows_ms, follow);
  }

  /** Two members don't hear each other from now on. */
  cut(one: string, other: string): void {
    this.cuts.add(`${one} ${other}`);
    this.cuts.add(`${other} ${one}`);
  }

  isCut(one: string, other: string): boolean {
    return this.cuts.has(`${one} ${other}`);
  }

  /** All links of a member are down, until {@link plug}: nobody hears it, and the router leads elsewhere. */
  unplug(name: string): void {
    this.network.unplugged.add(name);
    for (const other of this.names) this.cut(name, other);
  }

  plug(name: string): void {
    this.network.unplugged.delete(name);
    for (const other of this.names) this.heal([name, other]);
  }

  /** @param between undefined: all */
  heal(between?: readonly [string, string]): void {
    if (between === undefined) this.cuts.clear();
    else for (const ends of [between, [...between].reverse()]) this.cuts.delete(ends.join(" "));
  }

  carry(from: AnycastNode, to: string, wire: string): void {
    const { rng, linkLoss, network } = this;
    if (!from.isUp || this.isCut(from.name, to) || this.loses(from.name, to, wire)) return;
    if (linkLoss > 0 && rng.chance(linkLoss)) return;
    const copies = linkLoss > 0 && rng.chance(DOUBLED_SHARE) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const late_ms = linkLoss > 0 ? rng.below(LATE_MAX_ms) : 0;
      network.after(LINK_ms + late_ms, () => {
        const node = this.nodes.get(to);
        if (node?.isUp === true && !this.isCut(from.name, to)) node.onDatagram(wire);
      });
    }
  }
}
