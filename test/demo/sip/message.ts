/** The little of SIP's syntax that user agents need, read and written as text (RFC 3261 §7, §20, §25). */

export type Field = readonly [name: string, value: string];

export interface SipRequest {
  readonly kind: "request";
  readonly method: string;
  readonly uri: string;
  readonly fields: readonly Field[];
  readonly body: string;
}

export interface SipResponse {
  readonly kind: "response";
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Field[];
  readonly body: string;
}

export type SipMessage = SipRequest | SipResponse;

/** Host and port of a socket or a URI. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const SIP_PORT = 5060;

/** @returns undefined for what isn't SIP, such as a keep-alive */
export function parseMessage(text: string): SipMessage | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd).replace(/\r\n[ \t]+/g, " ");
  const [startLine = "", ...lines] = head.split("\r\n");
  const fields = lines.map(parseField);
  const body = text.slice(headEnd + 4);
  const [, status, reason] = /^SIP\/2\.0 (\d{3}) (.*)$/.exec(startLine) ?? [];
  if (status !== undefined && reason !== undefined) {
    return { kind: "response", status: Number(status), reason, fields, body };
  }
  const [, method, uri] = /^([A-Z]+) (\S+) SIP\/2\.0$/.exec(startLine) ?? [];
  if (method !== undefined && uri !== undefined) return { kind: "request", method, uri, fields, body };
  return undefined;
}

export function formatMessage(message: SipMessage): string {
  const startLine =
    message.kind === "request"
      ? `${message.method} ${message.uri} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.reason}`;
  const length = Buffer.byteLength(message.body);
  const lines = message.fields.map(([name, value]) => `${name}: ${value}`);
  return [startLine, ...lines, `Content-Length: ${length}`, "", message.body].join("\r\n");
}

/** The fields of `message` with this name, whole lines. */
export function fieldsNamed({ fields }: SipMessage, ...names: readonly string[]): Field[] {
  const wanted = names.map((name) => name.toLowerCase());
  return fields.filter(([name]) => wanted.includes(name.toLowerCase()));
}

/** The value of a field that occurs once; "" when it is missing. */
export function firstValue(message: SipMessage, name: string): string {
  return fieldsNamed(message, name)[0]?.[1] ?? "";
}

/** All values of a field that is a list, however many lines they are on. */
export function allValues(message: SipMessage, name: string): string[] {
  return fieldsNamed(message, name).flatMap(([, value]) => splitList(value));
}

/** The method of a request, or the one that a response answers, with its number. */
export function sequenceOf(message: SipMessage): { readonly number: number; readonly method: string } {
  const [number = "", method = ""] = firstValue(message, "CSeq").split(/\s+/);
  return { number: Number(number), method };
}

/** The branch of the topmost Via: names the transaction. */
export function branchOf(message: SipMessage): string {
  return parameterOf(allValues(message, "Via")[0] ?? "", "branch");
}

/** A parameter of a header field's value; "" when it is missing. */
export function parameterOf(value: string, name: string): string {
  const afterUri = value.slice(value.lastIndexOf(">") + 1);
  return new RegExp(`;\\s*${name}=([^;\\s]*)`, "i").exec(afterUri)?.[1] ?? "";
}

/** The URI of a value such as `"Reception" <sip:201@pbx.example.com>;tag=1`. */
export function uriOf(value: string): string {
  return /<([^>]*)>/.exec(value)?.[1] ?? value.split(";")[0]?.trim() ?? "";
}

/** What stands before the "@"; "" for a URI without user. */
export function userOf(uri: string): string {
  return /^sip:([^@]+)@/.exec(uri)?.[1] ?? "";
}

/** Where a request to `uri` is sent. The actors only meet numeric addresses. */
export function addressOf(uri: string): Address {
  const [, host = "", port] = /^sip:(?:[^@]+@)?([^:;?]+)(?::(\d+))?/.exec(uri) ?? [];
  return { host, port: port === undefined ? SIP_PORT : Number(port) };
}

function parseField(line: string): Field {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

/** Splits at commas that are neither within quotes nor within angle brackets. */
function splitList(value: string): string[] {
  const items = value.match(/(?:"(?:\\.|[^"\\])*"|<[^>]*>|[^,"<])+/g) ?? [];
  return items.map((item) => item.trim());
}
