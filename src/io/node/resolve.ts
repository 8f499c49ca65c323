/** Looks for the addresses of one target, outside the proxy: for commands. */

import { PLENTY } from "../../base/limits.ts";
import type { Listener } from "../../transport/flow.ts";
import type { Hop } from "../../transport/locator.ts";
import { Names } from "../../transport/names.ts";
import { abilitiesOf, type Question, type ResolvedAddress } from "../../transport/next-hops.ts";
import { Waiting } from "../../transport/remembered.ts";
import { flatten } from "../../transport/weighted-order.ts";
import { SystemClock } from "./clock.ts";
import { NodeDns } from "./dns.ts";
import { within } from "./host.ts";

export interface Resolved {
  /** Empty: the answers say that there is none. Undefined: what wasn't answered may have one. */
  readonly addresses: readonly ResolvedAddress[] | undefined;
  /** Types of the questions that got no answer within the limit, in the order of {@link TYPES}. */
  readonly silent: readonly Question["type"][];
  /** Types of all questions that were asked, in the same order. */
  readonly asked: readonly Question["type"][];
  readonly took_ms: number;
}

const TYPES = ["A", "AAAA", "NAPTR", "SRV"] as const;

/**
 * As the proxy itself looks for a target (RFC 3263). A question that is open at the limit counts as unanswered, as it does for the proxy
 * somewhat later: an address that is known by then is found, whatever else DNS is silent about.
 * @param listeners what they speak is looked for
 * @param servers empty: those of the system
 */
export async function resolve(
  listeners: readonly Listener[],
  hop: Hop,
  servers: readonly string[],
  limit_ms: number,
): Promise<Resolved> {
  const clock = new SystemClock(() => {});
  const started_ms = clock.now_ms();
  const open = new Set<Question>();
  const asked = new Set<Question["type"]>();
  const silent = new Set<Question["type"]>();
  const dns = new NodeDns((question, answer) => {
    open.delete(question);
    if (answer === undefined) silent.add(question.type);
    names.onAnswer(question, answer, clock.now_ms());
  }, servers);
  const ask = (question: Question) => {
    open.add(question);
    asked.add(question.type);
    dns.query(question);
  };
  const names = new Names(abilitiesOf(listeners), new Waiting(PLENTY.lookups), ask, PLENTY.names);
  const find = new Promise<ReturnType<typeof names.find>>((tell) => {
    const known = names.find(hop, tell, clock.now_ms());
    if (known !== undefined) tell(known);
  });
  let tiers = await within(limit_ms, find);
  const took_ms = Math.round(clock.now_ms() - started_ms);
  dns.close();
  if (tiers === undefined) {
    // Each that is given up may let another one be asked, which is given up as well.
    for (const question of open) {
      silent.add(question.type);
      names.onAnswer(question, undefined, clock.now_ms());
    }
    tiers = await find;
  }
  const addresses = tiers === undefined ? [] : flatten(tiers);
  const inOrder = (types: ReadonlySet<Question["type"]>) => TYPES.filter((type) => types.has(type));
  return {
    addresses: addresses.length === 0 && silent.size > 0 ? undefined : addresses,
    silent: inOrder(silent),
    asked: inOrder(asked),
    took_ms,
  };
}
