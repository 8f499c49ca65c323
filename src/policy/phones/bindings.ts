/** The location service: which phones an address-of-record has, learned from upstream's answers to their REGISTERs. */
import { type Limits, PLENTY } from "../../base/limits.ts";
import type { Table } from "../../base/meter.ts";
import { ownText } from "../../base/own-text.ts";
import type { SipUri } from "../../message/uri.ts";
import { type Flow, isSameFlow } from "../../transport/flow.ts";
import type { Hop } from "../../transport/locator.ts";
import { type BindingChange, tellChanges } from "./binding-changes.ts";
import { BindingIndex } from "./binding-index.ts";
import { instanceMark, isSameInstance } from "./phone-marks.ts";

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
  /** Of its texts, as {@link Bindings} counts them. */
  characters: number;
}

/** Contacts of one address-of-record. */
export const BINDINGS_MAX = 10;
/** Longer texts of phones aren't kept, or not wholly: a header can have 16 kB. */
export const TEXT_CHARACTERS_MAX = 512;
/** What a binding has besides its texts, counted as characters. */
const BINDING_CHARACTERS = 300;
/** An address-of-record below this may have another contact even when the others have taken all the room. */
const MODEST_CHARACTERS = 2_000;
/** A binding that upstream has let expire serves in outages for this time: no phone can register with a PBX that is gone. */
export const KEEP_ms = 24 * 3_600_000;

const NONE: ReadonlySet<string> = new Set();

export class Bindings implements Table {
  /** How often an address-of-record has found no room. */
  hits = 0;
  readonly limit: number;
  private readonly characters_max: number;
  /** Of all texts. */
  private characters = 0;
  private readonly addresses = new Map<string, AddressOfRecord>();
  private readonly index = new BindingIndex<AddressOfRecord>();
  /** Called when something has changed that a restart must not lose. */
  onChange: (isNews: boolean) => void = () => {};
  /** Hears of each binding that comes, moves or goes; undefined: nobody wants to. */
  onBinding: ((change: BindingChange) => void) | undefined = undefined;

  constructor({ bindings, bindingCharacters }: Pick<Limits, "bindings" | "bindingCharacters"> = PLENTY) {
    this.limit = bindings;
    this.characters_max = bindingCharacters;
  }

  get size(): number {
    return this.addresses.size;
  }

  /** Whether a binding of this address-of-record can be kept. */
  hasRoomFor(name: string): boolean {
    const isUsual = name.length <= TEXT_CHARACTERS_MAX && this.characters < this.characters_max;
    if ((isUsual && this.addresses.size < this.limit) || this.addresses.has(name)) return true;
    this.hits += 1;
    return false;
  }

  all(): IterableIterator<AddressOfRecord> {
    return this.addresses.values();
  }

  find(name: string): AddressOfRecord | undefined {
    return this.addresses.get(name);
  }

  /** The first whose user is `user`, in whichever domain; with bindings only. */
  findUser(user: string): AddressOfRecord | undefined {
    return this.index.byUser(user);
  }

  /**
   * Those of which one number ends with the other, the shorter at least `least_digits` (2 or more) long: 201 and 5550201.
   * Undefined when several do equally well.
   */
  findSuffix(number: string, least_digits: number): AddressOfRecord | undefined {
    return this.index.bySuffix(number, least_digits);
  }

  /** Whose phone a URI with that phone's own address means. */
  findAt(uri: SipUri): AddressOfRecord | undefined {
    return this.index.byPlace(uri);
  }

  /** All of them: several phones behind one address can have the same user. */
  allNamed(uri: SipUri): readonly AddressOfRecord[] {
    return this.index.allByPlace(uri);
  }

  /** The same as `findAt`, but only of a phone that has registered from there: a Contact can say anything. */
  findFrom(uri: SipUri): AddressOfRecord | undefined {
    return this.index.bySource(uri);
  }

  /** Whether any phone has registered from this address, or has it in its Contact. */
  isPhoneAt(address: string): boolean {
    return this.index.hasPlace(address);
  }

  /** The addresses-of-record of the phones that have registered from this address. */
  allAt(address: string): readonly AddressOfRecord[] {
    return this.index.atPlace(address);
  }

  /** Those with a Contact that has this user; where it is somebody's own user, nobody else can claim it. */
  allByContactUser(user: string): readonly AddressOfRecord[] {
    return this.index.byContactUser(user);
  }

  /** Those with this user, in all domains; with bindings only. */
  allByUser(user: string): readonly AddressOfRecord[] {
    return this.index.allByUser(user);
  }

  /** Whether an extension of this site has this number of digits. */
  hasLength(digits: number): boolean {
    return this.index.hasLength(digits);
  }

  /** The binding of the phone behind `flow` whose Contact has this user. */
  findBehind(flow: Flow, user: string): Binding | undefined {
    return this.index.byFlow(flow, user);
  }

  /** Whether a phone that is where it says it is has named `hop` as its Contact. */
  listensAt(hop: Hop): boolean {
    return this.index.hasContactAt(hop);
  }

  /** Whether `host`, in lower case, is the domain of any address-of-record. */
  hasDomain(host: string): boolean {
    return this.index.hasDomain(host);
  }

  /** Adds or refreshes one binding, see {@link putAll}. */
  put(name: string, binding: Binding): void {
    this.putAll(name, [binding]);
  }

  /**
   * Adds or refreshes the bindings of one REGISTER, which is the latest. A contact of before with the same URI is replaced,
   * and one with the same instance too: that is one phone, whatever address it has now (RFC 5626 §4.1).
   */
  putAll(name: string, given: readonly Binding[]): void {
    const address = given.length === 0 ? undefined : this.address(name);
    if (address === undefined) return;
    const before = address.bindings;
    const bindings: Binding[] = [];
    let isNews = false;
    let { seen } = address;
    for (const one of given) {
      const known =
        before.find(({ contact }) => contact === one.contact) ?? before.find((old) => isSameInstance(old, one));
      const isMoved = known === undefined || known.contact !== one.contact || !isSameFlow(known.flow, one.flow);
      const isAccepted = one.isAccepted || (known?.isAccepted === true && isSameFlow(known.flow, one.flow));
      // On disk one that has run out counts for nothing.
      isNews = isNews || isMoved || known.isAccepted !== isAccepted || known.expires_ms <= one.heard_ms;
      bindings.unshift({ ...one, isAccepted });
      seen = [one.flow.address, ...(one.instance === "" ? [] : [instanceMark(one.instance)]), ...seen];
      address.promised_ms = Math.max(address.promised_ms, one.expires_ms);
    }
    const isReplaced = (old: Binding) => given.some((one) => one.contact === old.contact || isSameInstance(old, one));
    const others = before.filter((old) => !isReplaced(old));
    this.rebind(address, [...bindings, ...others].slice(0, this.mostOf(address)), "removed");
    address.seen = [...new Set(seen)].slice(0, 2 * BINDINGS_MAX);
    this.onChange(isNews);
  }

  /** Removes one contact, or with "*" all of an address-of-record. */
  remove(name: string, contact: string): void {
    const address = this.addresses.get(name);
    if (address === undefined) return;
    const kept = contact === "*" ? [] : address.bindings.filter((one) => one.contact !== contact);
    if (kept.length === address.bindings.length) return;
    this.rebind(address, kept, "removed");
    this.onChange(true);
  }

  /** These phones have been answered here. */
  markStale(name: string, marks: readonly string[]): void {
    const address = this.addresses.get(name);
    if (address === undefined) return;
    const all = [...new Set([...marks.map(ownText), ...address.stale])];
    this.setStale(address, new Set(all.slice(0, 2 * BINDINGS_MAX)));
  }

  /** Upstream has heard of these phones. */
  markFresh(name: string, marks: readonly string[]): void {
    const address = this.addresses.get(name);
    if (address === undefined) return;
    this.setStale(address, new Set([...address.stale].filter((mark) => !marks.includes(mark))));
  }

  markRelay(name: string): void {
    const address = this.address(name);
    if (address === undefined || address.wantsRelay) return;
    address.wantsRelay = true;
    this.onChange(true);
  }

  /** Forgets what is too old even for an outage. */
  expire(now_ms: number): void {
    for (const address of this.addresses.values()) {
      const kept = address.bindings.filter((one) => now_ms < one.expires_ms + KEEP_ms);
      if (kept.length < address.bindings.length) this.rebind(address, kept, "expired");
      const isForgotten = now_ms >= address.promised_ms + KEEP_ms;
      if (kept.length > 0 || !isForgotten || address.wantsRelay) continue;
      this.addresses.delete(address.name);
      this.index.leave(address);
      this.characters -= address.characters;
    }
  }

  /** How many contacts it may have: where all texts together take too much, no more than it has, and the oldest go. */
  private mostOf({ characters, bindings }: AddressOfRecord): number {
    if (this.characters < this.characters_max || characters < MODEST_CHARACTERS) return BINDINGS_MAX;
    this.hits += 1;
    return bindings.length;
  }

  private rebind(address: AddressOfRecord, bindings: readonly Binding[], gone: "removed" | "expired"): void {
    if (this.onBinding !== undefined) tellChanges(address, bindings, gone, this.onBinding);
    this.index.rebind(address, bindings);
    this.weigh(address);
  }

  /** Counts its texts anew. */
  private weigh(address: AddressOfRecord): void {
    let characters = address.name.length;
    for (const { contact, parameters, instance, callId } of address.bindings) {
      characters += BINDING_CHARACTERS + contact.length + parameters.length + instance.length + callId.length;
    }
    for (const mark of address.stale) characters += mark.length;
    this.characters += characters - address.characters;
    address.characters = characters;
  }

  private setStale(address: AddressOfRecord, stale: ReadonlySet<string>): void {
    const isNew = stale.size !== address.stale.size;
    address.stale = stale.size === 0 ? NONE : stale;
    this.weigh(address);
    if (isNew) this.onChange(false);
  }

  /** The address-of-record, made when it is new; undefined when the table is full. */
  private address(given: string): AddressOfRecord | undefined {
    let address = this.addresses.get(given);
    if (address === undefined && this.hasRoomFor(given)) {
      const name = ownText(given);
      const at = name.lastIndexOf("@");
      const user = name.slice(0, at);
      const promised_ms = Number.NEGATIVE_INFINITY;
      address = { name, user, bindings: [], seen: [], promised_ms, stale: NONE, wantsRelay: false, characters: 0 };
      this.addresses.set(name, address);
      this.index.enter(address);
      this.weigh(address);
    }
    return address;
  }
}
