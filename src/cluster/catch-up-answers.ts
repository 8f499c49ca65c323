/** What a member answers to one that catches up. Nothing is remembered of it between two questions: a member that asks has its own pace. */
import { isBucket, PIECE_MAX_OCTETS, PIECE_MIN_OCTETS } from "./catch-up.ts";
import { BUCKETS, MARK_DIGITS, markText } from "./digests.ts";
import type { Json, Part } from "./ports.ts";
import type { RecordStore } from "./record-store.ts";
import { entryOctets, fieldOf, isList, writeEntry } from "./record-wire.ts";
import { KEY_CHARACTERS_MAX } from "./replicated.ts";

/**
 * @param value `{request, digests}`
 * @param isComplete whether this member has caught up itself
 * @returns which buckets differ; undefined: the question isn't whole
 */
export function answerDigests(store: RecordStore, value: Json, isComplete: boolean): Part | undefined {
  const request = numberIn(value, "request");
  const buckets = store.digests.differing(fieldOf(value, "digests"));
  if (request === undefined || buckets === undefined) return undefined;
  return ["differ", { request, buckets, complete: isComplete }];
}

/**
 * @param value `{request, buckets, after, most, have}`: what lies in these buckets, in the first behind the key `after`, without the
 *   records whose marks are in `have`, in at most `most` octets
 * @returns as many as there is room for, one at least, and where there are more; undefined: the question isn't whole
 */
export function answerWant(store: RecordStore, value: Json, now_ms: number): Part | undefined {
  const request = numberIn(value, "request");
  const most = numberIn(value, "most");
  const buckets = fieldOf(value, "buckets");
  const after = textIn(value, "after", KEY_CHARACTERS_MAX);
  const have = textIn(value, "have", PIECE_MAX_OCTETS);
  if (request === undefined || most === undefined || after === undefined || have === undefined) return undefined;
  if (buckets === undefined || !isList(buckets) || buckets.length > BUCKETS || !buckets.every(isBucket))
    return undefined;
  let room = Math.max(PIECE_MIN_OCTETS, Math.min(PIECE_MAX_OCTETS, most));
  const marks = marksIn(have);
  const list: Json[] = [];
  for (const [at, bucket] of buckets.entries()) {
    let behind = at === 0 ? after : "";
    for (const record of store.inBucket(bucket)) {
      if (record.key <= behind || marks.has(markText(record.mark))) continue;
      room -= entryOctets(record);
      if (room < 0 && list.length > 0) return ["entries", { request, list, more: [bucket, behind] }];
      list.push(writeEntry(record, now_ms));
      behind = record.key;
    }
  }
  return ["entries", { request, list }];
}

function marksIn(text: string): Set<string> {
  const marks = new Set<string>();
  for (let at = 0; at < text.length; at += MARK_DIGITS) marks.add(text.slice(at, at + MARK_DIGITS));
  return marks;
}

function numberIn(value: Json, name: string): number | undefined {
  const number = fieldOf(value, name);
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

function textIn(value: Json, name: string, most: number): string | undefined {
  const text = fieldOf(value, name);
  return typeof text === "string" && text.length <= most ? text : undefined;
}
