/** A branch's day, played by routers under all that befalls these, and by a single one that nothing befalls. */
import { Site } from "../../support/site.ts";
import { Branch, type Fate } from "./day-agents.ts";
import { DayNetwork } from "./day-network.ts";
import { type Day, EQUAL_ms, HEALED_ms, OVER_ms, REGISTERED_ms } from "./day-plan.ts";
import type { Trouble } from "./day-troubles.ts";

/** How soon a router has written down what is new. */
export const SAVE_ms = 1_000;

const EXPIRY_s = 2;

/** Routers that serve a branch together. */
export interface Group {
  readonly network: DayNetwork;
  /** All lives of all routers. */
  readonly sites: readonly Site[];
  /** The lives of those that run. */
  readonly running: readonly Site[];
  /** Times in which nobody took what came. */
  readonly gaps: readonly Gap[];
  start(): Promise<void>;
  befall(trouble: Trouble): Promise<void> | void;
  /** Nothing is in the way any longer. */
  mend(): Promise<void>;
  /** As branchline writes it now and then. */
  save(): void;
  /** What isn't as it must be once all is well. */
  faults(): string[];
  /** Why the group needn't have kept a call; undefined: it must. */
  excuse(kept: Fate, fate: Fate): string | undefined;
}

export interface Gap {
  /** Of this call alone; undefined: of all. */
  readonly call?: string;
  readonly from_ms: number;
  readonly to_ms: number;
}

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
}

/** What a day's routers have in their files but for their addresses. */
export const siteOf = ({ answer }: Day) => `
localnet: [10.222.237.0/24]
upstream: {targets: ["sip:198.51.100.10"], probe: {interval: 1s, timeout: 500ms, down_interval: 1s}, hold: 2s}
gateways: [sip:10.10.1.3, {uri: sip:10.10.1.4, priority: 2}]
emergency: ["112"]
survival: {answer: ${answer}}
hunt_groups:
  "5550100": {members: ["sip:211@10.222.237.31", "sip:212@10.222.237.32", "sip:213@10.222.237.33"], ring: 30s}
  "5550101": {members: ["sip:211@10.222.237.31", "sip:212@10.222.237.32", "sip:213@10.222.237.33"], ring: 7s, strategy: serial}
`;

/** By a router that nothing befalls; but the network loses what the day says. */
export async function playAlone(day: Day): Promise<Played> {
  const network = new DayNetwork(day.seed);
  const [lan = "", wan = lan] = day.doors;
  const site = new Site(`listen: [${day.doors.map((door) => `udp:${door}:5060`).join(", ")}]${siteOf(day)}`, network);
  site.routes = (address) => (address.startsWith("10.") ? lan : wan);
  const branch = new Branch(network, day);
  for (const trouble of day.troubles) {
    if (trouble.kind !== "loss") continue;
    network.after(trouble.at_ms, () => {
      network.lossShare = trouble.network;
    });
  }
  network.run(OVER_ms);
  await Promise.resolve();
  const { fates, registered } = branch;
  return { fates, registered, bindings: [boundAt(site, network.now_ms)] };
}

/** By several routers, under all that the day has for them. */
export async function play(day: Day, group: Group): Promise<Played> {
  const { network } = group;
  await group.start();
  const branch = new Branch(network, day);
  const save = () => {
    group.save();
    network.after(SAVE_ms, save);
  };
  network.after(SAVE_ms, save);
  for (const trouble of day.troubles) {
    network.run(trouble.at_ms - network.now_ms);
    await group.befall(trouble);
  }
  network.run(HEALED_ms - network.now_ms);
  await group.mend();
  network.run(OVER_ms - network.now_ms);
  const bound = () => group.running.map((site) => boundAt(site, network.now_ms));
  if (!isSame(bound())) network.run(EQUAL_ms - network.now_ms);
  if (isSame(bound())) waitForPhones(network, branch);
  await Promise.resolve();
  const { fates, registered } = branch;
  return { fates, registered, bindings: bound() };
}

/** Until phones that were refused have come back, as they were told to, and all routers know that. */
function waitForPhones(network: DayNetwork, { refused }: Branch): void {
  if (refused.size === 0) return;
  while (refused.size > 0 && network.now_ms < REGISTERED_ms) network.run(1_000);
  network.run(SAVE_ms);
}

/** Whether all routers know the same phones, for the same time but for rounding. */
export function isSame([first = [], ...others]: Played["bindings"]): boolean {
  return others.every(
    (other) =>
      other.length === first.length &&
      first.every(({ name, contact, expires_s }, index) => {
        const same = other[index];
        return same?.name === name && same.contact === contact && Math.abs(same.expires_s - expires_s) <= EXPIRY_s;
      }),
  );
}

function boundAt({ bindings }: Site, now_ms: number): KnownBinding[] {
  const found = [...bindings.all()].flatMap(({ name, bindings: list }) =>
    list.map(({ contact, expires_ms }) => ({ name, contact, expires_s: Math.round((expires_ms - now_ms) / 1_000) })),
  );
  return found.filter(({ expires_s }) => expires_s > 0).sort((one, other) => (one.name < other.name ? -1 : 1));
}
