/**
 * Emergency calls that have come from gateways' addresses, of which no phone is known. They go out, since a phone at such an
 * address that upstream hasn't accepted yet must reach help. But a gateway without a line may send our own emergency
 * calls back as calls of its own, with other Vias and Call-IDs: no loop detection sees that. So few are under way at a time;
 * and an address that wanted more gets, for a while, only calls through that come while no other emergency call is open.
 */
import { ownText } from "../../base/own-text.ts";

/** Calls from one gateway's address under way at a time. */
const RETURNING_MAX = 3;
/** A call counts no longer than this, since its BYE can be lost. */
const COUNTED_ms = 600_000;
/** How long an address that wanted more is suspected of sending calls back. */
const SUSPECTED_ms = 600_000;

interface Returning {
  readonly started_ms: number;
  isUp: boolean;
}

export class ReturningCalls {
  /** By the gateway's address, then by Call-ID. */
  private readonly byAddress = new Map<string, Map<string, Returning>>();
  /** Until when each gateway's address is suspected. */
  private readonly suspected = new Map<string, number>();
  private readonly stands: (callId: string) => boolean;

  /** @param stands whether a call that was answered is up still */
  constructor(stands: (callId: string) => boolean) {
    this.stands = stands;
  }

  /**
   * Whether one more call from `address`, a gateway's, may set out.
   * @param isAlone no other emergency call waits for an answer, so that it can't be one of those
   */
  takes(address: string, isAlone: boolean, now_ms: number): boolean {
    const isSuspected = now_ms < (this.suspected.get(address) ?? 0);
    if (this.underWay(address, now_ms) < RETURNING_MAX && (isAlone || !isSuspected)) return true;
    this.suspected.set(address, now_ms + SUSPECTED_ms);
    return false;
  }

  begin(address: string, callId: string, now_ms: number): void {
    const calls = this.byAddress.get(address) ?? new Map<string, Returning>();
    calls.set(ownText(callId), { started_ms: now_ms, isUp: false });
    this.byAddress.set(address, calls);
  }

  /** @param isUp whether somebody has answered */
  decided(address: string, callId: string, isUp: boolean): void {
    const calls = this.byAddress.get(address);
    const call = calls?.get(callId);
    if (call === undefined) return;
    if (isUp) call.isUp = true;
    else calls?.delete(callId);
  }

  private underWay(address: string, now_ms: number): number {
    const calls = this.byAddress.get(address);
    if (calls === undefined) return 0;
    for (const [callId, { started_ms, isUp }] of calls) {
      if (now_ms >= started_ms + COUNTED_ms || (isUp && !this.stands(callId))) calls.delete(callId);
    }
    return calls.size;
  }
}
