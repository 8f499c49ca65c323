/** SIP and SIPS URIs: RFC 3261 §19.1. Other schemes are carried as text. */
import { canonicalAddress, ipVersion, isNumericHost, withTwoColons } from "../base/ip-range.ts";
import { memo } from "../base/memo.ts";
import { parseDecimal, SEMICOLON, splitList } from "./text.ts";

const PORT_MAX = 65_535;
/** White space, control characters and angle brackets have no place in a URI: all but "!" to ";", "=", and "?" and up. */
const MISPLACED = /[^!-;=?-\uffff]/;
export const SIP_PORT = 5060;
export const SIPS_PORT = 5061;

/** A parsed URI; `text` is exactly what was parsed. */
export interface SipUri {
  readonly text: string;
  readonly scheme: "sip" | "sips";
  /** With its password, escapes as they came; undefined without "@". */
  readonly user: string | undefined;
  /** Lower case, without a trailing dot; an IPv6 address without its brackets, in its canonical spelling. */
  readonly host: string;
  /** Undefined when the URI names none. */
  readonly port: number | undefined;
  /** ";name=value…" as it came, or "". */
  readonly parameters: string;
  /** "?name=value…" as it came, or "". */
  readonly headers: string;
}

/** The scheme of any URI, in lower case; "" when there is none. */
export function uriScheme(text: string): string {
  const colon = text.indexOf(":");
  const scheme = colon < 0 ? "" : text.slice(0, colon);
  return /^[A-Za-z][A-Za-z0-9+.-]*$/.test(scheme) ? scheme.toLowerCase() : "";
}

/** Undefined when `text` is not a well-formed sip or sips URI. */
export function parseSipUri(text: string): SipUri | undefined {
  const scheme = readScheme(text);
  if (scheme === undefined) return undefined;
  const rest = scheme.length + 1;
  // "@" can't stand unescaped behind the host, and ";" and "?" may stand in the user part (§25.1).
  const at = text.lastIndexOf("@");
  const user = at < rest ? undefined : text.slice(rest, at);
  const hostStart = user === undefined ? rest : at + 1;
  const parametersStart = firstOf(text, hostStart, ";", "?");
  const question = text.indexOf("?", parametersStart);
  const headersStart = question < 0 ? text.length : question;
  const address = splitHostPort(text.slice(hostStart, parametersStart));
  if (address === undefined || user === "" || MISPLACED.test(text)) return undefined;
  return {
    text,
    scheme,
    user,
    host: address.host,
    port: address.port,
    parameters: text.slice(parametersStart, headersStart),
    headers: text.slice(headersStart),
  };
}

/** A URI parameter's value: "" for one without a value, undefined when absent. */
export function uriParameter(uri: SipUri, name: string): string | undefined {
  return parameter(uri.parameters, name);
}

/** The value of `name` in ";name=value;…": "" for one without a value, undefined when absent. */
export function parameter(parameters: string, name: string): string | undefined {
  if (parameters.includes('"')) return firstNamed(splitList(parameters, SEMICOLON), name);
  let start = parameters.charCodeAt(0) === SEMICOLON ? 1 : 0;
  while (start < parameters.length) {
    const semicolon = parameters.indexOf(";", start);
    const end = semicolon < 0 ? parameters.length : semicolon;
    // No parameter has this name whose text is shorter.
    if (end - start >= name.length) {
      const value = valueIfNamed(parameters.slice(start, end), name);
      if (value !== undefined) return value;
    }
    start = end + 1;
  }
  return undefined;
}

function firstNamed(parts: readonly string[], name: string): string | undefined {
  for (const part of parts) {
    const value = valueIfNamed(part, name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The value of `part`, "name=value" or "name", if this is its name. */
function valueIfNamed(part: string, name: string): string | undefined {
  const equals = part.indexOf("=");
  const key = (equals < 0 ? part : part.slice(0, equals)).trim();
  if (key !== name && (key.length !== name.length || key.toLowerCase() !== name)) return undefined;
  return equals < 0 ? "" : part.slice(equals + 1).trim();
}

/** `text`, a Contact's URI, without what a Request-URI must not contain: method and header fields (§16.6 item 2, table 1). */
export function asRequestUri(text: string): string {
  const uri = parseSipUri(text);
  if (uri === undefined || (uri.headers === "" && uriParameter(uri, "method") === undefined)) return text;
  const parameters = uri.parameters.split(";").filter((part) => !/^\s*method\s*(=|$)/i.test(part));
  return text.slice(0, text.length - uri.headers.length - uri.parameters.length) + parameters.join(";");
}

/** The port that a request for `uri` goes to when nothing else says so (§19.1.2): TLS has one of its own. */
export function uriPort(uri: SipUri): number {
  if (uri.port !== undefined) return uri.port;
  const isTls = uri.scheme === "sips" || uriParameter(uri, "transport")?.toLowerCase() === "tls";
  return isTls ? SIPS_PORT : SIP_PORT;
}

/** `address` as it stands in a URI or a Via: IPv6 in brackets. */
export function hostText(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

/** "host", "host:port" or "[v6]:port"; undefined when malformed. */
export const splitHostPort = memo(readHostPort);

function readHostPort(text: string): { readonly host: string; readonly port: number | undefined } | undefined {
  let end = text.indexOf(":");
  let host: string;
  if (text.startsWith("[")) {
    const close = text.indexOf("]");
    if (close < 0) return undefined;
    host = withTwoColons(text.slice(1, close));
    if (ipVersion(host) !== 6) return undefined;
    end = close + 1 < text.length ? close + 1 : -1;
    if (end > 0 && text[end] !== ":") return undefined;
  } else {
    host = end < 0 ? text : text.slice(0, end);
    if (!/^[A-Za-z0-9._-]+$/.test(host) || isNumericHost(host)) return undefined;
    host = withoutLastDot(host);
  }
  const port = end < 0 ? undefined : parseDecimal(text.slice(end + 1), PORT_MAX);
  if (port === -1 || port === 0) return undefined;
  return { host: canonicalAddress(host), port };
}

/** The trailing dot of an absolute domain name: "pbx.example.com." is pbx.example.com. */
function withoutLastDot(host: string): string {
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

function readScheme(text: string): "sip" | "sips" | undefined {
  const colon = text.indexOf(":");
  if (colon !== 3 && colon !== 4) return undefined;
  const scheme = text.slice(0, colon).toLowerCase();
  return scheme === "sip" || scheme === "sips" ? scheme : undefined;
}

function firstOf(text: string, start: number, a: string, b: string): number {
  const first = text.indexOf(a, start);
  const second = text.indexOf(b, start);
  if (first < 0) return second < 0 ? text.length : second;
  return second < 0 ? first : Math.min(first, second);
}
