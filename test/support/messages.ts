/** Builders of valid SIP messages as wire text: a test says what matters, the rest is filled in. */
import { CALL_ID, CSEQ, FROM, TO, VIA } from "../../src/message/header-names.ts";
import { Request, Response } from "../../src/message/message.ts";
import { parse } from "../../src/message/parse.ts";

export interface RequestParts {
  readonly method?: string;
  readonly uri?: string;
  /** Via values, the top one first, each on a line of its own. */
  readonly via?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly callId?: string;
  /** The whole value, such as "2 BYE"; by default 1 and the method. */
  readonly cseq?: string;
  /** "" leaves the field out. */
  readonly maxForwards?: string;
  /** Further header field lines, without their line ends. */
  readonly headers?: readonly string[];
  readonly body?: string;
}

const PHONE_VIA = "SIP/2.0/UDP 10.222.237.21:5060;branch=z9hG4bKphone1";

/** A valid request; each part can be given. */
export function requestText(parts: RequestParts = {}): string {
  const method = parts.method ?? "INVITE";
  const maxForwards = parts.maxForwards ?? "70";
  return joined([
    `${method} ${parts.uri ?? "sip:0301234@pbx.example.com"} SIP/2.0`,
    ...(parts.via ?? [PHONE_VIA]).map((value) => `Via: ${value}`),
    ...(maxForwards === "" ? [] : [`Max-Forwards: ${maxForwards}`]),
    `From: ${parts.from ?? '"Phone 201" <sip:201@pbx.example.com>;tag=from1'}`,
    `To: ${parts.to ?? "<sip:0301234@pbx.example.com>"}`,
    `Call-ID: ${parts.callId ?? "call-1@10.222.237.21"}`,
    `CSeq: ${parts.cseq ?? `1 ${method}`}`,
    ...(parts.headers ?? []),
    ...bodyLines(parts.body),
  ]);
}

export interface ResponseParts extends Omit<RequestParts, "uri" | "maxForwards"> {
  readonly reason?: string;
}

/** A valid response; each part can be given. */
export function responseText(status: number, parts: ResponseParts = {}): string {
  return joined([
    `SIP/2.0 ${status} ${parts.reason ?? "Some Reason"}`,
    ...(parts.via ?? [PHONE_VIA]).map((value) => `Via: ${value}`),
    `From: ${parts.from ?? '"Phone 201" <sip:201@pbx.example.com>;tag=from1'}`,
    `To: ${parts.to ?? "<sip:0301234@pbx.example.com>;tag=to1"}`,
    `Call-ID: ${parts.callId ?? "call-1@10.222.237.21"}`,
    `CSeq: ${parts.cseq ?? `1 ${parts.method ?? "INVITE"}`}`,
    ...(parts.headers ?? []),
    ...bodyLines(parts.body),
  ]);
}

/** What a user agent that received `request` would answer. */
export function answerText(request: Request, status: number, toTag = "to1", headers: readonly string[] = []): string {
  const to = request.lines(TO).trimEnd();
  const tagged = status === 100 || request.toTag !== "" ? to : `${to};tag=${toTag}`;
  return (
    `SIP/2.0 ${status} Some Reason\r\n${request.lines(VIA)}${request.lines(FROM)}${tagged}\r\n` +
    `${request.lines(CALL_ID)}${request.lines(CSEQ)}${headers.map((line) => `${line}\r\n`).join("")}` +
    "Content-Length: 0\r\n\r\n"
  );
}

/** `wire` parsed; throws when it is no request. */
export function readRequest(wire: string): Request {
  const message = parse(wire);
  if (message instanceof Request) return message;
  throw new Error(`not a request: ${JSON.stringify(message)}\n${wire}`);
}

/** `wire` parsed; throws when it is no response. */
export function readResponse(wire: string): Response {
  const message = parse(wire);
  if (message instanceof Response) return message;
  throw new Error(`not a response: ${JSON.stringify(message)}\n${wire}`);
}

/** A parsed valid request. */
export function request(parts: RequestParts = {}): Request {
  return readRequest(requestText(parts));
}

/** A parsed valid response. */
export function response(status: number, parts: ResponseParts = {}): Response {
  return readResponse(responseText(status, parts));
}

/** Header lines with their CRLF, an empty line, then the body. */
function joined(lines: readonly string[]): string {
  return lines.join("\r\n");
}

function bodyLines(body = ""): string[] {
  return [`Content-Length: ${body.length}`, "", body];
}
