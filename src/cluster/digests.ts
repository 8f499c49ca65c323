/**
 * What a member has, in 1,024 characters: records lie in 64 buckets by their keys, and a bucket's digest is the sum, by exclusive or, of the
 * marks of its records' versions. So a change costs two marks, however many records there are, and equal digests mean equal records.
 */
import { fnv } from "../base/fnv.ts";
import type { Version } from "./versions.ts";

export const BUCKETS = 64;
/** Of a mark, and of a digest: 64 bits, as two numbers or in hexadecimal digits. */
export const MARK_DIGITS = 16;
const HALF_DIGITS = MARK_DIGITS / 2;
const DIGESTS = new RegExp(`^[0-9a-f]{${BUCKETS * MARK_DIGITS}}$`);

export type Mark = readonly [number, number];

/** Two numbers that have little to do with each other. */
const SEEDS: Mark = [0x811c9dc5, 0x2f0b4c47];

/** FNV-1a, and behind it the finish of MurmurHash3: FNV alone leaves the last characters in the lowest bits. 32 bits, with a sign. */
export function textHash(text: string, seed: number): number {
  return mix(fnv(text, seed));
}

/** Each bit of the result depends on all 32 bits. */
export function mix(bits: number): number {
  let hash = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** From 0 up to, but not, {@link BUCKETS}. */
export function bucketOf(key: string): number {
  return textHash(key, SEEDS[0]) & (BUCKETS - 1);
}

export function markOf(key: string, { count, member, boot }: Version): Mark {
  const text = `${count} ${member} ${boot} ${key}`;
  return [textHash(text, SEEDS[0]), textHash(text, SEEDS[1])];
}

export function markText([one, other]: Mark): string {
  return digits(one) + digits(other);
}

function digits(half: number): string {
  return (half >>> 0).toString(16).padStart(HALF_DIGITS, "0");
}

export class Digests {
  private readonly halves = new Int32Array(2 * BUCKETS);

  /** Puts a mark into a bucket, or takes it out of it. */
  toggle(bucket: number, [one, other]: Mark): void {
    this.halves[2 * bucket] = (this.halves[2 * bucket] ?? 0) ^ one;
    this.halves[2 * bucket + 1] = (this.halves[2 * bucket + 1] ?? 0) ^ other;
  }

  get text(): string {
    return [...this.halves].map(digits).join("");
  }

  /**
   * @param text another member's digests
   * @returns the buckets that differ; undefined: the text isn't digests
   */
  differing(text: unknown): number[] | undefined {
    if (typeof text !== "string" || !DIGESTS.test(text)) return undefined;
    const own = this.text;
    const buckets: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const at = bucket * MARK_DIGITS;
      if (own.slice(at, at + MARK_DIGITS) !== text.slice(at, at + MARK_DIGITS)) buckets.push(bucket);
    }
    return buckets;
  }
}
