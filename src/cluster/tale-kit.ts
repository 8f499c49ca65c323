/**
 * What a call with a story works with: the proxy's kit, with the tale between; `told-guide.ts` is the same for the router. While the tale is lived
 * it writes down what is found out, and while it is told that is read. Then nothing of it is evidence, and nobody is asked anything.
 */
import type { Timer } from "../base/timers.ts";
import type { Request, Response } from "../message/message.ts";
import type { Reply } from "../message/reply.ts";
import type { ProxyKit } from "../proxy/kit.ts";
import type { ClientTransaction } from "../transaction/client-transaction.ts";
import type { ServerTransaction } from "../transaction/server-transaction.ts";
import { type Flow, findFlow, nameFlow } from "../transport/flow.ts";
import type { FlowWaiter, Hop } from "../transport/locator.ts";
import { AnewUser } from "./anew.ts";
import type { Tale } from "./tale.ts";

/** The kit of one call. */
export function toldKit(tale: Tale, kit: ProxyKit): ProxyKit {
  return new ToldKit(new ToldParts(tale, kit), kit);
}

/** Field by field: each call has one, and to spread another kit costs more than all else that is made for a call. */
class ToldKit implements ProxyKit {
  readonly transactions: ProxyKit["transactions"];
  readonly transport: ProxyKit["transport"];
  readonly listeners: ProxyKit["listeners"];
  readonly locator: ProxyKit["locator"];
  readonly timers: ProxyKit["timers"];
  readonly branchIds: ProxyKit["branchIds"];
  readonly tcpReach: ProxyKit["tcpReach"];
  readonly tokens: ProxyKit["tokens"];
  readonly dialogs: ProxyKit["dialogs"];
  readonly orphans: ProxyKit["orphans"];
  readonly withheld: ProxyKit["withheld"];
  readonly log: ProxyKit["log"];
  readonly lasting: ProxyKit;

  constructor(told: ToldParts, kit: ProxyKit) {
    this.transactions = told;
    this.transport = kit.transport;
    this.listeners = kit.listeners;
    this.locator = told;
    this.timers = told;
    this.branchIds = told;
    this.tcpReach = told;
    this.tokens = kit.tokens;
    this.dialogs = kit.dialogs;
    this.orphans = told;
    this.withheld = kit.withheld;
    this.log = kit.log;
    this.lasting = kit;
  }
}

type Parts = ProxyKit["transactions"] &
  ProxyKit["locator"] &
  ProxyKit["timers"] &
  ProxyKit["branchIds"] &
  ProxyKit["tcpReach"] &
  ProxyKit["orphans"];

/** Those parts of a kit between which and the call its tale stands: one object, since each call has its own. */
class ToldParts implements Parts {
  private readonly tale: Tale;
  private readonly kit: ProxyKit;
  /** Where another member has sent copies: that it has had no answer says nothing. */
  private foreign: Set<Flow> | undefined = undefined;

  constructor(tale: Tale, kit: ProxyKit) {
    this.tale = tale;
    this.kit = kit;
  }

  send(...[method, branch, wire, flow, user, now_ms]: Parameters<Parts["send"]>): ClientTransaction {
    const transaction = this.kit.transactions.send(method, branch, wire, flow, user, now_ms);
    this.tale.sends(transaction);
    if (this.tale.told !== undefined) {
      this.foreign ??= new Set();
      this.foreign.add(transaction.flow);
    }
    return transaction;
  }

  abandon(...asked: Parameters<Parts["abandon"]>): void {
    this.kit.transactions.abandon(...asked);
  }

  resume(transaction: ClientTransaction, now_ms: number): boolean {
    return this.kit.transactions.resume(transaction, now_ms);
  }

  cancel(transaction: ClientTransaction, reason: string, now_ms: number): void {
    const { user } = transaction;
    if (user instanceof AnewUser && transaction.state === "calling") user.reason = reason;
    else this.kit.transactions.cancel(transaction, reason, now_ms);
  }

  reply(server: ServerTransaction, reply: Reply, now_ms: number): void {
    this.kit.transactions.reply(server, reply, now_ms);
  }

  respond(server: ServerTransaction, status: number, wire: string, now_ms: number): boolean {
    return this.kit.transactions.respond(server, status, wire, now_ms);
  }

  dismiss(server: ServerTransaction): void {
    this.kit.transactions.dismiss(server);
  }

  locate(hop: Hop, waiter: FlowWaiter, now_ms: number, callId?: string): readonly Flow[] | undefined {
    const { tale, kit } = this;
    const told = toldWaiter(tale, waiter);
    if (tale.told === undefined) {
      const flows = kit.locator.locate(hop, told, now_ms, callId);
      tale.finds(["flows", flows === undefined ? null : flows.map(nameFlow)]);
      return flows;
    }
    return tale.reads("flows", false)?.[1]?.flatMap((one) => findFlow(one, kit.listeners) ?? []);
  }

  markDead(flow: Flow, now_ms: number): void {
    if (this.isEvidence(flow)) this.kit.locator.markDead(flow, now_ms);
  }

  markAlive(flow: Flow): void {
    if (this.tale.told === undefined) this.kit.locator.markAlive(flow);
  }

  isDead(flow: Flow, now_ms: number): boolean {
    const { tale, kit } = this;
    if (tale.told !== undefined) return tale.reads("dead", true) !== undefined;
    const isDead = kit.locator.isDead(flow, now_ms);
    if (isDead) tale.finds(["dead"]);
    return isDead;
  }

  start(timer: Timer, delay_ms: number, now_ms: number): void {
    this.tale.startTimer(timer, delay_ms, now_ms);
  }

  stop(timer: Timer): void {
    this.tale.stopTimer(timer);
  }

  nextFor(request: Request, to: string): string {
    const { tale, kit } = this;
    if (tale.told !== undefined) return tale.reads("branch", false)?.[1] ?? "";
    const { stem } = tale.opening;
    const branch = kit.branchIds.nextFor(request, to, stem && `${stem}${tale.transactions.length}-`);
    tale.finds(["branch", branch]);
    return branch;
  }

  stateless(request: Request): string {
    return this.kit.branchIds.stateless(request);
  }

  inPlaceOf(flow: Flow, length_bytes: number, now_ms: number): Flow | undefined {
    const { tale, kit } = this;
    if (tale.told === undefined) {
      const trial = kit.tcpReach.inPlaceOf(flow, length_bytes, now_ms);
      if (trial !== undefined) tale.finds(["tcp", nameFlow(trial)]);
      return trial;
    }
    const finding = tale.reads("tcp", true);
    const trial = finding === undefined ? undefined : findFlow(finding[1], kit.listeners);
    return trial === undefined ? undefined : { ...trial, isTrial: true };
  }

  lacks(flow: Flow, now_ms: number): void {
    if (this.isEvidence(flow)) this.kit.tcpReach.lacks(flow, now_ms);
  }

  private isEvidence(flow: Flow): boolean {
    return this.tale.told === undefined && this.foreign?.has(flow) !== true;
  }

  end(response: Response, asked: Flow, now_ms: number): void {
    if (this.tale.told === undefined) this.kit.orphans.end(response, asked, now_ms);
  }
}

/** One for each that waits: it is known by its number. */
function toldWaiter(tale: Tale, waiter: FlowWaiter): FlowWaiter {
  const known = tale.waiters.indexOf(waiter);
  return new ToldWaiter(tale, waiter, known < 0 ? tale.waiters.push(waiter) - 1 : known);
}

class ToldWaiter implements FlowWaiter {
  private readonly tale: Tale;
  private readonly inner: FlowWaiter;
  private readonly number: number;

  constructor(tale: Tale, inner: FlowWaiter, number: number) {
    this.tale = tale;
    this.inner = inner;
    this.number = number;
  }

  onLocated(flows: readonly Flow[], now_ms: number): void {
    const { tale, inner, number } = this;
    if (tale.isDropped) return;
    tale.happens(["located", number, flows.map(nameFlow)], now_ms, () => inner.onLocated(flows, now_ms));
  }
}
