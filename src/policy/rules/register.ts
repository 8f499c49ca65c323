/**
 * A phone's REGISTER goes upstream with a Path that leads back to the phone (RFC 3327). When upstream can't answer, a
 * phone that we know is answered here, so that it stays registered.
 */
import { PATH } from "../../message/header-names.ts";
import type { Response } from "../../message/message.ts";
import type { Reply } from "../../message/reply.ts";
import { SILENCE } from "../../proxy/plan/condition.ts";
import type { DecisionListener, Named, Revised, Stage, Target } from "../../proxy/router.ts";
import type { RegistrarReply, Revision, UpstreamWatch } from "../named.ts";
import type { Peer } from "../peers/peer.ts";
import { nameOf } from "../phones/address-of-record.ts";
import { isUnheard } from "../phones/binding.ts";
import { makesBinding, wishesOf } from "../phones/register-wishes.ts";
import { type Decision, deadBy, decision, nextWhen, upstreamStages } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { RoutingRule, Situation } from "../situation.ts";
import { showContacts } from "./hidden-contacts.ts";

/** Of a branch that may go a little faster: where there are many phones, one turn more changes little for them, and much for upstream. */
const FEW_PHONES = 10;
/** A message that came late: the phone's later one has been taken. */
const OVERTAKEN = 500;
const AGENT = /^(?:server|user-agent)[ \t]*:[ \t]*([ -~]{1,60})/im;

export const register: RoutingRule = (facts, situation) => {
  const { site, upstreams, registrar, now_ms } = situation;
  const { origin, belongs } = facts;
  if ((origin !== "localnet" && origin !== "gateway") || belongs !== "registration") return undefined;
  const all = upstreams.targetsFor(facts, now_ms);
  const targets = all.filter((target) => target.takesRegisters);
  const answer: RegistrarReply = {
    name: "registrar",
    asked_ms: now_ms,
    upstreams: all.map(({ watch }) => watch.key),
    isReturning: false,
  };
  const here: Stage = { kind: "reply", what: "answered here", reply: answer };
  const [first] = targets;
  if (first === undefined) return decision("register", "upstream is down: answered here", here);
  const inDrill = facts.isInDrill ? answeredInDrill(facts, situation) : undefined;
  if (inDrill !== undefined) return inDrill;
  if (registrar.isSuperfluous(facts, now_ms)) {
    const confirmed: Stage = { kind: "reply", reply: registrar.confirm(facts, now_ms) };
    const heard = { name: "register", isTheirs: true } as const;
    return { ...decision("register", "upstream knows it already", confirmed), listener: heard };
  }
  const refusal = registrar.refusal(facts, now_ms);
  const takes = refusal === undefined;
  if (!mayGoUp(first, refusal, facts, situation)) {
    const reply: RegistrarReply = { ...answer, isReturning: true };
    return decision("register", "upstream has just returned: one phone after the other", { ...here, reply });
  }
  // A phone can name any domain and any Route; only its own registrar's word makes a binding.
  const isTheirs = site.upstream.targets.length > 0 || nameOf(facts.request).endsWith(`@${first.hop.host}`);
  const isPatient = !takes || !registrar.knows(facts);
  const patience_ms = isPatient ? site.upstream.fr_timer_ms : site.registration.local_after_ms;
  const byPath = site.registration.mode === "path";
  const way = byPath ? { addPath: true } : { hideContact: true };
  // A phone that we don't serve, or wouldn't say 200 to, gets upstream's own word.
  const when = takes ? deadBy(site.upstream.deadCodes) : SILENCE;
  return {
    rule: "register",
    why: `to ${first.name}`,
    plan: [...upstreamStages(targets, patience_ms, way, nextWhen(when)), here],
    passes503: true,
    revise: { name: "register", asked_ms: now_ms, isTheirs },
    listener: { name: "register", isTheirs },
  };
};

/**
 * After an outage phones go up one by one, so that upstream isn't flooded. The others are answered here once more: those that get 200,
 * and those that get the 503 which they have had in the outage; any other refusal is upstream's to say.
 */
function mayGoUp(
  { pace }: Peer,
  refusal: Reply | undefined,
  { request }: RequestFacts,
  { site, registrar, now_ms }: Situation,
): boolean {
  const waits = refusal === undefined ? registrar.isOwed(request) : refusal.status === 503 && pace.isCareful;
  if (!waits) return true;
  const { pace: most } = site.registration;
  if (registrar.isChallenged(request)) {
    pace.charge(most, now_ms);
    return true;
  }
  const { bindings } = registrar;
  const isFew = refusal === undefined && bindings.size <= FEW_PHONES;
  return pace.take(most, now_ms, isFew && isUnheard(bindings.find(nameOf(request)), wishesOf(request)));
}

/**
 * As in an outage, and with nothing that outlives the drill: a binding stays upstream's. Where its registration there would run out, or
 * the REGISTER changes it, the REGISTER goes up, since upstream's calls are to reach the phone all the while.
 */
function answeredInDrill(facts: RequestFacts, { registrar, drilling, now_ms }: Situation): Decision | undefined {
  const isRefused = registrar.refusal(facts, now_ms) !== undefined;
  const reply = isRefused ? undefined : registrar.rehearse(facts, now_ms);
  drilling.onRegister(nameOf(facts.request), isRefused ? "refused" : reply === undefined ? "up" : "here");
  return reply && decision("register", "a drill: answered here", { kind: "reply", what: "answered here", reply });
}

/** Upstream's 2xx as the phone gets it; its own registrar's is learned from. */
export function revisedAnswer(
  { asked_ms, isTheirs }: Revision,
  facts: RequestFacts,
  staff: Pick<Situation, "site" | "own" | "tokens" | "registrar">,
  response: Response,
  now_ms: number,
): Revised {
  if (!isTheirs) return { response };
  staff.registrar.refused.delete(nameOf(facts.request));
  const shown = staff.site.registration.mode === "path" ? response : showContacts(response, facts, staff);
  return { response: shown, edits: staff.registrar.learn(facts, shown, now_ms, asked_ms) };
}

export function registerListener(
  isTheirs: boolean,
  facts: RequestFacts,
  staff: Pick<Situation, "site" | "registrar" | "upstreams" | "pathWatch" | "tokens" | "backups">,
): DecisionListener {
  const isWatched = isTheirs && staff.site.registration.mode === "path";
  return {
    onStage: (stage, _running, now_ms) => {
      // A refresh that upstream needn't hear of: the answer stands in the plan.
      if (stage.kind === "reply" && "status" in stage.reply) staff.backups.copy(facts, now_ms);
    },
    onAnswer: (target, response, now_ms) => {
      if (isWatched) watchPath(target, facts, response, staff);
      if (isTheirs) staff.backups.copy(facts, now_ms);
    },
    onFailure: (status) => {
      if (status === 401 || status === 407) staff.registrar.noteChallenge(facts.request);
    },
  };
}

/** The answer in upstream's place. It makes bindings: for a phone whose REGISTER waits for it, and for no other. */
export function registrarReply(
  { asked_ms, upstreams: keys, isReturning }: RegistrarReply,
  facts: RequestFacts,
  { registrar, upstreams, backups }: Pick<Situation, "registrar" | "upstreams" | "backups">,
  now_ms: number,
): Reply {
  const reply = registrar.answer(facts, now_ms, asked_ms, isReturning || upstreams.areRecovering(keys));
  const name = nameOf(facts.request);
  if (reply.status === 200) {
    registrar.refused.delete(name);
    backups.copy(facts, now_ms);
  } else if (reply.status !== OVERTAKEN) {
    const is_known = registrar.serves(facts);
    registrar.refused.note(name, { from: facts.source.address, status: reply.status, is_known }, now_ms);
  }
  return reply;
}

function isSameWatch({ name, key }: UpstreamWatch, other: Named): boolean {
  return name === other.name && "key" in other && key === other.key;
}

/** RFC 3327 §5.3: a registrar that has taken the Path lists it in its 2xx. One that takes a binding away may not. */
function watchPath(
  { observer }: Target,
  facts: RequestFacts,
  response: Response,
  { upstreams, pathWatch, tokens }: Pick<Situation, "upstreams" | "pathWatch" | "tokens">,
): void {
  if (!makesBinding(facts.request)) return;
  const token = `:${tokens.forFlow(facts.source)}@`;
  const listsPath = response.list(PATH).some((value) => value.includes(token));
  for (const upstream of upstreams.all()) {
    if (observer !== undefined && isSameWatch(upstream.watch, observer))
      pathWatch.registered(upstream, listsPath, agentOf(response));
  }
}

/** What the sender calls itself, by Server or User-Agent; "" when it doesn't say. */
function agentOf({ wire, fields }: Response): string {
  return AGENT.exec(wire.slice(fields.start, fields.end))?.[1] ?? "";
}
