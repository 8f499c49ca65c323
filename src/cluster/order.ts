/**
 * The order of members, in which the first one makes a call where each message may come to any of them. Each member finds the same one by
 * rendezvous hashing of the Call-ID, without asking anybody. A retransmission, a CANCEL, an ACK, a response and the later requests of a call
 * all have its Call-ID, so they all find the member that has the call. A member that comes takes over its share alone, and one that goes
 * gives up its own alone.
 */
import { textHash } from "./digests.ts";

/** A member with what its rank among the others comes from: 32 bits that are the same at all members, and that nobody else knows. */
export interface Seat {
  readonly name: string;
  readonly seed: number;
}

/** One more than the two of the digests. */
const SEED = 0x5bd1e995;

/** @param mac the cluster's keyed hash: nobody outside can choose Call-IDs that all go to one member */
export function seatOf(name: string, mac: (text: string) => string): Seat {
  return { name, seed: textHash(mac(`owner ${name}`), SEED) };
}

/** The names of all seats, in the order in which they are to make the call: the first one makes it, the next one goes on with it. */
export function orderOf(callId: string, seats: readonly Seat[]): readonly string[] {
  // A hash that doesn't begin with what only the members know could be chosen, whatever is done with it afterwards.
  const ranked = seats.map(({ name, seed }) => ({ name, rank: textHash(callId, seed) }));
  return ranked.sort((one, other) => other.rank - one.rank || (one.name < other.name ? -1 : 1)).map(({ name }) => name);
}
