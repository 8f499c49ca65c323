/** One side of a dialog: its tags, numbers and Route set (RFC 3261 §12). */
import { type Address, addressOf } from "./address.ts";
import type { RequestParts } from "./build.ts";
import { cseqNumberOf, header, list, type SipText, tagOf, uriIn } from "./message.ts";

interface DialogParts {
  readonly callId: string;
  /** Whole values of From and To as this side writes them. */
  readonly local: string;
  readonly remote: string;
  /** The URI of the other side's Contact. */
  readonly target: string;
  /** Nearest hop first. */
  readonly routes: readonly string[];
  /** Of the last request that this side has sent. */
  readonly cseq: number;
}

/** What a request within a dialog takes from it. */
export type Within = Pick<RequestParts, "method" | "uri" | "from" | "to" | "callId" | "cseq" | "routes">;

export class Dialog {
  readonly callId: string;
  readonly local: string;
  remote: string;
  target: string;
  routes: readonly string[];
  cseq: number;

  constructor({ callId, local, remote, target, routes, cseq }: DialogParts) {
    this.callId = callId;
    this.local = local;
    this.remote = remote;
    this.target = target;
    this.routes = routes;
    this.cseq = cseq;
  }

  /** The caller's side, from a response that opens it (§12.1.2). */
  static ofCaller(response: SipText): Dialog {
    return new Dialog({
      callId: header(response, "call-id"),
      local: header(response, "from"),
      remote: header(response, "to"),
      target: uriIn(header(response, "contact")),
      routes: list(response, "record-route").reverse(),
      cseq: cseqNumberOf(response),
    });
  }

  /**
   * The callee's side, from the request that opens it (§12.1.1).
   * @param tag of this side, for To where it has none
   * @param cseq the number before that of this side's first request
   */
  static ofCallee(request: SipText, tag: string, cseq = 0): Dialog {
    const to = header(request, "to");
    return new Dialog({
      callId: header(request, "call-id"),
      local: tagOf(to) === "" ? `${to};tag=${tag}` : to,
      remote: header(request, "from"),
      target: uriIn(header(request, "contact")),
      routes: list(request, "record-route"),
      cseq,
    });
  }

  /** The next request of this side, but for ACK: that has the number of its INVITE, `cseq`. */
  request(method: string, cseq = this.cseq + 1): Within {
    if (method !== "ACK") this.cseq = cseq;
    const { callId, local, remote, target, routes } = this;
    return { method, uri: target, from: local, to: remote, callId, cseq, routes };
  }

  /** Where requests go: the first Route, or the other side itself. */
  get nextHop(): Address {
    return addressOf(uriIn(this.routes[0] ?? this.target));
  }

  /** Whether the other side's `request` belongs here (§12.2.2). */
  contains(request: SipText): boolean {
    return (
      header(request, "call-id") === this.callId &&
      tagOf(header(request, "to")) === tagOf(this.local) &&
      tagOf(header(request, "from")) === tagOf(this.remote)
    );
  }

  /** How others name it, as value of Replaces (RFC 3891 §6.1) or Join. */
  get name(): string {
    return `${this.callId};to-tag=${tagOf(this.remote)};from-tag=${tagOf(this.local)}`;
  }
}
