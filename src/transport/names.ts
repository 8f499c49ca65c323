/**
 * What names mean. Answers of DNS are believed as long as they say, asked for anew behind the back of those who use them,
 * and used for ever when nothing better comes: in an outage DNS is dead.
 *
 * DNS gives records, the choice is ours. `dns/lookup.ts` says how it is asked, `next-hops.ts` what the records mean.
 * The weighted order is drawn from the Call-ID, so that a challenge is answered where it was made. Several addresses share one `fr_timer`, since it is the caller's wait.
 */

import type { ResolvedAddress } from "./next-hops.ts";
import { type Abilities, type Answer, type Hop, hopKey, nextHops, type Question, type Read } from "./next-hops.ts";
import { Remembered, type Waiting } from "./remembered.ts";
import { flatten, type Tiers } from "./weighted-order.ts";

/** Waits for what a name means; [] when that can't be found out. */
export type NameWaiter = (tiers: Tiers<ResolvedAddress>, now_ms: number) => void;

/** Why a name has no address: DNS doesn't answer, or not yet; or it has answered, and there is none. */
export type Lack = "dns_silent" | "no_address";

const LIFETIME_LEAST_ms = 5_000;
const LIFETIME_MOST_ms = 3_600_000;
/** After a failure DNS is asked again soon: it fails when the link does. While a name has no address, all requests for it wait: then the pause never grows. */
const FAILURE_LEAST_ms = 2_000;
const FAILURE_MOST_ms = 30_000;

interface Name {
  readonly target: Hop;
  /** By {@link questionKey}, of this round and the last. */
  answers: Map<string, Answer>;
  /** What has been answered in this round. */
  readonly fresh: Set<string>;
  tiers: Tiers<ResolvedAddress>;
  expires_ms: number;
  isAsking: boolean;
  /** DNS has failed in this round. */
  hasFailed: boolean;
  /** How the last round has ended without an address; undefined: none has. */
  lack: Lack | undefined;
  /** Its addresses are those of before a restart. */
  isAssumed: boolean;
  /** Rounds without success. */
  failures: number;
  waiters: NameWaiter[];
}

export class Names {
  private readonly abilities: Abilities;
  private readonly ask: (question: Question) => void;
  readonly table: Remembered<Name>;
  /** Called when a name has other addresses than `before`. */
  onMoved: (target: Hop, before: readonly ResolvedAddress[], now_ms: number) => void = () => {};
  private readonly waiting: Waiting;
  /** What waits for which answer. */
  private readonly open = new Map<string, Set<Name>>();

  /** @param limit names remembered */
  constructor(abilities: Abilities, waiting: Waiting, ask: (question: Question) => void, limit: number) {
    this.table = new Remembered(limit);
    this.abilities = abilities;
    this.waiting = waiting;
    this.ask = ask;
  }

  /** The addresses of `target`; or undefined, then `waiter` is told later. */
  find(target: Hop, waiter: NameWaiter, now_ms: number): Tiers<ResolvedAddress> | undefined {
    const name = this.recall(target);
    if (name === undefined) return [];
    if (now_ms >= name.expires_ms && !name.isAsking) this.begin(name, now_ms);
    if (name.tiers.length > 0 || !name.isAsking) return name.tiers;
    if (!this.waiting.enter()) return [];
    name.waiters.push(waiter);
    return undefined;
  }

  /** Why no address of `target` is known; undefined: one is, or it hasn't been asked for. */
  lackOf(target: Hop): Lack | undefined {
    const name = this.table.get(hopKey(target));
    if (name === undefined || name.tiers.length > 0) return undefined;
    return name.lack ?? (name.isAsking ? "dns_silent" : undefined);
  }

  /** The addresses of `target` that are known, the best first. */
  addressesOf(target: Hop): readonly ResolvedAddress[] {
    return flatten(this.table.get(hopKey(target))?.tiers ?? []);
  }

  /** Whether those are of before a restart, since DNS hasn't told any yet; as the status has it. */
  originOf(target: Hop): { readonly addresses_from?: "before restart" } {
    return this.table.get(hopKey(target))?.isAssumed === true ? { addresses_from: "before restart" } : {};
  }

  /** Takes the addresses of before a restart, the best first, until DNS tells others. */
  assume(target: Hop, addresses: readonly ResolvedAddress[]): void {
    const name = this.recall(target);
    if (name === undefined || name.tiers.length > 0) return;
    name.tiers = addresses.map((one) => [{ weight: 0, items: [one] }]);
    name.isAssumed = true;
  }

  /** @param answer undefined: DNS didn't answer, or doesn't know itself */
  onAnswer(question: Question, answer: Answer | undefined, now_ms: number): void {
    const key = questionKey(question);
    const waiting = this.open.get(key);
    if (waiting === undefined) return;
    this.open.delete(key);
    for (const name of waiting) {
      // What it was asked for in case has not been needed.
      if (!name.isAsking) continue;
      name.fresh.add(key);
      if (answer !== undefined) name.answers.set(key, answer);
      else name.hasFailed = true;
      this.advance(name, now_ms);
    }
  }

  private begin(name: Name, now_ms: number): void {
    name.isAsking = true;
    name.hasFailed = false;
    name.fresh.clear();
    this.advance(name, now_ms);
  }

  private advance(name: Name, now_ms: number): void {
    const read: Read = (type, host) => this.read(name, { type, name: host }) as never;
    const tiers = nextHops(name.target, this.abilities, read);
    if (tiers === undefined) return;
    const before = name.tiers;
    if (tiers.length > 0) {
      name.tiers = tiers;
      name.isAssumed = false;
    }
    name.lack = name.hasFailed ? "dns_silent" : "no_address";
    name.isAsking = false;
    name.answers = new Map([...name.answers].filter(([key]) => name.fresh.has(key)));
    name.failures = tiers.length === 0 || name.hasFailed ? name.failures + 1 : 0;
    name.expires_ms = now_ms + lifetimeOf(name);
    const { waiters } = name;
    name.waiters = [];
    this.waiting.leave(waiters.length);
    for (const waiter of waiters) waiter(name.tiers, now_ms);
    if (spelling(before) !== spelling(name.tiers)) this.onMoved(name.target, flatten(before), now_ms);
  }

  /** Where DNS fails, what it said last stands in. */
  private read(name: Name, question: Question): Answer["records"] | undefined {
    const key = questionKey(question);
    if (name.fresh.has(key)) return name.answers.get(key)?.records ?? [];
    const waiting = this.open.get(key);
    if (waiting !== undefined) waiting.add(name);
    else {
      this.open.set(key, new Set([name]));
      this.ask(question);
    }
    return undefined;
  }

  private recall(target: Hop): Name | undefined {
    return this.table.recall(hopKey(target), () => ({
      target,
      answers: new Map(),
      fresh: new Set(),
      tiers: [],
      expires_ms: 0,
      isAsking: false,
      hasFailed: false,
      lack: undefined,
      isAssumed: false,
      failures: 0,
      waiters: [],
    }));
  }
}

function lifetimeOf({ failures, answers, tiers }: Name): number {
  if (tiers.length === 0) return FAILURE_LEAST_ms;
  if (failures > 0) return Math.min(FAILURE_LEAST_ms * 2 ** (failures - 1), FAILURE_MOST_ms);
  // That there are none counts as long as the zone says so.
  const lifetimes = [...answers.values()]
    .filter(({ records, lifetime_ms }) => records.length > 0 || lifetime_ms > 0)
    .map((one) => one.lifetime_ms);
  return Math.max(LIFETIME_LEAST_ms, Math.min(LIFETIME_MOST_ms, ...lifetimes));
}

/** The same for the same addresses in any order. */
function spelling(tiers: Tiers<ResolvedAddress>): string {
  return flatten(tiers)
    .map((one) => JSON.stringify(one))
    .sort()
    .join();
}

function questionKey({ type, name }: Question): string {
  return `${type} ${name}`;
}
