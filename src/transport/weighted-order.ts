/** In which order several places are tried: by priority, and at random by weight within one (RFC 2782). */

import { fnv } from "../base/fnv.ts";

/** Places of one weight; within them the order is DNS's own. */
export interface Choice<T> {
  readonly weight: number;
  readonly items: readonly T[];
}

/** Best first: a tier is tried when all before it have failed. */
export type Tiers<T> = readonly (readonly Choice<T>[])[];

/** The same tiers of other things; what `change` leaves out goes. */
export function mapTiers<T, U>(tiers: Tiers<T>, change: (item: T) => readonly U[]): Tiers<U> {
  return tiers.map((tier) => tier.map(({ weight, items }) => ({ weight, items: items.flatMap(change) })));
}

/** All of them, as the tiers have them. */
export function flatten<T>(tiers: Tiers<T>): T[] {
  return tiers.flatMap((tier) => tier.flatMap(({ items }) => items));
}

/**
 * One order to try all in.
 * @param chance numbers from 0 up to, but not, 1
 */
export function draw<T>(tiers: Tiers<T>, chance: () => number): T[] {
  return tiers.flatMap((tier) => {
    // Weight 0 hardly ever goes before others (RFC 2782); among itself it is as good as any.
    const rest = [...tier];
    const order: T[] = [];
    while (rest.length > 0) order.push(...pick(rest, rest.length > 1 ? chance() : 0).items);
    return order;
  });
}

function pick<T>(rest: Choice<T>[], fraction: number): Choice<T> {
  const total = rest.reduce((sum, { weight }) => sum + share(weight), 0);
  let left = fraction * total;
  let index = rest.findIndex(({ weight }) => {
    left -= share(weight);
    return left < 0;
  });
  if (index < 0) index = rest.length - 1;
  return rest.splice(index, 1)[0] ?? { weight: 0, items: [] };
}

/** RFC 2782 gives weight 0 "a very small chance". */
function share(weight: number): number {
  return weight > 0 ? weight : 1e-3;
}

/** Numbers that depend on `text` alone: a request that comes again with the same text is sent the same way. */
export function chanceOf(text: string): () => number {
  let state = fnv(text);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
