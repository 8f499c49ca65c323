/** A pair of routers as it plays a branch's day. */
import type { MemberName } from "../../app/pair-of-nodes.ts";
import type { Fate } from "./day-agents.ts";
import { type Day, PLACES } from "./day-plan.ts";
import { type Group, siteOf } from "./day-play.ts";
import type { Trouble } from "./day-troubles.ts";
import { excuseOfPair } from "./pair-excuses.ts";
import { Switch } from "./switch.ts";
import { SHARED, WholePair } from "./whole-pair.ts";

const [LAN, WAN] = SHARED;

const memberYaml = (day: Day, name: MemberName) => {
  const own = name === "a" ? 2 : 3;
  return `listen: [udp:${LAN}:5060, udp:10.222.237.${own}:5060, udp:${WAN}:5060, udp:203.0.113.${own}:5060]${siteOf(day)}
cluster:
  name: ${name}
  members: {a: 10.222.237.2, b: 10.222.237.3}
  secret: cluster-secret
  shared: [${SHARED.join(", ")}]
  health_file: /run/healthy
`;
};

const isEndpoint = (address: string) => Object.values(PLACES).some((place) => place.address === address);

export class PairGroup implements Group {
  readonly network: Switch;
  private readonly pair: WholePair;
  private readonly day: Day;

  constructor(day: Day) {
    this.day = day;
    this.network = new Switch(SHARED, day.seed);
    this.pair = new WholePair(this.network, (name) => memberYaml(day, name), day.seed);
  }

  get sites() {
    return this.pair.sites;
  }

  get running() {
    return this.pair.both.flatMap(({ member }) => (member ? [member.site] : []));
  }

  get gaps() {
    return this.pair.gaps;
  }

  start(): Promise<void> {
    return this.pair.start();
  }

  befall(trouble: Trouble): Promise<void> | void {
    const { pair, network } = this;
    const name = "member" in trouble && trouble.member === "b" ? "b" : "a";
    switch (trouble.kind) {
      case "kill":
        return pair.kill(name, trouble.gap_ms);
      case "start":
        return pair.boot(name, trouble.keeps);
      case "stop":
        return pair.stop(name);
      case "drain":
        return pair.drain(name);
      case "join":
        return pair.join(name);
      case "heal":
        return pair.heal();
      case "clock":
        return pair.setClock(name, trouble.by_ms);
      case "loss":
        pair.loseOnLink(trouble.link);
        network.lossShare = trouble.network;
        return undefined;
      case "cut": {
        const { halves } = trouble;
        const withB = new Set(halves?.flatMap((place) => PLACES[place]?.address ?? []));
        return pair.cut(halves && ((address) => (isEndpoint(address) ? (withB.has(address) ? "b" : "a") : undefined)));
      }
    }
  }

  async mend(): Promise<void> {
    const { pair, network } = this;
    pair.heal();
    pair.loseOnLink(0);
    network.lossShare = 0;
    for (const { name } of pair.both) {
      await pair.boot(name);
      pair.join(name);
    }
  }

  save(): void {
    this.pair.saveBoth();
  }

  faults(): string[] {
    const { both } = this.pair;
    const states = both.map(({ name, member, hasAddress, isHealthy }) => {
      const { cluster } = member?.node ?? {};
      return `${name} ${cluster?.state} ${cluster?.live().join()} ${isHealthy} ${hasAddress}`;
    });
    const isWhole = states.every((state) => / active [ab] true /.test(state));
    const hasOne = both.filter(({ hasAddress }) => hasAddress).length === 1;
    return isWhole && hasOne ? [] : [`the pair isn't whole in the end: ${states.join("; ")}`];
  }

  excuse(kept: Fate, fate: Fate): string | undefined {
    return excuseOfPair(this.day, this.pair, kept, fate);
  }
}
