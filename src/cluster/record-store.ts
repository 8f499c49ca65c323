/**
 * The records of a member, with their versions. One that is removed, or whose time is over, leaves its version behind for as long as any earlier
 * version could still hold somewhere: a member that hasn't heard of the later one mustn't bring the earlier one back.
 */
import type { Table } from "../base/meter.ts";
import { ownText } from "../base/own-text.ts";
import { BUCKETS, bucketOf, Digests, type Mark, markOf } from "./digests.ts";
import type { Json } from "./ports.ts";
import type { Version } from "./versions.ts";

export interface StoredRecord {
  readonly key: string;
  readonly bucket: number;
  version: Version;
  mark: Mark;
  /** Undefined: removed, or its time is over. */
  value: Json | undefined;
  /** Of key and value. */
  characters: number;
  /** Until when the value holds. */
  ends_ms: number;
  /** Until when the version is remembered: no version of this key that was ever heard of holds longer. */
  kept_ms: number;
  /** The second in which it is looked at. */
  slot: number;
}

/** What becomes of a record. */
export interface Change {
  readonly version: Version;
  readonly value: Json | undefined;
  /** Of the value's text; 0 for none. */
  readonly characters: number;
  readonly ends_ms: number;
  /** Never shortens how long an earlier version has to be remembered. */
  readonly kept_ms: number;
}

const SLOT_ms = 1_000;

export class RecordStore implements Table {
  readonly limit: number;
  readonly digests = new Digests();
  hits = 0;
  /** Of all keys and values. */
  characters = 0;
  private readonly charactersLimit: number;
  private readonly records = new Map<string, StoredRecord>();
  private readonly buckets = Array.from({ length: BUCKETS }, () => new Set<StoredRecord>());
  /** Those without a value, in the order in which they lost it. */
  private readonly graves = new Set<StoredRecord>();
  private readonly slots = new Map<number, Set<StoredRecord>>();
  private swept = 0;

  /** @param limit records, those that are but remembered too; @param charactersLimit of all of them */
  constructor(limit: number, charactersLimit: number) {
    this.limit = limit;
    this.charactersLimit = charactersLimit;
  }

  /** Records that have a value: they are full once these are as many as the limit, since the others make room for them. */
  get size(): number {
    return this.records.size - this.graves.size;
  }

  /** Records without a value, whose version is remembered. */
  get remembered(): number {
    return this.graves.size;
  }

  get(key: string): StoredRecord | undefined {
    return this.records.get(key);
  }

  /** @returns undefined when there is no room; a record without a value makes room for one that has one */
  set(key: string, change: Change): StoredRecord | undefined {
    const old = this.records.get(key);
    if (!this.hasRoom(old, key, change)) {
      if (change.value !== undefined) this.hits += 1;
      return undefined;
    }
    const record = old ?? this.added(key, change);
    this.digests.toggle(record.bucket, record.mark);
    this.characters -= record.characters;
    record.version = change.version;
    record.mark = markOf(key, change.version);
    record.value = change.value;
    record.characters = key.length + change.characters;
    record.ends_ms = change.ends_ms;
    record.kept_ms = Math.max(change.ends_ms, change.kept_ms, record.kept_ms);
    this.digests.toggle(record.bucket, record.mark);
    this.characters += record.characters;
    this.place(record);
    return record;
  }

  /** The version is remembered at least until then. */
  keepUntil(record: StoredRecord, kept_ms: number): void {
    if (kept_ms <= record.kept_ms) return;
    record.kept_ms = kept_ms;
    this.place(record);
  }

  /** Drops values, and then records, whose time is over; costs as much as there are of these. */
  expire(now_ms: number): void {
    const slot = slotOf(now_ms);
    const isLong = slot - this.swept > this.slots.size;
    if (isLong) {
      for (const due of [...this.slots.keys()]) if (due < slot) this.expireSlot(due, now_ms);
    } else {
      for (let due = this.swept; due < slot; due += 1) this.expireSlot(due, now_ms);
    }
    this.swept = Math.max(this.swept, slot);
  }

  /** In the order of their keys. */
  inBucket(bucket: number): StoredRecord[] {
    return [...(this.buckets[bucket] ?? [])].sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  private hasRoom(old: StoredRecord | undefined, key: string, { value, characters }: Change): boolean {
    const more = key.length + characters - (old?.characters ?? 0);
    if (more > 0 && this.characters + more > this.charactersLimit) return false;
    if (old !== undefined || this.records.size < this.limit) return true;
    const [grave] = this.graves;
    if (value === undefined || grave === undefined) return false;
    this.forget(grave);
    return true;
  }

  private added(key: string, { version, value, ends_ms, kept_ms }: Change): StoredRecord {
    const own = ownText(key);
    const bucket = bucketOf(key);
    const times = { ends_ms, kept_ms, slot: Number.NaN };
    const record = { key: own, bucket, version, mark: NO_MARK, value, characters: 0, ...times };
    this.records.set(own, record);
    this.buckets[bucket]?.add(record);
    return record;
  }

  /** Among those that have a value or those that have none, and into the second in which it is looked at. */
  private place(record: StoredRecord): void {
    if (record.value === undefined) this.graves.add(record);
    else this.graves.delete(record);
    const slot = Math.max(this.swept, slotOf(record.value === undefined ? record.kept_ms : record.ends_ms));
    if (slot === record.slot) return;
    this.unplace(record);
    record.slot = slot;
    const there = this.slots.get(slot);
    if (there === undefined) this.slots.set(slot, new Set([record]));
    else there.add(record);
  }

  private unplace(record: StoredRecord): void {
    const there = this.slots.get(record.slot);
    if (there?.delete(record) === true && there.size === 0) this.slots.delete(record.slot);
  }

  private expireSlot(slot: number, now_ms: number): void {
    const due = this.slots.get(slot);
    if (due === undefined) return;
    this.slots.delete(slot);
    for (const record of due) {
      record.slot = Number.NaN;
      if (record.kept_ms <= now_ms) {
        this.forget(record);
        continue;
      }
      record.value = undefined;
      this.characters -= record.characters - record.key.length;
      record.characters = record.key.length;
      this.place(record);
    }
  }

  private forget(record: StoredRecord): void {
    this.unplace(record);
    this.records.delete(record.key);
    this.graves.delete(record);
    this.buckets[record.bucket]?.delete(record);
    this.digests.toggle(record.bucket, record.mark);
    this.characters -= record.characters;
  }
}

const NO_MARK: Mark = [0, 0];

function slotOf(time_ms: number): number {
  return Math.floor(time_ms / SLOT_ms);
}
