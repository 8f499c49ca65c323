/** Calls through nodes that have one address: how each of them ends, as its parties see it. */
import type { Transactions } from "../../sip/transactions.ts";
import { type Clock, REAL_TIME } from "../../sip/wire.ts";
import { ANYCAST, type AnycastLab } from "./anycast-lab.ts";
import { pause, until } from "./clock.ts";
import { type Line, PlacedCall, RingingPhones, transactionsAt } from "./pair-calls.ts";

/** How a call ends, and what its caller is told then. */
export const ENDS = { answered: 200, rejected: 486, cancelled: 487 } as const;
export type End = keyof typeof ENDS;
export const KINDS = Object.keys(ENDS) as readonly End[];

const TIMES_SLOWER = 20;
/** Here only a message that was lost is sent again: a busy machine that keeps a message waiting isn't taken for that. */
export const SLOW_CLOCK: Clock = { after: (delay_ms, run) => REAL_TIME.after(TIMES_SLOWER * delay_ms, run) };

export class Parties {
  readonly caller: Transactions;
  readonly callee: RingingPhones;
  private readonly acknowledged = new Set<string>();

  /** Callers are phones, callees are upstream's. @param line of the callers */
  constructor({ phones, upstream }: AnycastLab, line: Line = {}) {
    this.caller = transactionsAt(phones, line);
    this.callee = new RingingPhones(transactionsAt(upstream));
    const { attendant } = upstream;
    upstream.attendant = (message) => {
      if (message.method === "ACK" && message.isRequest) this.acknowledged.add(message.callId);
      return attendant?.(message) === true;
    };
  }

  /** A phone calls somebody at upstream. */
  place(): PlacedCall {
    return new PlacedCall(this.caller, "sip:5551234@pbx.example.com", ANYCAST);
  }

  /** Once each of them rings. */
  async ringing(calls: readonly PlacedCall[]): Promise<void> {
    await Promise.all(calls.map((call) => call.response((status) => status === 180)));
  }

  /** Somebody ends it while it rings; whoever is answered hangs up. @returns what its parties have seen, such as "answered: 200" */
  async end(call: PlacedCall, how: End): Promise<string> {
    if (how === "cancelled") call.cancel();
    else this.callee.end(call.callId, ENDS[how]);
    const seen = await this.seen(call);
    return `${how}: ${seen}${seen === "200" ? await byeOf(call) : ""}`;
  }

  /** A call as it usually is. @returns as {@link end} */
  async whole(how: End, ring_ms: number): Promise<string> {
    const call = this.place();
    const rings = await this.ringing([call]).then(
      () => true,
      () => false,
    );
    if (!rings) return `${how}: never rang, told ${call.told.map(({ status }) => status).join() || "nothing"}`;
    await pause(ring_ms);
    return this.end(call, how);
  }

  /** What the caller is told at last, and what else is odd about it. */
  async seen(call: PlacedCall): Promise<string> {
    const { callId } = call;
    const { status } = await call.final().catch(() => ({ status: "nothing" }));
    const ack = await until("ACK", () => this.acknowledged.has(callId)).then(
      () => "",
      () => ", and the callee never heard of it",
    );
    const copies = this.callee.copiesOf(callId).length;
    return `${status}${ack}${copies === 1 ? "" : `, after ${copies} INVITEs`}`;
  }
}

/** "": as it should. */
export async function byeOf(call: PlacedCall): Promise<string> {
  const status = await call.hangUp();
  return status === 200 ? "" : `, BYE: ${status}`;
}

/** How often each was seen. */
export async function tally(seen: readonly Promise<string>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const one of await Promise.all(seen)) counts[one] = (counts[one] ?? 0) + 1;
  return counts;
}
