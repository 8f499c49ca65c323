/** A request of somebody else's and our responses (RFC 3261 §17.2). */
import { type Answer, buildResponse, randomToken } from "./build.ts";
import type { SipRequest, SipResponse } from "./message.ts";
import { Repeat, T2_ms } from "./repeat.ts";

export class ServerTransaction {
  readonly request: SipRequest;
  /** Called for an INVITE that its sender takes back. */
  onCancel: (cancel: SipRequest) => void = () => {};
  private readonly transmit: (response: SipResponse) => void;
  private readonly tag = randomToken();
  private last: SipResponse | undefined;
  private repeat: Repeat | undefined;

  /** @param transmit sends to where the request came from */
  constructor(request: SipRequest, transmit: (response: SipResponse) => void) {
    this.request = request;
    this.transmit = transmit;
  }

  get isAnswered(): boolean {
    return this.last !== undefined && this.last.status >= 200;
  }

  /** Final responses to an INVITE, 2xx too, are repeated until the ACK comes. */
  respond(answer: Answer): SipResponse {
    const response = buildResponse(this.request, this.tag, answer);
    this.last = response;
    this.transmit(response);
    if (this.request.method === "INVITE" && answer.status >= 200) {
      const giveUp = () => {};
      this.repeat = new Repeat(() => this.transmit(response), T2_ms, giveUp);
    }
    return response;
  }

  /** The request has come again: its response was lost. */
  onRepeat(): void {
    if (this.last !== undefined) this.transmit(this.last);
  }

  onAck(): void {
    this.repeat?.stop();
  }
}
