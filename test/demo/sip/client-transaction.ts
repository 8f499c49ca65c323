/** A request of ours and its responses (RFC 3261 §17.1). */
import { buildFailureAck } from "./build.ts";
import type { SipMessage, SipRequest, SipResponse } from "./message.ts";
import { Repeat, T2_ms } from "./repeat.ts";

export class ClientTransaction {
  private readonly request: SipRequest;
  private readonly transmit: (message: SipMessage) => void;
  private readonly onResponse: (response: SipResponse) => void;
  private readonly repeat: Repeat;
  private hasFailed = false;

  /**
   * Sends the request at once.
   * @param transmit sends to where the request goes
   * @param onResponse gets each response but copies of a failure; every copy of a 2xx, since the caller has to ACK it
   */
  constructor(
    request: SipRequest,
    transmit: (message: SipMessage) => void,
    onResponse: (response: SipResponse) => void,
  ) {
    this.request = request;
    this.transmit = transmit;
    this.onResponse = onResponse;
    const timedOut: SipResponse = { kind: "response", status: 408, reason: "Request Timeout", fields: [], body: "" };
    const longest_ms = this.isInvite ? Number.POSITIVE_INFINITY : T2_ms;
    this.repeat = new Repeat(
      () => transmit(request),
      longest_ms,
      () => onResponse(timedOut),
    );
    transmit(request);
  }

  receive(response: SipResponse): void {
    if (this.isInvite || response.status >= 200) this.repeat.stop();
    if (response.status >= 300) {
      if (this.isInvite) this.transmit(buildFailureAck(this.request, response));
      if (this.hasFailed) return;
      this.hasFailed = true;
    }
    this.onResponse(response);
  }

  private get isInvite(): boolean {
    return this.request.method === "INVITE";
  }
}
