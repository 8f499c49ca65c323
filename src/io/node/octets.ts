/** Memory that V8's collector neither copies nor searches. `io/quickjs/octets.ts` is the other host's. */
import type { MakeOctets, Octets } from "../../base/ports.ts";

/**
 * Its pages take no room before they are written to. All Nodes have both functions, which `write` and `toString` call once they have found out
 * what is wanted; that takes them several times as long.
 */
export const makeOctets: MakeOctets | undefined = (length) => Buffer.alloc(length) as Buffer & Octets;
