/** What is known of an address-of-record and its phones. */
import { parseSipUri, type SipUri } from "../../message/uri.ts";
import type { Target } from "../../proxy/router.ts";
import { type Flow, isSameFlow, nameFlow } from "../../transport/flow.ts";
import { plainNumber } from "../dialled-number.ts";
import type { Wishes } from "./register-wishes.ts";

/** One registered contact (RFC 3261 §10.2). */
export interface Binding {
  /** The Contact URI as the phone gave it. */
  readonly contact: string;
  /** The Contact's other parameters, without expires: ";+sip.instance=…", or "". */
  readonly parameters: string;
  /** +sip.instance (RFC 5626 §4.1), or "". */
  readonly instance: string;
  /** The way to the phone. */
  readonly flow: Flow;
  readonly callId: string;
  readonly cseq: number;
  /** Until when it has been promised to be kept, by upstream or in an outage by us. */
  readonly expires_ms: number;
  /** When the last REGISTER came that made or refreshed it; -Infinity: before a restart. */
  readonly heard_ms: number;
  /**
   * Upstream has said 2xx to a REGISTER from this very flow. It stays so through refreshes from there that are answered
   * here; false for what only we have answered.
   */
  readonly isAccepted: boolean;
  /**
   * Given for one that the foreign other half of a pair has told us of by a copy of the REGISTER: the Path (RFC 3327) by which that half
   * reaches the phone, or nothing where it told none. `flow` is the phone's own address all the same.
   */
  readonly path?: readonly string[] | undefined;
}

export interface AddressOfRecord {
  /** "user@domain", the domain in lower case. */
  readonly name: string;
  readonly user: string;
  bindings: readonly Binding[];
  /** Source addresses and instances of its phones, the last first: known even while they are un-registered. */
  seen: readonly string[];
  /** Until when upstream has promised to keep a binding of it, one that is removed by now too. */
  promised_ms: number;
  /**
   * Its phones, as {@link phoneMark} names them, of which upstream doesn't know what we have answered since: their next
   * REGISTER must go up, and that upstream doesn't list them means nothing.
   */
  stale: ReadonlySet<string>;
  /** The phone doesn't follow redirects. */
  wantsRelay: boolean;
  /** Of its texts, as {@link charactersOf} counts them. */
  characters: number;
}

/** All that is known of an address-of-record beside its name. */
export type Known = Pick<AddressOfRecord, "bindings" | "seen" | "promised_ms" | "stale" | "wantsRelay">;

/** Contacts of one address-of-record. */
export const BINDINGS_MAX = 10;
/** What it has been seen by, and its phones that are stale. */
export const MARKS_MAX = 2 * BINDINGS_MAX;
/** A binding that upstream has let expire serves in outages for this time: no phone can register with a PBX that is gone. */
export const KEEP_ms = 24 * 3_600_000;
export const NO_MARKS: ReadonlySet<string> = new Set();

/** Proxies between a registrar and its phone. */
export const PATH_VALUES_MAX = 4;
const NO_PATH: readonly string[] = [];

/** What a binding has besides its texts, counted as characters. */
const BINDING_CHARACTERS = 300;

/** One of which no phone is known yet. @param name "user@domain", in its canonical form */
export function newAddress(name: string): AddressOfRecord {
  const user = name.slice(0, name.lastIndexOf("@"));
  const promised_ms = Number.NEGATIVE_INFINITY;
  return { name, user, bindings: [], seen: [], promised_ms, stale: NO_MARKS, wantsRelay: false, characters: 0 };
}

/** The way to a phone, as a target of a fork. */
export function targetOf({ contact, flow, path }: Binding): Target {
  const target = { requestUri: contact, nextHop: nameFlow(flow) };
  return path === undefined || path.length === 0 ? target : { ...target, path };
}

/** Whether a REGISTER that is answered here makes `one` of a binding that upstream has heard of: from there, with that user. */
export function staysAccepted(known: Binding, one: Binding): boolean {
  if (!known.isAccepted || !isSameFlow(known.flow, one.flow)) return false;
  return known.contact === one.contact || parseSipUri(known.contact)?.user === parseSipUri(one.contact)?.user;
}

/** Whether a REGISTER names a Contact that upstream hasn't accepted: upstream's calls find the phone elsewhere, or not at all. */
export function isUnheard(address: AddressOfRecord | undefined, { contacts }: Wishes): boolean {
  const isAccepted = (uri: string) => address?.bindings.some((one) => one.contact === uri && one.isAccepted) === true;
  return contacts.some(({ uri, expires_s }) => expires_s > 0 && !isAccepted(uri));
}

/**
 * Whether upstream has accepted a binding from the host of `uri`, and its user is that of the Contact, or of the address-of-record. Parameters
 * and a password of the user must be the Contact's: some gateways read another number from them, such as `;rn=` or `;phone-context=`.
 * @param owner the user of the address-of-record
 */
export function isMeant({ user = "", host }: SipUri, owner: string, { isAccepted, flow, contact }: Binding): boolean {
  if (!isAccepted || flow.address !== host) return false;
  const own = parseSipUri(contact)?.user ?? "";
  if (/[;:]/.test(user)) return user === own;
  return [own, owner].some((one) => plainNumber(one) === plainNumber(user));
}

/** How much room its texts take. */
export function charactersOf({ name, bindings, stale }: AddressOfRecord): number {
  let characters = name.length;
  for (const { contact, parameters, instance, callId, path = NO_PATH } of bindings) {
    characters += BINDING_CHARACTERS + contact.length + parameters.length + instance.length + callId.length;
    for (const one of path) characters += one.length;
  }
  for (const mark of stale) characters += mark.length;
  return characters;
}

/**
 * Whether a file must soon be written anew, since `one` has taken the place of `known`. On disk a binding that has run out counts for
 * nothing.
 */
export function isNewsOnDisk(known: Binding | undefined, one: Binding): boolean {
  if (known === undefined || known.contact !== one.contact || !isSameFlow(known.flow, one.flow)) return true;
  if (known.path?.join() !== one.path?.join()) return true;
  return known.isAccepted !== one.isAccepted || known.expires_ms <= one.heard_ms;
}
