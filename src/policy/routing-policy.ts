/** Where requests go: the ordered list of rules. The first that decides, decides. */
import type { Limits } from "../base/limits.ts";
import type { Logger } from "../base/ports.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { Request, Response } from "../message/message.ts";
import type { Reply } from "../message/reply.ts";
import type { Outcome } from "../proxy/plan/condition.ts";
import type {
  Continuation,
  DecisionListener,
  Revised,
  Router,
  RunningRequest,
  Stage,
  Target,
  TargetObserver,
  Verdict,
} from "../proxy/router.ts";
import type { Flow } from "../transport/flow.ts";
import { Access } from "./access/access.ts";
import { FaultySenders } from "./access/faulty-senders.ts";
import type { Outsiders } from "./access/outsiders.ts";
import { Quotas } from "./access/quotas.ts";
import type { CallLog, Follows } from "./call-log.ts";
import { numberIn } from "./dialled-number.ts";
import { RequestReader } from "./door/request-reader.ts";
import type { MakeRoom, ReplySource, Revision, TargetSource, Watch } from "./named.ts";
import { calledName } from "./numbers/callee.ts";
import { type Decision, decision, replyStage } from "./plan.ts";
import type { RequestFacts } from "./request-facts.ts";
import { call, redirectReply } from "./rules/call.ts";
import { contact } from "./rules/contact.ts";
import { continuationStages } from "./rules/continuations.ts";
import { copiedRegister } from "./rules/copied-register.ts";
import { emergency } from "./rules/emergency.ts";
import { fromGateway } from "./rules/from-gateway.ts";
import { fromUpstream } from "./rules/from-upstream.ts";
import { inDialog } from "./rules/in-dialog.ts";
import { otherRequest } from "./rules/other-request.ts";
import { path } from "./rules/path.ts";
import { register, revisedAnswer } from "./rules/register.ts";
import { chosenTargets, listenerOf, madeReply, observerOf } from "./rules/resolvers.ts";
import { toGateway } from "./rules/to-gateway.ts";
import { NOT_HERE, toOurselves } from "./rules/to-ourselves.ts";
import type { RoutingRule, Situation, Staff } from "./situation.ts";

/**
 * Help comes before anything else. Then what another half of a pair tells us alone. Then the ways that a token or a dialog has laid already, then gateways' calls, then what
 * a phone sends to us or to a gateway by address. `call` takes all that phones dial: what is to be dialled otherwise stands above it.
 */
const RULES: readonly RoutingRule[] = [
  emergency,
  copiedRegister,
  path,
  contact,
  inDialog,
  fromGateway,
  toOurselves,
  toGateway,
  register,
  call,
  otherRequest,
  fromUpstream,
];

/** Log lines a second about sources that ask too much. */
const ALARMS_PER_SECOND = 0.1;

type Moment = Staff & { now_ms: number };

export class RoutingPolicy implements Router {
  readonly quotas: Quotas;
  /** What hears of each request, and tells its listener of all; undefined: the listener alone hears. */
  beside: ((request: Request, listener: DecisionListener | undefined) => DecisionListener) | undefined = undefined;
  private readonly alarm = new TokenBucket(ALARMS_PER_SECOND, 1);
  private readonly log: Logger;
  private readonly staff: Staff;
  /** One for all requests: an event is handled at one moment. */
  private readonly situation: Moment;
  private readonly access: Access;
  private readonly reader: RequestReader;
  private readonly callLog: CallLog;
  private readonly outsiders: Outsiders;
  private readonly faultySenders: FaultySenders;

  constructor(staff: Staff, callLog: CallLog, log: Logger, outsiders: Outsiders, tables: Limits) {
    this.log = log;
    this.callLog = callLog;
    this.staff = staff;
    this.situation = { ...staff, now_ms: 0 };
    this.access = new Access(staff);
    this.reader = new RequestReader(staff, this.access);
    this.outsiders = outsiders;
    this.faultySenders = new FaultySenders(log);
    // All phones of another half come back at once: it may ask as much as a gateway.
    const { from } = staff.site.registration.copies;
    const partyAt = (address: string) => (from.includes(address) ? "gateway" : this.access.originAt(address));
    this.quotas = new Quotas(staff.site.limits, partyAt, tables);
  }

  hears(address: string, now_ms: number): boolean {
    return this.quotas.hears(address, now_ms);
  }

  admit(request: Request, source: Flow, now_ms: number): Verdict {
    const verdict = this.access.admit(request, source);
    if (verdict === "admit") {
      this.quotas.prove(source.address);
      if (request.fault !== undefined) this.faultySenders.see(source.address, request, now_ms);
    } else if (verdict !== "scanner") this.outsiders.see(source.address, request.method, verdict, now_ms);
    return verdict;
  }

  /** A request that ends a call always may. */
  mayOpen(request: Request, source: Flow, now_ms: number): "open" | "refuse" | "ignore" {
    const { address: from } = source;
    if (request.method === "BYE" || this.quotas.takes("requests", from, now_ms)) return "open";
    if (this.isUrgent(request, source, now_ms)) return "open";
    if (this.alarm.take(now_ms)) this.log.warn("over_quota", { from, effect: "503, or no answer" });
    return this.quotas.takes("refusals", from, now_ms) ? "refuse" : "ignore";
  }

  isUrgent(request: Request, source: Flow, now_ms: number): boolean {
    if (request.method === "BYE") return true;
    const isEmergency = this.reader.read(request, source, now_ms).emergency !== undefined;
    return isEmergency && this.quotas.takes("emergencies", source.address, now_ms);
  }

  /** Whether `address` is that of a phone, a gateway or upstream. */
  knows(address: string): boolean {
    return this.access.originAt(address) !== "stranger";
  }

  /** Whether it is that of a gateway or of upstream. */
  isPeer(address: string): boolean {
    const origin = this.access.originAt(address);
    return origin !== "stranger" && origin !== "localnet";
  }

  mayAnswer(address: string, asked: string | undefined): boolean {
    if (address === asked) {
      this.quotas.prove(address);
      return true;
    }
    const origin = this.access.originAt(address);
    return origin !== "stranger" && (asked === undefined || origin === this.access.originAt(asked));
  }

  withheld(message: Request | Response, address: string, isForHelp: boolean): readonly number[] {
    return this.staff.gateways.withheld(message, address, isForHelp);
  }

  onChallenge(response: Response, address: string): void {
    this.staff.gateways.noteChallenge(response, address);
  }

  isSameParty(address: string, other: string): boolean {
    return address === other || this.staff.upstreams.isOneTarget(address, other);
  }

  read(request: Request, source: Flow, now_ms: number): RequestFacts {
    const facts = this.reader.read(request, source, now_ms);
    this.reader.learn(facts, now_ms);
    return facts;
  }

  decide(facts: RequestFacts, now_ms: number): Decision {
    return firstOf(RULES, facts, this.at(now_ms));
  }

  continue(
    facts: RequestFacts,
    continuation: Continuation,
    now_ms: number,
    outcome?: Outcome,
  ): readonly Stage[] | undefined {
    return continuationStages(facts, this.at(now_ms), continuation, outcome);
  }

  targets(facts: RequestFacts, source: TargetSource, running: RunningRequest, now_ms: number): readonly Target[] {
    return chosenTargets(source, facts, this.at(now_ms), running);
  }

  begin(facts: RequestFacts, act: MakeRoom, running: RunningRequest, now_ms: number): number {
    return this.staff.emergency.makeRoom(act, facts, running, now_ms);
  }

  reply(facts: RequestFacts, reply: ReplySource, now_ms: number): Reply {
    return madeReply(reply, facts, this.at(now_ms));
  }

  revise(facts: RequestFacts, revision: Revision, response: Response, now_ms: number): Revised {
    return revisedAnswer(revision, facts, this.staff, response, now_ms);
  }

  listener(facts: RequestFacts, decided: Decision, now_ms: number): DecisionListener | undefined {
    const listener = this.ownListener(facts, decided, now_ms);
    return this.beside === undefined ? listener : this.beside(facts.request, listener);
  }

  observer(_facts: RequestFacts, watch: Watch): TargetObserver | undefined {
    return observerOf(watch, this.staff);
  }

  private ownListener(facts: RequestFacts, decided: Decision, now_ms: number): DecisionListener | undefined {
    const listener = decided.listener === undefined ? undefined : listenerOf(decided.listener, facts, this.staff);
    const { request, belongs, origin, source } = facts;
    if (request.method === "REGISTER" && origin === "localnet" && decided.rule === NOT_HERE.rule)
      this.faultySenders.registers(source.address, now_ms);
    if (request.method === "BYE") this.callLog.hangUp(request, now_ms);
    const isCall = request.method === "INVITE" && belongs === "nothing";
    if (!isCall) return listener;
    const { registrar, tokens } = this.staff;
    const to = calledName(facts, registrar.bindings, tokens);
    return this.callLog.record(facts, to, decided, listener, now_ms, this.follows);
  }

  /** What a phone is told to dial at the gateway that the INVITE names. */
  private readonly follows: Follows = (facts, number) => {
    const { gateways } = this.staff;
    const named = facts.uri === undefined ? undefined : gateways.find(facts.uri);
    return named !== undefined && numberIn(gateways.uriOf(named, number)) === facts.number;
  };

  private at(now_ms: number): Situation {
    this.situation.now_ms = now_ms;
    return this.situation;
  }

  /** What {@link reply} would say, where that changes nothing. */
  rehearse(reply: ReplySource, now_ms: number): Reply | undefined {
    return reply.name === "redirect" ? redirectReply(reply, this.staff, now_ms) : undefined;
  }

  /** The gateways that it would leave out, and why. */
  leftOut(reply: ReplySource, now_ms: number): string[] {
    const { gateways } = this.staff;
    const named = reply.name === "redirect" ? reply.gateways.flatMap((name) => gateways.named(name) ?? []) : [];
    const full = named.filter((gateway) => !gateways.isFree(gateway, now_ms));
    return full.map((gateway) => `gateway ${gateway.name} is ${gateways.whyFull(gateway, now_ms)}`);
  }
}

function firstOf(rules: readonly RoutingRule[], facts: RequestFacts, situation: Situation): Decision {
  for (const rule of rules) {
    const made = rule(facts, situation);
    if (made !== undefined) return made;
  }
  return decision("nobody", `nothing for ${facts.origin} to ask of us`, replyStage(403));
}
