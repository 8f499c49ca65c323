/** A message that has come to the wrong member, as that one sends it on. */
import type { Json, Part } from "../cluster/ports.ts";
import { isOctets } from "../cluster/story-parts.ts";
import { HOPS_MAX, type Passing } from "../cluster/way.ts";
import { isAddress, isCount } from "../message/plain-data.ts";
import { type Flow, type SavedFlow, saveFlow } from "../transport/flow.ts";

/** The kind of part that has it. */
export const SIP = "sip";
/** In a datagram: longer ones are left to their sender's repetition. */
export const SIP_CHARACTERS_MAX = 12_000;
/** Of a member's name. */
const NAME_MAX = 32;

/** By which members it has come, and to which it goes back. */
interface Passed extends Pick<Passing, "hops" | "home"> {
  /** The member that is to have it, where its sender doesn't hear that one itself; undefined: whoever gets it. */
  readonly receiver: string | undefined;
}

/** @param source whence the message has come */
export function partOf(wire: string, source: Flow, { hops, home, receiver }: Passed): Part {
  return [SIP, { ...saveFlow(source), wire, hops: [...hops], home, receiver }];
}

/**
 * @param value of a part, believed no more than a message
 * @returns undefined: it isn't whole, or no message that could have come here
 */
export function readPassed(value: Json, from: string): (Passed & SavedFlow & { readonly wire: string }) | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { listener, address, port, wire, hops, home, receiver } = value as Readonly<Record<string, Json | undefined>>;
  if (typeof listener !== "string" || typeof wire !== "string" || !isOctets(wire)) return undefined;
  if (typeof address !== "string" || !isAddress(address)) return undefined;
  if (typeof port !== "number" || !isCount(port, 1, 65_535)) return undefined;
  const names = (Array.isArray(hops) ? hops : []).slice(0, 2 * HOPS_MAX).filter(isName);
  const name = (one: Json | undefined) => (isName(one) ? one : undefined);
  // One that has it from another member for a third one doesn't look at it, and may have its call.
  const isRelayed = name(receiver) !== undefined;
  const all = isRelayed || names.includes(from) ? names : [...names, from];
  return { listener, address, port, wire, hops: all, home: name(home), receiver: name(receiver) };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length <= NAME_MAX;
}
