/** What a value of the configuration file can be: the kinds of rows in tables of keys. Pure data. */

/** Written with its unit, such as 4s; `default` as the file would write it. */
export interface DurationRow<D extends string | undefined = string | undefined> {
  readonly kind: "duration";
  readonly least: string;
  readonly most: string;
  readonly default: D;
}

/** A whole number. */
export interface CountRow<D extends number | undefined = number | undefined> {
  readonly kind: "count";
  readonly least: number;
  readonly most: number;
  readonly default: D;
}

/** `default` is undefined when leaving the key out means none of the choices. */
export interface ChoiceRow<C extends string | number = string | number, D extends C | undefined = C | undefined> {
  readonly kind: "choice";
  readonly choices: readonly C[];
  readonly default: D;
}

/** true or false. */
export interface FlagRow {
  readonly kind: "flag";
  readonly default: boolean;
}

export interface TextRow<D extends string | undefined = string | undefined> {
  readonly kind: "text";
  readonly default: D;
}

/** A list; a single value stands for a list of one. */
export interface ListRow<O = unknown> {
  readonly kind: "list";
  readonly of: O;
  readonly default: readonly (string | number)[] | undefined;
  /** An entry may be a mapping with the rows below; else they are those of a mapping in place of the list. */
  readonly hasKeys?: true;
}

/**
 * The others: "uri" is a SIP URI; "number" is what a phone may dial, or an extension; "mapping" is a mapping with the
 * rows below it; "names" is a mapping with the administrator's own names as keys, which the rows below it call NAME.
 */
export interface PlainRow {
  readonly kind: "uri" | "number" | "mapping" | "names";
  readonly default: undefined;
}

export type Row = (DurationRow | CountRow | ChoiceRow | FlagRow | TextRow | ListRow | PlainRow) & {
  /** A change takes effect at the next start only; without this field, at a reload. */
  readonly effect?: "restart";
  /** Its mapping can't do without the key; this is how a value looks, as the file would write it. */
  readonly required?: string;
};

/** Keys, each in one row, by path. In the order in which faults and the reference page name them. */
export type Rows = Readonly<Record<string, Row>>;

export function duration<D extends string | undefined>(standard: D, least: string, most: string): DurationRow<D> {
  return { kind: "duration", least, most, default: standard };
}

export function count<D extends number | undefined>(standard: D, least: number, most: number): CountRow<D> {
  return { kind: "count", least, most, default: standard };
}

export function choice<const C extends string | number, const D extends C | undefined>(
  standard: D,
  choices: readonly C[],
): ChoiceRow<C, D> {
  return { kind: "choice", choices, default: standard };
}

export function flag(standard: boolean): FlagRow {
  return { kind: "flag", default: standard };
}

export function text<D extends string | undefined = undefined>(standard?: D): TextRow<D> {
  return { kind: "text", default: standard as D };
}

export function list<O extends Row>(of: O, standard?: readonly (string | number)[]): ListRow<O> {
  return { kind: "list", of, default: standard };
}

/** A list of which each entry may be a mapping with the rows below it. */
export function entries<O extends Row>(of: O): ListRow<O> {
  return { ...list(of), hasKeys: true };
}

function plain(kind: PlainRow["kind"]): PlainRow {
  return { kind, default: undefined };
}

export const uri = plain("uri");
export const number = plain("number");
export const mapping = plain("mapping");
export const names = plain("names");

/** Marks a row whose change a reload doesn't take over. */
export function restart<R extends Row>(row: R): R {
  return { ...row, effect: "restart" };
}

/** Marks a row that its mapping can't do without, with a value as the file would write it. */
export function required<R extends Row>(row: R, example: string): R {
  return { ...row, required: example };
}

export type Under<P extends string, T> = { readonly [K in keyof T & string as `${P}.${K}`]: T[K] };

/** The same rows for a mapping at `path`: several mappings can have the same keys. */
export function under<P extends string, T extends object>(path: P, rows: T): Under<P, T> {
  return Object.fromEntries(Object.entries(rows).map(([key, row]) => [`${path}.${key}`, row])) as Under<P, T>;
}
