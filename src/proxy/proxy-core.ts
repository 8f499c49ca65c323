/** The proxy: from a datagram to the transaction or response context that it concerns (RFC 3261 §16). */
import { TableWatch } from "../base/full-tables.ts";
import { type Limits, PLENTY } from "../base/limits.ts";
import { Meter } from "../base/meter.ts";
import type { Logger } from "../base/ports.ts";
import type { Timers } from "../base/timers.ts";
import type { Request, Response } from "../message/message.ts";
import { parse } from "../message/parse.ts";
import type { Reply } from "../message/reply.ts";
import { type BranchIds, branchIdsBy } from "../transaction/branch-id.ts";
import type { Incoming, ServerTransaction } from "../transaction/server-transaction.ts";
import { acknowledgesStateless, buildStateless } from "../transaction/stateless-reply.ts";
import { TIMER_C_ms } from "../transaction/timers.ts";
import { TransactionLayer } from "../transaction/transaction-layer.ts";
import type { TransactionUser } from "../transaction/transaction-user.ts";
import { type Flow, flowKey, type Listener, type TransportPort } from "../transport/flow.ts";
import { Locator } from "../transport/locator.ts";
import { responseFlow } from "../transport/receive.ts";
import { TcpReach } from "../transport/tcp-reach.ts";
import { Dialogs } from "./dialogs.ts";
import { hopBack, nextVia, withoutTopVia } from "./forward-response.ts";
import { Hangup } from "./hangup.ts";
import type { ProxyKit } from "./kit.ts";
import { LearnedNames } from "./learned-names.ts";
import { OrphanDialogs } from "./orphan-dialogs.ts";
import type { OtherMembers } from "./other-members.ts";
import { OwnAddresses } from "./own-addresses.ts";
import { Prober } from "./prober.ts";
import type { ProxyParts, ProxyPorts } from "./proxy-parts.ts";
import { RegisterCopier } from "./register-copier.ts";
import { ResponseContext } from "./response-context.ts";
import type { Router, RoutingDecision } from "./router.ts";
import { forwardStateless, StatelessResponse } from "./stateless.ts";
import type { Storyteller } from "./storyteller.ts";
import { Tokens } from "./tokens.ts";
import { refusalOf } from "./validate-request.ts";

const NO_FIELDS: readonly number[] = [];

export class ProxyCore implements TransactionUser, ProxyParts {
  readonly own: OwnAddresses;
  readonly learned: LearnedNames;
  readonly dialogs: Dialogs;
  readonly tokens: Tokens;
  readonly locator: Locator;
  readonly transactions: TransactionLayer;
  readonly prober: Prober;
  readonly hangup: Hangup;
  readonly copier: RegisterCopier;
  readonly meter = new Meter();
  /** Hears of each decision; undefined: nobody wants to. */
  onDecision: ((request: Request, decision: RoutingDecision) => void) | undefined = undefined;
  /** In a cluster: those that transactions may be with which aren't here. */
  others: OtherMembers | undefined = undefined;
  /** In a cluster: tells calls in the making to another member. */
  storyteller: Storyteller | undefined = undefined;
  readonly branchIds: BranchIds;
  private readonly tableWatch: TableWatch;
  private readonly transport: TransportPort;
  private readonly log: Logger;
  readonly kit: ProxyKit;
  /** Is asked where requests go. */
  router: Router | undefined = undefined;
  /** When the first message came: soon after the start, since gateways and upstream answer probes. */
  private began_ms = Number.POSITIVE_INFINITY;

  constructor(ports: ProxyPorts, listeners: readonly Listener[], timers: Timers, limits: Limits = PLENTY) {
    const { transport, random, log, mac } = ports;
    this.transport = transport;
    this.log = log;
    this.tableWatch = new TableWatch(this.meter, log);
    this.tokens = new Tokens(mac, listeners, ports.wallClock_ms, ports.secondMac);
    this.own = new OwnAddresses(listeners, this.tokens);
    this.dialogs = new Dialogs(limits.dialogs);
    this.locator = new Locator(listeners, ports.lookup, random, limits);
    this.branchIds = branchIdsBy(ports);
    this.transactions = new TransactionLayer({ transport, random, log }, timers, this, limits);
    const { own, locator, transactions, branchIds, tokens, dialogs } = this;
    const orphans = new OrphanDialogs(
      { transport, transactions, locator, branchIds, own, timers, log },
      limits.lateAnswers,
    );
    const { unanswered, lingering } = transactions;
    const { routes, lookups } = locator;
    this.learned = new LearnedNames(locator.names, own);
    const names = locator.names.table;
    const own_names = this.learned;
    const late_answers = orphans.dialogs;
    const tables = { transactions, unanswered, lingering, names, own_names, routes, lookups, dialogs, late_answers };
    this.meter.watchAll(tables);
    this.prober = new Prober({ transport, transactions, locator, timers, branchIds, random });
    this.hangup = new Hangup({ transactions, locator, branchIds });
    this.copier = new RegisterCopier({ transactions, locator, timers, branchIds, tokens });
    const tcpReach = new TcpReach(listeners);
    const withheld: Router["withheld"] = (message, address, isForHelp) =>
      this.router?.withheld(message, address, isForHelp) ?? NO_FIELDS;
    this.kit = {
      withheld,
      transactions,
      transport,
      listeners,
      tcpReach,
      locator,
      timers,
      branchIds,
      tokens,
      dialogs,
      orphans,
      log,
    };
  }

  /** Must be called before the first datagram. */
  use(router: Router): void {
    this.router = router;
  }

  /**
   * A datagram, or one message cut from a stream, has arrived.
   * @returns whether its sender may ask or answer something here; false as well for what can't be read
   */
  receive(wire: string, source: Flow, now_ms: number): boolean {
    this.tableWatch.look(now_ms);
    if (now_ms < this.began_ms) this.began_ms = now_ms;
    if (this.router?.hears(source.address, now_ms) === false) {
      this.meter.count("over_quota");
      return false;
    }
    const message = parse(wire);
    if (message.kind === "response") return this.receiveResponse(message, source, now_ms);
    if (message.kind === "request") return this.receiveRequest(message, source, now_ms);
    if (message.kind === "unreadable") {
      this.meter.count("unreadable");
      this.log.debug("unreadable", { from: flowKey(source), why: message.why });
    }
    return false;
  }

  /**
   * A connection that stood is gone.
   * @param wasReused whether what was sent last found it open: idle connections end at any moment
   */
  receiveClosed(flow: Flow, wasReused: boolean, now_ms: number): void {
    this.transactions.receiveUnreachable(flow, now_ms, "", wasReused && flow.isAccepted !== true);
  }

  /** Listeners have found, lost or changed their addresses. */
  receiveMoves(): void {
    this.own.refresh();
    this.tokens.refresh();
    this.locator.forgetRoutes();
  }

  /**
   * The peer refuses datagrams, or there is no route to it.
   * @param why the system's word for it
   */
  receiveUnreachable(flow: Flow, now_ms: number, why = ""): void {
    if (flow.isAccepted !== true && flow.isTrial !== true) {
      this.locator.forgetRoute(flow.address);
      this.locator.markDead(flow, now_ms);
    }
    this.transactions.receiveUnreachable(flow, now_ms, why);
  }

  mayOpen(request: Request, source: Flow, now_ms: number): "open" | "refuse" | "ignore" {
    const verdict = this.router?.mayOpen(request, source, now_ms) ?? "ignore";
    if (verdict !== "open") this.meter.count("over_quota");
    return verdict;
  }

  isUrgent(request: Request, source: Flow, now_ms: number): boolean {
    return this.router?.isUrgent(request, source, now_ms) === true;
  }

  isSameParty(address: string, other: string): boolean {
    return address === other || this.router?.isSameParty(address, other) === true;
  }

  onRequest(server: ServerTransaction, incoming: Incoming, now_ms: number): void {
    const { request, source, stamp } = incoming;
    const { router } = this;
    if (router === undefined) {
      this.transactions.reply(server, { status: 503 }, now_ms);
      return;
    }
    const routed = router.read(request, source, now_ms);
    const refusal = refusalOf(routed, this.own, this.branchIds);
    if (refusal !== undefined) {
      this.transactions.reply(server, refusal, now_ms);
      return;
    }
    const decision = router.decide(routed, now_ms);
    this.onDecision?.(request, decision);
    this.log.debug("routed", {
      method: request.method,
      call_id: request.callId,
      rule: decision.rule,
      why: decision.why,
    });
    if (this.storyteller?.begin({ server, incoming, routed, decision }, router, now_ms) === true) return;
    new ResponseContext(this.kit, router, server, routed, stamp, decision).start(now_ms);
  }

  onStrayAck(ack: Request, source: Flow, now_ms: number): void {
    if (acknowledgesStateless(ack)) return;
    const { router } = this;
    const routed = router?.read(ack, source, now_ms);
    if (router === undefined || routed === undefined) return;
    if (refusalOf(routed, this.own, this.branchIds) === undefined) forwardStateless(this.kit, router, routed, now_ms);
  }

  onStrayCancel(cancel: Request, source: Flow, now_ms: number): void {
    const { router } = this;
    const routed = router?.read(cancel, source, now_ms);
    if (router === undefined || routed === undefined) return;
    const refusal = refusalOf(routed, this.own, this.branchIds);
    if (refusal !== undefined) {
      this.answerStateless(cancel, source, refusal);
      return;
    }
    if (!forwardStateless(this.kit, router, routed, now_ms)) this.answerStateless(cancel, source, { status: 481 });
  }

  /**
   * After a restart, and after the death of a member, responses to requests from before still find their way (§16.11). Those of strangers
   * are not ours to forward, and those to transactions that are over come too late (RFC 6026 §7.3).
   */
  onStrayResponse(response: Response, now_ms: number): void {
    if (!this.branchIds.isFromElsewhere(response.topVia.branch)) return;
    // Nothing is left to be answered of what a process has sent that is dead for so long.
    const lost_ms = Math.max(this.began_ms, this.others?.lastLoss_ms ?? Number.NEGATIVE_INFINITY);
    if (now_ms - lost_ms > TIMER_C_ms) return;
    const via = nextVia(response);
    if (via === undefined) return;
    const hop = hopBack(via);
    // A Via can name any host: a forged response must not have us send, or connect, to one that doesn't belong here.
    if (this.router?.mayAnswer(hop.host, undefined) !== true) return;
    const wire = withoutTopVia(response, this.kit.withheld(response, hop.host, false));
    const forward = new StatelessResponse(this.transport, wire);
    const flows = this.locator.locate(hop, forward, now_ms);
    if (flows !== undefined) forward.onLocated(flows);
  }

  /** Only the address that was asked may answer, or another of its kind: a branch can be overheard. */
  private receiveResponse(response: Response, source: Flow, now_ms: number): boolean {
    // §18.1.2: what doesn't answer a request of ours is dropped, whatever its branch.
    if (!this.own.hasVia(response.topVia)) {
      this.meter.count("false_response");
      this.log.debug("response_for_another", { from: flowKey(source), sent_by: response.topVia.host });
      return false;
    }
    const waiting = this.transactions.awaiting(response);
    const asked = waiting?.flow.address;
    if (this.router?.mayAnswer(source.address, asked) === true) {
      const isChallenge = response.status === 401 || response.status === 407;
      if (isChallenge && asked === source.address) this.router.onChallenge(response, asked);
      const isStray = asked === undefined && this.branchIds.isOurs(response.topVia.branch);
      if (isStray && this.others?.takesResponse(response, source, now_ms) === true) return true;
      this.transactions.receiveResponse(response, now_ms, waiting);
      return true;
    }
    this.meter.count("false_response");
    this.log.debug("response_from_stranger", { from: flowKey(source), status: response.status });
    return false;
  }

  private receiveRequest(request: Request, source: Flow, now_ms: number): boolean {
    const verdict = this.router?.admit(request, source, now_ms) ?? "stranger";
    if (verdict !== "admit") {
      this.meter.count(verdict);
      this.log.debug("dropped", { from: flowKey(source), method: request.method });
      if (verdict === "forbidden") this.answerStateless(request, source, { status: 403 }, true);
    } else if (request.fault !== undefined) {
      this.meter.count("faulty");
      this.log.debug("faulty", { from: flowKey(source), why: request.fault.reason });
      this.answerStateless(request, source, request.fault);
    } else if (this.others?.takesRequest(request, source, now_ms) !== true) {
      this.transactions.receiveRequest(request, source, now_ms);
    }
    return verdict === "admit";
  }

  /**
   * Even without a Call-ID: Via and CSeq are what a client knows its request by (§17.1.3).
   * @param isStrangers its sender isn't told what we are, and a forged request must not have us send more than it was long itself
   */
  private answerStateless(request: Request, source: Flow, reply: Reply, isStrangers = false): void {
    if (request.method === "ACK") return;
    const wire = buildStateless(request, source, reply, isStrangers ? "" : this.transactions.serverLine);
    if (!isStrangers || wire.length <= request.wire.length) this.transport.send(responseFlow(request, source), wire);
    else this.meter.count("answer_too_long");
  }
}
