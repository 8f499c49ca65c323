/** What all sections say of their keys, and what the reference says of each key: the page, the man page and the schema are made of it. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ListRow, Row } from "../../src/app/config/key-kinds.ts";
import { keysBelow } from "../../src/app/config/key-paths.ts";
import type { KeyWords, Page, PagesOf, WordsOf } from "../../src/app/config/key-words.ts";
import { KEYS, type Path } from "../../src/app/config/sections.ts";

export const PATHS = Object.keys(KEYS) as Path[];

interface Texts {
  readonly words: WordsOf<typeof KEYS>;
  readonly pages: PagesOf<typeof KEYS>;
}

/** What each `load-*.ts` says. */
export const { words: KEY_WORDS, pages: PAGES } = await textsOfAll();

async function textsOfAll(): Promise<Texts> {
  const folder = fileURLToPath(new URL("../../src/app/config", import.meta.url));
  const names = readdirSync(folder).filter((name) => /^load-.*\.ts$/.test(name));
  const files: { words?: () => object; pages?: () => object }[] = await Promise.all(
    names.map((name) => import(`${folder}/${name}`)),
  );
  return {
    words: Object.assign({}, ...files.map(({ words }) => words?.())),
    pages: Object.assign({}, ...files.map(({ pages }) => pages?.())),
  };
}

/** The keys at the top of the file, in order. */
export const TOPS = keysBelow(KEYS, "");

export function pageOf(top: (typeof TOPS)[number]): Page {
  return PAGES[top];
}

export function rowAt(path: string): Row | undefined {
  return (KEYS as Readonly<Record<string, Row>>)[path];
}

export function wordsAt(path: string): KeyWords {
  const said = (KEY_WORDS as Readonly<Record<string, string | KeyWords>>)[path] ?? "";
  return typeof said === "string" ? { words: said } : said;
}

/** Whether the table has keys below the path. */
export function hasKeysBelow(path: string): boolean {
  return PATHS.some((one) => one.startsWith(`${path}.`));
}

/** What a value is, in Markdown: "duration, `100ms` to `32s`". */
export function kindOf(path: string): string {
  const row = rowAt(path);
  const base = wordsAt(path).kind ?? (row === undefined ? "mapping" : kindOfRow(row));
  const isMapping = /mapping/.test(base);
  return hasKeysBelow(path) && !isMapping ? `${base}, or mapping` : base;
}

function kindOfRow(row: Row): string {
  switch (row.kind) {
    case "duration":
      return `duration, \`${row.least}\` to \`${row.most}\``;
    case "count":
      return `whole number, ${row.least} to ${row.most}`;
    case "choice":
      return row.choices.map((one) => `\`${one}\``).join(", ");
    case "flag":
      return "`true`, `false`";
    case "uri":
      return "SIP URI";
    case "number":
      return "number";
    case "names":
      return "mapping of names";
    case "list":
      return listOf((row as ListRow<Row>).of);
    default:
      return row.kind;
  }
}

function listOf(of: Row): string {
  return of.kind === "mapping" ? "mapping, or list of them" : `${kindOfRow(of)}, or list of them`;
}

/** What leaving the key out means, in Markdown. */
export function defaultOf(path: string): string {
  const row = rowAt(path);
  const said = wordsAt(path).default;
  if (row?.required !== undefined) return "required";
  if (said !== undefined) return said;
  if (row?.default === undefined) return "none";
  return Array.isArray(row.default) ? `\`[${row.default.join(", ")}]\`` : `\`${row.default}\``;
}

/** Paths of a top key that the reference lists: the keys of a mapping that has those of another one are told of there. */
export function listedPaths(top: string): string[] {
  const alike = PATHS.filter((path) => wordsAt(path).keysOf !== undefined);
  return PATHS.filter((path) => path === top || path.startsWith(`${top}.`)).filter(
    (path) => !alike.some((one) => path.startsWith(`${one}.`)),
  );
}

/** Markdown without its marks and links. */
export function plain(markdown: string): string {
  return markdown.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/`/g, "");
}
