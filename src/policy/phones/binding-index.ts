/**
 * Finds addresses-of-record by what calls and requests name: a user, the end of a number, a domain, a phone's address, its
 * Contact. A look-up takes the same time with 20 phones and with 20,000.
 */
import { parseSipUri, type SipUri } from "../../message/uri.ts";
import { type Flow, isSameFlow } from "../../transport/flow.ts";
import { type Hop, hopOf, portOf } from "../../transport/locator.ts";
import { plainNumber } from "../dialled-number.ts";

/** The digits at the end of a number by which it is kept: the configuration's `suffix_digits` are 2 at the least. */
const SHORT_TAIL_digits = 2;
const LONG_TAIL_digits = 3;

/** What of a binding says where its phone is. */
interface Place {
  readonly contact: string;
  readonly flow: Flow;
}

/** What of an address-of-record is looked for. */
interface Entry {
  /** "user@domain" */
  readonly name: string;
  readonly user: string;
  bindings: readonly Place[];
}

/** Under which key a user part is kept and looked up: %32%30%31 is 201. */
function userKey(user: string): string {
  return plainNumber(user);
}

export class BindingIndex<A extends Entry> {
  /** What is found under a key, first come first; one alone stands for a list of its own. */
  private readonly entries = new Map<string, A | A[]>();
  /** Addresses-of-record by domain. */
  private readonly domains = new Map<string, number>();
  /** Addresses-of-record whose user is a number, by its digits. */
  private readonly lengths = new Map<number, number>();

  /** A new address-of-record, which has no bindings yet. */
  enter(address: A): void {
    for (const key of keysOfUser(address.user)) this.add(key, address);
    change(this.domains, domainOf(address), 1);
    change(this.lengths, digitsOf(address), 1);
  }

  /** It is forgotten. */
  leave(address: A): void {
    this.rebind(address, []);
    for (const key of keysOfUser(address.user)) this.remove(key, address);
    change(this.domains, domainOf(address), -1);
    change(this.lengths, digitsOf(address), -1);
  }

  /** Gives an address-of-record its bindings: they must not change otherwise. */
  rebind(address: A, bindings: A["bindings"]): void {
    const before = address.bindings;
    address.bindings = bindings;
    if (bindings.length === before.length && bindings.every((one, place) => isSamePlace(one, before[place]))) return;
    const old = keysOfPlaces(address.user, before);
    const now = keysOfPlaces(address.user, bindings);
    for (const key of old) if (!now.has(key)) this.remove(key, address);
    for (const key of now) if (!old.has(key)) this.add(key, address);
  }

  /** Whether any address-of-record is in this domain, given in lower case. */
  hasDomain(domain: string): boolean {
    return this.domains.has(domain);
  }

  /** The first with this user that has bindings, in whichever domain. */
  byUser(user: string): A | undefined {
    return this.list(`user ${userKey(user)}`).find(({ bindings }) => bindings.length > 0);
  }

  /** The one with bindings whose number is the longest end of `number`, or ends with it; undefined when several do equally well. */
  bySuffix(number: string, least_digits: number): A | undefined {
    const digits = plainDigits(userKey(number));
    if (digits === undefined || digits.length < least_digits) return undefined;
    const tail = digits.slice(-(least_digits >= LONG_TAIL_digits ? LONG_TAIL_digits : SHORT_TAIL_digits));
    let best: A | undefined;
    let best_digits = 0;
    for (const address of this.list(`tail ${tail}`)) {
      const common_digits = commonSuffix(plainDigits(userKey(address.user)) ?? "", digits);
      if (common_digits < least_digits || address.bindings.length === 0) continue;
      if (common_digits > best_digits) {
        best = address;
        best_digits = common_digits;
      } else if (common_digits === best_digits) {
        best = undefined;
      }
    }
    return best;
  }

  /**
   * Whose phone a URI with that phone's own address means: by its user or its Contact's, or without a user any. A phone
   * that has registered from there comes before one whose Contact merely says so.
   */
  byPlace(uri: SipUri): A | undefined {
    return this.allByPlace(uri)[0];
  }

  /** All of them: several phones behind one address can have the same user. */
  allByPlace(uri: SipUri): readonly A[] {
    const place = placeOf(uri);
    const there = this.list(`at ${place}`);
    return there.length > 0 ? there : this.list(`says ${place}`);
  }

  /** The same, but only of phones that have registered from there: a Contact can say anything. */
  allBySource(uri: SipUri): readonly A[] {
    return this.list(`at ${placeOf(uri)}`);
  }

  /** Whether any phone has registered from this address, or has it in its Contact. */
  hasPlace(address: string): boolean {
    return this.entries.has(`at ${address}`) || this.entries.has(`says ${address}`);
  }

  /** Those that have registered from this address. */
  atPlace(address: string): readonly A[] {
    return this.list(`at ${address}`);
  }

  /** Those with a Contact that has this user; where it is somebody's own user, nobody else can claim it. */
  byContactUser(user: string): readonly A[] {
    const key = userKey(user);
    const all = this.list(`contact user ${key}`);
    const own = all.filter((address) => userKey(address.user) === key);
    return own.length > 0 ? own : all;
  }

  /** Those with this user, in all domains. */
  allByUser(user: string): readonly A[] {
    return this.list(`user ${userKey(user)}`).filter(({ bindings }) => bindings.length > 0);
  }

  /** Whether any user is a number with this many digits. */
  hasLength(digits: number): boolean {
    return this.lengths.has(digits);
  }

  /** Whether a phone that is where it says it is has named `hop` as its Contact. */
  hasContactAt(hop: Hop): boolean {
    return this.entries.has(keyOfContact(hop));
  }

  /** The binding behind `flow` whose Contact has this user. */
  byFlow(flow: Flow, user: string): A["bindings"][number] | undefined {
    for (const { bindings } of this.list(keyOfFlow(flow))) {
      const found = bindings.find((one) => isSameFlow(one.flow, flow) && parseSipUri(one.contact)?.user === user);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private list(key: string): readonly A[] {
    const found = this.entries.get(key);
    if (found === undefined) return [];
    return Array.isArray(found) ? found : [found];
  }

  private add(key: string, address: A): void {
    const found = this.entries.get(key);
    if (found === undefined) this.entries.set(key, address);
    else if (Array.isArray(found)) found.push(address);
    else this.entries.set(key, [found, address]);
  }

  private remove(key: string, address: A): void {
    const left = this.list(key).filter((one) => one !== address);
    const [only] = left;
    if (only === undefined) this.entries.delete(key);
    else this.entries.set(key, left.length === 1 ? only : left);
  }
}

function domainOf({ name }: Entry): string {
  return name.slice(name.lastIndexOf("@") + 1);
}

/** 0 for a user that is no number. */
function digitsOf({ user }: Entry): number {
  return plainDigits(userKey(user))?.length ?? 0;
}

function change<K>(counts: Map<K, number>, key: K, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

function keysOfUser(user: string): string[] {
  const key = userKey(user);
  const digits = plainDigits(key);
  const keys = [`user ${key}`];
  for (const length of [SHORT_TAIL_digits, LONG_TAIL_digits]) {
    if (digits !== undefined && digits.length >= length) keys.push(`tail ${digits.slice(-length)}`);
  }
  return keys;
}

function keysOfPlaces(user: string, bindings: readonly Place[]): Set<string> {
  const keys = new Set<string>();
  for (const { flow, contact } of bindings) {
    const { address } = flow;
    keys
      .add(`at ${address}`)
      .add(`at ${address} ${userKey(user)}`)
      .add(keyOfFlow(flow));
    const uri = parseSipUri(contact);
    if (uri?.user !== undefined) {
      const key = userKey(uri.user);
      keys.add(`at ${address} ${key}`).add(`contact user ${key}`);
      if (uri.host !== address) keys.add(`says ${uri.host} ${key}`);
    }
    // Behind a NAT of its own a phone names another address than the one that it is seen at.
    if (uri !== undefined && uri.host !== address) keys.add(`says ${uri.host}`);
    if (uri?.host === address) keys.add(keyOfContact(hopOf(uri)));
  }
  return keys;
}

function placeOf({ user, host }: SipUri): string {
  return user === undefined ? host : `${host} ${userKey(user)}`;
}

function keyOfFlow({ address, port }: Flow): string {
  return `flow ${address} ${port}`;
}

/** One for all spellings of the same place. */
function keyOfContact(hop: Hop): string {
  return `contact ${hop.host} ${portOf(hop)} ${hop.protocol ?? "udp"}`;
}

function isSamePlace(a: Place, b: Place | undefined): boolean {
  return a.contact === b?.contact && isSameFlow(a.flow, b.flow);
}

/** The digits of a number, without its "+"; undefined for any other text. */
function plainDigits(user: string): string | undefined {
  return /^\+?\d+$/.test(user) ? user.replace("+", "") : undefined;
}

/** The length of the shorter number when the longer ends with it; 0 otherwise. */
function commonSuffix(a: string, b: string): number {
  const [shorter, longer] = a.length <= b.length ? [a, b] : [b, a];
  return longer.endsWith(shorter) ? shorter.length : 0;
}
