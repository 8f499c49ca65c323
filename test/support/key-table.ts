/** README's table of configuration keys, made from the rows and the words of all sections. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Row } from "../../src/app/config/key-kinds.ts";
import { ABOVE, type WordsOf } from "../../src/app/config/key-words.ts";
import { KEYS, type Path } from "../../src/app/config/sections.ts";

export const PATHS = Object.keys(KEYS) as Path[];

/** What each `load-*.ts` says of its keys. */
export const KEY_WORDS = await wordsOfAll();

const HEAD = "| key | default | what it does |\n|---|---|---|\n";
/** README's table as it stands there: head and rows. */
const TABLE = /\| key \| default \| what it does \|\n(?:\|.*\n)*/;

async function wordsOfAll(): Promise<WordsOf<typeof KEYS>> {
  const folder = fileURLToPath(new URL("../../src/app/config", import.meta.url));
  const names = readdirSync(folder).filter((name) => /^load-.*\.ts$/.test(name));
  const files: { words?: () => object }[] = await Promise.all(names.map((name) => import(`${folder}/${name}`)));
  return Object.assign({}, ...files.map(({ words }) => words?.()));
}

/** The default in Markdown; "" where the table has none. */
function defaultOf(path: Path): string {
  const row: Row = KEYS[path];
  if (row.default === undefined) return "";
  return Array.isArray(row.default) ? `\`[${row.default.join(", ")}]\`` : `\`${row.default}\``;
}

/** The cells of a key's row; undefined for a key that another row tells of. */
export function cellsOf(path: Path): [key: string, standard: string, words: string] | undefined {
  const said = KEY_WORDS[path];
  if (said === ABOVE) return undefined;
  const { default: standard, words } = typeof said === "string" ? { default: defaultOf(path), words: said } : said;
  return [`\`${path}\``, standard, words];
}

/** The whole table, its head included. */
export function keyTable(): string {
  const rows = PATHS.flatMap((path) => {
    const cells = cellsOf(path);
    return cells === undefined ? [] : [`| ${cells.join(" | ")} |\n`];
  });
  return HEAD + rows.join("").replace(/ {2}\|/g, " |");
}

/** README with the table as it should be. @throws when README has no such table */
export function withKeyTable(readme: string): string {
  if (!TABLE.test(readme)) throw new Error("README has no table of keys");
  return readme.replace(TABLE, () => keyTable());
}
