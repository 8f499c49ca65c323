/** Requests that name a gateway, such as the INVITE of a phone that follows our redirect, go there. No survival on top. */
import { hopOf } from "../../transport/locator.ts";
import { decision } from "../plan.ts";
import type { RoutingRule } from "../situation.ts";
import { mayReachGateway, NO_DIALLING_OUT } from "./outside.ts";

export const toGateway: RoutingRule = (facts, situation) => {
  const { gateways } = situation;
  const { uri, request, origin, number } = facts;
  if (uri === undefined || (origin !== "localnet" && origin !== "upstream")) return undefined;
  const named = gateways.find(uri);
  if (named === undefined) return undefined;
  // A call gets there with this very number, whatever router its Route names; a router that it does name may get it next.
  const sent = request.method === "INVITE" ? { ...facts, routes: { ...facts.routes, remaining: [] } } : facts;
  if (![sent, facts].every((copy) => mayReachGateway(copy, uri.host, situation))) {
    return decision("to-gateway", `upstream may not dial out at ${named.name}`, NO_DIALLING_OUT);
  }
  const why = `the Request-URI names gateway ${named.name}`;
  if (request.method !== "INVITE") {
    const target = { nextHop: hopOf(uri), touchesGateway: true };
    return decision("to-gateway", why, { kind: "fork", targets: [target] });
  }
  // Where it comes back from our redirect, the number has been rewritten for the named gateway: no other would know it.
  const others = named.called.length > 0 ? [] : gateways.others(named, number);
  const [first, ...rest] = gateways.stages([named, ...others], number, named);
  if (first === undefined) return undefined;
  return { ...decision("to-gateway", why, first, ...rest), listener: { name: "to-gateway" } };
};
