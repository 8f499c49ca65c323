/** Requests whose Request-URI is our own address (RFC 3261 §11.2, §16.12). */
import { decision, replyStage } from "../plan.ts";
import type { RoutingRule } from "../situation.ts";

const ALLOW =
  "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, REFER, MESSAGE, INFO, PRACK, UPDATE\r\n";

export const toOurselves: RoutingRule = (routed, { own }) => {
  const { uri, request, routes } = routed;
  if (uri === undefined || routes.remaining.length > 0 || !own.hasUri(uri)) return undefined;
  if (request.method === "OPTIONS") {
    return decision("to-ourselves", "asks whether we live", replyStage(200, undefined, `${ALLOW}Supported: path\r\n`));
  }
  const reason = "Not Here - Set The Phone's Domain To The PBX";
  return decision("to-ourselves", "we are nobody's registrar", replyStage(404, reason));
};
