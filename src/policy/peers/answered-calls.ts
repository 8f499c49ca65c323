/**
 * What a gateway's responses to calls tell: that it lives, whatever it makes of OPTIONS, and whether it copies Record-Route into
 * them (RFC 3261 §12.1.1). Where it doesn't, the requests of its calls don't pass here: nobody sees them end.
 */
import type { Logger } from "../../base/ports.ts";
import type { PeerStatus } from "../status.ts";

export const NO_RECORD_ROUTE =
  "doesn't copy Record-Route into its responses: ends of calls aren't seen, channels stay taken";
export const RECORD_ROUTE_CURE = "newer firmware; until then a short max_call (deploy/trouble.md)";

export class AnsweredCalls {
  /** When it last answered a call, with more than 100; undefined: never. */
  last_ms: number | undefined = undefined;
  private route: PeerStatus["record_route"] = undefined;
  private isTold = false;

  /**
   * It has accepted a new call; the log hears once of one that lacks our Record-Route.
   * @param hasOurs its 2xx has the Record-Route that we had put in the INVITE
   * @param gateway as logs name it
   */
  noteRoute(hasOurs: boolean, gateway: string, log: Logger): void {
    this.route = hasOurs ? "copied" : "missing";
    if (hasOurs || this.isTold) return;
    this.isTold = true;
    log.warn("record_route_missing", { gateway, cure: RECORD_ROUTE_CURE });
  }

  get status(): Pick<PeerStatus, "call_answered_ms" | "record_route"> {
    return { call_answered_ms: this.last_ms, record_route: this.route };
  }
}
