/** What comes back down the Path of a REGISTER goes to the phone that registered (RFC 3327 §5.3). */
import { decision } from "../plan.ts";
import type { RoutingRule } from "../situation.ts";

export const path: RoutingRule = (routed, { tokens, gateways, origin }) => {
  for (const token of routed.routes.tokens) {
    const flow = tokens.readFlow(token);
    const isTrusted = origin !== "stranger" && origin !== "domain";
    if (flow !== undefined && (isTrusted || gateways.findAddress(flow.address) === undefined)) {
      const what = `phone at ${flow.address}`;
      return decision("path", `Path leads to ${flow.address}`, { kind: "fork", what, targets: [{ nextHop: flow }] });
    }
  }
  return undefined;
};
