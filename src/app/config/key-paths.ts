/** The types of a table of keys: which mappings it speaks of, which keys each has, and what their values are. */
import type { ChoiceRow, CountRow, DurationRow, FlagRow, ListRow, Row, Rows, TextRow } from "./key-kinds.ts";

/** Such as "upstream.probe.interval". */
export type PathOf<R extends Rows> = keyof R & string;

type Above<P extends string> = P extends `${infer Head}.${infer Rest}` ? Head | `${Head}.${Above<Rest>}` : never;

/** What has keys below it: "" is the file itself. */
export type BranchOf<R extends Rows> = "" | Exclude<Above<PathOf<R>>, `${string}.`>;

type Begin<B extends string> = B extends "" ? "" : `${B}.`;
type Head<Rest extends string> = Rest extends `${infer Key}.${string}` ? Key : Rest;
type Below<P extends string, B extends string> = P extends `${Begin<B>}${infer Rest}` ? Head<Rest> : never;

/** The keys of a mapping. */
export type KeyBelow<R extends Rows, B extends string> = B extends string ? Below<PathOf<R>, B> : never;

type Join<R extends Rows, B extends string, K extends string> = B extends string
  ? Extract<PathOf<R>, `${Begin<B>}${K}`>
  : never;
type RowBelow<R extends Rows, B extends string, K extends string> = R[Join<R, B, K>];

/** The keys of a mapping whose values are of one kind. */
export type KeyOfKind<R extends Rows, B extends string, Kind extends Row["kind"]> = {
  [K in KeyBelow<R, B>]: [Join<R, B, K>] extends [never] ? never : RowBelow<R, B, K>["kind"] extends Kind ? K : never;
}[KeyBelow<R, B>];

/** What a row's value is once it is read, the default included: milliseconds for a duration. */
type ValueOf<R> =
  R extends ChoiceRow<infer C, infer D>
    ? C | (undefined extends D ? undefined : never)
    : R extends FlagRow
      ? boolean
      : R extends DurationRow<infer D>
        ? number | (D extends string ? never : undefined)
        : R extends CountRow<infer D>
          ? number | (D extends number ? never : undefined)
          : R extends TextRow<infer D>
            ? string | (D extends string ? never : undefined)
            : R extends ListRow<CountRow>
              ? readonly number[]
              : never;

export type Value<R extends Rows, B extends string, K extends string> = ValueOf<RowBelow<R, B, K>>;

/** The keys of a mapping, in the order of the table. */
export function keysBelow<R extends Rows, B extends BranchOf<R>>(rows: R, branch: B): KeyBelow<R, B>[] {
  const begin = beginOf(branch);
  const below = Object.keys(rows).filter((path) => path.startsWith(begin));
  return [...new Set(below.map((path) => path.slice(begin.length).split(".")[0]))] as KeyBelow<R, B>[];
}

/** The row of a key within a mapping. @throws when there is none */
export function rowOf(rows: Rows, branch: string, key: string): Row {
  const row = rows[beginOf(branch) + key];
  if (row === undefined) throw new Error(`no configuration key ${branch}.${key}`);
  return row;
}

function beginOf(branch: string): string {
  return branch === "" ? "" : `${branch}.`;
}
