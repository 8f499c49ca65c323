/** A branch's day, played by a pair of routers under all that befalls these, and by a single one that nothing befalls. */
import type { MemberName } from "../../app/pair-of-nodes.ts";
import { Site } from "../../support/site.ts";
import { Branch, type Fate } from "./day-agents.ts";
import { type Day, EQUAL_ms, HEALED_ms, OVER_ms, PLACES, REGISTERED_ms, type Trouble } from "./day-plan.ts";
import { Switch } from "./switch.ts";
import { SHARED, type Untold, WholePair } from "./whole-pair.ts";

/** How soon a router has written down what is new. */
const SAVE_ms = 1_000;

const EXPIRY_s = 2;

const [LAN, WAN] = SHARED;

const siteOf = ({ answer }: Day) => `
localnet: [10.222.237.0/24]
upstream: {targets: ["sip:198.51.100.10"], probe: {interval: 1s, timeout: 500ms, down_interval: 1s}, hold: 2s}
gateways: [sip:10.10.1.3, {uri: sip:10.10.1.4, priority: 2}]
emergency: ["112"]
survival: {answer: ${answer}}
hunt_groups:
  "5550100": {members: ["sip:211@10.222.237.31", "sip:212@10.222.237.32", "sip:213@10.222.237.33"], ring: 30s}
  "5550101": {members: ["sip:211@10.222.237.31", "sip:212@10.222.237.32", "sip:213@10.222.237.33"], ring: 7s, strategy: serial}
`;

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

/** A binding as one router knows it. */
export interface KnownBinding {
  readonly name: string;
  readonly contact: string;
  readonly expires_s: number;
}

export interface Played {
  readonly fates: ReadonlyMap<string, Fate>;
  /** 35 s after all is well, by router. */
  readonly bindings: readonly (readonly KnownBinding[])[];
  /** When each phone's last REGISTER was answered with 2xx. */
  readonly registered: ReadonlyMap<string, number>;
  readonly untold: readonly Untold[];
  readonly gaps: readonly { readonly from_ms: number; readonly to_ms: number }[];
  readonly holdings: WholePair["holdings"];
  readonly states: readonly string[];
  /** All lives of all routers. */
  readonly sites: readonly Site[];
  readonly network: Switch;
}

/** By a router that nothing befalls; but the network loses what the day says. */
export async function playAlone(day: Day): Promise<Played> {
  const network = new Switch([], day.seed);
  const site = new Site(`listen: [udp:${LAN}:5060, udp:${WAN}:5060]${siteOf(day)}`, network);
  site.routes = (address) => (address.startsWith("10.") ? LAN : WAN);
  const branch = new Branch(network, day);
  for (const trouble of day.troubles) {
    if (trouble.kind !== "loss") continue;
    network.after(trouble.at_ms, () => {
      network.lossShare = trouble.network;
    });
  }
  network.run(OVER_ms);
  await Promise.resolve();
  const bindings = [boundAt(site, network.now_ms)];
  const { fates, registered } = branch;
  return { fates, registered, bindings, untold: [], gaps: [], holdings: [], states: [], sites: [site], network };
}

/** By two routers, under all that the day has for them. */
export async function playInPair(day: Day): Promise<Played> {
  const network = new Switch(SHARED, day.seed);
  const pair = new WholePair(network, (name) => memberYaml(day, name), day.seed);
  await pair.start();
  const branch = new Branch(network, day);
  const save = () => {
    pair.saveBoth();
    network.after(SAVE_ms, save);
  };
  network.after(SAVE_ms, save);
  for (const trouble of day.troubles) {
    network.run(trouble.at_ms - network.now_ms);
    await befall(pair, trouble);
  }
  network.run(HEALED_ms - network.now_ms);
  await mend(pair);
  network.run(OVER_ms - network.now_ms);
  const bound = () => pair.both.flatMap(({ member }) => (member ? [boundAt(member.site, network.now_ms)] : []));
  if (!isSame(bound())) network.run(EQUAL_ms - network.now_ms);
  if (isSame(bound())) waitForPhones(network, branch);
  await Promise.resolve();
  const bindings = bound();
  const states = pair.both.map(({ name, member, hasAddress, isHealthy }) => {
    const { cluster } = member?.node ?? {};
    return `${name} ${cluster?.state} ${cluster?.live().join()} ${isHealthy} ${hasAddress}`;
  });
  const { fates, registered } = branch;
  const { untold, gaps, holdings, sites } = pair;
  return { fates, registered, bindings, untold, gaps, holdings, states, sites, network };
}

/** Until phones that were refused have come back, as they were told to, and both routers know that. */
function waitForPhones(network: Switch, { refused }: Branch): void {
  if (refused.size === 0) return;
  while (refused.size > 0 && network.now_ms < REGISTERED_ms) network.run(1_000);
  network.run(SAVE_ms);
}

async function befall(pair: WholePair, trouble: Trouble): Promise<void> {
  switch (trouble.kind) {
    case "kill":
      return pair.kill(trouble.member, trouble.gap_ms);
    case "start":
      return pair.boot(trouble.member, trouble.keeps);
    case "stop":
      return pair.stop(trouble.member);
    case "drain":
      return pair.drain(trouble.member);
    case "join":
      return pair.join(trouble.member);
    case "heal":
      return pair.heal();
    case "clock":
      return pair.setClock(trouble.member, trouble.by_ms);
    case "loss":
      pair.loseOnLink(trouble.link);
      pair.network.lossShare = trouble.network;
      return undefined;
    case "cut": {
      const { halves } = trouble;
      const withB = new Set(halves?.flatMap((name) => PLACES[name]?.address ?? []));
      const isEndpoint = (address: string) => Object.values(PLACES).some((place) => place.address === address);
      return pair.cut(halves && ((address) => (isEndpoint(address) ? (withB.has(address) ? "b" : "a") : undefined)));
    }
  }
}

/** Nothing is in the way any longer. */
async function mend(pair: WholePair): Promise<void> {
  pair.heal();
  pair.loseOnLink(0);
  pair.network.lossShare = 0;
  for (const { name } of pair.both) {
    await pair.boot(name);
    pair.join(name);
  }
}

/** Whether two routers know the same phones, for the same time but for rounding. */
export function isSame([one = [], other = []]: readonly (readonly KnownBinding[])[]): boolean {
  if (one.length !== other.length) return false;
  return one.every(({ name, contact, expires_s }, index) => {
    const same = other[index];
    return same?.name === name && same.contact === contact && Math.abs(same.expires_s - expires_s) <= EXPIRY_s;
  });
}

function boundAt({ bindings }: Site, now_ms: number): KnownBinding[] {
  const found = [...bindings.all()].flatMap(({ name, bindings: list }) =>
    list.map(({ contact, expires_ms }) => ({ name, contact, expires_s: Math.round((expires_ms - now_ms) / 1_000) })),
  );
  return found.filter(({ expires_s }) => expires_s > 0).sort((one, other) => (one.name < other.name ? -1 : 1));
}
