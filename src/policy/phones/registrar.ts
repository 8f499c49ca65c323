/**
 * REGISTER (RFC 3261 §10.3): learns from upstream's answers, and answers itself when upstream can't.
 *
 * Upstream's 200 is the registrar's word; a 200 of ours keeps its own. In upstream's place nothing is answered 200 that wasn't done as it
 * was asked: what can't be done is refused before any change, and goes up while upstream lives. Which REGISTER is the later one is decided
 * in `register-order.ts`, never in the table of bindings. What upstream's requests show of Path counts for more than what its answers say
 * (`path-watch.ts`).
 */

import { BoundedMap } from "../../base/bounded-map.ts";
import { ownText } from "../../base/own-text.ts";
import type { Random } from "../../base/ports.ts";
import { CONTACT, EXPIRES } from "../../message/header-names.ts";
import { TEXT_CHARACTERS_MAX } from "../../message/limits.ts";
import type { Request, Response } from "../../message/message.ts";
import type { Reply } from "../../message/reply.ts";
import { Splice } from "../../message/splice.ts";
import type { RoutedRequest } from "../../proxy/router.ts";
import { type Flow, isSameFlow } from "../../transport/flow.ts";
import type { RegistrationSettings } from "../site.ts";
import { nameOf } from "./address-of-record.ts";
import { type AddressOfRecord, BINDINGS_MAX, type Binding, type Bindings } from "./bindings.ts";
import { expiryHere_s, retryAfterLine } from "./coming-back.ts";
import { instanceMark, phoneMark } from "./phone-marks.ts";
import { RefusedPhones } from "./refused-phones.ts";
import { isOvertaken, orderOf } from "./register-order.ts";
import { capExpiries, grantsOf, headerExpires_s, type Wish, type Wishes, wishesOf } from "./register-wishes.ts";

/** No promise is believed for longer. */
const GRANT_MAX_s = 86_400;
const CHALLENGES_MAX = 256;

export class Registrar {
  readonly bindings: Bindings;
  private readonly settings: RegistrationSettings;
  private readonly random: Random;
  /** Addresses that upstream has just challenged: the answer to the challenge must not wait for its turn. */
  readonly challenged = new BoundedMap<string, true>(CHALLENGES_MAX);

  /** Phones that have got no 200 in upstream's place. */
  readonly refused = new RefusedPhones();

  constructor(bindings: Bindings, settings: RegistrationSettings, random: Random) {
    this.bindings = bindings;
    this.settings = settings;
    this.random = random;
  }

  /** Whether a REGISTER comes from a phone that we know: same source, or the same instance. */
  knows(routed: RoutedRequest): boolean {
    const address = this.bindings.find(nameOf(routed.request));
    if (address === undefined) return false;
    if (address.seen.includes(routed.source.address)) return true;
    return wishesOf(routed.request).contacts.some(({ instance }) => address.seen.includes(instanceMark(instance)));
  }

  /** Whether policy lets us answer this phone in upstream's place. */
  serves(routed: RoutedRequest): boolean {
    const { unknown } = this.settings;
    return unknown !== "none" && (unknown === "localnet" || this.knows(routed));
  }

  /**
   * Why we can't take a REGISTER in upstream's place. A 200 of ours always does what was asked, and lists the phone's Contact
   * (§10.3 item 8); undefined: it would.
   */
  refusal(routed: RoutedRequest, now_ms: number): Reply | undefined {
    const { request, source } = routed;
    const name = nameOf(request);
    if (name === "") return { status: 400, reason: "To Is No SIP URI" };
    if (!this.serves(routed) || !this.bindings.hasRoomFor(name))
      return { status: 503, headers: retryAfterLine(this.random) };
    const wishes = wishesOf(request);
    if (wishes.fault !== undefined) return { status: 400, reason: wishes.fault };
    if (wishes.contacts.length > BINDINGS_MAX) return { status: 403, reason: "Too Many Contacts" };
    const known = this.bindings.find(name)?.bindings ?? [];
    if (isOvertaken(routed, wishes, known, now_ms)) {
      return { status: 500, reason: "CSeq Out Of Order", headers: retryAfterLine(this.random) };
    }
    const isForeign = wishes.contacts.some((wish) => known.some((one) => isElsewhere(one, wish, source)));
    return isForeign ? { status: 503, headers: retryAfterLine(this.random) } : undefined;
  }

  /** Whether upstream has yet to hear of the phone, which we have answered in its place. */
  isOwed(request: Request): boolean {
    return hasStale(this.bindings.find(nameOf(request)), request);
  }

  /** Whether the REGISTER answers a challenge of upstream's. */
  isChallenged(request: Request): boolean {
    return this.challenged.get(nameOf(request)) === true;
  }

  /** Whether upstream needn't hear of this refresh: nothing has changed, and its own expiry is far. */
  isSuperfluous(routed: RoutedRequest, now_ms: number): boolean {
    if (!this.settings.throttle) return false;
    return this.isSettledBeyond(now_ms + 2 * this.settings.expires_cap_ms, routed, now_ms);
  }

  /**
   * The answer of an outage to a refresh that upstream needn't hear of before the phone's next one; undefined: upstream must. No binding
   * changes.
   */
  rehearse(routed: RoutedRequest, now_ms: number): Reply | undefined {
    const { survival_expires_ms } = this.settings;
    if (!this.isSettledBeyond(now_ms + 2 * survival_expires_ms, routed, now_ms)) return undefined;
    const expires_s = expiryHere_s(survival_expires_ms, false, this.random);
    return { status: 200, headers: this.contactLines(routed.request, expires_s, now_ms) };
  }

  /** Whether a REGISTER asks for nothing but what upstream has promised to keep until `horizon_ms`, and we would say 200 to it. */
  private isSettledBeyond(horizon_ms: number, routed: RoutedRequest, now_ms: number): boolean {
    const { request, source } = routed;
    const address = this.bindings.find(nameOf(request));
    const { contacts } = wishesOf(request);
    const isSettled = ({ uri, parameters, expires_s }: Wish) =>
      expires_s > 0 &&
      address?.bindings.some(
        (one) =>
          one.contact === uri &&
          one.parameters === parameters &&
          one.path === undefined &&
          isSameFlow(one.flow, source) &&
          one.expires_ms > horizon_ms,
      ) === true;
    if (contacts.length === 0 || !contacts.every(isSettled) || hasStale(address, request)) return false;
    return this.refusal(routed, now_ms) === undefined;
  }

  /** The Contact URI of the phone with this user behind `flow`, as it gave it. */
  contactOf(flow: Flow, user: string): string | undefined {
    return this.bindings.findBehind(flow, user)?.contact;
  }

  /** Upstream wants a password: the phone's next REGISTER carries it. */
  noteChallenge(request: Request): void {
    const name = nameOf(request);
    if (name.length <= TEXT_CHARACTERS_MAX) this.challenged.set(ownText(name), true);
  }

  /**
   * Upstream has said 2xx: learns what it has promised. Its word counts whatever the CSeq is (a phone that has booted begins
   * anew), unless a later REGISTER of the phone has been answered meanwhile.
   * @param asked_ms when the REGISTER came
   * @returns the edits of the response's wire text that make the expiries those which the phone is told
   */
  learn(routed: RoutedRequest, response: Response, now_ms: number, asked_ms = now_ms): Splice {
    const { request } = routed;
    const name = nameOf(request);
    const wishes = wishesOf(request);
    const order = orderOf(request);
    const address = this.bindings.find(name);
    const known = address?.bindings ?? [];
    const later = known.filter(({ callId, cseq, heard_ms }) => {
      return callId === order.callId && cseq > order.cseq && heard_ms > asked_ms;
    });
    this.challenged.delete(name);
    if (address !== undefined && address.stale.size > 0) this.bindings.markFresh(name, marksOf(wishes, address));
    if (wishes.isWildcard) {
      for (const one of known) if (!later.includes(one)) this.bindings.remove(name, one.contact);
    }
    const granted = grantsOf(response);
    const taken: Binding[] = [];
    for (const wish of wishes.contacts) {
      if (later.some((one) => one.contact === wish.uri || (one.instance !== "" && one.instance === wish.instance)))
        continue;
      const grant_s = granted.get(wish.uri) ?? headerExpires_s(response) ?? wish.expires_s;
      const left_s = Math.min(grant_s, GRANT_MAX_s);
      if (wish.expires_s === 0 || grant_s === 0) this.bindings.remove(name, wish.uri);
      else taken.push(bindingOf(wish, routed, now_ms + left_s * 1_000, asked_ms, true));
    }
    this.bindings.putAll(name, taken);
    this.dropUnlisted(name, wishes, granted, asked_ms);
    return this.cap(response);
  }

  /** What the registrar's own list lacks is gone, provided that it lists Contacts as they were given. */
  private dropUnlisted(
    name: string,
    { contacts }: Wishes,
    granted: ReadonlyMap<string, number>,
    asked_ms: number,
  ): void {
    if (!contacts.some(({ uri, expires_s }) => expires_s > 0 && granted.has(uri))) return;
    const address = this.bindings.find(name);
    for (const binding of address?.bindings ?? []) {
      const isUnheard =
        address?.stale.has(phoneMark(binding)) === true || binding.heard_ms > asked_ms || binding.path !== undefined;
      if (!granted.has(binding.contact) && !isUnheard) this.bindings.remove(name, binding.contact);
    }
  }

  /** The answer to a refresh that upstream needn't hear of. */
  confirm({ request }: RoutedRequest, now_ms: number): Reply {
    return { status: 200, headers: this.contactLines(request, this.settings.expires_cap_ms / 1_000, now_ms) };
  }

  /**
   * The answer in an outage: 200 for phones that policy allows, otherwise a code that doesn't park phones.
   * @param asked_ms when the REGISTER came
   * @param isReturning upstream lives again: the phone is to come back soon, and go up
   */
  answer(routed: RoutedRequest, now_ms: number, asked_ms = now_ms, isReturning = false): Reply {
    const { request } = routed;
    const refusal = this.refusal(routed, asked_ms);
    if (refusal !== undefined) return refusal;
    const expires_s = expiryHere_s(this.settings.survival_expires_ms, isReturning, this.random);
    const name = nameOf(request);
    const wishes = wishesOf(request);
    const marks = marksOf(wishes, this.bindings.find(name));
    if (wishes.isWildcard) this.bindings.remove(name, "*");
    const taken: Binding[] = [];
    for (const wish of wishes.contacts) {
      const left_s = Math.min(wish.expires_s, expires_s);
      if (left_s === 0) this.bindings.remove(name, wish.uri);
      else taken.push(bindingOf(wish, routed, now_ms + left_s * 1_000, asked_ms, false));
    }
    this.bindings.putAll(name, taken);
    this.bindings.markStale(name, marks);
    return { status: 200, headers: this.contactLines(request, expires_s, now_ms) };
  }

  /** All bindings of the address-of-record that live, none with more than `expires_s` to live. */
  private contactLines(request: Request, expires_s: number, now_ms: number): string {
    const { contacts } = wishesOf(request);
    let lines = "";
    for (const { contact, parameters, expires_ms } of this.bindings.find(nameOf(request))?.bindings ?? []) {
      const wish = contacts.find(({ uri }) => uri === contact);
      const left_s = wish?.expires_s ?? Math.ceil((expires_ms - now_ms) / 1_000);
      if (left_s > 0) lines += `Contact: <${contact}>${parameters};expires=${Math.min(expires_s, left_s)}\r\n`;
    }
    return lines;
  }

  /** Lowers every expiry in a response to the cap. */
  private cap(response: Response): Splice {
    const cap_s = Math.round(this.settings.expires_cap_ms / 1_000);
    const splice = new Splice(response.wire);
    for (let index = response.indexOf(CONTACT); index >= 0; index = response.indexOf(CONTACT, index + 1)) {
      const value = response.value(index);
      const capped = capExpiries(value, cap_s);
      if (capped !== value) splice.replace(response.valueStart(index), response.valueEnd(index), capped);
    }
    const header = response.indexOf(EXPIRES);
    if (header >= 0 && (headerExpires_s(response) ?? 0) > cap_s) {
      splice.replace(response.valueStart(header), response.valueEnd(header), String(cap_s));
    }
    return splice;
  }
}

/** Whether the Contact is that of a phone at another address, which nobody but itself may change while upstream is away. */
function isElsewhere({ contact, flow, instance }: Binding, wish: Wish, source: Flow): boolean {
  if (contact !== wish.uri || flow.address === source.address) return false;
  return instance === "" || instance !== wish.instance;
}

/** The phones that a REGISTER is about: with "Contact: *" all that the address-of-record has, with none nobody. */
function marksOf({ isWildcard, contacts }: Wishes, address: AddressOfRecord | undefined): string[] {
  if (isWildcard) return [...(address?.stale ?? []), ...(address?.bindings ?? []).map(phoneMark)];
  return contacts.map(({ uri, instance }) => phoneMark({ contact: uri, instance }));
}

/** Whether upstream has yet to hear of a phone that a REGISTER is about. */
function hasStale(address: AddressOfRecord | undefined, request: Request): boolean {
  if (address === undefined || address.stale.size === 0) return false;
  return marksOf(wishesOf(request), address).some((mark) => address.stale.has(mark));
}

function bindingOf(
  { uri, parameters, instance }: Wish,
  { request, source }: RoutedRequest,
  expires_ms: number,
  heard_ms: number,
  isAccepted: boolean,
): Binding {
  const { callId, cseq } = orderOf(request);
  return {
    contact: ownText(uri),
    parameters: ownText(parameters),
    instance: ownText(instance),
    flow: source,
    callId: ownText(callId),
    cseq,
    expires_ms,
    heard_ms,
    isAccepted,
  };
}
