/** SIP messages as test actors see them: read and written without any code of branchline's. */

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
};

export function readSip(wire: string): SipText {
  const end = wire.indexOf("\r\n\r\n");
  const [startLine = "", ...lines] = wire.slice(0, end).split("\r\n");
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    const key = COMPACT[name] ?? name;
    headers.set(key, [...(headers.get(key) ?? []), line.slice(colon + 1).trim()]);
  }
  return { startLine, headers, body: wire.slice(end + 4) };
}

export function header(message: SipText, name: string): string {
  return message.headers.get(name)?.[0] ?? "";
}

export function headers(message: SipText, name: string): readonly string[] {
  return message.headers.get(name) ?? [];
}

/** The request's method; "" for a response. */
export function methodOf(message: SipText): string {
  return message.startLine.startsWith("SIP/2.0 ") ? "" : (message.startLine.split(" ")[0] ?? "");
}

/** The response's status; 0 for a request. */
export function statusOf(message: SipText): number {
  return message.startLine.startsWith("SIP/2.0 ") ? Number(message.startLine.split(" ")[1]) : 0;
}

export function requestUriOf(message: SipText): string {
  return message.startLine.split(" ")[1] ?? "";
}

/** The method that a response answers, or the request's own. */
export function cseqMethodOf(message: SipText): string {
  return header(message, "cseq").split(" ")[1] ?? "";
}

export function cseqNumberOf(message: SipText): number {
  return Number(header(message, "cseq").split(" ")[0]);
}

export function tagOf(value: string): string {
  return /;tag=([^;>]+)/.exec(value)?.[1] ?? "";
}

/** The URI between angle brackets. */
export function uriIn(value: string): string {
  return /<([^>]+)>/.exec(value)?.[1] ?? value;
}

export function write(startLine: string, lines: readonly string[], body = ""): string {
  return `${[startLine, ...lines, `Content-Length: ${body.length}`].join("\r\n")}\r\n\r\n${body}`;
}

/** A response to `request`, as a user agent server makes it (§8.2.6). */
export function respond(
  request: SipText,
  status: number,
  reason: string,
  extra: readonly string[] = [],
  toTag = "",
): string {
  const to = header(request, "to");
  const lines = [
    ...headers(request, "via").map((via) => `Via: ${via}`),
    ...headers(request, "record-route").map((route) => `Record-Route: ${route}`),
    `From: ${header(request, "from")}`,
    `To: ${to}${toTag === "" || to.includes(";tag=") ? "" : `;tag=${toTag}`}`,
    `Call-ID: ${header(request, "call-id")}`,
    `CSeq: ${header(request, "cseq")}`,
  ];
  return write(`SIP/2.0 ${status} ${reason}`, [...lines, ...extra]);
}
