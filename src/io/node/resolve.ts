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
  /** Undefined: nobody has answered. */
  readonly addresses: readonly ResolvedAddress[] | undefined;
  readonly took_ms: number;
}

/**
 * As the proxy itself looks for a target (RFC 3263).
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
  let hasAnswer = false;
  const dns = new NodeDns((question, answer) => {
    hasAnswer = hasAnswer || answer !== undefined;
    names.onAnswer(question, answer, clock.now_ms());
  }, servers);
  const ask = (question: Question) => dns.query(question);
  const names = new Names(abilitiesOf(listeners), new Waiting(PLENTY.lookups), ask, PLENTY.names);
  const tiers = await within(
    limit_ms,
    new Promise<ReturnType<typeof names.find>>((tell) => {
      const known = names.find(hop, tell, clock.now_ms());
      if (known !== undefined) tell(known);
    }),
  );
  dns.close();
  const addresses = tiers === undefined ? [] : flatten(tiers);
  const isSilent = addresses.length === 0 && !hasAnswer;
  return { addresses: isSilent ? undefined : addresses, took_ms: Math.round(clock.now_ms() - started_ms) };
}
