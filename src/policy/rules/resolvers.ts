/** What plans name, and leave to the policy until its time has come: targets, and answers. */
import { assertNever } from "../../base/assert.ts";
import type { Reply } from "../../message/reply.ts";
import type { RunningRequest, Target } from "../../proxy/router.ts";
import type { ReplySource, TargetSource } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Situation } from "../situation.ts";
import { redirectReply } from "./call.ts";
import { registrarReply } from "./register.ts";

/** The targets of a fork; none: nothing can take the call there now. Changes nothing but the notes. */
export function chosenTargets(
  source: TargetSource,
  facts: RequestFacts,
  { gateways, emergency, now_ms }: Situation,
  running: RunningRequest,
): readonly Target[] {
  switch (source.name) {
    case "gateway":
      return gateways.targets(source, facts, now_ms);
    case "emergency":
      return emergency.targets(source, facts, running, now_ms);
    default:
      return assertNever(source);
  }
}

/** The answer that the caller gets. The registrar's makes bindings. */
export function madeReply(source: ReplySource, facts: RequestFacts, situation: Situation): Reply {
  const { now_ms } = situation;
  switch (source.name) {
    case "redirect":
      return redirectReply(source, situation, now_ms);
    case "registrar":
      return registrarReply(source, facts, situation, now_ms);
    default:
      return assertNever(source);
  }
}
