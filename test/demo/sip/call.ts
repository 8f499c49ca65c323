/** What calls have in common, whoever began them: being up, and ending. */
import type { Dialog } from "./dialog.ts";
import type { Endpoint } from "./endpoint.ts";
import { History } from "./history.ts";
import type { SipRequest } from "./message.ts";

export abstract class Call {
  protected readonly endpoint: Endpoint;
  /** Set while the call is up. */
  protected dialog: Dialog | undefined;
  private readonly endings = new History<"hung up" | "was hung up">();

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  get ended(): Promise<"hung up" | "was hung up"> {
    return this.endings.first();
  }

  /** Whether the other side's `request` is about this call. */
  contains(request: SipRequest): boolean {
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
    const { status } = await this.endpoint.ask(dialog.bye(), dialog.nextHop);
    this.endings.add("hung up");
    return status;
  }

  /** The other side has hung up. */
  onBye(): void {
    this.dialog = undefined;
    this.endings.add("was hung up");
  }
}
