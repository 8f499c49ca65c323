/** A call as the calling device has it (RFC 3261 §13.2). */
import { audioOffer, buildRequest, randomToken } from "./build.ts";
import { Call } from "./call.ts";
import { Dialog } from "./dialog.ts";
import type { Endpoint } from "./endpoint.ts";
import { History } from "./history.ts";
import { addressOf, firstValue, type SipRequest, type SipResponse, sequenceOf, uriOf } from "./message.ts";

export interface CallPlan {
  /** URIs. */
  readonly from: string;
  readonly to: string;
  /** Where the first INVITE is meant to end. */
  readonly requestUri: string;
  /** Value of our Contact. */
  readonly contact: string;
  /** Route values; the INVITE is sent to the first, or to the Request-URI when there are none. */
  readonly routes: readonly string[];
  readonly followsRedirects: boolean;
}

/** A response, and when it came. */
export interface Heard {
  readonly response: SipResponse;
  readonly at_ms: number;
}

export class OutgoingCall extends Call {
  readonly dialled_ms = performance.now();
  /** Every response, in order; those of a redirected call follow those of the first try. */
  readonly heard = new History<Heard>();
  private readonly plan: CallPlan;
  private readonly from: string;
  private readonly callId = randomToken();
  private ack: SipRequest | undefined;

  /** Dials at once. */
  constructor(endpoint: Endpoint, plan: CallPlan) {
    super(endpoint);
    this.plan = plan;
    this.from = `<${plan.from}>;tag=${randomToken()}`;
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

  private invite(requestUri: string, sequence: number): void {
    const { to, contact, routes } = this.plan;
    const request = buildRequest({
      method: "INVITE",
      uri: requestUri,
      from: this.from,
      to: `<${to}>`,
      callId: this.callId,
      sequence,
      routes,
      fields: [["Contact", contact]],
      body: audioOffer(this.endpoint.address),
    });
    const nextHop = addressOf(uriOf(routes[0] ?? requestUri));
    this.endpoint.send(request, nextHop, (response) => this.onResponse(request, response));
  }

  private onResponse(invite: SipRequest, response: SipResponse): void {
    const { status } = response;
    const isRepeat = status >= 200 && status < 300 && this.ack !== undefined;
    if (!isRepeat) this.heard.add({ response, at_ms: performance.now() });
    if (status >= 200 && status < 300) this.confirm(invite, response);
    else if (status >= 300 && status < 400 && this.plan.followsRedirects) {
      this.invite(uriOf(firstValue(response, "Contact")), sequenceOf(invite).number + 1);
    }
  }

  /** Every 2xx is acknowledged, also one that comes again (§13.2.2.4). */
  private confirm(invite: SipRequest, answer: SipResponse): void {
    if (this.ack === undefined) {
      this.dialog = Dialog.ofCaller(invite, answer);
      this.ack = this.dialog.ack();
    }
    const nextHop = addressOf(uriOf(firstValue(this.ack, "Route") || this.ack.uri));
    this.endpoint.sendOnce(this.ack, nextHop);
  }
}
