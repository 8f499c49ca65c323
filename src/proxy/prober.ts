/** OPTIONS requests of our own, by which we learn whether a peer lives (RFC 3261 §11). */
import type { Random } from "../base/ports.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { Response } from "../message/message.ts";
import type { BranchIds } from "../transaction/branch-id.ts";
import type { ClientTransaction, ClientUser } from "../transaction/client-transaction.ts";
import type { TransactionLayer } from "../transaction/transaction-layer.ts";
import type { Flow, TransportPort } from "../transport/flow.ts";
import type { FlowWaiter, Hop, Locator } from "../transport/locator.ts";
import { viaLine } from "../transport/own-names.ts";

/** Whoever wants to know. Exactly one of these is called for each probe. */
export interface ProbeUser {
  onProbeAnswer(status: number, now_ms: number): void;
  /** @param why "silence": nothing within the time-out; "unreachable": no route, no address, ICMP */
  onProbeFailure(why: "silence" | "unreachable", now_ms: number): void;
}

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

  /**
   * Sends one OPTIONS.
   * @param uri the Request-URI
   * @param timeout_ms how long to wait: its own timer, since timer F would take 32 s
   */
  probe(uri: string, hop: Hop, timeout_ms: number, user: ProbeUser, now_ms: number): void {
    new Probe(this.parts, uri, user).start(hop, timeout_ms, now_ms);
  }
}

class Probe implements ClientUser, FlowWaiter, TimerOwner {
  private readonly parts: Parts;
  private readonly uri: string;
  private readonly user: ProbeUser;
  private readonly timer = new Timer(this, "probe");
  private transaction: ClientTransaction | undefined = undefined;
  private isOver = false;

  constructor(parts: Parts, uri: string, user: ProbeUser) {
    this.parts = parts;
    this.uri = uri;
    this.user = user;
  }

  start(hop: Hop, timeout_ms: number, now_ms: number): void {
    this.parts.timers.start(this.timer, timeout_ms, now_ms);
    const flows = this.parts.locator.locate(hop, this, now_ms);
    if (flows !== undefined) this.onLocated(flows, now_ms);
  }

  onLocated(flows: readonly Flow[], now_ms: number): void {
    const flow = flows[0];
    if (this.isOver) return;
    if (flow === undefined) {
      this.fail("unreachable", now_ms);
      return;
    }
    this.parts.transport.watch(flow);
    const branch = this.parts.branchIds.next("0");
    this.transaction = this.parts.transactions.send("OPTIONS", branch, this.build(flow, branch), flow, this, now_ms);
  }

  onResponse(_transaction: ClientTransaction, response: Response, now_ms: number): void {
    if (this.isOver) return;
    this.finish();
    this.user.onProbeAnswer(response.status, now_ms);
  }

  onTimeout(_transaction: ClientTransaction, now_ms: number): void {
    this.fail("silence", now_ms);
  }

  onUnreachable(_transaction: ClientTransaction, now_ms: number): void {
    this.fail("unreachable", now_ms);
  }

  onTimer(_kind: string, now_ms: number): void {
    if (this.transaction !== undefined) {
      this.parts.transactions.abandon(this.transaction, now_ms);
      this.parts.transport.giveUp(this.transaction.flow);
    }
    this.fail("silence", now_ms);
  }

  private fail(why: "silence" | "unreachable", now_ms: number): void {
    if (this.isOver) return;
    this.finish();
    this.user.onProbeFailure(why, now_ms);
  }

  private finish(): void {
    this.isOver = true;
    this.parts.timers.stop(this.timer);
  }

  private build(flow: Flow, branch: string): string {
    const { sentBy } = flow.listener;
    const { random } = this.parts;
    return (
      `OPTIONS ${this.uri} SIP/2.0\r\n${viaLine(flow.listener, branch)}Max-Forwards: 70\r\n` +
      `From: <sip:branchline@${sentBy}>;tag=${random.token(10)}\r\nTo: <${this.uri}>\r\n` +
      `Call-ID: ${random.token(20)}\r\nCSeq: 1 OPTIONS\r\nUser-Agent: branchline\r\nContent-Length: 0\r\n\r\n`
    );
  }
}
