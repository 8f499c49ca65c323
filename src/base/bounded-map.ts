/** A map that forgets its oldest entry instead of growing past its limit. */
import type { Table } from "./meter.ts";
import { ownText } from "./own-text.ts";

export class BoundedMap<K, V> implements Table {
  /** How often it has forgotten one. */
  hits = 0;
  readonly limit: number;
  protected readonly entries = new Map<K, V>();

  constructor(limit: number) {
    this.limit = limit;
  }

  get size(): number {
    return this.entries.size;
  }

  keys(): IterableIterator<K> {
    return this.entries.keys();
  }

  get(key: K): V | undefined {
    return this.entries.get(key);
  }

  /** @returns the key that it has forgotten, if any */
  set(key: K, value: V): K | undefined {
    const isFull = !this.entries.has(key) && this.entries.size >= this.limit;
    const oldest = isFull ? this.entries.keys().next().value : undefined;
    if (isFull) {
      this.entries.delete(oldest as K);
      this.hits += 1;
    }
    this.entries.set(key, value);
    return oldest;
  }

  delete(key: K): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }

  values(): IterableIterator<V> {
    return this.entries.values();
  }

  /**
   * Writes all entries anew, in their order, so that they lie side by side in memory.
   * @param renewed the same value, made of objects and texts of its own
   */
  renewAll(this: BoundedMap<string, V>, renewed: (value: V) => V): void {
    for (const [key, value] of [...this.entries]) {
      // A map keeps the key that it has.
      this.entries.delete(key);
      this.entries.set(ownText(key), renewed(value));
    }
  }
}
