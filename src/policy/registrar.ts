/** REGISTER (RFC 3261 §10.3): learns from upstream's answers, and answers itself when upstream can't. */
import { BoundedMap } from "../base/bounded-map.ts";
import { ownText } from "../base/own-text.ts";
import type { Random } from "../base/ports.ts";
import { CONTACT, EXPIRES } from "../message/header-names.ts";
import type { Request, Response } from "../message/message.ts";
import { type NameAddr, nameAddrParameter, parseNameAddr } from "../message/name-addr.ts";
import type { Reply } from "../message/reply.ts";
import { Splice } from "../message/splice.ts";
import { parseDecimal } from "../message/text.ts";
import { parseSipUri } from "../message/uri.ts";
import type { RoutedRequest } from "../proxy/router.ts";
import type { Flow } from "../transport/flow.ts";
import {
  type AddressOfRecord,
  BINDINGS_MAX,
  type Binding,
  type Bindings,
  instanceMark,
  phoneMark,
  TEXT_CHARACTERS_MAX,
} from "./bindings.ts";
import type { RegistrationSettings } from "./site.ts";
import { TokenBucket } from "./token-bucket.ts";

/** RFC 3261 §10.2.1.1: what is meant where nobody says otherwise. */
const EXPIRES_DEFAULT_s = 3_600;
/** No promise is believed for longer. */
const GRANT_MAX_s = 86_400;
const CHALLENGES_MAX = 256;
const EXPIRES_MAX_s = 0xffff_ffff;
/** So that phones don't all come back at once. */
const SURVIVAL_JITTER = 0.15;
/** Codes such as 403, 404 or 408 would make some phones wait for 20 minutes; this they repeat soon. */
const RETRY_AFTER_s = 20;

/** What one REGISTER asks for. */
interface Wish {
  readonly contact: NameAddr;
  readonly expires_s: number;
}

export class Registrar {
  readonly bindings: Bindings;
  private readonly settings: RegistrationSettings;
  private readonly random: Random;
  private readonly bucket: TokenBucket;
  /** Addresses that upstream has just challenged: the answer to the challenge must not wait for its turn. */
  readonly challenged = new BoundedMap<string, true>(CHALLENGES_MAX);

  constructor(bindings: Bindings, settings: RegistrationSettings, random: Random) {
    this.bindings = bindings;
    this.settings = settings;
    this.random = random;
    this.bucket = new TokenBucket(settings.pace, settings.pace);
  }

  /** Whether a REGISTER comes from a phone that we know: same source, or the same instance. */
  knows(routed: RoutedRequest): boolean {
    const address = this.bindings.find(nameOf(routed.request));
    if (address === undefined) return false;
    const instances = wishesOf(routed.request).map(({ contact }) => instanceMark(instanceOf(contact)));
    return address.seen.some((one) => one === routed.source.address || instances.includes(one));
  }

  /** Whether policy lets us answer this phone in upstream's place. */
  serves(routed: RoutedRequest): boolean {
    const { unknown } = this.settings;
    return unknown !== "none" && (unknown === "localnet" || this.knows(routed));
  }

  /** After an outage phones go up one by one, so that the PBX isn't flooded; the others are answered here once more. */
  mayGoUp(request: Request, now_ms: number): boolean {
    const name = nameOf(request);
    const isStale = hasStale(this.bindings.find(name), request);
    return !isStale || this.challenged.get(name) === true || this.bucket.take(now_ms);
  }

  /** Whether upstream needn't hear of this refresh: nothing has changed, and its own expiry is far. */
  isSuperfluous(routed: RoutedRequest, now_ms: number): boolean {
    if (!this.settings.throttle) return false;
    const address = this.bindings.find(nameOf(routed.request));
    const wishes = wishesOf(routed.request);
    const horizon_ms = now_ms + 2 * this.settings.expires_cap_ms;
    const isSettled = ({ contact, expires_s }: Wish) =>
      expires_s > 0 &&
      address?.bindings.some(
        (one) =>
          one.contact === contact.uri &&
          one.flow.address === routed.source.address &&
          one.flow.port === routed.source.port &&
          one.expires_ms > horizon_ms,
      ) === true;
    return !hasStale(address, routed.request) && wishes.length > 0 && wishes.every(isSettled);
  }

  /** The Contact URI of the phone with this user behind `flow`, as it gave it. */
  contactOf(flow: Flow, user: string): string | undefined {
    return this.bindings.findBehind(flow, user)?.contact;
  }

  /** Upstream wants a password: the phone's next REGISTER carries it. */
  noteChallenge(request: Request): void {
    this.challenged.set(ownText(nameOf(request)), true);
  }

  /**
   * Upstream has said 2xx: learns what it has promised.
   * @returns the response's wire text, with the expiries that the phone is told
   */
  learn(routed: RoutedRequest, response: Response, now_ms: number): string {
    const { request } = routed;
    const name = nameOf(request);
    this.challenged.delete(name);
    this.bindings.markFresh(name, marksOf(request, this.bindings.find(name)));
    if (isWildcard(request)) this.bindings.remove(name, "*", orderOf(request));
    const granted = grantsOf(response);
    for (const { contact, expires_s } of wishesOf(request)) {
      const grant_s = granted.get(contact.uri) ?? headerExpires_s(response) ?? expires_s;
      if (expires_s === 0 || grant_s === 0) this.bindings.remove(name, contact.uri, orderOf(request));
      else this.bindings.put(name, bindingOf(contact, routed, Math.min(grant_s, GRANT_MAX_s), now_ms, true));
    }
    this.dropUnlisted(name, wishesOf(request), granted);
    return this.cap(response);
  }

  /** What the registrar's own list lacks is gone, provided that it lists Contacts as they were given. */
  private dropUnlisted(name: string, wishes: readonly Wish[], granted: ReadonlyMap<string, number>): void {
    if (!wishes.some(({ contact, expires_s }) => expires_s > 0 && granted.has(contact.uri))) return;
    const address = this.bindings.find(name);
    for (const binding of address?.bindings ?? []) {
      const isUnheard = address?.stale.has(phoneMark(binding)) === true;
      if (!granted.has(binding.contact) && !isUnheard) this.bindings.remove(name, binding.contact);
    }
  }

  /** The answer to a refresh that upstream needn't hear of. */
  confirm({ request }: RoutedRequest): Reply {
    return { status: 200, headers: this.contactLines(request, this.settings.expires_cap_ms / 1_000) };
  }

  /** The answer in an outage: 200 for whom policy allows, otherwise a code that doesn't park phones. */
  answer(routed: RoutedRequest, now_ms: number): Reply {
    const { request } = routed;
    const name = nameOf(request);
    if (name === "") return { status: 400, reason: "To Is No SIP URI" };
    const isWelcome = this.serves(routed) && this.bindings.hasRoomFor(name);
    if (!isWelcome) return { status: 503, headers: `Retry-After: ${RETRY_AFTER_s}\r\n` };
    const longest_s = this.settings.survival_expires_ms / 1_000;
    const expires_s = Math.max(1, Math.round(longest_s * (1 - SURVIVAL_JITTER * this.random.fraction())));
    const marks = marksOf(request, this.bindings.find(name));
    const refusal = this.store(routed, name, expires_s, now_ms);
    if (refusal !== undefined) return refusal;
    this.bindings.markStale(name, marks);
    return { status: 200, headers: this.contactLines(request, expires_s) };
  }

  /** All bindings of the address-of-record, none with more than `expires_s` to live. */
  private contactLines(request: Request, expires_s: number): string {
    const wishes = wishesOf(request);
    const lines = (this.bindings.find(nameOf(request))?.bindings ?? []).map(({ contact, parameters }) => {
      const wish = wishes.find((one) => one.contact.uri === contact);
      const told_s = wish === undefined ? expires_s : Math.min(expires_s, wish.expires_s);
      return `Contact: <${contact}>${parameters};expires=${told_s}\r\n`;
    });
    return lines.join("");
  }

  /** Takes what a REGISTER wishes into the bindings, for `longest_s` at the most; a refusal when it wishes too much. */
  private store(routed: RoutedRequest, name: string, longest_s: number, now_ms: number): Reply | undefined {
    if (isFaulty(routed.request)) return { status: 400, reason: "Contact * Alone With Expires 0" };
    if (isWildcard(routed.request)) {
      this.bindings.remove(name, "*", orderOf(routed.request));
      return undefined;
    }
    const wishes = wishesOf(routed.request);
    if (wishes.length > BINDINGS_MAX) return { status: 403, reason: "Too Many Contacts" };
    for (const { contact, expires_s } of wishes) {
      if (this.isElsewhere(name, contact, routed.source)) continue;
      if (expires_s === 0) this.bindings.remove(name, contact.uri, orderOf(routed.request));
      else this.bindings.put(name, bindingOf(contact, routed, Math.min(expires_s, longest_s), now_ms, false));
    }
    return undefined;
  }

  /** Whether the contact is that of a phone at another address, which nobody but itself may change while upstream is away. */
  private isElsewhere(name: string, contact: NameAddr, source: Flow): boolean {
    const known = this.bindings.find(name)?.bindings.find((one) => one.contact === contact.uri);
    if (known === undefined || known.flow.address === source.address) return false;
    return known.instance === "" || known.instance !== instanceOf(contact);
  }

  /** Lowers every expiry in a response to the cap. */
  private cap(response: Response): string {
    const cap_s = Math.round(this.settings.expires_cap_ms / 1_000);
    const splice = new Splice(response.wire);
    for (let index = response.indexOf(CONTACT); index >= 0; index = response.indexOf(CONTACT, index + 1)) {
      const value = response.value(index);
      const capped = replaceExpiry(value, (name, digits) => `${name}${Math.min(Number(digits), cap_s)}`);
      if (capped !== value) splice.replace(response.valueStart(index), response.valueEnd(index), capped);
    }
    const header = response.indexOf(EXPIRES);
    if (header >= 0 && (headerExpires_s(response) ?? 0) > cap_s) {
      splice.replace(response.valueStart(header), response.valueEnd(header), String(cap_s));
    }
    return splice.build();
  }
}

/** The address-of-record that a REGISTER is about: "user@domain". */
export function nameOf(request: Request): string {
  const uri = parseSipUri(request.to?.uri ?? "");
  return uri === undefined ? "" : `${uri.user ?? ""}@${uri.host}`;
}

/** The address-of-record of whoever sent a request. */
export function callerOf(request: Request): string {
  const uri = parseSipUri(request.from?.uri ?? "");
  return uri === undefined ? "" : `${uri.user ?? ""}@${uri.host}`;
}

/** Whether a REGISTER asks for more than to be told, or taken away. */
export function makesBinding(request: Request): boolean {
  return wishesOf(request).some(({ expires_s }) => expires_s > 0);
}

/** "Contact: *": all contacts are meant. */
function isWildcard(request: Request): boolean {
  const values = request.list(CONTACT);
  return values.length === 1 && values[0] === "*";
}

/** §10.3 item 6: a wildcard stands alone, and takes away. */
function isFaulty(request: Request): boolean {
  return request.list(CONTACT).includes("*") && !(isWildcard(request) && headerExpires_s(request) === 0);
}

function wishesOf(request: Request): Wish[] {
  if (request.indexOf(CONTACT) < 0 || isWildcard(request)) return [];
  const default_s = headerExpires_s(request) ?? EXPIRES_DEFAULT_s;
  const wishes: Wish[] = [];
  for (const value of request.list(CONTACT)) {
    const contact = parseNameAddr(value);
    const isUsable = contact !== undefined && contact.uri.length <= TEXT_CHARACTERS_MAX;
    if (isUsable && parseSipUri(contact.uri) !== undefined)
      wishes.push({ contact, expires_s: contactExpires_s(contact) ?? default_s });
  }
  return wishes;
}

/** The phones that a REGISTER is about: with "Contact: *" all that the address-of-record has, with none nobody. */
function marksOf(request: Request, address: AddressOfRecord | undefined): string[] {
  if (isWildcard(request)) return [...(address?.stale ?? []), ...(address?.bindings ?? []).map(phoneMark)];
  return wishesOf(request).map(({ contact }) => phoneMark({ contact: contact.uri, instance: instanceOf(contact) }));
}

/** Whether upstream has yet to hear of a phone that a REGISTER is about. */
function hasStale(address: AddressOfRecord | undefined, request: Request): boolean {
  return marksOf(request, address).some((mark) => address?.stale.has(mark) === true);
}

/** URI → seconds, as a registrar's 2xx lists them. */
function grantsOf(response: Response): Map<string, number> {
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

function headerExpires_s(message: Request | Response): number | undefined {
  const text = message.header(EXPIRES);
  const expires_s = text === undefined ? -1 : parseDecimal(text, EXPIRES_MAX_s);
  return expires_s < 0 ? undefined : expires_s;
}

/** What is in quotes or angle brackets is none of ours: a Contact's URI may have parameters of its own. */
const EXPIRY = /"(?:[^"\\]|\\.)*"?|<[^>]*>?|(;\s*expires\s*=\s*)(\d+)/gi;

function replaceExpiry(text: string, replacement: (name: string, digits: string) => string): string {
  return text.replace(EXPIRY, (other, name: string | undefined, digits = "") =>
    name === undefined ? other : replacement(name, digits),
  );
}

function orderOf({ callId, cseqNumber }: Request): { callId: string; cseq: number } {
  return { callId: ownText(callId.slice(0, TEXT_CHARACTERS_MAX)), cseq: cseqNumber };
}

function instanceOf(contact: NameAddr): string {
  return nameAddrParameter(contact, "+sip.instance") ?? "";
}

function bindingOf(
  contact: NameAddr,
  { request, source }: RoutedRequest,
  left_s: number,
  now_ms: number,
  isAccepted: boolean,
): Binding {
  return {
    contact: ownText(contact.uri),
    parameters: ownText(replaceExpiry(contact.parameters, () => "").slice(0, TEXT_CHARACTERS_MAX)),
    instance: ownText(instanceOf(contact).slice(0, TEXT_CHARACTERS_MAX)),
    flow: source,
    ...orderOf(request),
    expires_ms: now_ms + left_s * 1_000,
    heard_ms: now_ms,
    isAccepted,
  };
}
