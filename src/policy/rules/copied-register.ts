/** A copy of a REGISTER from the foreign other half of a pair ends here, whatever it asks: it is never sent on, and never copied. */
import type { Reply } from "../../message/reply.ts";
import { takeCopy } from "../phones/copied-register.ts";
import { decision } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { RoutingRule, Situation } from "../situation.ts";

export const copiedRegister: RoutingRule = ({ belongs, source }, { site }) => {
  if (belongs !== "registration" || !site.registration.copies.from.includes(source.address)) return undefined;
  const reply = { name: "copied" } as const;
  return decision("copied-register", `a copy from ${source.address}`, { kind: "reply", what: "taken over", reply });
};

/** The answer to a copy. It makes bindings of phones. */
export function copiedReply(
  facts: RequestFacts,
  { site, own, registrar, upstreams }: Pick<Situation, "site" | "own" | "registrar" | "upstreams">,
  now_ms: number,
): Reply {
  const hosts = new Set(site.gateways.map(({ uri }) => uri.host));
  const knowledge = {
    bindings: registrar.bindings,
    listeners: own.listeners,
    halves: site.registration.copies.from,
    mayBePhone: (address: string, port: number) =>
      site.localnet.contains(address) &&
      !hosts.has(address) &&
      upstreams.originOf(address) === undefined &&
      !own.has(address, port),
  };
  return takeCopy(facts, knowledge, now_ms);
}
