/** Hangs up for somebody else: BYE to one side of a dialog that we relayed, when a call has to make room. */
import { CSEQ_MAX } from "../message/limits.ts";
import type { BranchIds } from "../transaction/branch-id.ts";
import { NOBODY } from "../transaction/client-transaction.ts";
import type { TransactionLayer } from "../transaction/transaction-layer.ts";
import type { Flow } from "../transport/flow.ts";
import { type FlowWaiter, hopOf, type Locator } from "../transport/locator.ts";
import { buildDialogRequest, type DialogSide, hopTo } from "./dialog-request.ts";

interface Parts {
  readonly transactions: TransactionLayer;
  readonly locator: Locator;
  readonly branchIds: BranchIds;
}

export class Hangup {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /**
   * @param cseq above all that the side has seen from the other one
   * @param headers whole lines, such as a Reason
   */
  bye(side: DialogSide, cseq: number, headers: string, now_ms: number): void {
    const hop = hopTo(side);
    if (hop === undefined) return;
    // Anybody who knows a call's Call-ID may have claimed a number after which there is none.
    const bye = new Bye(this.parts, side, Math.min(cseq, CSEQ_MAX), headers);
    const flows = side.flow !== undefined ? [side.flow] : this.parts.locator.locate(hopOf(hop), bye, now_ms);
    if (flows !== undefined) bye.onLocated(flows, now_ms);
  }
}

class Bye implements FlowWaiter {
  private readonly parts: Parts;
  private readonly side: DialogSide;
  private readonly cseq: number;
  private readonly headers: string;

  constructor(parts: Parts, side: DialogSide, cseq: number, headers: string) {
    this.parts = parts;
    this.side = side;
    this.cseq = cseq;
    this.headers = headers;
  }

  onLocated(flows: readonly Flow[], now_ms: number): void {
    const [flow] = flows;
    if (flow === undefined) return;
    const branch = this.parts.branchIds.next("0");
    const wire = buildDialogRequest("BYE", this.side, this.cseq, flow, branch, this.headers);
    this.parts.transactions.send("BYE", branch, wire, flow, NOBODY, now_ms);
  }
}
