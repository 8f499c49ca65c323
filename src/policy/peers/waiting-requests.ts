/** The requests that wait for a peer: they are let go when it is found dead, and what REGISTERs wait sets the pace of others. */
import type { EndedBranch } from "../../proxy/plan/condition.ts";
import type { WaitingRequest } from "../../proxy/router.ts";
import type { RegisterPace } from "./register-pace.ts";

/** New calls and registrations: an administrator's choice of a state concerns these alone. */
export const BEGINS = (method: string): boolean => method === "INVITE" || method === "REGISTER";

const methodOf = ({ routed }: WaitingRequest): string => routed.request.method;

export class WaitingRequests {
  /** Since when each waits. */
  private readonly since_ms = new Map<WaitingRequest, number>();
  private readonly pace: RegisterPace;

  constructor(pace: RegisterPace) {
    this.pace = pace;
  }

  onStart(request: WaitingRequest, now_ms: number): void {
    this.since_ms.set(request, now_ms);
    if (methodOf(request) === "REGISTER") this.pace.onSent();
  }

  onEnd(request: WaitingRequest, { final }: EndedBranch, now_ms: number): void {
    const since_ms = this.since_ms.get(request) ?? now_ms;
    this.since_ms.delete(request);
    if (methodOf(request) !== "REGISTER") return;
    // What nobody has answered ends with a status of ours.
    const isAnswer = final.response !== undefined;
    this.pace.onEnd(isAnswer ? { status: final.status, took_ms: now_ms - since_ms } : undefined, now_ms);
  }

  /** The peer is down: those with such a method don't wait any longer, and REGISTERs will come back with care. */
  onDown(isMeant: (method: string) => boolean, now_ms: number): void {
    for (const request of [...this.since_ms.keys()]) if (isMeant(methodOf(request))) request.rescue(now_ms);
    this.pace.onDown();
  }
}
