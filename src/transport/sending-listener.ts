/** By which of our listeners a request leaves, as far as its destination and the kernel's route tell. */
import { commonPrefix_bits, ipVersion } from "../base/ip-range.ts";
import type { Listener } from "./flow.ts";
import type { ResolvedAddress } from "./next-hops.ts";

/** Of the longest address. */
const ADDRESS_BITS = 128;

/** The listeners that can send to `to`: those of its transport and IP version that have an address now, and by which peers are dialled. */
export function listenersTowards<L extends Listener>({ address, protocol }: ResolvedAddress, all: readonly L[]): L[] {
  const version = ipVersion(address);
  return all.filter(
    (one) =>
      one.protocol === protocol && one.transport.isDialled && one.isAway !== true && ipVersion(one.address) === version,
  );
}

/**
 * The listener on the local address `source`, or else the one whose address looks most like it. An address that the members of a pair share
 * comes first, in its network: the answer finds the router that has it by then.
 */
export function nearestTo<L extends Listener>(source: string, listeners: readonly L[]): L | undefined {
  let nearest: L | undefined;
  let nearest_bits = -1;
  for (const listener of listeners) {
    const isShared = listener.standsFor?.includes(source) === true;
    const bits = isShared ? ADDRESS_BITS + 1 : commonPrefix_bits(listener.address, source);
    if (bits > nearest_bits) {
      nearest = listener;
      nearest_bits = bits;
    }
  }
  return nearest;
}
