/**
 * What the reference says of configuration keys: deploy/configuration.md, the man page, the schema for editors. Each `load-*.ts`
 * has functions `words` and `pages`, which the tests call and branchline itself doesn't, so that no word of them gets into the
 * bundle. `npm run reference` writes the reference.
 */
import type { Rows } from "./key-kinds.ts";
import type { KeyBelow } from "./key-paths.ts";

export interface KeyWords {
  /** Markdown, in whole sentences. */
  readonly words: string;
  /** Markdown: what leaving the key out means, where its row has no default or another form says more. */
  readonly default?: string;
  /** What the value is, where the kind of its row says less: "network". */
  readonly kind?: string;
  /** What a value of text looks like, as a regular expression, for editors. It lets pass all that the loader takes. */
  readonly pattern?: string;
  /** The keys of this mapping are those of another one, which the reference lists once. */
  readonly keysOf?: string;
}

/** A key without words is a type error. */
export type WordsOf<R> = Readonly<Record<keyof R & string, string | KeyWords>>;

/** What the reference says of a key at the top of the file. */
export interface Page {
  /** Markdown, in whole sentences. */
  readonly about: string;
  /** YAML that a file with `listen` and `localnet` may have. */
  readonly example: string;
}

/** A key at the top of the file without a page is a type error. */
export type PagesOf<R extends Rows> = Readonly<Record<KeyBelow<R, "">, Page>>;
