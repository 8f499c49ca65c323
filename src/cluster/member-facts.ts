/** What a beat says of its sender besides that it lives. */
import { ownText } from "../base/own-text.ts";
import { fieldsOf } from "./envelope.ts";
import type { OwnState } from "./member-machine.ts";
import type { Json } from "./ports.ts";

/** What a member sees from where it stands. */
export interface OwnFacts {
  /** Whether upstream answers this member's own probes, and for how long that has been so; undefined before it is known. */
  readonly upstream?: { readonly answers: boolean; readonly for_ms: number } | undefined;
  /** Whether the kernel has the shared address here; undefined where there is none. */
  readonly hasAddress?: boolean | undefined;
  /** Seconds since 1970, as far as this member knows: tokens of gateways' calls say when they were made. */
  readonly clock_s?: number | undefined;
}

export interface MemberFacts extends OwnFacts {
  readonly state: OwnState | undefined;
  readonly version: string | undefined;
}

/** The kind of part that says it. */
export const BEAT = "beat";

const VERSION_MAX = 64;
const STATES: readonly string[] = ["stopped", "syncing", "active", "draining", "drained"] as const;

/** The beat of a member, `agreement` being its digests. */
export function beatOf({ state, version, upstream, hasAddress, clock_s }: MemberFacts, agreement: Json): Json {
  return { state, version, upstream: upstream && { ...upstream }, address: hasAddress, clock_s, agreement };
}

/** Fields in a shape that we don't know count as missing: another version has its own. */
export function readBeat(value: Json): MemberFacts & { readonly agreement: Json | undefined } {
  const { state, version, upstream, address, clock_s, agreement } = fieldsOf(value) ?? {};
  return {
    state: typeof state === "string" && STATES.includes(state) ? (state as OwnState) : undefined,
    version: typeof version === "string" ? ownText(version.slice(0, VERSION_MAX)) : undefined,
    upstream: readUpstream(upstream),
    hasAddress: typeof address === "boolean" ? address : undefined,
    clock_s: typeof clock_s === "number" && clock_s >= 0 ? clock_s : undefined,
    agreement,
  };
}

function readUpstream(value: Json | undefined): OwnFacts["upstream"] {
  const { answers, for_ms } = fieldsOf(value) ?? {};
  if (typeof answers !== "boolean" || typeof for_ms !== "number" || !(for_ms >= 0)) return undefined;
  return { answers, for_ms };
}
