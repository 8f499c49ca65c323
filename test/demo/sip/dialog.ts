/** What two devices remember of their call: tags, numbers and the route set (RFC 3261 §12). */
import { buildRequest } from "./build.ts";
import {
  type Address,
  addressOf,
  allValues,
  firstValue,
  parameterOf,
  type SipRequest,
  type SipResponse,
  sequenceOf,
  uriOf,
} from "./message.ts";

interface DialogParts {
  readonly callId: string;
  /** Our side and theirs, as From and To carry them. */
  readonly local: string;
  readonly remote: string;
  /** Their Contact. */
  readonly target: string;
  readonly routes: readonly string[];
  readonly sequence: number;
}

export class Dialog {
  private readonly parts: DialogParts;
  private sequence: number;

  private constructor(parts: DialogParts) {
    this.parts = parts;
    this.sequence = parts.sequence;
  }

  /** The caller's side, once the call is answered. */
  static ofCaller(invite: SipRequest, answer: SipResponse): Dialog {
    return new Dialog({
      callId: firstValue(invite, "Call-ID"),
      local: firstValue(invite, "From"),
      remote: firstValue(answer, "To"),
      target: uriOf(firstValue(answer, "Contact")),
      routes: allValues(answer, "Record-Route").reverse(),
      sequence: sequenceOf(invite).number,
    });
  }

  /** The called side, once it has answered. */
  static ofCallee(invite: SipRequest, answer: SipResponse): Dialog {
    return new Dialog({
      callId: firstValue(invite, "Call-ID"),
      local: firstValue(answer, "To"),
      remote: firstValue(invite, "From"),
      target: uriOf(firstValue(invite, "Contact")),
      routes: allValues(invite, "Record-Route"),
      sequence: 0,
    });
  }

  /** Where requests go: the first route, or the other side itself. */
  get nextHop(): Address {
    return addressOf(uriOf(this.parts.routes[0] ?? this.parts.target));
  }

  /** Whether the other side's `request` belongs here. */
  contains(request: SipRequest): boolean {
    const { callId, local, remote } = this.parts;
    const tag = (value: string) => parameterOf(value, "tag");
    return (
      firstValue(request, "Call-ID") === callId &&
      tag(firstValue(request, "To")) === tag(local) &&
      tag(firstValue(request, "From")) === tag(remote)
    );
  }

  bye(): SipRequest {
    this.sequence += 1;
    return this.request("BYE", this.sequence);
  }

  /** The ACK of the 2xx: bears the number of the INVITE. */
  ack(): SipRequest {
    return this.request("ACK", this.parts.sequence);
  }

  private request(method: string, sequence: number): SipRequest {
    const { callId, local, remote, target, routes } = this.parts;
    return buildRequest({ method, uri: target, from: local, to: remote, callId, sequence, routes });
  }
}
