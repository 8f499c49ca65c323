/**
 * What is known of an address-of-record, as one record tells it to other members: its bindings as a file keeps them, and what no file
 * has. Times are what was left of them, or how long ago they were, when the record was written; `left_ms` in it and what is left of the record
 * by now tell how long ago that is.
 */

import { fieldOf, isText, listIn, numberIn } from "../message/plain-data.ts";
import { BINDINGS_MAX, type Binding, KEEP_ms, type Known, MARKS_MAX } from "../policy/phones/binding.ts";
import { LEFT_MAX_ms, readBinding, restoreBinding, saveBinding } from "../policy/saved-binding.ts";
import type { Listener } from "../transport/flow.ts";
import type { Json } from "./ports.ts";
import { VALUE_OCTETS_MAX } from "./replicated.ts";

/** A Contact URI of a phone that has been removed. */
export interface Gone {
  readonly contact: string;
  readonly at_ms: number;
}

export interface ToldAddress {
  readonly known: Known;
  /** Removed of late, the last first; none of them is bound. */
  readonly gone: readonly Gone[];
}

/** Removed contacts in one record. */
export const GONE_MAX = 10;

/** For how long a record of an address-of-record holds. */
export function addressLeft_ms({ bindings, promised_ms, wantsRelay }: Known, now_ms: number): number {
  if (wantsRelay) return LEFT_MAX_ms;
  const last_ms = Math.max(promised_ms, ...bindings.map(({ expires_ms }) => expires_ms));
  return Math.min(Math.round(last_ms + KEEP_ms - now_ms), LEFT_MAX_ms);
}

/** @returns the oldest bindings are left out where one record hasn't room for all */
export function writeAddress({ known, gone }: ToldAddress, now_ms: number): Json {
  const { bindings, seen, stale } = known;
  // As nearly all are: the least that is ever written.
  if (bindings.length <= 1 && gone.length <= 1 && seen.length <= 2 && stale.size <= 2)
    return write(known, gone, 1, now_ms);
  for (let most = BINDINGS_MAX; most > 1; most -= 1) {
    const value = write(known, gone, most, now_ms);
    if (JSON.stringify(value).length <= VALUE_OCTETS_MAX) return value;
  }
  return write(known, gone, 1, now_ms);
}

function write(known: Known, gone: readonly Gone[], most: number, now_ms: number): Json {
  const { bindings, seen, promised_ms, stale, wantsRelay } = known;
  const ago = (at_ms: number) => (Number.isFinite(at_ms) ? { ago_ms: Math.floor(now_ms - at_ms) } : {});
  return {
    left_ms: addressLeft_ms(known, now_ms),
    bindings: bindings.slice(0, most).map((one) => ({ ...saveBinding(one, now_ms), ...ago(one.heard_ms) })),
    gone: gone.slice(0, most).map(({ contact, at_ms }) => ({ contact, ...ago(at_ms) })),
    seen: seen.slice(0, 2 * most),
    stale: [...stale].slice(0, 2 * most),
    relay: wantsRelay,
    ...(Number.isFinite(promised_ms) ? { promised_left_ms: Math.round(promised_ms - now_ms) } : {}),
  };
}

/**
 * What a member tells is believed no more than a message: a binding that couldn't have come in a REGISTER is left out.
 * @param left_ms of the record by now
 * @returns undefined where it is no such record
 */
export function readAddress(
  value: Json,
  left_ms: number,
  listeners: readonly Listener[],
  now_ms: number,
): ToldAddress | undefined {
  const lists = ["bindings", "gone", "seen", "stale"].map((name) => listIn(value, name));
  const [bindings, gone, seen, stale] = lists;
  if (bindings === undefined || gone === undefined || seen === undefined || stale === undefined) return undefined;
  const written_ms = now_ms - Math.max(0, (numberIn(value, "left_ms") ?? 0) - left_ms);
  const until = (data: unknown, name: string) => {
    return written_ms + Math.min(numberIn(data, name) ?? Number.NEGATIVE_INFINITY, LEFT_MAX_ms);
  };
  const since = (data: unknown) => written_ms - Math.max(0, numberIn(data, "ago_ms") ?? Number.POSITIVE_INFINITY);
  const read = bindings.slice(0, BINDINGS_MAX).flatMap((data): Binding[] => {
    return readBinding(data).flatMap((saved) => {
      const times = { expires_ms: until(data, "left_ms"), heard_ms: since(data) };
      return restoreBinding(saved, listeners, times) ?? [];
    });
  });
  const known: Known = {
    bindings: read.filter(({ contact }, place) => read.findIndex((one) => one.contact === contact) === place),
    seen: textsOf(seen),
    promised_ms: until(value, "promised_left_ms"),
    stale: new Set(textsOf(stale)),
    wantsRelay: fieldOf(value, "relay") === true,
  };
  const removed = gone.slice(0, GONE_MAX).flatMap((data): Gone[] => {
    const contact = fieldOf(data, "contact");
    if (typeof contact !== "string" || !isText(contact)) return [];
    return known.bindings.some((one) => one.contact === contact) ? [] : [{ contact, at_ms: since(data) }];
  });
  return { known, gone: removed };
}

function textsOf(list: readonly unknown[]): string[] {
  return list.filter((one): one is string => typeof one === "string" && isText(one)).slice(0, MARKS_MAX);
}
