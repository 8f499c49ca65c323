/**
 * What a call with a story works with: the proxy's kit and router, with the tale between. What they find out or decide is written down
 * while the tale is lived, and read while it is told. Then targets' observers don't take it for evidence, and nobody is asked anything.
 */
import type { Timer } from "../base/timers.ts";
import type { Request, Response } from "../message/message.ts";
import type { Reply } from "../message/reply.ts";
import type { ProxyKit } from "../proxy/kit.ts";
import type { Outcome } from "../proxy/plan/condition.ts";
import type { DecisionListener, Guide, Notes } from "../proxy/router.ts";
import type { ClientTransaction } from "../transaction/client-transaction.ts";
import type { ServerTransaction } from "../transaction/server-transaction.ts";
import { type Flow, findFlow, nameFlow } from "../transport/flow.ts";
import type { FlowWaiter, Hop } from "../transport/locator.ts";
import { AnewUser } from "./anew.ts";
import type { FindingOf, StoryFinding } from "./story-events.ts";
import type { Tale } from "./tale.ts";
import { ToldObserver } from "./told-observer.ts";

/** The kit of one call. */
export function toldKit(tale: Tale, kit: ProxyKit): ProxyKit {
  const told = new ToldParts(tale, kit);
  return {
    ...kit,
    lasting: kit,
    transactions: told,
    locator: told,
    timers: told,
    branchIds: told,
    tcpReach: told,
    orphans: told,
  };
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

  abandon(transaction: ClientTransaction, now_ms: number): void {
    this.kit.transactions.abandon(transaction, now_ms);
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
    const named = tale.find("flows", false, () => {
      const flows = kit.locator.locate(hop, told, now_ms, callId);
      return ["flows", flows === undefined ? null : flows.map(nameFlow)];
    })?.[1];
    if (named === null || named === undefined) return undefined;
    return named.flatMap((one) => findFlow(one, kit.listeners) ?? []);
  }

  markDead(flow: Flow, now_ms: number): void {
    if (this.isEvidence(flow)) this.kit.locator.markDead(flow, now_ms);
  }

  markAlive(flow: Flow): void {
    if (this.tale.told === undefined) this.kit.locator.markAlive(flow);
  }

  isDead(flow: Flow, now_ms: number): boolean {
    const { tale, kit } = this;
    return tale.find("dead", true, () => (kit.locator.isDead(flow, now_ms) ? ["dead"] : undefined)) !== undefined;
  }

  start(timer: Timer, delay_ms: number, now_ms: number): void {
    this.tale.startTimer(timer, delay_ms, now_ms);
  }

  stop(timer: Timer): void {
    this.tale.stopTimer(timer);
  }

  nextFor(request: Request): string {
    const { tale, kit } = this;
    return tale.find("branch", false, () => ["branch", kit.branchIds.nextFor(request)])?.[1] ?? "";
  }

  stateless(request: Request): string {
    return this.kit.branchIds.stateless(request);
  }

  inPlaceOf(flow: Flow, length_bytes: number, now_ms: number): Flow | undefined {
    const { tale, kit } = this;
    const finding = tale.find("tcp", true, () => {
      const trial = kit.tcpReach.inPlaceOf(flow, length_bytes, now_ms);
      return trial === undefined ? undefined : ["tcp", nameFlow(trial)];
    });
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
  const number = known < 0 ? tale.waiters.push(waiter) - 1 : known;
  return {
    onLocated: (flows, now_ms) => {
      if (tale.isDropped) return;
      tale.happens(["located", number, flows.map(nameFlow)], now_ms, () => waiter.onLocated(flows, now_ms));
    },
  };
}

/** The router of one call. */
export function toldGuide(tale: Tale, router: Guide): Guide {
  const finding = <K extends StoryFinding[0]>(kind: K, ask: () => FindingOf<K>): FindingOf<K> | undefined => {
    const asked = tale.asks(ask);
    return tale.find(kind, false, () => asked);
  };
  return {
    continue: (routed, continuation, now_ms, outcome) => {
      const found = finding("stages", () => {
        const stages = router.continue(routed, continuation, now_ms, outcome);
        return ["stages", stages ?? null, tale.notes];
      });
      return found === undefined ? undefined : (noted(tale, found) ?? undefined);
    },
    targets: (routed, source, _running, now_ms) => {
      const found = finding("targets", () => {
        const targets = router.targets(routed, source, tale, now_ms);
        return ["targets", targets, tale.notes];
      });
      return found === undefined ? [] : noted(tale, found);
    },
    begin: (routed, act, _running, now_ms) => {
      const found = finding("hold", () => {
        const hold_ms = router.begin(routed, act, tale, now_ms);
        return ["hold", hold_ms, tale.notes];
      });
      return found === undefined ? 0 : noted(tale, found);
    },
    reply: (routed, reply, now_ms) => {
      const found = finding("reply", () => {
        return ["reply", router.reply(routed, reply, now_ms), tale.notes];
      });
      return found === undefined ? { status: 500 } : noted(tale, found);
    },
    revise: (routed, revision, response, now_ms) => router.revise(routed, revision, response, now_ms),
    listener: (routed, decision, now_ms) => {
      const inner = router.listener(routed, decision, now_ms);
      tale.listener = inner;
      return inner === undefined ? undefined : toldListener(tale, inner);
    },
    observer: (routed, watch) => {
      const inner = router.observer(routed, watch);
      const told = inner === undefined ? undefined : new ToldObserver(tale, inner);
      if (told !== undefined) tale.observers.push(told);
      return told;
    },
  };
}

/** A finding with notes: the call has these now. */
function noted<V>(tale: Tale, [, value, notes]: readonly [string, V, Notes]): V {
  tale.notes = notes;
  return value;
}

/** It hears all, also while the tale is told: the books of calls must have this one. What it does to the call then is written. */
function toldListener(tale: Tale, inner: DecisionListener): DecisionListener {
  const hears = (tell: () => void) => {
    if (tale.told !== undefined) tell();
    tale.asks(tell);
  };
  const told: DecisionListener = {
    onStart: (_running, now_ms) => hears(() => inner.onStart?.(tale, now_ms)),
    onStage: (stage, _running, now_ms) => hears(() => inner.onStage?.(stage, tale, now_ms)),
    onOutcome: (outcome: Outcome, _running, now_ms) => hears(() => inner.onOutcome?.(outcome, tale, now_ms)),
    onAnswer: (target, response, now_ms) => hears(() => inner.onAnswer?.(target, response, now_ms)),
    onFailure: (status, now_ms, own) => hears(() => inner.onFailure?.(status, now_ms, own)),
  };
  if (inner.onAck !== undefined) told.onAck = (now_ms) => hears(() => inner.onAck?.(now_ms));
  return told;
}
