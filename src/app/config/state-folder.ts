/** The state folder of a file that may be faulty: what commands need to find the branchline that runs with it. */
import type { Sources } from "./sources.ts";
import { filled, tokened } from "./variables.ts";

const FOLDER = "folder";

/** Files within files; more are a circle. */
const DEPTH_MAX = 8;

/** As {@link stateFolderIn}, with its variables filled in; where the file says nothing, what the files say that it includes. */
export function stateFolderOf(text: string, sources: Sources, from?: string, depth = DEPTH_MAX): string | undefined {
  const { text: own, uses } = tokened(text);
  const fill = (value: string) => filled(value, uses, sources.variables).value;
  const folder = stateFolderIn(own);
  if (folder !== undefined) return fill(folder);
  if (depth === 0) return undefined;
  for (const path of includedIn(own).reverse()) {
    const file = sources.read(fill(path), from);
    const found = stateFolderOf(file.text ?? "", sources, file.name, depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The paths that the file includes, as far as they can be read line by line. */
function includedIn(text: string): string[] {
  const { value, below } = keyIn(text, "include") ?? { value: "", below: [] };
  const isList = value.startsWith("[");
  const items = isList
    ? value.replace(/^\[|\][^\]]*$/g, "").split(",")
    : value === "" || value.startsWith("#")
      ? below
      : [value];
  return items.flatMap((item) => scalar(item.trim().replace(/^- +/, "")) ?? []);
}

/** What stands behind a key at the left margin, and the lines that belong to it. */
function keyIn(text: string, key: string): { readonly value: string; readonly below: readonly string[] } | undefined {
  const lines = text.split(/\r\n|\r|\n/);
  const index = lines.findIndex((line) => new RegExp(`^\\ufeff?(["']?)${key}\\1[ \\t]*:`).test(line));
  const line = lines[index];
  if (line === undefined) return undefined;
  const rest = lines.slice(index + 1);
  const end = rest.findIndex((one) => /^[^\s#-]/.test(one));
  return { value: line.slice(line.indexOf(":") + 1).trim(), below: end < 0 ? rest : rest.slice(0, end) };
}

/**
 * What the file says of `state`, read line by line, so that a fault elsewhere does no harm; undefined: nothing, or nothing
 * that is a path. @param text of a configuration file, or of whatever else is there
 */
export function stateFolderIn(text: string): string | undefined {
  const { value, below } = keyIn(text, "state") ?? { value: "", below: [] };
  if (value.startsWith("{"))
    return folderWithin(
      value
        .slice(1)
        .replace(/\}[^}]*$/, "")
        .split(","),
    );
  return scalar(value) ?? folderWithin(below);
}

function folderWithin(pairs: readonly string[]): string | undefined {
  for (const pair of pairs) {
    const [, key, value = ""] = /^\s*["']?(\w+)["']?\s*:\s*(.*)$/.exec(pair) ?? [];
    if (key === FOLDER) return scalar(value);
  }
  return undefined;
}

/** A plain or quoted value without its comment; undefined where there is none. */
function scalar(value: string): string | undefined {
  const quoted = /^"((?:[^"\\]|\\.)*)"|^'((?:[^']|'')*)'/.exec(value);
  if (quoted !== null) {
    const [, double, single] = quoted;
    return double === undefined ? single?.replace(/''/g, "'") : double.replace(/\\(["\\/])/g, "$1");
  }
  const plain = value.replace(/(^|\s)#.*$/, "").trim();
  return plain === "" || /^[[\]{}&*!|>%@`"']/.test(plain) ? undefined : plain;
}
