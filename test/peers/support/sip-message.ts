/** SIP messages as tests read and write them: written anew, so that the proxy isn't measured by its own parser. */
import { randomBytes } from "node:crypto";
import type { Endpoint } from "./addresses.ts";

const COMPACT: Readonly<Record<string, string>> = {
  v: "via",
  f: "from",
  t: "to",
  i: "call-id",
  m: "contact",
  k: "supported",
};

/** A message that has arrived. */
export class SipMessage {
  readonly wire: string;
  readonly from: Endpoint;
  /** When the datagram was received, by the monotonic clock. */
  readonly at_ms: number;
  readonly startLine: string;
  readonly body: string;
  private readonly fields: readonly { readonly name: string; readonly value: string }[];

  constructor(wire: string, from: Endpoint, at_ms: number) {
    this.wire = wire;
    this.from = from;
    this.at_ms = at_ms;
    const end = wire.indexOf("\r\n\r\n");
    const [startLine = "", ...lines] = wire.slice(0, end < 0 ? wire.length : end).split("\r\n");
    this.startLine = startLine;
    this.body = end < 0 ? "" : wire.slice(end + 4);
    this.fields = lines.map((line) => {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).trim().toLowerCase();
      return { name: COMPACT[name] ?? name, value: line.slice(colon + 1).trim() };
    });
  }

  get isRequest(): boolean {
    return !this.startLine.startsWith("SIP/2.0 ");
  }

  /** 0 for a request. */
  get status(): number {
    return this.isRequest ? 0 : Number(this.startLine.split(" ")[1]);
  }

  get reason(): string {
    return this.startLine.split(" ").slice(2).join(" ");
  }

  /** Of a response: that of its request. */
  get method(): string {
    return this.isRequest ? (this.startLine.split(" ")[0] ?? "") : (this.header("cseq").split(" ")[1] ?? "");
  }

  get requestUri(): string {
    return this.isRequest ? (this.startLine.split(" ")[1] ?? "") : "";
  }

  get callId(): string {
    return this.header("call-id");
  }

  get cseq(): number {
    return Number.parseInt(this.header("cseq"), 10);
  }

  /** The first value; "" when there is none. */
  header(name: string): string {
    return this.fields.find((field) => field.name === name)?.value ?? "";
  }

  /** All values, those joined by commas apart. */
  list(name: string): string[] {
    const values = this.fields.filter((field) => field.name === name).map((field) => field.value);
    return values
      .flatMap((value) => value.split(/,(?![^<]*>)(?=(?:[^"]*"[^"]*")*[^"]*$)/))
      .map((value) => value.trim());
  }

  tagOf(name: "from" | "to"): string {
    return /;\s*tag=([^;\s]+)/.exec(this.header(name))?.[1] ?? "";
  }

  toString(): string {
    return this.startLine;
  }
}

/** The URI within angle brackets, or the value without its parameters. */
export function uriOf(value: string): string {
  return /<([^>]*)>/.exec(value)?.[1] ?? value.split(";")[0] ?? "";
}

/** Where a URI with a literal address leads. */
export function endpointOf(uri: string): Endpoint {
  const match = /^sips?:(?:[^@]*@)?(?:\[([^\]]+)\]|([^:;>?]+))(?::(\d+))?/.exec(uri);
  if (match === null) throw new Error(`no SIP URI with an address: ${uri}`);
  return { host: match[1] ?? match[2] ?? "", port: Number(match[3] ?? 5060) };
}

export function newToken(): string {
  return randomBytes(6).toString("hex");
}

/** A random branch of our own, with RFC 3261's magic cookie. */
export function newBranch(): string {
  return `z9hG4bK${newToken()}`;
}

export interface RequestParts {
  readonly method: string;
  readonly uri: string;
  /** Whole values. */
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
  readonly branch?: string;
  readonly contact?: string;
  readonly routes?: readonly string[];
  /** Further lines, without line ends. */
  readonly extra?: readonly string[];
  readonly body?: string;
}

/** @param sentBy "host:port" of the sender, for Via */
export function buildRequest(sentBy: string, parts: RequestParts): string {
  const { method, uri, from, to, callId, cseq, branch, contact, routes, extra, body } = parts;
  return assemble(`${method} ${uri} SIP/2.0`, body, [
    `Via: SIP/2.0/UDP ${sentBy};branch=${branch ?? newBranch()};rport`,
    "Max-Forwards: 70",
    ...(routes ?? []).map((route) => `Route: ${route}`),
    `From: ${from}`,
    `To: ${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    ...(contact === undefined ? [] : [`Contact: <${contact}>`]),
    ...(extra ?? []),
  ]);
}

export interface ResponseParts {
  readonly toTag?: string;
  readonly contact?: string;
  readonly extra?: readonly string[];
  readonly body?: string;
}

export function buildResponse(request: SipMessage, status: number, reason: string, parts: ResponseParts = {}): string {
  const { toTag, contact, extra, body } = parts;
  const to = request.header("to");
  const isTagged = request.tagOf("to") !== "" || toTag === undefined;
  return assemble(`SIP/2.0 ${status} ${reason}`, body, [
    ...request.list("via").map((value) => `Via: ${value}`),
    ...request.list("record-route").map((value) => `Record-Route: ${value}`),
    `From: ${request.header("from")}`,
    `To: ${isTagged ? to : `${to};tag=${toTag}`}`,
    `Call-ID: ${request.callId}`,
    `CSeq: ${request.header("cseq")}`,
    ...(contact === undefined ? [] : [`Contact: <${contact}>`]),
    ...(extra ?? []),
  ]);
}

function assemble(startLine: string, body: string | undefined, lines: readonly string[]): string {
  const type = body === undefined ? [] : ["Content-Type: application/sdp"];
  const length = `Content-Length: ${Buffer.byteLength(body ?? "")}`;
  return `${[startLine, ...lines, ...type, length].join("\r\n")}\r\n\r\n${body ?? ""}`;
}

/** An offer or answer that names `host`; the media never flow. */
export function sdp(host: string): string {
  const family = host.includes(":") ? "IP6" : "IP4";
  return (
    `v=0\r\no=- 1 1 IN ${family} ${host}\r\ns=-\r\nc=IN ${family} ${host}\r\nt=0 0\r\n` +
    "m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
  );
}
