/** The location service: which phones an address-of-record has, learned from upstream's answers to their REGISTERs. */
import { type Limits, PLENTY } from "../../base/limits.ts";
import type { Table } from "../../base/meter.ts";
import { ownText } from "../../base/own-text.ts";
import { TEXT_CHARACTERS_MAX } from "../../message/limits.ts";
import type { SipUri } from "../../message/uri.ts";
import type { Flow } from "../../transport/flow.ts";
import type { Hop } from "../../transport/locator.ts";
import {
  type AddressOfRecord,
  BINDINGS_MAX,
  type Binding,
  charactersOf,
  isMeant,
  isNewsOnDisk,
  KEEP_ms,
  type Known,
  MARKS_MAX,
  NO_MARKS,
  newAddress,
  staysAccepted,
} from "./binding.ts";
import { type BindingChange, tellChanges } from "./binding-changes.ts";
import { BindingIndex } from "./binding-index.ts";
import { instanceMark, isSameInstance } from "./phone-marks.ts";

export { type AddressOfRecord, BINDINGS_MAX, type Binding, KEEP_ms } from "./binding.ts";

/** An address-of-record below this may have another contact even when the others have taken all the room. */
const MODEST_CHARACTERS = 2_000;

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
  /** Hears of each address-of-record of which something has changed here, but not by {@link adopt}; undefined: nobody wants to. */
  onAddress: ((address: AddressOfRecord) => void) | undefined = undefined;

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

  /**
   * Whether upstream has accepted a phone from this very address that `uri` means, with a user: a Contact can say anything, and so can
   * whoever we have answered in an outage.
   */
  isAcceptedFrom(uri: SipUri): boolean {
    return this.index.allBySource(uri).some((one) => one.bindings.some((binding) => isMeant(uri, one.user, binding)));
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
      const isAccepted = one.isAccepted || (known !== undefined && staysAccepted(known, one));
      const binding = { ...one, isAccepted };
      isNews = isNews || isNewsOnDisk(known, binding);
      bindings.unshift(binding);
      seen = [one.flow.address, ...(one.instance === "" ? [] : [instanceMark(one.instance)]), ...seen];
      address.promised_ms = Math.max(address.promised_ms, one.expires_ms);
    }
    const isReplaced = (old: Binding) => given.some((one) => one.contact === old.contact || isSameInstance(old, one));
    const others = before.filter((old) => !isReplaced(old));
    this.rebind(address, [...bindings, ...others].slice(0, this.mostOf(address)), "removed");
    address.seen = [...new Set(seen)].slice(0, MARKS_MAX);
    this.changed(address, isNews);
  }

  /** Removes one contact, or with "*" all of an address-of-record. */
  remove(name: string, contact: string): void {
    const address = this.addresses.get(name);
    if (address === undefined) return;
    const kept = contact === "*" ? [] : address.bindings.filter((one) => one.contact !== contact);
    if (kept.length === address.bindings.length) return;
    this.rebind(address, kept, "removed");
    this.changed(address, true);
  }

  /**
   * Takes over what another member of a cluster knows of an address-of-record: that alone is known of it from now on.
   * @returns false where it found no room
   */
  adopt(name: string, given: Known): boolean {
    const address = this.address(name);
    if (address === undefined) return false;
    const { bindings: before, wantsRelay } = address;
    this.rebind(address, given.bindings.slice(0, this.mostOf(address)), "removed");
    address.seen = given.seen.slice(0, MARKS_MAX);
    address.promised_ms = given.promised_ms;
    address.wantsRelay = given.wantsRelay;
    address.stale = given.stale.size === 0 ? NO_MARKS : given.stale;
    this.weigh(address);
    const { bindings } = address;
    const known = (one: Binding) => before.find(({ contact }) => contact === one.contact);
    const isGone = bindings.length < before.length;
    this.onChange(isGone || wantsRelay !== address.wantsRelay || bindings.some((one) => isNewsOnDisk(known(one), one)));
    return true;
  }

  /** These phones have been answered here. */
  markStale(name: string, marks: readonly string[]): void {
    const address = this.addresses.get(name);
    if (address === undefined) return;
    const all = [...new Set([...marks.map(ownText), ...address.stale])];
    this.setStale(address, new Set(all.slice(0, MARKS_MAX)));
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
    this.changed(address, true);
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
    const characters = charactersOf(address);
    this.characters += characters - address.characters;
    address.characters = characters;
  }

  private setStale(address: AddressOfRecord, stale: ReadonlySet<string>): void {
    const isNew = stale.size !== address.stale.size;
    address.stale = stale.size === 0 ? NO_MARKS : stale;
    this.weigh(address);
    if (isNew) this.changed(address, false);
  }

  private changed(address: AddressOfRecord, isNews: boolean): void {
    this.onAddress?.(address);
    this.onChange(isNews);
  }

  /** The address-of-record, made when it is new; undefined when the table is full. */
  private address(given: string): AddressOfRecord | undefined {
    let address = this.addresses.get(given);
    if (address === undefined && this.hasRoomFor(given)) {
      address = newAddress(ownText(given));
      this.addresses.set(address.name, address);
      this.index.enter(address);
      this.weigh(address);
    }
    return address;
  }
}
