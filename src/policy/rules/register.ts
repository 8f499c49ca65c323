/**
 * A phone's REGISTER goes upstream with a Path that leads back to the phone (RFC 3327). When upstream can't answer, a
 * phone that we know is answered here, so that it stays registered.
 */
import { PATH } from "../../message/header-names.ts";
import type { Response } from "../../message/message.ts";
import type { Reply } from "../../message/reply.ts";
import { SILENCE } from "../../proxy/plan/condition.ts";
import type { Stage, Target } from "../../proxy/router.ts";
import { nameOf } from "../phones/address-of-record.ts";
import { makesBinding } from "../phones/register-wishes.ts";
import { deadBy, decision, nextWhen, type RegistrarReply, upstreamStages } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { RoutingRule, Situation } from "../situation.ts";
import { showContacts } from "./hidden-contacts.ts";

export const register: RoutingRule = (facts, situation) => {
  const { site, upstreams, registrar, now_ms } = situation;
  const { origin, belongs } = facts;
  if ((origin !== "localnet" && origin !== "gateway") || belongs !== "registration") return undefined;
  const all = upstreams.targetsFor(facts, now_ms);
  const targets = all.filter((target) => target.takesRegisters);
  const answer: RegistrarReply = {
    name: "registrar",
    asked_ms: now_ms,
    upstreams: all.map(({ key }) => key),
    isReturning: false,
  };
  const here: Stage = { kind: "reply", what: "answered here", reply: answer };
  const [first] = targets;
  if (first === undefined) return decision("register", "upstream is down: answered here", here);
  if (registrar.isSuperfluous(facts, now_ms)) {
    return decision("register", "upstream knows it already", {
      kind: "reply",
      reply: registrar.confirm(facts, now_ms),
    });
  }
  // Only a phone that would get 200 here is held back: none is turned away while upstream lives.
  const takes = registrar.refusal(facts, now_ms) === undefined;
  if (takes && !registrar.mayGoUp(facts.request, now_ms)) {
    const reply: RegistrarReply = { ...answer, isReturning: true };
    return decision("register", "upstream has just returned: one phone after the other", { ...here, reply });
  }
  // A phone can name any domain and any Route; only its own registrar's word makes a binding.
  const isTheirs = site.upstream.targets.length > 0 || nameOf(facts.request).endsWith(`@${first.hop.host}`);
  const isPatient = !takes || !registrar.knows(facts);
  const patience_ms = isPatient ? site.upstream.fr_timer_ms : site.registration.local_after_ms;
  const byPath = site.registration.mode === "path";
  const way = byPath ? { addPath: true } : { hideContact: true };
  const stages = upstreamStages(targets, patience_ms, way);
  const last = stages.pop();
  // A phone that we don't serve, or wouldn't say 200 to, gets upstream's own word.
  const when = takes ? deadBy(site.upstream.deadCodes) : SILENCE;
  if (last !== undefined) stages.push({ ...last, on: nextWhen(when) });
  return {
    ...decision("register", `to ${first.name}`, ...stages, here),
    passes503: true,
    revise: (response, at_ms) => {
      const shown = byPath ? response : showContacts(response, facts, situation);
      return isTheirs ? registrar.learn(facts, shown, at_ms, now_ms) : response.wire;
    },
    listener: {
      onAnswer: (target, response) => {
        if (byPath && isTheirs) watchPath(target, facts, response, situation);
      },
      onFailure: (status) => {
        if (status === 401 || status === 407) registrar.noteChallenge(facts.request);
      },
    },
  };
};

/** The answer in upstream's place. It makes bindings: for a phone whose REGISTER waits for it, and for no other. */
export function registrarReply(
  { asked_ms, upstreams: keys, isReturning }: RegistrarReply,
  facts: RequestFacts,
  { registrar, upstreams }: Pick<Situation, "registrar" | "upstreams">,
  now_ms: number,
): Reply {
  return registrar.answer(facts, now_ms, asked_ms, isReturning || upstreams.areRecovering(keys));
}

/** RFC 3327 §5.3: a registrar that has taken the Path lists it in its 2xx. One that takes a binding away may not. */
function watchPath(target: Target, facts: RequestFacts, response: Response, situation: Situation): void {
  const { upstreams, pathWatch, tokens } = situation;
  if (!makesBinding(facts.request)) return;
  const token = `:${tokens.forFlow(facts.source)}@`;
  const listsPath = response.list(PATH).some((value) => value.includes(token));
  for (const upstream of upstreams.all()) {
    if (upstream === target.observer) pathWatch.registered(upstream, listsPath);
  }
}
