/** How many datagrams of SIP passed the hosts of an anycast network, by their kernels' own count, and how many were lost between them. */
import type { Endpoint } from "./addresses.ts";
import { pause } from "./clock.ts";
import type { Namespace } from "./namespace.ts";
import { pathOf } from "./peers.ts";

/** By the name of the counter: in which chain of a host, and which packets. */
const RULES = {
  out: ["output", ({ host, port }: Endpoint) => `ip daddr ${host} udp dport ${port}`],
  back: ["input", ({ host, port }: Endpoint) => `ip saddr ${host} udp sport ${port}`],
  came: ["input", ({ host, port }: Endpoint) => `ip daddr ${host} udp dport ${port}`],
  went: ["output", ({ host, port }: Endpoint) => `ip saddr ${host} udp sport ${port}`],
  // What the kernel answers where nobody listens.
  refused: ["output", ({ host }: Endpoint) => `ip saddr ${host} icmp type destination-unreachable`],
} as const;
type Counter = keyof typeof RULES;
/** What a host has counted; `overflowed`: datagrams that a socket had no room for. */
type Read = Readonly<Record<Counter | "overflowed", number>>;
/** Datagrams on their way have arrived by then, wherever they are. */
const QUIET_MS = 300;
const TRIES_MOST = 20;

type Sums = Readonly<Record<"out" | "back" | "came" | "went" | "unheard", number>>;

/** Datagrams that were sent and have reached no program. */
export interface Lost {
  readonly toNodes: number;
  readonly toClients: number;
}

const NONE: Lost = { toNodes: 0, toClients: 0 };

export class AnycastCounts {
  private readonly clients: readonly Namespace[];
  private readonly nodes: readonly Namespace[];
  private before: Lost = NONE;

  constructor(address: Endpoint, clients: readonly Namespace[], nodes: readonly Namespace[]) {
    this.clients = clients;
    this.nodes = nodes;
    for (const space of clients) count(space, ["out", "back"], address);
    for (const space of nodes) count(space, ["came", "went", "refused"], address);
  }

  /** From now on {@link lost} counts. */
  async begin(): Promise<void> {
    this.before = NONE;
    this.before = await this.lost();
  }

  /** What each node was dealt, in order, since the beginning. */
  dealt(): readonly number[] {
    return this.nodes.map((space) => read(space).came);
  }

  /** Since {@link begin}, once nothing is on its way any longer. */
  async lost(): Promise<Lost> {
    const { out, came, went, back, unheard } = await this.still();
    const { before } = this;
    return { toNodes: out - came + unheard - before.toNodes, toClients: went - back - before.toClients };
  }

  /** All counters, which are read one after the other, at a moment at which none of them moved: the nodes send probes at any time. */
  private async still(): Promise<Sums> {
    for (let tries = 0; tries < TRIES_MOST; tries++) {
      await pause(QUIET_MS);
      const sums = this.sums();
      if (JSON.stringify(sums) === JSON.stringify(this.sums())) return sums;
    }
    throw new Error("datagrams go on and on");
  }

  /** Each host is read once: the longer a reading takes, the more seldom nothing passes meanwhile. */
  private sums(): Sums {
    const clients = this.clients.map(read);
    const nodes = this.nodes.map(read);
    const total = (hosts: readonly Read[], name: keyof Read) => hosts.reduce((sum, host) => sum + host[name], 0);
    return {
      out: total(clients, "out"),
      back: total(clients, "back"),
      came: total(nodes, "came"),
      went: total(nodes, "went"),
      unheard: total(nodes, "refused") + total(nodes, "overflowed"),
    };
  }
}

function count(space: Namespace, counters: readonly Counter[], address: Endpoint): void {
  const lines = ["add table ip count"];
  for (const hook of ["input", "output"]) {
    lines.push(`add chain ip count ${hook} { type filter hook ${hook} priority -300; }`);
  }
  for (const name of counters) {
    const [hook, packets] = RULES[name];
    lines.push(`add counter ip count ${name}`);
    lines.push(`add rule ip count ${hook} ${packets(address)} counter name ${name}`);
  }
  space.nft(lines.join("; "));
}

/** Of one host. A counter that it doesn't have is 0. */
function read(space: Namespace): Read {
  const told = space.output("sh", "-c", '"$0" list counters table ip count && cat /proc/net/snmp', pathOf("nft"));
  const counted = told.matchAll(/counter (\w+) \{\s*packets (\d+)/g);
  const counts = new Map([...counted].map(([, name = "", packets]) => [name, Number(packets)]));
  const of = (name: Counter) => counts.get(name) ?? 0;
  const ofUdp = told.split("\n").filter((line) => line.startsWith("Udp:"));
  const [names = [], values = []] = ofUdp.map((line) => line.split(" "));
  const overflowed = Number(values[names.indexOf("RcvbufErrors")] ?? 0);
  const [out, back, came, went] = [of("out"), of("back"), of("came"), of("went")];
  return { out, back, came, went, refused: of("refused"), overflowed };
}
