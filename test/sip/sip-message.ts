/** A message that has arrived over a wire: what it says, where it came from, and when. */
import type { Address } from "./address.ts";
import {
  cseqMethodOf,
  cseqNumberOf,
  header,
  isRequest,
  list,
  readSip,
  reasonOf,
  requestUriOf,
  type SipText,
  statusOf,
  tagOf,
} from "./message.ts";

export class SipMessage implements SipText {
  readonly wire: string;
  readonly from: Address;
  /** When it was received, by the wire's clock. */
  readonly at_ms: number;
  readonly startLine: string;
  readonly headers: SipText["headers"];
  readonly body: string;

  constructor(wire: string, from: Address, at_ms: number) {
    this.wire = wire;
    this.from = from;
    this.at_ms = at_ms;
    const { startLine, headers, body } = readSip(wire);
    this.startLine = startLine;
    this.headers = headers;
    this.body = body;
  }

  get isRequest(): boolean {
    return isRequest(this);
  }

  /** 0 for a request. */
  get status(): number {
    return statusOf(this);
  }

  get reason(): string {
    return reasonOf(this);
  }

  /** Of a response: that of its request. */
  get method(): string {
    return this.isRequest ? (this.startLine.split(" ")[0] ?? "") : cseqMethodOf(this);
  }

  get requestUri(): string {
    return this.isRequest ? requestUriOf(this) : "";
  }

  get callId(): string {
    return this.header("call-id");
  }

  get cseq(): number {
    return cseqNumberOf(this);
  }

  /** The first value; "" when there is none. */
  header(name: string): string {
    return header(this, name);
  }

  /** All values, those joined by commas apart. */
  list(name: string): string[] {
    return list(this, name);
  }

  tagOf(name: "from" | "to"): string {
    return tagOf(this.header(name));
  }

  toString(): string {
    return this.startLine;
  }
}
