/**
 * Bindings at all members: one record for each address-of-record, of which the later version counts as a whole. What has been registered or
 * removed here, and isn't known where that version was made, is put on top of it: two halves of a cluster that have registered a phone each
 * have both of them once they hear each other.
 */
import { BoundedMap } from "../base/bounded-map.ts";
import { fieldOf, listIn } from "../message/plain-data.ts";
import { type AddressOfRecord, BINDINGS_MAX, type Binding, type Known } from "../policy/phones/binding.ts";
import type { Bindings } from "../policy/phones/bindings.ts";
import { isSameInstance, phoneMark } from "../policy/phones/phone-marks.ts";
import { canonicalName } from "../policy/phones/told-names.ts";
import type { Listener } from "../transport/flow.ts";
import { addressLeft_ms, GONE_MAX, type Gone, readAddress, type ToldAddress, writeAddress } from "./binding-record.ts";
import type { Json } from "./ports.ts";
import type { RecordOwner, Replicated } from "./replicated.ts";

const KIND = "aor";

interface Parts {
  readonly bindings: Bindings;
  readonly replica: Replicated;
  /** Of this member: a flow that another one tells is by the same address here, or else by the first of its transport. */
  readonly listeners: readonly Listener[];
  readonly now_ms: () => number;
}

/** A REGISTER or a removal of one Contact URI. */
interface Happened extends Gone {
  readonly isGone: boolean;
  /** It has happened here, and no other member has shown yet that it knows. */
  readonly isOurs: boolean;
}

export class BindingRecords implements RecordOwner {
  /** Two or three fill a datagram, and phones that have lost their line register all at once. */
  readonly mayWait_ms = 4;
  private readonly parts: Parts;
  /** By address-of-record, the last first. */
  private readonly happened: BoundedMap<string, readonly Happened[]>;

  constructor(parts: Parts) {
    this.parts = parts;
    this.happened = new BoundedMap(parts.bindings.limit);
  }

  /** Bindings that are known by now come from this member's disk: others' are later. From now on changes are told. */
  start(now_ms: number): void {
    const { bindings, replica } = this.parts;
    for (const address of bindings.all()) {
      const told = { known: address, gone: [] };
      replica.load(keyOf(address.name), writeAddress(told, now_ms), addressLeft_ms(address, now_ms), now_ms);
    }
    replica.own(KIND, this);
    bindings.onAddress = (address) => this.changed(address);
  }

  apply(key: string, value: Json | undefined, left_ms: number, _from: string, now_ms: number): void {
    const { bindings, listeners } = this.parts;
    const name = key.slice(KIND.length + 1);
    const told = value === undefined ? NOTHING : readAddress(value, left_ms, listeners, now_ms);
    if (told === undefined || canonicalName(name) !== name) return;
    const address = bindings.find(name);
    const happened = this.happened.get(name) ?? [];
    const ours = happened.filter((one) => isNewsTo(told, one, address));
    const theirs = told.gone.map((one): Happened => ({ ...one, isGone: true, isOurs: false }));
    // That they lack what is gone here may be by chance: a third member can still have it.
    const gone = happened.filter((one) => one.isGone && !hasSay(told, one.contact));
    this.remember(name, [...ours, ...gone, ...theirs.filter(({ contact }) => !has(ours, contact))]);
    const isOursAlone = address?.wantsRelay === true && !told.known.wantsRelay;
    if (address === undefined || (ours.length === 0 && !isOursAlone)) {
      bindings.adopt(name, told.known);
      return;
    }
    bindings.adopt(name, withOurs(told.known, address, ours));
    this.put(address, now_ms);
  }

  /** A phone has registered here, or has been removed. */
  private changed(address: AddressOfRecord): void {
    const now_ms = this.parts.now_ms();
    const before = this.parts.replica.get(keyOf(address.name), now_ms);
    const known = before === undefined ? [] : (listIn(before, "bindings") ?? []);
    const news: Happened[] = [];
    for (const one of address.bindings) {
      const isKnown = known.some((old) => isSameRegister(old, one));
      if (!isKnown) news.push({ contact: one.contact, at_ms: one.heard_ms, isGone: false, isOurs: true });
    }
    for (const old of known) {
      const contact = fieldOf(old, "contact");
      if (typeof contact !== "string" || has(address.bindings, contact)) continue;
      news.push({ contact, at_ms: now_ms, isGone: true, isOurs: true });
    }
    if (news.length > 0) {
      const others = (this.happened.get(address.name) ?? []).filter(({ contact }) => !has(news, contact));
      this.remember(address.name, [...news, ...others]);
    }
    this.put(address, now_ms);
  }

  private put(address: AddressOfRecord, now_ms: number): void {
    const gone = (this.happened.get(address.name) ?? []).filter(({ isGone }) => isGone);
    const left_ms = addressLeft_ms(address, now_ms);
    if (left_ms <= 0) return;
    this.parts.replica.put(keyOf(address.name), writeAddress({ known: address, gone }, now_ms), left_ms, now_ms);
  }

  private remember(name: string, happened: readonly Happened[]): void {
    if (happened.length === 0) this.happened.delete(name);
    else this.happened.set(name, happened.slice(0, BINDINGS_MAX + GONE_MAX));
  }
}

const NOTHING: ToldAddress = {
  known: { bindings: [], seen: [], promised_ms: Number.NEGATIVE_INFINITY, stale: new Set(), wantsRelay: false },
  gone: [],
};

/**
 * Whether what has happened here isn't known where this version was made. Of one contact the later REGISTER or removal counts: what others tell
 * looks as late as it is or, by its time on the way, later; so two members never hold each other's for the earlier one, and come to an end.
 */
function isNewsTo(told: ToldAddress, one: Happened, address: AddressOfRecord | undefined): boolean {
  const { contact, at_ms, isGone, isOurs } = one;
  if (!isOurs) return false;
  const own = address?.bindings.find((binding) => binding.contact === contact);
  if (!isGone && own === undefined) return false;
  const theirs = told.known.bindings.find((binding) => binding.contact === contact);
  if (theirs !== undefined) {
    const isSame = own?.callId === theirs.callId && own.cseq === theirs.cseq;
    return !isSame && at_ms > theirs.heard_ms;
  }
  const removed = told.gone.find((binding) => binding.contact === contact);
  return !isGone && (removed === undefined || at_ms > removed.at_ms);
}

function hasSay({ known, gone }: ToldAddress, contact: string): boolean {
  return has(known.bindings, contact) || has(gone, contact);
}

function has(list: readonly { readonly contact: string }[], contact: string): boolean {
  return list.some((one) => one.contact === contact);
}

function keyOf(name: string): string {
  return `${KIND} ${name}`;
}

/** Whether the binding of a record is by the same REGISTER. */
function isSameRegister(old: unknown, { contact, callId, cseq }: Binding): boolean {
  return fieldOf(old, "contact") === contact && fieldOf(old, "callId") === callId && fieldOf(old, "cseq") === cseq;
}

/** What another member knows, and on top of it what has happened here; of one phone the later REGISTER counts. */
function withOurs(known: Known, own: AddressOfRecord, ours: readonly Happened[]): Known {
  const happened = (contact: string) => ours.find((one) => one.contact === contact);
  const added = own.bindings.filter(({ contact }) => happened(contact)?.isGone === false);
  const isReplaced = (one: Binding) =>
    happened(one.contact) !== undefined ||
    added.some((mine) => isSameInstance(mine, one) && mine.heard_ms > one.heard_ms);
  const others = known.bindings.filter((one) => !isReplaced(one));
  const isOlder = (mine: Binding) => others.some((one) => isSameInstance(mine, one));
  const kept = added.filter((mine) => !isOlder(mine));
  const marks = kept.map(phoneMark);
  const stale = [...known.stale].filter((mark) => !marks.includes(mark));
  return {
    bindings: [...kept, ...others].sort((a, b) => b.heard_ms - a.heard_ms).slice(0, BINDINGS_MAX),
    seen: [...new Set([...own.seen, ...known.seen])],
    promised_ms: Math.max(own.promised_ms, known.promised_ms),
    stale: new Set([...marks.filter((mark) => own.stale.has(mark)), ...stale]),
    wantsRelay: own.wantsRelay || known.wantsRelay,
  };
}
