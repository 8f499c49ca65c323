/** Which call gives its channel to an emergency call, and what becomes of it. */
import type { Hangup } from "../../proxy/hangup.ts";
import { type GatewayCall, isElsewhere } from "./gateway-call.ts";

/** RFC 4411: why a call was taken away. */
export const PREEMPTED = 'Reason: preemption;cause=3;text="An emergency call needs the PSTN line"\r\n';

/**
 * In the CSeq of a BYE, within a call that another member of a cluster has had: requests of which nothing has been heard here are no more, and a gap
 * is no fault (RFC 3261 §12.2.2).
 */
const FOREIGN_STEP = 1_000;

export interface CallsElsewhere {
  /** Whether its member can be asked to end it, or is dead; undefined: neither. */
  kindOf(callId: string): "elsewhere" | "orphan" | undefined;
  /** Asks its member to end it. */
  refuse(callId: string): void;
}

export interface Victim {
  readonly callId: string;
  readonly call: GatewayCall;
  /**
   * "elsewhere": nobody has answered it, and another member of a cluster makes it: that one alone can end it. "orphan": its member is dead, and
   * nobody goes on with it so far: it can't be ended, and may be over.
   */
  readonly kind: "ours" | "elsewhere" | "orphan";
}

type Kind = Victim["kind"];
/** The first of them that there is. */
const KINDS: readonly Kind[] = ["ours", "elsewhere", "orphan"];

/**
 * The youngest ordinary call on one of `gateways`.
 * @param kindOf undefined: nobody can end the call
 */
export function victimOf(
  calls: Iterable<[string, GatewayCall]>,
  gateways: readonly string[],
  kindOf: (callId: string) => Kind | undefined,
): Victim | undefined {
  const youngest = new Map<Kind, Victim>();
  for (const [callId, call] of calls) {
    if (call.isEmergency || !call.gateways.some((one) => gateways.includes(one))) continue;
    const kind = isElsewhere(call) ? kindOf(callId) : "ours";
    if (kind === undefined) continue;
    const known = youngest.get(kind);
    if (known === undefined || call.started_ms >= known.call.started_ms) youngest.set(kind, { callId, call, kind });
  }
  const [victim] = KINDS.flatMap((kind) => youngest.get(kind) ?? []);
  return victim;
}

/** Both sides of a call that is up get BYE. */
export function endDialog({ dialog, toCaller, toCallee, adopted }: GatewayCall, hangup: Hangup, now_ms: number): void {
  if (dialog === undefined) return;
  const step = adopted.length > 0 ? FOREIGN_STEP : 1;
  hangup.bye(dialog.caller, toCaller + step, PREEMPTED, now_ms);
  hangup.bye(dialog.callee, toCallee + step, PREEMPTED, now_ms);
}
