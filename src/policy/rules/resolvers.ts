/** What decisions and plans name, and leave to the policy until its time has come. */
import { assertNever } from "../../base/assert.ts";
import type { Reply } from "../../message/reply.ts";
import type { DecisionListener, RunningRequest, Target, TargetObserver } from "../../proxy/router.ts";
import type { Hearing, ReplySource, TargetSource, Watch } from "../named.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Situation, Staff } from "../situation.ts";
import { redirectListener, redirectReply } from "./call.ts";
import { copiedReply } from "./copied-register.ts";
import { emergencyListener } from "./emergency.ts";
import { fromGatewayListener } from "./from-gateway.ts";
import { callListener } from "./in-dialog.ts";
import { registerListener, registrarReply } from "./register.ts";

/** The targets of a fork; none: nothing can take the call there now, and the notes say why. Changes nothing else. */
export function chosenTargets(
  source: TargetSource,
  facts: RequestFacts,
  situation: Situation,
  running: RunningRequest,
): readonly Target[] {
  const targets = targetsOf(source, facts, situation, running);
  const { unasked: _, ...notes } = running.notes;
  running.notes = targets.length > 0 ? notes : { ...notes, unasked: whyUnasked(source, situation) };
  return targets;
}

/** Of the gateways of an emergency call, only one without a channel is passed over: the others have been asked, or none was freed. */
function whyUnasked(source: TargetSource, { gateways, now_ms }: Situation): string {
  if (source.name === "emergency" && source.when !== "free") return "";
  const gateway = gateways.named(source.gateway ?? "");
  return gateway === undefined ? "no longer in the file" : gateways.whyFull(gateway, now_ms);
}

function targetsOf(
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
    case "copied":
      return copiedReply(facts, situation, now_ms);
    default:
      return assertNever(source);
  }
}

/** What hears of a request while that is on its way. */
export function listenerOf(hearing: Hearing, facts: RequestFacts, staff: Staff): DecisionListener {
  const { emergency, redirects, gateways } = staff;
  switch (hearing.name) {
    case "emergency":
      return emergencyListener(hearing.number, facts, emergency);
    case "emergency-loop":
      return { onStart: (_running, now_ms) => emergency.stopped(facts, now_ms) };
    case "from-gateway":
      return fromGatewayListener(hearing, facts, staff);
    case "redirect":
      return redirectListener(redirects, hearing.caller);
    case "to-gateway":
      return { onStart: () => redirects.followed(redirects.partyOf(facts)) };
    case "register":
      return registerListener(hearing.isTheirs, facts, staff);
    case "in-dialog":
      return callListener(facts.request, gateways.calls);
    default:
      return assertNever(hearing);
  }
}

/** What hears of a branch; undefined when what it watched has gone. */
export function observerOf(watch: Watch, { upstreams, gateways, emergency }: Staff): TargetObserver | undefined {
  switch (watch.name) {
    case "upstream":
    case "upstream-in-dialog":
      return upstreams.observer(watch);
    case "gateway":
      return gateways.observer(watch, emergency.watchFor(watch));
    default:
      return assertNever(watch);
  }
}
