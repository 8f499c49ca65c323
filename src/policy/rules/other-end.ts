/** The other end of a call, for a request within it that names us in its place. */
import type { Target } from "../../proxy/router.ts";
import { isSameFlow } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import { numberUri } from "../dialled-number.ts";
import { ALL_KEPT } from "../numbers/forwarding.ts";
import { targetOf } from "../phones/binding.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Situation } from "../situation.ts";
import { isBoundToFlow } from "./outside.ts";
import { phonesBehindUs } from "./rewritten-contact.ts";

/** What we remember of the call; after a restart, what its user and our tokens tell. Undefined: nothing does. */
export function otherEnd(facts: RequestFacts, situation: Situation): Target | undefined {
  if (facts.host !== "us" || facts.routes.remaining.length > 0) return undefined;
  const { dialogs, tokens } = situation;
  const { request, routes } = facts;
  const kinds = routes.tokens.map((token) => tokens.readDialog(token, request.callId));
  const isOurs = kinds.some((kind) => kind !== undefined);
  const target =
    dialogs.otherEnd(request) ??
    (isOurs
      ? (phoneBehind(facts, situation) ?? peerBehind(facts, kinds.includes("gateway-dialog"), situation))
      : undefined);
  return target && { ...target, isOnlyWay: isBoundToFlow(facts, situation) };
}

/** The phone whose Contact or address-of-record has that user. */
function phoneBehind(facts: RequestFacts, situation: Situation): Target | undefined {
  if (facts.number === "") return undefined;
  const binding = phonesBehindUs(facts, situation, ALL_KEPT).find(({ flow }) => !isSameFlow(flow, facts.source));
  return binding && targetOf(binding);
}

/** For a phone: the only gateway where our token says that one takes part, or else upstream. */
function peerBehind(
  { origin, number }: RequestFacts,
  isAtGateway: boolean,
  { site, upstreams }: Situation,
): Target | undefined {
  if (origin !== "localnet") return undefined;
  const [gateway, ...others] = site.gateways;
  const only = others.length === 0 ? gateway : undefined;
  const hop = isAtGateway ? only && hopOf(only.uri) : upstreams.configuredTargets[0]?.hop;
  return hop === undefined ? undefined : { requestUri: numberUri(number, hop), nextHop: hop };
}
