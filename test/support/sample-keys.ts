/** The commented sample file: which keys it names, those in its comments included, and what it says before each key. */
import { parse } from "yaml";
import { PATHS, pageOf, plain, TOPS } from "./key-words.ts";

/** "key: value" or an item of a list, after at most one "#". */
const ENTRY = /^(#?)( *)(- )?(?:([A-Za-z_]\w*):)?(.*)$/;

/** A key that the sample names, and its value, where that stands on the same line. */
export interface Named {
  readonly path: string;
  readonly value: unknown;
  readonly isComment: boolean;
}

/** Whether the table has the path, or keys below it. */
function isKnown(path: string): boolean {
  return PATHS.some((known) => known === path || known.startsWith(`${path}.`));
}

/** The path of a key below another one; a name of the administrator's own is NAME. */
function below(path: string, key: string): string {
  const plainPath = path === "" ? key : `${path}.${key}`;
  return !isKnown(plainPath) && isKnown(`${path}.NAME`) ? `${path}.NAME` : plainPath;
}

/** All keys within a value. */
function within(path: string, value: unknown): [path: string, value: unknown][] {
  if (Array.isArray(value)) return value.flatMap((item) => within(path, item));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const found = below(path, key);
    return [[found, inner] as [string, unknown], ...within(found, inner)];
  });
}

/** What stands between a key and a comment; undefined when it isn't a value of one line. */
function valueIn(text: string): unknown {
  try {
    return parse(text.trim());
  } catch {
    return undefined;
  }
}

/** Keys by their paths as the table spells them, in order. */
export function namedIn(sample: string): Named[] {
  const found: Named[] = [];
  let open: { readonly indent: number; readonly path: string }[] = [];
  for (const line of sample.split("\n")) {
    const [, mark = "", blanks = "", dash = "", key, rest = ""] = ENTRY.exec(line) ?? [];
    if (key === undefined && rest.trim() === "") continue;
    const isComment = mark !== "";
    const indent = blanks.length <= 1 ? 0 : blanks.length;
    open = open.filter((one) => one.indent < indent);
    const parent = open[open.length - 1]?.path ?? "";
    const add = (entries: [string, unknown][]) => {
      found.push(...entries.map(([path, value]) => ({ path, value, isComment })));
    };
    if (key === undefined) {
      if (dash !== "") add(within(parent, valueIn(rest)));
      continue;
    }
    // A comment may show another form of a key that stands further out.
    const path = isKnown(below(parent, key)) ? below(parent, key) : key;
    if (!isKnown(path)) continue;
    open.push({ indent, path });
    const value = valueIn(rest);
    add([[path, value], ...within(path, value)]);
  }
  return found;
}

const WIDTH = 112;
/** "listen:" or "# listen:". */
const TOP_LINE = /^(?:# )?([a-z_]+):/;

/**
 * The sample with the words of each key's page before the key. In a paragraph they come first; what people have written follows a
 * line with "#" alone.
 */
export function withAbouts(sample: string): string {
  return sample.split("\n\n").map(withAbout).join("\n\n");
}

function withAbout(paragraph: string): string {
  const lines = paragraph.split("\n");
  const keyAt = lines.findIndex((line) => topOf(line) !== undefined);
  const top = topOf(lines[keyAt] ?? "");
  if (top === undefined) return paragraph;
  const before = lines.slice(0, keyAt);
  const own = before.includes("#") ? before.slice(before.indexOf("#")) : [];
  return [...wrapped(plain(pageOf(top).about)), ...own, ...lines.slice(keyAt)].join("\n");
}

function topOf(line: string): (typeof TOPS)[number] | undefined {
  const [, key] = TOP_LINE.exec(line) ?? [];
  return TOPS.find((top) => top === key);
}

function wrapped(text: string): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = `${lines[lines.length - 1]} ${word}`;
    if (line.length < WIDTH) lines[lines.length - 1] = line;
    else lines.push(` ${word}`);
  }
  return lines.map((line) => `#${line}`);
}
