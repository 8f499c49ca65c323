/** What tells the story of a call in the making to another router, which goes on with the call when this one is dead. */
import type { Incoming, ServerTransaction } from "../transaction/server-transaction.ts";
import type { RoutedRequest, Router, RoutingDecision } from "./router.ts";

/** A request that sets out. */
export interface BeginningCall {
  readonly server: ServerTransaction;
  readonly incoming: Incoming;
  readonly routed: RoutedRequest;
  readonly decision: RoutingDecision;
}

export interface Storyteller {
  /**
   * Starts it, and tells its story from now on.
   * @param router the one that has decided
   * @returns false: this request has no story, and isn't started
   */
  begin(call: BeginningCall, router: Router, now_ms: number): boolean;
}
