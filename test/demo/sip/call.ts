/** What calls have in common, whoever began them: being up, and ending. */
import type { Dialog } from "../../sip/dialog.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import type { Transactions } from "../../sip/transactions.ts";
import { History } from "./history.ts";

export abstract class Call {
  protected readonly endpoint: Transactions;
  /** Set while the call is up. */
  protected dialog: Dialog | undefined;
  private readonly endings = new History<"hung up" | "was hung up">();

  constructor(endpoint: Transactions) {
    this.endpoint = endpoint;
  }

  get ended(): Promise<"hung up" | "was hung up"> {
    return this.endings.first();
  }

  /** Whether the other side's `request` is about this call. */
  contains(request: SipMessage): boolean {
    return this.dialog?.contains(request) === true;
  }

  /**
   * Hangs up, if the call is up.
   * @returns the status of the answer to our BYE
   */
  async hangUp(): Promise<number | undefined> {
    const { dialog } = this;
    if (dialog === undefined) return undefined;
    this.dialog = undefined;
    const { status } = await this.endpoint.ask(dialog.request("BYE"), dialog.nextHop);
    this.endings.add("hung up");
    return status;
  }

  /** The other side has hung up. */
  onBye(): void {
    this.dialog = undefined;
    this.endings.add("was hung up");
  }
}
