/** What is known of the calls that have ended at each gateway: no more entries than the file has ever had gateways. */
import type { Usage } from "../gateway-strategies.ts";

type Ended = Omit<Usage, "calls">;

const NONE: Ended = { ended_ms: Number.NEGATIVE_INFINITY };

export class EndedCalls {
  private readonly byGateway = new Map<string, Ended>();

  /** A call has ended there, was refused there, or is found to be over late: then it ended before others whose end is known already. */
  note(gateway: string, at_ms: number): void {
    this.byGateway.set(gateway, { ended_ms: Math.max(at_ms, this.of(gateway).ended_ms) });
  }

  of(gateway: string): Ended {
    return this.byGateway.get(gateway) ?? NONE;
  }
}
