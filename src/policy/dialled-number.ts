/**
 * What number a URI means. One place for all that compares numbers: groups, extensions, aliases, prefixes, carriers,
 * rewriting, emergency. A request to upstream keeps the octets that came.
 */
import { hostText, parseSipUri, type SipUri } from "../message/uri.ts";
import type { Hop } from "../transport/locator.ts";

/** Digits, what phones dial besides them, and visual separators (RFC 3966 §5.1.1), also the space of a phone book. */
const NUMBER = /^[\d*#+\-.() ]+$/;
const SEPARATORS = /[-.() ]/g;
/** What may stand in a user part as it is (RFC 3261 §25.1), without ";", "?", "/" and ",", which mean something to many. */
const UNESCAPED = /^[\w\-.!~*'()&=+$]*$/;

/** The user of a SIP URI, or the number of a tel URI (RFC 3966), with all parameters, as it came; undefined without one. */
export function dialledUser(uri: SipUri | undefined, requestUri: string): string | undefined {
  return uri === undefined ? /^tel:(.+)/i.exec(requestUri)?.[1] : uri.user;
}

/** The plain number of a URI, whatever its scheme; "" without one. */
export function numberIn(text: string): string {
  return plainNumber(dialledUser(parseSipUri(text), text) ?? "");
}

/**
 * A user part for comparing (RFC 3261 §19.1.4): without parameters and password, escapes read. Visual separators go only
 * where nothing but a number is left: "anna.b" stays.
 */
export function plainNumber(user: string): string {
  // Nearly always it is one already.
  if (/^[\w+*]*$/.test(user)) return user;
  // The parameters go first: an escaped ";" belongs to the user.
  const bare = readEscapes(user.replace(/[;:].*$/, ""));
  return NUMBER.test(bare) ? bare.replace(SEPARATORS, "") : bare;
}

/** A plain number as it stands in a URI that we build: "#" leaves as "%23". */
export function userText(number: string): string {
  if (UNESCAPED.test(number)) return number;
  return number.replace(/[^\w\-.!~*'()&=+$]/g, (octet) => {
    const digits = octet.charCodeAt(0).toString(16).toUpperCase();
    return `%${digits.length < 2 ? "0" : ""}${digits}`;
  });
}

/** Where a plain number is found at a peer; with "" the peer itself. */
export function numberUri(number: string, { host, port }: Hop): string {
  const user = number === "" ? "" : `${userText(number)}@`;
  return `sip:${user}${hostText(host)}${port === undefined ? "" : `:${port}`}`;
}

/** RFC 5031: a service URN names the emergency, or a kind of it (sos.fire), without a number. */
export function isEmergencyUrn(requestUri: string): boolean {
  return /^urn:service:sos(?:\.|$)/i.test(requestUri);
}

/** Undoes escaping, octet by octet. */
export function readEscapes(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
