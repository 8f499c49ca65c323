/** What the caller is told once every branch has ended without a 2xx (RFC 3261 §16.7 items 6 to 9). */
import type { Response } from "../message/message.ts";
import type { Reply } from "../message/reply.ts";
import { bestOf, type Final, otherChallenges } from "./best-response.ts";
import { meets } from "./plan/condition.ts";
import type { RoutingDecision } from "./router.ts";

/** A response that came, with challenges of others as whole header lines; or one of our own. */
export type FinalAnswer =
  | { readonly kind: "response"; readonly response: Response; readonly challenges: string }
  | { readonly kind: "reply"; readonly reply: Reply };

/** What else the answer depends on. */
interface Circumstances {
  /** The caller has sent CANCEL. */
  readonly isCancelled: boolean;
  /** No INVITE, and it was waited for as long as its transaction lasts: a 408 would come too late (RFC 4320 §4.2). */
  readonly isPatient: boolean;
}

/** @returns undefined: no answer at all */
export function finalAnswer(
  finals: readonly Final[],
  { isCancelled, isPatient }: Circumstances,
  decision: Pick<RoutingDecision, "hides" | "passes503">,
): FinalAnswer | undefined {
  const told = finals.filter((final) => !isHidden(final, decision));
  const best = bestOf(told);
  if (best === undefined && finals.length > 0) return replying({ status: 480 });
  if (best?.response !== undefined) {
    if (best.status === 503 && decision.passes503 !== true) return replying({ status: 500 });
    return { kind: "response", response: best.response, challenges: otherChallenges(best, told) };
  }
  if (isCancelled) return replying({ status: 487 });
  // No target has sent a final response: these are our own conclusions.
  if (best?.status === 503) return replying({ status: 500, reason: "Next Hop Unreachable" });
  if (best?.status === 480) return replying({ status: 480, reason: "No Answer" });
  return isPatient ? undefined : replying({ status: 408 });
}

/** Adds whole header lines behind the status line. */
export function withChallenges(wire: string, challenges: string): string {
  if (challenges === "") return wire;
  const fieldsStart = wire.indexOf("\n") + 1;
  return wire.slice(0, fieldsStart) + challenges + wire.slice(fieldsStart);
}

/** Whether the caller could do nothing with this response: then what another target has said counts. */
function isHidden(final: Final, { hides }: Pick<RoutingDecision, "hides">): boolean {
  return hides !== undefined && final.response !== undefined && meets({ isSilent: false, best: final }, hides);
}

function replying(reply: Reply): FinalAnswer {
  return { kind: "reply", reply };
}
