/** Two routers as members of a pair, whole but for their sockets, in one simulated network. */
import type { HealthWord } from "../../src/app/cluster-health.ts";
import { ClusterNode, transportOfMember } from "../../src/app/cluster-node.ts";
import { loadConfig } from "../../src/app/config/load-config.ts";
import type { Link } from "../../src/app/node-ports.ts";
import type { MutedTransport } from "../../src/cluster/muted-transport.ts";
import type { TransportPort } from "../../src/transport/flow.ts";
import type { Interfaces } from "../../src/transport/own-listener.ts";
import { Simulation } from "../support/simulation.ts";
import { LAN, Site } from "../support/site.ts";

export type MemberName = "a" | "b";

/** In what a member differs from those of a {@link NodePair}. */
export interface MemberOptions {
  /** Of what it draws: each life of a member has another. */
  readonly seed?: number;
  /** The router's own idea of the time, by the simulation's. */
  readonly wallClock_ms?: (now_ms: number) => number;
  /** By which it sends in place of `inner`. */
  readonly transport?: (inner: TransportPort) => TransportPort;
  /** Hears each time whether it may hold the addresses. */
  readonly onTold?: (isHealthy: boolean) => void;
}

/** No two texts have the same. */
const sign = (text: string) => Buffer.from(`${text.length}${text}`).toString("base64url").slice(-22).padStart(22, "x");

export class Member {
  readonly site: Site;
  readonly node: ClusterNode;
  /** As its file has it. */
  readonly name: string;
  private readonly shared: readonly string[];
  /** What keepalived has been told, without repetitions; and whether telling works. */
  readonly told: boolean[] = [];
  tellings = 0;
  diskFault: string | undefined = undefined;
  /** What the kernel has; undefined: nothing tells. */
  interfaces: Interfaces | undefined = undefined;
  onDatagram: (wire: string) => void = () => {};
  /** Its socket to the other member has failed. */
  failLink: (why: string) => void = () => {};
  linkOpens = 0;

  /** The last word: what the file says. */
  word: HealthWord = "no";

  constructor(
    name: MemberName,
    simulation: Simulation,
    yaml: string,
    send: (to: string, wire: string) => void,
    wasAlone = false,
    options: MemberOptions = {},
  ) {
    const { seed = name === "a" ? 1 : 2, wallClock_ms, onTold } = options;
    let transport: MutedTransport | undefined;
    this.site = new Site(yaml, simulation, wallClock_ms, [], {
      secret: "shared",
      seed,
      isStandby: true,
      ports: (host) => {
        transport = transportOfMember(options.transport?.(host.transport) ?? host.transport);
        return { ...host, transport, member: name };
      },
    });
    const { config } = loadConfig(yaml, (path) => path);
    const { cluster } = config;
    if (cluster === undefined || transport === undefined) throw new Error("no member");
    const { engine, listeners } = this.site;
    this.name = cluster.name;
    const shared = cluster.shared.map(({ address }) => address);
    this.shared = shared;
    const ownOnes = listeners.map(({ settings }) => settings.at).filter((at) => !shared.includes(at));
    const own = ownOnes.find((at) => !at.startsWith("10."));
    const near = ownOnes.find((at) => at.startsWith("10.")) ?? LAN.address;
    this.site.routes = (address) => (address.startsWith("10.") ? near : own);
    this.node = new ClusterNode(engine, { ...config, listeners: [...listeners] }, cluster, {
      link: (onDatagram, onError): Link => {
        this.onDatagram = onDatagram;
        this.failLink = onError;
        const open = async () => {
          this.linkOpens += 1;
        };
        return { open, close: async () => {}, send };
      },
      signs: [sign],
      transport,
      readInterfaces: () => this.interfaces,
      wasAlone: () => wasAlone,
      tellHealth: (word) => {
        this.tellings += 1;
        this.word = word;
        const isHealthy = word !== "no";
        if (this.told.at(-1) !== isHealthy) this.told.push(isHealthy);
        onTold?.(isHealthy);
        return this.diskFault;
      },
    });
    for (const listener of listeners) if (listener.isShared) listener.isAway = true;
    this.site.takeOver();
    const addresses = ownOnes.map((address) => ({ device: address, address, cidr: `${address}/24` }));
    for (const listener of listeners) if (listener.isShared) listener.standAmong(addresses);
  }

  /** The addresses are here from now on, or elsewhere. */
  holds(isHere: boolean): void {
    for (const address of this.shared) this.site.move(address, isHere ? address : undefined);
    this.node.onLook();
  }

  /** All that it could do is over. */
  die(): void {
    this.site.die();
    this.onDatagram = () => {};
  }
}

export class NodePair {
  readonly simulation = new Simulation();
  readonly a: Member;
  readonly b: Member;
  /** The link between them is cut. */
  isCut = false;

  /** A has the addresses. @param yamlOf the file of each @param wasAlone the last word of a's life before */
  constructor(yamlOf: (name: MemberName) => string, wasAlone = false) {
    const { simulation } = this;
    const send = (member: string, wire: string) => {
      const to = () => (member === this.a.name ? this.a : this.b);
      if (!this.isCut) simulation.after(1, () => to().onDatagram(wire));
    };
    this.a = new Member("a", simulation, yamlOf("a"), send, wasAlone);
    this.b = new Member("b", simulation, yamlOf("b"), send);
  }

  async start(): Promise<void> {
    this.a.holds(true);
    await this.a.node.start();
    await this.b.node.start();
  }
}
