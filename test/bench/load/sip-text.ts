/**
 * The little of SIP's syntax that a load needs, read straight from the text of a datagram: to read each whole, as the
 * agents of `test/sip` do, would cost the generator more than some proxies need to forward it.
 */

const CALL_ID = "\r\nCall-ID: ";
const STATUS_LINE = "SIP/2.0 ";

/** The status code of a response, or 0 for a request. */
export function statusOf(text: string): number {
  return text.startsWith(STATUS_LINE) ? Number(text.slice(8, 11)) : 0;
}

export function methodOf(text: string): string {
  return text.slice(0, text.indexOf(" "));
}

/** The method that a response answers. */
export function answeredMethod(text: string): string {
  const value = headerValue(text, "CSeq");
  return value.slice(value.indexOf(" ") + 1);
}

/** The number of the request that a response answers. */
export function answeredNumber(text: string): number {
  return Number.parseInt(headerValue(text, "CSeq"), 10);
}

/** The generator's Call-IDs are numbers with a host behind; -1 when this is none of them. */
export function callNumber(text: string): number {
  const start = text.indexOf(CALL_ID);
  const number = start < 0 ? Number.NaN : Number.parseInt(text.slice(start + CALL_ID.length, start + 24), 10);
  return Number.isNaN(number) ? -1 : number;
}

/** The first value of a header field, or "". */
export function headerValue(text: string, name: string): string {
  const start = text.indexOf(`\r\n${name}: `);
  if (start < 0) return "";
  const value = start + name.length + 4;
  return text.slice(value, text.indexOf("\r\n", value));
}

/** All values of a header field in their order, one per element, however many lines they are on. */
export function headerValues(text: string, name: string): string[] {
  const marker = `\r\n${name}: `;
  const values: string[] = [];
  for (let start = text.indexOf(marker); start >= 0; start = text.indexOf(marker, start + marker.length)) {
    const value = start + marker.length;
    values.push(...text.slice(value, text.indexOf("\r\n", value)).split(/,\s*/));
  }
  return values;
}

/** The URI between the angle brackets of a name-addr. */
export function bracketedUri(value: string): string {
  return value.slice(value.indexOf("<") + 1, value.indexOf(">"));
}

/** Header fields of a request that each of its responses repeats (RFC 3261 §8.2.6.2), with `tag` added to To. */
export function echoedFields(request: string, tag: string): string {
  let echoed = "";
  let start = request.indexOf("\r\n") + 2;
  for (let end = request.indexOf("\r\n", start); end > start; end = request.indexOf("\r\n", start)) {
    if (isEchoed(request, start)) {
      const line = request.slice(start, end);
      echoed += line.startsWith("To: ") && !line.includes(";tag=") ? `${line};tag=${tag}\r\n` : `${line}\r\n`;
    }
    start = end + 2;
  }
  return echoed;
}

const ECHOED = ["Via: ", "Record-Route: ", "From: ", "To: ", "Call-ID: ", "CSeq: ", "Path: "];

function isEchoed(text: string, lineStart: number): boolean {
  return ECHOED.some((field) => text.startsWith(field, lineStart));
}
