/** What a beat says of its sender besides that it lives. */
import { ownText } from "../base/own-text.ts";
import { fieldsOf } from "./envelope.ts";
import type { OwnState } from "./member-machine.ts";
import type { Json } from "./ports.ts";
import { isList } from "./record-wire.ts";

/** What a member sees from where it stands. */
export interface OwnFacts {
  /** Whether upstream answers this member's own probes, and for how long that has been so; undefined before it is known. */
  readonly upstream?: { readonly answers: boolean; readonly for_ms: number } | undefined;
  /** Upstream targets and gateways that this member has as up, by their names; undefined: it doesn't say. */
  readonly up?: readonly string[] | undefined;
  /** Whether the kernel has the shared address here; undefined where there is none. */
  readonly hasAddress?: boolean | undefined;
  /** Seconds since 1970, as far as this member knows: tokens of gateways' calls say when they were made. */
  readonly clock_s?: number | undefined;
  /** The other members that it hears; undefined where there is but one. */
  readonly hears?: readonly string[] | undefined;
  /** What each of those does by its last word, in the same order; null: it hasn't said. */
  readonly states?: readonly (OwnState | null)[] | undefined;
  /** How many calls ring or are up that it has made, and how many INVITEs for new calls it has had since its start. */
  readonly calls?: CallCounts | undefined;
}

export type CallCounts = readonly [active: number, processed: number];

export interface MemberFacts extends OwnFacts {
  readonly state: OwnState | undefined;
  readonly version: string | undefined;
}

/** The kind of part that says it. */
export const BEAT = "beat";

const VERSION_MAX = 64;
/** Of a member's name, and of what a beat has of them. */
const NAME_MAX = 32;
const NAMES_MAX = 32;
/** Of an upstream target's or a gateway's name. */
const PEER_NAME_MAX = 280;
const STATES: readonly string[] = ["stopped", "syncing", "active", "draining", "drained"] as const;

/** The beat of a member, `agreement` being its digests. */
export function beatOf(facts: MemberFacts, agreement: Json): Json {
  const { state, version, upstream, up, hasAddress, clock_s, hears, states, calls } = facts;
  return {
    state,
    version,
    upstream: upstream && { ...upstream },
    up: up?.slice(0, NAMES_MAX),
    address: hasAddress,
    clock_s,
    hears,
    states,
    calls,
    agreement,
  };
}

/** Fields in a shape that we don't know count as missing: another version has its own. */
export function readBeat(value: Json): MemberFacts & { readonly agreement: Json | undefined } {
  const { state, version, upstream, up, address, clock_s, hears, states, calls, agreement } = fieldsOf(value) ?? {};
  return {
    state: readState(state) ?? undefined,
    version: typeof version === "string" ? ownText(version.slice(0, VERSION_MAX)) : undefined,
    upstream: readUpstream(upstream),
    up: readNames(up, PEER_NAME_MAX),
    hasAddress: typeof address === "boolean" ? address : undefined,
    clock_s: typeof clock_s === "number" && clock_s >= 0 ? clock_s : undefined,
    hears: readNames(hears, NAME_MAX),
    states: states === undefined || !isList(states) ? undefined : states.slice(0, NAMES_MAX).map(readState),
    calls: readCounts(calls),
    agreement,
  };
}

function readState(value: Json | undefined): OwnState | null {
  return typeof value === "string" && STATES.includes(value) ? (value as OwnState) : null;
}

function readNames(value: Json | undefined, characters: number): readonly string[] | undefined {
  if (value === undefined || !isList(value)) return undefined;
  const names = value.filter((one): one is string => typeof one === "string" && one.length <= characters);
  return names.slice(0, NAMES_MAX).map(ownText);
}

function readCounts(value: Json | undefined): CallCounts | undefined {
  if (value === undefined || !isList(value) || value.length !== 2) return undefined;
  const [active, processed] = value;
  return isCount(active) && isCount(processed) ? [active, processed] : undefined;
}

function isCount(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function readUpstream(value: Json | undefined): OwnFacts["upstream"] {
  const { answers, for_ms } = fieldsOf(value) ?? {};
  if (typeof answers !== "boolean" || typeof for_ms !== "number" || !(for_ms >= 0)) return undefined;
  return { answers, for_ms };
}
