/**
 * Calls that somebody answered after the caller had been given another final response: acknowledged and hung up by us,
 * since nobody else would (a phone drops a 2xx for an INVITE that it has seen redirected).
 */
import { BoundedMap } from "../base/bounded-map.ts";
import { ownText } from "../base/own-text.ts";
import type { Logger } from "../base/ports.ts";
import type { Response } from "../message/message.ts";
import type { BranchIds } from "../transaction/branch-id.ts";
import { NOBODY } from "../transaction/client-transaction.ts";
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
   * Ends the dialog that `response`, a 2xx to an INVITE that we forwarded, has opened. Its retransmissions come here too.
   * @param asked where the INVITE went
   */
  end(response: Response, asked: Flow, now_ms: number): void {
    const key = ownText(`${response.callId} ${response.toTag}`);
    const known = this.dialogs.get(key);
    if (known !== undefined) {
      known.acknowledge();
      return;
    }
    const dialog = new OrphanDialog(this.parts, response, asked);
    this.dialogs.set(key, dialog);
    this.parts.log.info("late_answer_ended", { call_id: response.callId });
    dialog.start(now_ms);
  }
}

class OrphanDialog implements FlowWaiter {
  private readonly parts: Parts;
  private readonly cseq: number;
  private readonly side: DialogSide;
  private flow: Flow | undefined = undefined;
  private ack = "";

  constructor(parts: Parts, response: Response, asked: Flow) {
    this.parts = parts;
    this.cseq = response.cseqNumber;
    // A peer that has opened the connection itself need not listen at its Contact.
    this.side = calleeSide(response, parts.own, asked.isAccepted === true ? asked : undefined);
  }

  start(now_ms: number): void {
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

  acknowledge(): void {
    if (this.flow !== undefined) this.parts.transport.send(this.flow, this.ack);
  }
}
