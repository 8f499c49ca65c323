/**
 * Calls that somebody answered after the caller had been given another final response: acknowledged and hung up by us,
 * since nobody else would (a phone drops a 2xx for an INVITE that it has seen redirected).
 */
import { BoundedMap } from "../base/bounded-map.ts";
import { ownText } from "../base/own-text.ts";
import type { Logger } from "../base/ports.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { Response } from "../message/message.ts";
import type { BranchIds } from "../transaction/branch-id.ts";
import { NOBODY } from "../transaction/client-transaction.ts";
import { PATIENCE_ms } from "../transaction/timers.ts";
import type { TransactionLayer } from "../transaction/transaction-layer.ts";
import type { Flow, TransportPort } from "../transport/flow.ts";
import { type FlowWaiter, hopOf, type Locator } from "../transport/locator.ts";
import { buildDialogRequest, calleeSide, type DialogSide, hopTo } from "./dialog-request.ts";
import type { OwnAddresses } from "./own-addresses.ts";

interface Parts {
  readonly transport: TransportPort;
  readonly transactions: TransactionLayer;
  readonly locator: Locator;
  readonly branchIds: BranchIds;
  readonly own: OwnAddresses;
  readonly timers: Timers;
  readonly log: Logger;
}

export class OrphanDialogs {
  private readonly parts: Parts;
  readonly dialogs: BoundedMap<string, OrphanDialog>;

  /** @param limit dialogs remembered */
  constructor(parts: Parts, limit: number) {
    this.dialogs = new BoundedMap(limit);
    this.parts = parts;
  }

  /**
   * Ends the dialog that `response`, a 2xx to an INVITE that we forwarded, has opened. Its retransmissions come here too, for
   * 64·T1 (RFC 3261 §13.3.1.4).
   * @param asked where the INVITE went
   */
  end(response: Response, asked: Flow, now_ms: number): void {
    const key = ownText(`${response.callId} ${response.toTag}`);
    const known = this.dialogs.get(key);
    if (known !== undefined) {
      known.acknowledge();
      return;
    }
    const forget = (one: OrphanDialog) => {
      if (this.dialogs.get(key) === one) this.dialogs.delete(key);
    };
    const dialog = new OrphanDialog(this.parts, response, asked, forget);
    this.dialogs.set(key, dialog);
    this.parts.log.info("late_answer_ended", { call_id: response.callId });
    dialog.start(now_ms);
  }
}

class OrphanDialog implements FlowWaiter, TimerOwner {
  private readonly parts: Parts;
  private readonly forget: (dialog: OrphanDialog) => void;
  private readonly cseq: number;
  private readonly side: DialogSide;
  private flow: Flow | undefined = undefined;
  private ack = "";

  constructor(parts: Parts, response: Response, asked: Flow, forget: (dialog: OrphanDialog) => void) {
    this.parts = parts;
    this.forget = forget;
    this.cseq = response.cseqNumber;
    // A peer that has opened the connection itself need not listen at its Contact.
    this.side = calleeSide(response, parts.own, asked.isAccepted === true ? asked : undefined);
  }

  start(now_ms: number): void {
    this.parts.timers.start(new Timer(this, "forget"), PATIENCE_ms, now_ms);
    const hop = hopTo(this.side);
    if (hop === undefined) return;
    const { flow } = this.side;
    const flows = flow !== undefined ? [flow] : this.parts.locator.locate(hopOf(hop), this, now_ms);
    if (flows !== undefined) this.onLocated(flows, now_ms);
  }

  onLocated(flows: readonly Flow[], now_ms: number): void {
    const flow = flows[0];
    if (flow === undefined) return;
    this.flow = flow;
    this.ack = buildDialogRequest("ACK", this.side, this.cseq, flow, this.parts.branchIds.next("0"));
    this.acknowledge();
    const branch = this.parts.branchIds.next("0");
    const bye = buildDialogRequest("BYE", this.side, this.cseq + 1, flow, branch);
    this.parts.transactions.send("BYE", branch, bye, flow, NOBODY, now_ms);
  }

  /** The callee has given up by now. */
  onTimer(): void {
    this.forget(this);
  }

  acknowledge(): void {
    if (this.flow !== undefined) this.parts.transport.send(this.flow, this.ack);
  }
}
