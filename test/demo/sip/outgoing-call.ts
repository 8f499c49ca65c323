/** A call as the calling device has it (RFC 3261 §13.2). */
import { addressOf } from "../../sip/address.ts";
import { newToken, sdp } from "../../sip/build.ts";
import { Dialog } from "../../sip/dialog.ts";
import { uriIn } from "../../sip/message.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import type { Transactions } from "../../sip/transactions.ts";
import { Call } from "./call.ts";
import { History } from "./history.ts";

export interface CallPlan {
  /** URIs. */
  readonly from: string;
  readonly to: string;
  /** Where the first INVITE is meant to end. */
  readonly requestUri: string;
  /** The URI of our Contact. */
  readonly contact: string;
  /** Route values; the INVITE is sent to the first, or to the Request-URI when there are none. */
  readonly routes: readonly string[];
  readonly followsRedirects: boolean;
}

/** A response, and when it came. */
export interface Heard {
  readonly response: SipMessage;
  readonly at_ms: number;
}

export class OutgoingCall extends Call {
  readonly dialled_ms = performance.now();
  /** Every response, in order; those of a redirected call follow those of the first try. */
  readonly heard = new History<Heard>();
  private readonly plan: CallPlan;
  private readonly from: string;
  private readonly callId = newToken();
  private ack: string | undefined;
  private takeBack: () => void = () => {};

  /** Dials at once. */
  constructor(endpoint: Transactions, plan: CallPlan) {
    super(endpoint);
    this.plan = plan;
    this.from = `<${plan.from}>;tag=${newToken()}`;
    this.invite(plan.requestUri, 1);
  }

  /** The first response with this status. */
  hears(status: number): Promise<Heard> {
    return this.heard.first(({ response }) => response.status === status);
  }

  /** The response that ends the call before it is up. A followed redirect isn't one. */
  get refused(): Promise<Heard> {
    return this.heard.first(({ response }) => response.status >= (this.plan.followsRedirects ? 400 : 300));
  }

  /** Gives up while it rings. */
  cancel(): void {
    this.takeBack();
  }

  private invite(uri: string, cseq: number): void {
    const { callId, from, endpoint } = this;
    const { to, contact, routes } = this.plan;
    const session = sdp(endpoint.address.host);
    const invite = { method: "INVITE", uri, from, to: `<${to}>`, callId, cseq, routes, contact, session };
    this.takeBack = endpoint.invite(invite, addressOf(uriIn(routes[0] ?? uri)), {
      progress: (response) => this.hear(response),
      success: (response) => this.confirm(response),
      failure: (response) => {
        this.hear(response);
        const isFollowed = response.status < 400 && this.plan.followsRedirects;
        if (isFollowed) this.invite(uriIn(response.header("contact")), cseq + 1);
      },
    });
  }

  private hear(response: SipMessage): void {
    this.heard.add({ response, at_ms: performance.now() });
  }

  /** Every 2xx is acknowledged, also one that comes again (§13.2.2.4). */
  private confirm(ok: SipMessage): void {
    const dialog = Dialog.ofCaller(ok);
    if (this.ack !== undefined) {
      this.endpoint.retransmit(this.ack, dialog.nextHop);
      return;
    }
    this.dialog = dialog;
    this.ack = this.endpoint.send(dialog.request("ACK", ok.cseq), dialog.nextHop);
    this.hear(ok);
  }
}
