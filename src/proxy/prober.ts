/** OPTIONS requests of our own, by which we learn whether a peer lives (RFC 3261 §11). */
import type { Random } from "../base/ports.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { Response } from "../message/message.ts";
import type { BranchIds } from "../transaction/branch-id.ts";
import type { ClientTransaction, ClientUser } from "../transaction/client-transaction.ts";
import type { TransactionLayer } from "../transaction/transaction-layer.ts";
import type { Flow, TransportPort } from "../transport/flow.ts";
import type { FlowWaiter, Hop, Locator } from "../transport/locator.ts";
import { type OptionsForm, optionsRequest } from "./options-request.ts";

/** What an answer to a probe shows: somebody lives there, or doesn't; "wait": it is provisional, and only the final one counts. */
export type ProbeVerdict = "life" | "failure" | "wait";

/** Is told what came of a probe. Exactly one of the last two is called for each probe. */
export interface ProbeUser {
  /** What an answer with this status shows. */
  judge(status: number): ProbeVerdict;
  onProbeAnswer(status: number, now_ms: number): void;
  onProbeFailure(why: ProbeFailure, now_ms: number): void;
}

/**
 * "silence": nothing within the time-out; "refused": the host lives, but nobody listens there; "unreachable": no route, no
 * address; a status that isn't life.
 */
export type ProbeFailure = "silence" | "refused" | "unreachable" | number;

interface Parts {
  readonly transport: TransportPort;
  readonly transactions: TransactionLayer;
  readonly locator: Locator;
  readonly timers: Timers;
  readonly branchIds: BranchIds;
  readonly random: Random;
}

export class Prober {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** A peer that has been probed here isn't watched any more. */
  release(flow: Flow): void {
    this.parts.transport.unwatch(flow);
  }

  /** Sends OPTIONS: one where the hop has one address. */
  probe(order: ProbeOrder, hop: Hop, user: ProbeUser, now_ms: number): RunningProbe {
    const probe = new Probe(this.parts, order, user);
    probe.start(hop, now_ms);
    return probe;
  }
}

/** What a probe asks, and how long it waits. */
export interface ProbeOrder {
  /** Host, port and parameters of the Request-URI. */
  readonly target: string;
  readonly form: OptionsForm;
  /** How long an address may be silent: its own timer, since timer F would take 32 s. */
  readonly timeout_ms: number;
}

export interface RunningProbe {
  /** Its outcome isn't wanted any more. */
  forget(): void;
}

/**
 * Asks the first address, and with it all that have failed before, so that they are known again once they live. Where none
 * of them answers, all others are asked at once.
 */
class Probe implements FlowWaiter, RunningProbe {
  readonly parts: Parts;
  readonly user: ProbeUser;
  private readonly order: ProbeOrder;
  private rest: readonly Flow[] = [];
  private open = 0;
  private isTold = false;
  private readonly patience = new Timer({ onTimer: (_kind, now_ms) => this.fail("silence", now_ms) }, "probe");

  constructor(parts: Parts, order: ProbeOrder, user: ProbeUser) {
    this.parts = parts;
    this.order = order;
    this.user = user;
  }

  start(hop: Hop, now_ms: number): void {
    const flows = this.parts.locator.locate(hop, this, now_ms);
    if (flows !== undefined) this.onLocated(flows, now_ms);
    else this.parts.timers.start(this.patience, this.order.timeout_ms, now_ms);
  }

  onLocated(flows: readonly Flow[], now_ms: number): void {
    this.parts.timers.stop(this.patience);
    if (this.isTold) return;
    const { locator } = this.parts;
    const first = flows.filter((flow, index) => index === 0 || locator.isDead(flow, now_ms));
    this.rest = flows.filter((flow) => !first.includes(flow));
    this.askAll(first, "unreachable", now_ms);
  }

  forget(): void {
    this.isTold = true;
    this.rest = [];
    this.parts.timers.stop(this.patience);
  }

  onAnswer(status: number, now_ms: number): void {
    this.open -= 1;
    this.rest = [];
    if (this.isTold) return;
    this.isTold = true;
    this.user.onProbeAnswer(status, now_ms);
  }

  onFailure(why: ProbeFailure, now_ms: number): void {
    this.open -= 1;
    if (this.open > 0) return;
    const { rest } = this;
    this.rest = [];
    this.askAll(rest, why, now_ms);
  }

  private askAll(flows: readonly Flow[], why: ProbeFailure, now_ms: number): void {
    if (flows.length === 0) this.fail(why, now_ms);
    this.open = flows.length;
    for (const flow of flows) new Question(this, flow).ask(this.order, now_ms);
  }

  private fail(why: ProbeFailure, now_ms: number): void {
    if (this.isTold) return;
    this.isTold = true;
    this.user.onProbeFailure(why, now_ms);
  }
}

/** One OPTIONS to one address. */
class Question implements ClientUser, TimerOwner {
  private readonly probe: Probe;
  private readonly flow: Flow;
  private readonly timer = new Timer(this, "probe");
  private transaction: ClientTransaction | undefined = undefined;
  private isOver = false;

  constructor(probe: Probe, flow: Flow) {
    this.probe = probe;
    this.flow = flow;
  }

  ask({ target, form, timeout_ms }: ProbeOrder, now_ms: number): void {
    const { transport, transactions, timers, branchIds, random } = this.probe.parts;
    const { flow } = this;
    timers.start(this.timer, timeout_ms, now_ms);
    transport.watch(flow);
    const branch = branchIds.next("0");
    this.transaction = transactions.send(
      "OPTIONS",
      branch,
      optionsRequest(random, target, form, flow, branch),
      flow,
      this,
      now_ms,
    );
  }

  onResponse(_transaction: ClientTransaction, response: Response, now_ms: number): void {
    const verdict = this.isOver ? "wait" : this.probe.user.judge(response.status);
    if (verdict === "wait") return;
    if (verdict === "failure") {
      this.fail(response.status, now_ms);
      return;
    }
    this.finish();
    this.probe.parts.locator.markAlive(this.flow);
    this.probe.onAnswer(response.status, now_ms);
  }

  onTimeout(_transaction: ClientTransaction, now_ms: number): void {
    this.fail("silence", now_ms);
  }

  onUnreachable({ why }: ClientTransaction, now_ms: number): void {
    this.fail(/REFUSED|RESET/.test(why) ? "refused" : "unreachable", now_ms);
  }

  onTimer(_kind: string, now_ms: number): void {
    if (this.transaction !== undefined) {
      this.probe.parts.transactions.abandon(this.transaction, now_ms);
      this.probe.parts.transport.giveUp(this.transaction.flow);
    }
    this.fail("silence", now_ms);
  }

  private fail(why: ProbeFailure, now_ms: number): void {
    if (this.isOver) return;
    this.finish();
    this.probe.parts.locator.markDead(this.flow, now_ms);
    this.probe.onFailure(why, now_ms);
  }

  private finish(): void {
    this.isOver = true;
    this.probe.parts.timers.stop(this.timer);
  }
}
