/** SIP messages as the tests' agents write them (RFC 3261 §8.1.1, §8.2.6), one character an octet. */
import { randomBytes } from "node:crypto";
import { cseqNumberOf, header, headers, list, type SipText, tagOf, uriIn } from "./message.ts";

/** The domain of all phones in the tests. */
export const DOMAIN = "pbx.example.com";

/** Reason phrases; a status that isn't here is called "Whatever", and a proxy doesn't mind. */
export const REASONS: Readonly<Record<number, string>> = {
  100: "Trying",
  180: "Ringing",
  181: "Call Is Being Forwarded",
  182: "Queued",
  183: "Session Progress",
  200: "OK",
  202: "Accepted",
  302: "Moved Temporarily",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  412: "Conditional Request Failed",
  421: "Extension Required",
  422: "Session Interval Too Small",
  480: "Temporarily Unavailable",
  481: "Call/Transaction Does Not Exist",
  482: "Loop Detected",
  486: "Busy Here",
  487: "Request Terminated",
  488: "Not Acceptable Here",
  489: "Bad Event",
  500: "Server Internal Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  603: "Decline",
};

/** What is part of any message, behind its usual fields. */
interface Rest {
  /** The URI of the sender's Contact; none by default. */
  readonly contact?: string | undefined;
  /** Further header field lines, without line ends. */
  readonly extra?: readonly string[] | undefined;
  /** A session description, with its Content-Type. */
  readonly session?: string | undefined;
  /** Another body, whose Content-Type is among `extra`. */
  readonly body?: string | undefined;
}

export interface RequestParts extends Rest {
  readonly method: string;
  readonly uri: string;
  /** Whole values of From and To, with their tags. */
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
  /** Whole values, nearest hop first. */
  readonly routes?: readonly string[] | undefined;
  /** Of the Via; a random one by default. */
  readonly branch?: string | undefined;
  /** Of the Via; UDP by default. */
  readonly transport?: string | undefined;
}

/** @param sentBy "host:port" of the sender, for Via */
export function requestText(sentBy: string, parts: RequestParts): string {
  const { method, uri, branch = newBranch(), transport = "UDP", from, to, callId, cseq } = parts;
  const via = `SIP/2.0/${transport} ${sentBy};branch=${branch};rport`;
  return write(
    `${method} ${uri} SIP/2.0`,
    [...requestLines(via, parts.routes, from, to, callId, `${cseq} ${method}`), ...restLines(parts)],
    parts.session ?? parts.body,
  );
}

/**
 * CANCEL, and the ACK of a failure, belong to their INVITE's transaction: same Via, From, Call-ID and CSeq number
 * (RFC 3261 §9.1, §17.1.1.3).
 * @param like the INVITE, or a response to it: what was added to its Via is left out
 */
export function hopText(
  method: "ACK" | "CANCEL",
  like: SipText,
  parts: Pick<RequestParts, "uri" | "routes" | "extra"> & { readonly to?: string },
): string {
  const via = header(like, "via").replace(/;(received|rport)=[^;]*/g, "");
  const { uri, routes, to = header(like, "to"), extra = [] } = parts;
  const cseq = `${cseqNumberOf(like)} ${method}`;
  const lines = requestLines(via, routes, header(like, "from"), to, header(like, "call-id"), cseq);
  return write(`${method} ${uri} SIP/2.0`, [...lines, ...extra]);
}

export interface ResponseParts extends Rest {
  readonly reason?: string | undefined;
  /** For To, where the request has none; "" or none: To stays as it is. */
  readonly toTag?: string | undefined;
  /** Of a proxy that the sender sits behind: on top of the request's. */
  readonly recordRoutes?: readonly string[] | undefined;
}

/** A response to `request`, as a user agent server makes it. */
export function responseText(request: SipText, status: number, parts: ResponseParts = {}): string {
  const { reason = REASONS[status] ?? "Whatever", toTag = "", recordRoutes = [] } = parts;
  const to = header(request, "to");
  const lines = [
    ...headers(request, "via").map((via) => `Via: ${via}`),
    ...[...recordRoutes, ...headers(request, "record-route")].map((route) => `Record-Route: ${route}`),
    `From: ${header(request, "from")}`,
    `To: ${toTag === "" || tagOf(to) !== "" ? to : `${to};tag=${toTag}`}`,
    `Call-ID: ${header(request, "call-id")}`,
    `CSeq: ${header(request, "cseq")}`,
    ...restLines(parts),
  ];
  return write(`SIP/2.0 ${status} ${reason}`, lines, parts.session ?? parts.body);
}

/** What a phone says in its REGISTER. */
export interface Registration {
  readonly user: string;
  readonly contact: string;
  readonly callId: string;
  readonly cseq: number;
  /** From's; a random one by default. */
  readonly tag?: string;
  /** None by default. */
  readonly expires_s?: number;
}

export function registration({ user, tag = newToken(), expires_s, ...same }: Registration): RequestParts {
  const to = `<sip:${user}@${DOMAIN}>`;
  const extra = expires_s === undefined ? [] : [`Expires: ${expires_s}`];
  return { ...same, method: "REGISTER", uri: `sip:${DOMAIN}`, from: `${to};tag=${tag}`, to, extra };
}

/**
 * What a registrar's 200 adds: the Contact with the expiry, and the Path (RFC 3327 §5.3).
 * @param expires_s what was asked for, by default (RFC 3261 §10.2.1.1)
 */
export function grant(register: SipText, expires_s?: number): string[] {
  const contact = header(register, "contact");
  const asked_s = /;\s*expires=(\d+)/.exec(contact)?.[1] ?? header(register, "expires");
  const granted = `Contact: ${contact.replace(/;\s*expires=\d+/, "")};expires=${expires_s ?? asked_s}`;
  return [granted, ...headers(register, "path").map((value) => `Path: ${value}`)];
}

/** The expiry in s that a 200 to REGISTER grants `contact`; 0: none. */
export function grantedTo(response: SipText, contact: string): number {
  const mine = list(response, "contact").find((value) => uriIn(value) === contact);
  return Number(/;expires=(\d+)/.exec(mine ?? "")?.[1] ?? 0);
}

/** An offer or answer of one audio stream at `host`; the media never flow. */
export function sdp(host: string): string {
  const family = host.includes(":") ? "IP6" : "IP4";
  return (
    `v=0\r\no=- 1 1 IN ${family} ${host}\r\ns=-\r\nc=IN ${family} ${host}\r\nt=0 0\r\n` +
    "m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
  );
}

/** For tags and Call-IDs. */
export function newToken(): string {
  return randomBytes(6).toString("hex");
}

/** A random branch with RFC 3261's magic cookie. */
export function newBranch(): string {
  return `z9hG4bK${newToken()}`;
}

/** A whole message, with its Content-Length. */
export function write(startLine: string, lines: readonly string[], body = ""): string {
  return `${[startLine, ...lines, `Content-Length: ${body.length}`].join("\r\n")}\r\n\r\n${body}`;
}

function requestLines(
  via: string,
  routes: readonly string[] = [],
  from: string,
  to: string,
  callId: string,
  cseq: string,
): string[] {
  return [
    `Via: ${via}`,
    "Max-Forwards: 70",
    ...routes.map((route) => `Route: ${route}`),
    `From: ${from}`,
    `To: ${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq}`,
  ];
}

function restLines({ contact, extra = [], session }: Rest): string[] {
  return [
    ...(contact === undefined ? [] : [`Contact: <${contact}>`]),
    ...extra,
    ...(session === undefined ? [] : ["Content-Type: application/sdp"]),
  ];
}
