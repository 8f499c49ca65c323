/** Values of From, To, Contact, Route, Record-Route and Path: name-addr or addr-spec with parameters (RFC 3261 §20.10). */
import { findOutside, LESS, SEMICOLON, skipSpace, trimEnd } from "./text.ts";
import { parameter } from "./uri.ts";

export interface NameAddr {
  /** As it came, quotes included; "" when there is none. */
  readonly displayName: string;
  /** The URI without its angle brackets, of any scheme. */
  readonly uri: string;
  /** The parameters of the header field, not of the URI: ";tag=…" or "". */
  readonly parameters: string;
}

/** Undefined when the angle brackets don't match, or the URI in them is missing or has spaces around it (§25.1). */
export function parseNameAddr(value: string): NameAddr | undefined {
  const end = value.length;
  const open = value.charCodeAt(0) === LESS ? 0 : findOutside(value, 0, end, LESS);
  if (open === end) return parseAddrSpec(value);
  const close = value.indexOf(">", open);
  if (close < 0) return undefined;
  const uri = value.slice(open + 1, close);
  const parametersStart = skipSpace(value, close + 1, end);
  if (uri === "" || uri !== uri.trim() || (parametersStart < end && value.charCodeAt(parametersStart) !== SEMICOLON))
    return undefined;
  return { displayName: value.slice(0, open).trim(), uri, parameters: value.slice(parametersStart) };
}

/** The parameter `name` of the value, such as "tag"; undefined when absent. */
export function nameAddrParameter(value: NameAddr, name: string): string | undefined {
  return parameter(value.parameters, name);
}

/** Without angle brackets, ";" begins the header field's parameters (§20.10). */
function parseAddrSpec(value: string): NameAddr | undefined {
  const semicolon = findOutside(value, 0, value.length, SEMICOLON);
  const uri = value.slice(0, trimEnd(value, 0, semicolon)).trim();
  return /^[^\s"<>]+$/.test(uri) ? { displayName: "", uri, parameters: value.slice(semicolon) } : undefined;
}
