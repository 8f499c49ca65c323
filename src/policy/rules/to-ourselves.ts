/** Requests whose Request-URI is our own address (RFC 3261 §11.2, §16.12). */
import { CAPABILITIES } from "../../proxy/capabilities.ts";
import { decision, replyStage } from "../plan.ts";
import type { RoutingRule } from "../situation.ts";

export const toOurselves: RoutingRule = ({ request, routes, host }) => {
  if (host !== "us" || routes.remaining.length > 0) return undefined;
  if (request.method === "OPTIONS") {
    return decision("to-ourselves", "asks whether we live", replyStage(200, undefined, CAPABILITIES));
  }
  const reason = "Not Here - Set The Phone's Domain To The PBX";
  return decision("to-ourselves", "we are nobody's registrar", replyStage(404, reason));
};
