/**
 * Records as members write them: `[key, count, member, boot, left_ms, kept_ms, value]`, without the value for one that is removed. Times are what
 * is left of them. Behind these an element more is passed over. A record that isn't whole is left out: a member is believed no more than a
 * message.
 */
import type { Json } from "./ports.ts";
import type { StoredRecord } from "./record-store.ts";
import { KEY_CHARACTERS_MAX, VALUE_OCTETS_MAX } from "./replicated.ts";
import { COUNT_MAX, type Version } from "./versions.ts";

/** A record as it comes. */
export interface Entry {
  readonly key: string;
  readonly version: Version;
  /** 0 without a value. */
  readonly left_ms: number;
  readonly kept_ms: number;
  readonly value: Json | undefined;
  /** Of the value's text; 0 for none. */
  readonly characters: number;
}

/** No record holds for longer, and none is remembered longer: as no promise to a phone is. */
export const LEFT_MAX_ms = 86_400_000;
/** A value's lists within lists; nothing real has more than a few. */
const DEPTH_MAX = 16;
/** Of count and times, quotes and commas; a key that has to be escaped is a little longer still. */
const TIMES_OCTETS = 40;
const KEY = /^[a-z][a-z-]{0,31} ./;
const MEMBER = /^[a-z0-9-]{1,32}$/;
const BOOT = /^[a-z0-9]{1,16}$/;
/** The name by which a plain object would be given another prototype, once its fields are copied one by one. */
const NO_FIELD = "__proto__";

export function isKey(key: string): boolean {
  return key.length <= KEY_CHARACTERS_MAX && KEY.test(key) && octetsOf(key) <= KEY_CHARACTERS_MAX + 2;
}

/** Of a key: who knows what its record means. */
export function kindOf(key: string): string {
  return key.slice(0, key.indexOf(" "));
}

/** The length of a value's text on the wire, where what is no octet is written as an escape. */
export function octetsOf(value: Json): number {
  const text = JSON.stringify(value);
  const wide = text.match(/[^\0-\xff]/g);
  return text.length + (wide === null ? 0 : 5 * wide.length);
}

/** About the length of an entry, without writing it. */
export function entryOctets({ characters, version }: StoredRecord): number {
  return characters + version.member.length + version.boot.length + TIMES_OCTETS;
}

export function writeEntry(record: StoredRecord, now_ms: number): Json {
  const { key, version, value, ends_ms, kept_ms } = record;
  const isHeld = value !== undefined && ends_ms > now_ms;
  const times = [isHeld ? Math.ceil(ends_ms - now_ms) : 0, Math.max(0, Math.ceil(kept_ms - now_ms))];
  const entry: Json[] = [key, version.count, version.member, version.boot, ...times];
  if (isHeld) entry.push(value);
  return entry;
}

/** @returns undefined for what is no whole record, or one whose time is over */
export function readEntry(data: Json): Entry | undefined {
  if (!isList(data)) return undefined;
  const [key, count, member, boot, left, kept, value] = data;
  if (typeof key !== "string" || !isKey(key)) return undefined;
  if (!isTime(left) || !isTime(kept) || typeof count !== "number") return undefined;
  const isVersion = Number.isInteger(count) && count >= 0 && count <= COUNT_MAX && isWord(member, MEMBER);
  if (!isVersion || !isWord(boot, BOOT)) return undefined;
  const isHeld = value !== undefined && left > 0;
  if (isHeld && !isPlain(value, DEPTH_MAX)) return undefined;
  const characters = isHeld ? octetsOf(value) : 0;
  if (characters > VALUE_OCTETS_MAX) return undefined;
  const left_ms = isHeld ? Math.min(left, LEFT_MAX_ms) : 0;
  const kept_ms = Math.min(Math.max(left_ms, kept), LEFT_MAX_ms);
  if (kept_ms === 0) return undefined;
  return { key, version: { count, member, boot }, left_ms, kept_ms, value: isHeld ? value : undefined, characters };
}

/** Whether a value from a member may be handed on: not too deep, and without a field that isn't one. */
export function isPlain(value: Json | undefined, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0) return false;
  if (isList(value)) return value.every((one) => isPlain(one, depth - 1));
  return Object.keys(value).every((name) => name !== NO_FIELD && isPlain(value[name], depth - 1));
}

export function isList(data: Json | undefined): data is readonly Json[] {
  return Array.isArray(data);
}

/** A field of a part that should be an object; undefined as well when it isn't one. */
export function fieldOf(data: Json, name: string): Json | undefined {
  if (typeof data !== "object" || data === null || isList(data)) return undefined;
  return data[name];
}

function isTime(data: Json | undefined): data is number {
  return typeof data === "number" && data >= 0;
}

function isWord(data: Json | undefined, shape: RegExp): data is string {
  return typeof data === "string" && shape.test(data);
}
