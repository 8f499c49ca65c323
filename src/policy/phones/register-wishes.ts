/** What a REGISTER asks for (RFC 3261 §10.2), and what a registrar's answer grants. */
import { CONTACT, EXPIRES } from "../../message/header-names.ts";
import { TEXT_CHARACTERS_MAX } from "../../message/limits.ts";
import type { Request, Response } from "../../message/message.ts";
import { type NameAddr, nameAddrParameter, parseNameAddr } from "../../message/name-addr.ts";
import { parseDecimal, SEMICOLON, splitList } from "../../message/text.ts";
import { parameter, parseSipUri } from "../../message/uri.ts";

/** RFC 3261 §10.2.1.1: what is meant where the phone names no expiry. */
const EXPIRES_DEFAULT_s = 3_600;
const EXPIRES_MAX_s = 0xffff_ffff;

/** One Contact of a REGISTER. */
export interface Wish {
  /** Its URI as the phone wrote it. */
  readonly uri: string;
  /** Its other parameters without expires, as far as there is room to keep them: ";q=0.5", or "". */
  readonly parameters: string;
  /** +sip.instance (RFC 5626 §4.1) with its quotes, or "". */
  readonly instance: string;
  readonly expires_s: number;
}

export interface Wishes {
  /** "Contact: *" with Expires: 0: all contacts are to go. */
  readonly isWildcard: boolean;
  /** The Contacts that can be used; none for a query. */
  readonly contacts: readonly Wish[];
  /** Why the REGISTER can't be taken as a whole, as a reason phrase; undefined: it can. */
  readonly fault: string | undefined;
}

let lastRead: { readonly request: Request; readonly wishes: Wishes } | undefined;

/** Reads the Contacts of a REGISTER. The rule, the registrar and the log ask for the same one's several times in a row. */
export function wishesOf(request: Request): Wishes {
  if (lastRead?.request !== request) lastRead = { request, wishes: readWishes(request) };
  return lastRead.wishes;
}

function readWishes(request: Request): Wishes {
  const values = request.list(CONTACT);
  if (values.includes("*")) {
    // §10.3 item 6: a wildcard stands alone, and takes away.
    const isAlone = values.length === 1 && headerExpires_s(request) === 0;
    const fault = isAlone ? undefined : "Contact * Alone With Expires 0";
    return { isWildcard: isAlone, contacts: [], fault };
  }
  const default_s = headerExpires_s(request) ?? EXPIRES_DEFAULT_s;
  const contacts: Wish[] = [];
  let isWhole = values.length > 0 || request.indexOf(CONTACT) < 0;
  for (const value of values) {
    const read = readContact(value, default_s);
    if (read === undefined) {
      isWhole = false;
      continue;
    }
    contacts.push(read.wish);
    isWhole = isWhole && read.isWhole;
  }
  return { isWildcard: false, contacts, fault: isWhole ? undefined : "Contact Can't Be Used" };
}

/** Whether a REGISTER asks for more than to be told, or to take away. */
export function makesBinding(request: Request): boolean {
  return wishesOf(request).contacts.some(({ expires_s }) => expires_s > 0);
}

/** A parameter as RFC 3261 §25.1 wants it (generic-param), a little wider in the characters that phones use. */
const PARAMETER = /^[^\s=";,<>]+(?:\s*=\s*(?:[^\s";,<>]+|"(?:[^"\\]|\\.)*"))?$/;

/**
 * A Contact's URI and parameters; undefined when it can't be used: no SIP URI, or one that is longer than what is kept.
 * It isn't whole when a parameter is malformed, or when there are more than can be kept.
 */
export function readContact(value: string, default_s: number): { wish: Wish; isWhole: boolean } | undefined {
  const contact = parseNameAddr(value);
  if (contact === undefined || !isUsableContact(contact.uri)) return undefined;
  let parameters = "";
  let isWhole = true;
  for (const part of splitList(contact.parameters, SEMICOLON)) {
    if (/^expires\s*(?:=|$)/i.test(part)) continue;
    const isKept = PARAMETER.test(part) && parameters.length + 1 + part.length <= TEXT_CHARACTERS_MAX;
    if (isKept) parameters += `;${part}`;
    isWhole = isWhole && isKept;
  }
  const wish = {
    uri: contact.uri,
    parameters,
    instance: parameter(parameters, "+sip.instance") ?? "",
    expires_s: contactExpires_s(contact) ?? default_s,
  };
  return { wish, isWhole };
}

/** Whether a phone can be called by this Contact URI, and we can keep it. */
function isUsableContact(uri: string): boolean {
  return uri.length <= TEXT_CHARACTERS_MAX && parseSipUri(uri) !== undefined;
}

/** URI → seconds, as a registrar's 2xx lists them. */
export function grantsOf(response: Response): Map<string, number> {
  const grants = new Map<string, number>();
  for (const value of response.list(CONTACT)) {
    const contact = parseNameAddr(value);
    const expires_s = contact === undefined ? undefined : contactExpires_s(contact);
    if (contact !== undefined && expires_s !== undefined) grants.set(contact.uri, expires_s);
  }
  return grants;
}

function contactExpires_s(contact: NameAddr): number | undefined {
  const text = nameAddrParameter(contact, "expires");
  const expires_s = text === undefined ? -1 : parseDecimal(text, EXPIRES_MAX_s);
  return expires_s < 0 ? undefined : expires_s;
}

/** The value of Expires; undefined when there is none, or no number. */
export function headerExpires_s(message: Request | Response): number | undefined {
  const text = message.header(EXPIRES);
  const expires_s = text === undefined ? -1 : parseDecimal(text, EXPIRES_MAX_s);
  return expires_s < 0 ? undefined : expires_s;
}

/** Text in quotes or angle brackets is none of ours: a Contact's URI may have parameters of its own. */
const EXPIRY = /"(?:[^"\\]|\\.)*"?|<[^>]*>?|(;\s*expires\s*=\s*)(\d+)/gi;

/** Contact values with each expiry of more than `cap_s` lowered to it. */
export function capExpiries(text: string, cap_s: number): string {
  return text.replace(EXPIRY, (other, name: string | undefined, digits = "") =>
    name === undefined ? other : `${name}${Math.min(Number(digits), cap_s)}`,
  );
}
