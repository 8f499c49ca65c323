/** Which configuration keys a commented sample file names, those in its comments included. */
import { parse } from "yaml";
import { PATHS } from "./key-table.ts";

/** "key: value" or an item of a list, after at most one "#". */
const ENTRY = /^#?( *)(- )?(?:([A-Za-z_]\w*):)?(.*)$/;

/** Whether the table has the path, or keys below it. */
function isKnown(path: string): boolean {
  return PATHS.some((known) => known === path || known.startsWith(`${path}.`));
}

/** The path of a key below another one; a name of the administrator's own is NAME. */
function below(path: string, key: string): string {
  const plain = path === "" ? key : `${path}.${key}`;
  return !isKnown(plain) && isKnown(`${path}.NAME`) ? `${path}.NAME` : plain;
}

/** The paths of all keys within a value. */
function within(path: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => within(path, item));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const found = below(path, key);
    return [found, ...within(found, inner)];
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

/** @returns paths as the table spells them */
export function keysNamedIn(sample: string): Set<string> {
  const found = new Set<string>();
  let open: { readonly indent: number; readonly path: string }[] = [];
  for (const line of sample.split("\n")) {
    const [, blanks = "", dash = "", key, rest = ""] = ENTRY.exec(line) ?? [];
    const indent = blanks.length <= 1 ? 0 : blanks.length;
    open = open.filter((one) => one.indent < indent);
    const parent = open[open.length - 1]?.path ?? "";
    if (key === undefined) {
      for (const path of dash === "" ? [] : within(parent, valueIn(rest))) found.add(path);
      continue;
    }
    // A comment may show another form of a key that stands further out.
    const path = isKnown(below(parent, key)) ? below(parent, key) : key;
    if (!isKnown(path)) continue;
    open.push({ indent, path });
    for (const one of [path, ...within(path, valueIn(rest))]) found.add(one);
  }
  return found;
}
