/** Reads mappings of the file by a table of keys: one that isn't in the table is a type error. */
import { durationOf_ms } from "./durations.ts";
import type { ChoiceRow, CountRow, DurationRow, FlagRow, ListRow, Row, Rows, TextRow } from "./key-kinds.ts";
import { type BranchOf, type KeyBelow, type KeyOfKind, keysBelow, rowOf, type Value } from "./key-paths.ts";
import type { Place, Reader } from "./reader.ts";

/** Where the values of these keys are. */
export interface Places<K extends string> {
  /** Undefined when the file leaves the key out. */
  get(key: K): Place | undefined;
}

/**
 * One mapping of the file. What it leaves out, or has wrong, has its default from the table, or undefined where the
 * table has none. Each method below reads one kind of row.
 */
export class Fields<R extends Rows, B extends string> implements Places<KeyBelow<R, B>> {
  /** The mapping; without a node when the file has none here. */
  readonly place: Place;
  /** Whether the file has a mapping here. */
  readonly isThere: boolean;
  private readonly reader: Reader;
  private readonly rows: Rows;
  private readonly branch: B;
  private readonly items: ReadonlyMap<string, Place>;

  constructor(
    reader: Reader,
    rows: R,
    branch: B,
    place: Place | undefined,
    items: ReadonlyMap<string, Place> | undefined,
  ) {
    this.reader = reader;
    this.rows = rows;
    this.branch = branch;
    this.place = place ?? { node: undefined, path: branch };
    this.isThere = items !== undefined;
    this.items = items ?? new Map();
  }

  /** What the table has as the key's default. */
  standard<K extends KeyOfKind<R, B, "duration" | "count">>(key: K): Value<R, B, K> {
    return standardOf(rowOf(this.rows, this.branch, key)) as Value<R, B, K>;
  }

  /** Undefined when the file leaves the key out. */
  get(key: KeyBelow<R, B>): Place | undefined {
    return this.items.get(key);
  }

  /** What `read` makes of the key's value; undefined when the file leaves it out. */
  optional<T>(key: KeyBelow<R, B>, read: (place: Place) => T): T | undefined {
    const place = this.get(key);
    return place === undefined ? undefined : read(place);
  }

  /**
   * The same; a missing key is a fault, with a value as the cure.
   * @param example such a value, in place of the one that the table has
   */
  required<T>(key: KeyBelow<R, B>, read: (place: Place) => T, example?: string): T | undefined {
    if (this.isThere && this.get(key) === undefined) {
      this.reader.lacks(this.place, key, example ?? rowOf(this.rows, this.branch, key).required ?? "…");
    }
    return this.optional(key, read);
  }

  /**
   * Milliseconds.
   * @param otherwise_ms in place of the table's default
   */
  duration_ms<K extends KeyOfKind<R, B, "duration">>(key: K, otherwise_ms?: number): Value<R, B, K> {
    const row = rowOf(this.rows, this.branch, key) as DurationRow;
    const found_ms = this.optional(key, (place) => this.reader.duration_ms(place, row));
    return (found_ms ?? otherwise_ms ?? standardOf(row)) as Value<R, B, K>;
  }

  /** @param otherwise in place of the table's default */
  count<K extends KeyOfKind<R, B, "count">>(key: K, otherwise?: number): Value<R, B, K> {
    const row = rowOf(this.rows, this.branch, key) as CountRow;
    const found = this.optional(key, (place) => this.reader.count(place, row));
    return (found ?? otherwise ?? row.default) as Value<R, B, K>;
  }

  /** A list of whole numbers. */
  counts<K extends KeyOfKind<R, B, "list">>(key: K): Value<R, B, K> {
    const row = rowOf(this.rows, this.branch, key) as ListRow<CountRow>;
    const found = this.optional(key, (place) =>
      this.reader.items(place).flatMap((item) => this.reader.count(item, row.of) ?? []),
    );
    return (found ?? row.default) as Value<R, B, K>;
  }

  choice<K extends KeyOfKind<R, B, "choice">>(key: K): Value<R, B, K> {
    return readChoice(this.reader, this.get(key), rowOf(this.rows, this.branch, key) as ChoiceRow) as Value<R, B, K>;
  }

  flag<K extends KeyOfKind<R, B, "flag">>(key: K): boolean {
    const row = rowOf(this.rows, this.branch, key) as FlagRow;
    return this.optional(key, (place) => this.reader.flag(place)) ?? row.default;
  }

  /** @param read what text is allowed, beyond that it isn't empty */
  text<K extends KeyOfKind<R, B, "text">>(key: K, read: (place: Place) => string | undefined): Value<R, B, K> {
    const row = rowOf(this.rows, this.branch, key) as TextRow;
    return (this.optional(key, read) ?? row.default) as Value<R, B, K>;
  }
}

/** The mapping at `place` with the keys that `rows` has below `branch`; anything else but no place is a fault. */
export function fieldsOf<R extends Rows, B extends BranchOf<R>>(
  reader: Reader,
  place: Place | undefined,
  rows: R,
  branch: B,
): Fields<R, B> {
  const items = place === undefined ? undefined : reader.fields(place, keysBelow(rows, branch));
  return new Fields(reader, rows, branch, place, items);
}

/** The same for a key with a short form, which the caller reads: what isn't a mapping is no fault here. */
export function longFormOf<R extends Rows, B extends BranchOf<R>>(
  reader: Reader,
  place: Place | undefined,
  rows: R,
  branch: B,
): Fields<R, B> {
  return fieldsOf(reader, place !== undefined && reader.isMapping(place) ? place : undefined, rows, branch);
}

/** Milliseconds for a duration. */
function standardOf(row: Row): unknown {
  return row.kind === "duration" && row.default !== undefined ? durationOf_ms(row.default) : row.default;
}

/** One of the row's choices, or its default. */
export function readChoice<C extends string | number, D extends C | undefined>(
  reader: Reader,
  place: Place | undefined,
  row: ChoiceRow<C, D>,
): C | D {
  return (place === undefined ? undefined : reader.choice(place, row.choices)) ?? row.default;
}
