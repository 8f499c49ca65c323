/** A member of a cluster in words: of a pair, or behind an anycast address. */
import { bad, doubtful, good } from "../../base/ink.ts";
import type { CallCounts, ClusterFacts, MemberFacts } from "../cluster-facts.ts";
import { counted, someOf } from "./lines.ts";
import { moment, type Reader, span } from "./times.ts";

/** Names of members that hear another one; more are counted. */
const NAMES_MAX = 4;

export function stateWords(state: ClusterFacts["state"]): string {
  if (state === "active") return good(state);
  return doubtful(state.toUpperCase());
}

function lifeWords({ life, state, heard_by }: MemberFacts): string {
  if (life === "alive") return state === undefined ? good("alive") : stateWords(state);
  if (heard_by !== undefined) return doubtful("NOT HEARD here");
  if (life === "unheard") return doubtful("NOT HEARD");
  return life === "left" ? doubtful("STOPPED") : bad("DEAD");
}

/** "left is active for 1 h (since 13:30:05, its records are equal to those of right)" */
export function ownWords(cluster: ClusterFacts, now: string | undefined, reader: Reader): string {
  const { name, state, why, since, since_s } = cluster;
  return `${name} is ${stateWords(state)} for ${span(since_s)} (since ${moment(since, now, reader)}, ${why})`;
}

/** "Member right at 10.10.9.2:5059: active, alive for 1 h (since 13:30:05, it is heard, and hears us)" */
export function memberWords(member: MemberFacts, now: string | undefined, reader: Reader): string {
  const { name, at, since, since_s, why, life, state } = member;
  const evidence = life === "unheard" ? "" : ` (since ${moment(since, now, reader)}, ${why})`;
  const alive = life === "alive" && state !== undefined ? ", alive" : "";
  const time = life === "unheard" ? "" : ` for ${span(since_s)}`;
  return `Member ${name} at ${at}: ${lifeWords(member)}${alive}${time}${evidence}`;
}

/** "; version 0.3.0", of one that is heard. */
export function programWords({ life, version }: MemberFacts): string {
  return life === "alive" && version !== undefined ? `; version ${version}` : "";
}

/** "; 12 calls now, 340 since its start"; nothing where that isn't known. */
export function callsWords(calls: CallCounts | undefined): string {
  return calls === undefined ? "" : `; ${counted(calls.active, "call")} now, ${calls.processed} since its start`;
}

/** "n2 and n4 hear it"; undefined: nobody does, or it is heard here. */
export function heardWords({ heard_by }: MemberFacts): string | undefined {
  if (heard_by === undefined) return undefined;
  return `${someOf(heard_by, NAMES_MAX)} ${heard_by.length === 1 ? "hears" : "hear"} it`;
}
