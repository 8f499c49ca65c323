/** A request down the Path of a REGISTER goes to the phone that registered (RFC 3327 §5.3). */
import type { Condition } from "../../proxy/plan/condition.ts";
import type { ForkStage } from "../../proxy/router.ts";
import { nameFlow } from "../../transport/flow.ts";
import { decision, nextWhen, replyStage } from "../plan.ts";
import type { RoutingRule } from "../situation.ts";
import { isBarred, isBoundToFlow, isOutside, NO_DIALLING_OUT } from "./outside.ts";

/** No target could be asked: the connection is gone, and the Contact can't be reached (RFC 5626 §5.3). */
const GONE: Condition = { gone: true };

export const path: RoutingRule = (facts, situation) => {
  const { tokens, pathWatch, upstreams } = situation;
  const { origin } = facts;
  for (const token of facts.routes.tokens) {
    const flow = tokens.readFlow(token);
    if (flow === undefined) continue;
    if (isBarred(facts, flow, situation)) {
      if (isOutside(origin)) continue;
      return decision("path", "upstream may not dial out", NO_DIALLING_OUT);
    }
    if (origin === "upstream") pathWatch.used(upstreams.peerAt(facts.source.address));
    const what = `phone at ${flow.address}`;
    const why = `Path leads to ${flow.address}`;
    const fork: ForkStage = {
      kind: "fork",
      what,
      targets: [{ nextHop: nameFlow(flow), isOnlyWay: isBoundToFlow(facts, situation) }],
    };
    if (flow.isAccepted !== true) return decision("path", why, fork);
    return decision("path", why, { ...fork, on: nextWhen(GONE) }, replyStage(430, "Flow Failed"));
  }
  return undefined;
};
