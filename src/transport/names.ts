/**
 * What names mean. Answers of DNS are believed as long as they say, asked for anew behind the back of those who use them,
 * and used for ever when nothing better comes: in an outage DNS is dead.
 *
 * DNS gives records, the choice is ours. Queries go by c-ares, never by getaddrinfo, which blocks Node's few threads when DNS is dead.
 * What the records mean is in `next-hops.ts`. The weighted order is drawn from the Call-ID, so that a challenge is answered where it was
 * made. Several addresses share one `fr_timer`, since it is the caller's wait.
 */

import type { ResolvedAddress } from "./next-hops.ts";
import { type Abilities, type Answer, type Hop, hopKey, nextHops, type Question, type Read } from "./next-hops.ts";
import { Remembered, type Waiting } from "./remembered.ts";
import type { Tiers } from "./weighted-order.ts";

/** Waits for what a name means; [] when that can't be found out. */
export type NameWaiter = (tiers: Tiers<ResolvedAddress>, now_ms: number) => void;

const LIFETIME_LEAST_ms = 5_000;
const LIFETIME_MOST_ms = 3_600_000;
/** After a failure DNS is asked again soon: it fails when the line does. */
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
  /** Rounds without success. */
  failures: number;
  waiters: NameWaiter[];
}

export class Names {
  private readonly abilities: Abilities;
  private readonly ask: (question: Question) => void;
  readonly table: Remembered<Name>;
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
    if (tiers.length > 0) name.tiers = tiers;
    name.isAsking = false;
    name.answers = new Map([...name.answers].filter(([key]) => name.fresh.has(key)));
    name.failures = tiers.length === 0 || name.hasFailed ? name.failures + 1 : 0;
    name.expires_ms = now_ms + lifetimeOf(name);
    const { waiters } = name;
    name.waiters = [];
    this.waiting.leave(waiters.length);
    for (const waiter of waiters) waiter(name.tiers, now_ms);
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
      failures: 0,
      waiters: [],
    }));
  }
}

function lifetimeOf({ failures, answers }: Name): number {
  if (failures > 0) return Math.min(FAILURE_LEAST_ms * 2 ** (failures - 1), FAILURE_MOST_ms);
  const lifetimes = [...answers.values()].filter(({ records }) => records.length > 0).map((one) => one.lifetime_ms);
  return Math.max(LIFETIME_LEAST_ms, Math.min(LIFETIME_MOST_ms, ...lifetimes));
}

function questionKey({ type, name }: Question): string {
  return `${type} ${name}`;
}
