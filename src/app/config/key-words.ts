/**
 * What README's table says of configuration keys: each `load-*.ts` has a function `words`, which the tests call and branchline
 * itself doesn't, so that no word of it gets into the bundle. `npm run reference` writes README's table anew.
 */

/** The row of the key above says it, so README has no row for the key. */
export const ABOVE = "above";

export interface KeyWords {
  /** In place of the default that the key's row has, or where it has none. */
  readonly default: string;
  readonly words: string;
}

/** Markdown. A key without words is a type error. */
export type WordsOf<R> = Readonly<Record<keyof R & string, string | KeyWords>>;
