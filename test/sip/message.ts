/** SIP messages as the tests' agents read them: without any code of branchline's, so that it isn't measured by its own parser. */
import { type Address, addressOf } from "./address.ts";

/** A message that has been read. */
export interface SipText {
  readonly startLine: string;
  /** Lower-case name (compact names spelled out) → values in order, one per line. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

const COMPACT: Readonly<Record<string, string>> = {
  v: "via",
  f: "from",
  t: "to",
  i: "call-id",
  m: "contact",
  l: "content-length",
  k: "supported",
};

/** A field's name in lower case, spelled out. */
export function fieldName(name: string): string {
  const lower = name.trim().toLowerCase();
  return COMPACT[lower] ?? lower;
}

/** @param wire one character an octet; without an empty line, all of it is header */
export function readSip(wire: string): SipText {
  const end = wire.indexOf("\r\n\r\n");
  const [startLine = "", ...lines] = wire.slice(0, end < 0 ? wire.length : end).split("\r\n");
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = fieldName(line.slice(0, colon));
    const values = headers.get(name);
    const value = line.slice(colon + 1).trim();
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
  return { startLine, headers, body: end < 0 ? "" : wire.slice(end + 4) };
}

/** The first line's value; "" when there is none. */
export function header(message: SipText, name: string): string {
  return message.headers.get(name)?.[0] ?? "";
}

/** The values, one per line. */
export function headers(message: SipText, name: string): readonly string[] {
  return message.headers.get(name) ?? [];
}

/** All values of a field that is a list, those joined by commas apart. */
export function list(message: SipText, name: string): string[] {
  return headers(message, name)
    .flatMap((value) => value.split(/,(?![^<]*>)(?=(?:[^"]*"[^"]*")*[^"]*$)/))
    .map((value) => value.trim());
}

export function isRequest(message: SipText): boolean {
  return !message.startLine.startsWith("SIP/2.0 ");
}

/** The request's method; "" for a response. */
export function methodOf(message: SipText): string {
  return isRequest(message) ? (message.startLine.split(" ")[0] ?? "") : "";
}

/** The response's status; 0 for a request. */
export function statusOf(message: SipText): number {
  return isRequest(message) ? 0 : Number(message.startLine.split(" ")[1]);
}

/** The response's reason phrase. */
export function reasonOf(message: SipText): string {
  return message.startLine.split(" ").slice(2).join(" ");
}

export function requestUriOf(message: SipText): string {
  return message.startLine.split(" ")[1] ?? "";
}

/** The method that a response answers, or the request's own. */
export function cseqMethodOf(message: SipText): string {
  return header(message, "cseq").split(" ")[1] ?? "";
}

export function cseqNumberOf(message: SipText): number {
  return Number.parseInt(header(message, "cseq"), 10);
}

/** The branch of the top Via: names the transaction. */
export function branchOf(message: SipText): string {
  return /;\s*branch=([^;,\s]+)/.exec(header(message, "via"))?.[1] ?? "";
}

/** Where a response to the request goes, by its top Via (§18.2.2): the agents' own proxy always asks for rport. */
export function viaAddress(request: SipText): Address {
  return addressOf(`sip:${/SIP\/2\.0\/\w+ ([^;,\s]+)/.exec(header(request, "via"))?.[1] ?? ""}`);
}

/** The tag of a From or To value; "" when there is none. */
export function tagOf(value: string): string {
  return /;\s*tag=([^;\s>]+)/.exec(value)?.[1] ?? "";
}

/** The URI within angle brackets, or the value without its parameters. */
export function uriIn(value: string): string {
  return /<([^>]*)>/.exec(value)?.[1] ?? value.split(";")[0]?.trim() ?? "";
}

/** What stands before the "@"; "" for a URI without user. */
export function userOf(uri: string): string {
  return /^sips?:([^@]+)@/.exec(uri)?.[1] ?? "";
}
