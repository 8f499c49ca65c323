/** The least of SIP that a PBX and phones of a fleet need, since there are tens of thousands: texts are cut, not parsed. */

export interface Answer {
  readonly status: number;
  /** Whole lines. */
  readonly headers?: string;
}

/** The first value of a header field in its usual spelling; "" when there is none. */
export function headerOf(wire: string, name: string): string {
  const start = wire.indexOf(`\r\n${name}: `);
  if (start < 0) return "";
  const from = start + name.length + 4;
  return wire.slice(from, wire.indexOf("\r\n", from));
}

/** The user in To. */
export function registerUser(wire: string): string {
  const to = headerOf(wire, "To");
  return to.slice(to.indexOf(":") + 1, to.indexOf("@"));
}

export function statusOf(wire: string): number {
  return Number(wire.slice(8, 11));
}

/** The reply to a request, with what must be as it was there (RFC 3261 §8.2.6.2). */
export function answerTo(wire: string, { status, headers = "" }: Answer): string {
  const copied = wire.split("\r\n").filter((line) => /^(?:Via|From|Call-ID|CSeq): /.test(line));
  return `SIP/2.0 ${status} Answer\r\n${copied.join("\r\n")}\r\nTo: ${headerOf(wire, "To")};tag=t\r\n${headers}Content-Length: 0\r\n\r\n`;
}
