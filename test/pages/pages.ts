/** All Markdown files of the repository: their text, sections, links and blocks. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Page {
  /** From the top of the repository. */
  readonly path: string;
  readonly text: string;
}

/** Something that stands in a page, and where. */
export interface Found {
  readonly page: string;
  /** Counted from one. */
  readonly line: number;
  readonly text: string;
}

/** A block between fences. */
export interface Block extends Found {
  /** What stands behind the fence: `yaml`, `sh` … or "". */
  readonly language: string;
}

/** All pages. */
export const PAGES: readonly Page[] = pagesBelow("");

/** The pages for operators: README and those in deploy/. */
export const MANUAL = PAGES.filter(({ path }) => path === "README.md" || path.startsWith("deploy/"));

function pagesBelow(folder: string): Page[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return /^(?:node_modules|dist|\..*)$/.test(entry.name) ? [] : pagesBelow(path);
    return entry.name.endsWith(".md") ? [{ path, text: readFileSync(join(ROOT, path), "utf8") }] : [];
  });
}

/** The page at `path`. @throws when there is none */
export function page(path: string): Page {
  const found = PAGES.find((one) => one.path === path);
  if (found === undefined) throw new Error(`there is no page ${path}`);
  return found;
}

/** The blocks of a page, without what they are indented by. */
export function blocksOf({ path, text }: Page): Block[] {
  const blocks: Block[] = [];
  const lines = text.split("\n");
  for (let index = 0; index < lines.length; index += 1) {
    const [, indent = "", language] = /^( *)```(\w*)$/.exec(lines[index] ?? "") ?? [];
    if (language === undefined) continue;
    const end = lines.indexOf(`${indent}\`\`\``, index + 1);
    const inside = lines.slice(index + 1, end).map((line) => line.slice(indent.length));
    blocks.push({ page: path, line: index + 2, language, text: inside.map((line) => `${line}\n`).join("") });
    index = end;
  }
  return blocks;
}

/** Its lines with all blocks emptied, so that numbers of lines stay. */
export function proseOf({ text }: Page): string[] {
  let isInside = false;
  return text.split("\n").map((line) => {
    const isFence = /^ *```/.test(line);
    const isKept = !isInside && !isFence;
    if (isFence) isInside = !isInside;
    return isKept ? line : "";
  });
}

/** What stands between backticks in its prose. A `\|` in a table is a `|`. */
export function codeIn(one: Page): Found[] {
  return proseOf(one).flatMap((line, index) =>
    [...line.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => ({
      page: one.path,
      line: index + 1,
      text: text.replace(/\\\|/g, "|"),
    })),
  );
}

/** Targets of links to this repository that don't exist: no such file, or no such section in it. */
export function brokenLinks(one: Page): Found[] {
  return proseOf(one).flatMap((line, index) =>
    [...line.replace(/`[^`]*`(?!\])/g, "").matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) =>
      /^[a-z]+:/.test(target) || exists(one.path, target) ? [] : [{ page: one.path, line: index + 1, text: target }],
    ),
  );
}

function exists(from: string, target: string): boolean {
  const [file = "", anchor] = target.split("#");
  const path = file === "" ? from : normalize(join(dirname(from), file));
  if (!existsSync(join(ROOT, path))) return false;
  if (anchor === undefined) return true;
  if (statSync(join(ROOT, path)).isDirectory()) return false;
  const there = PAGES.find((one) => one.path === path);
  return there !== undefined && anchorsOf(there).has(anchor);
}

/** The names of its sections, as GitHub makes them. */
function anchorsOf(one: Page): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of proseOf(one)) {
    const heading = /^#+ +(.*)$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const name = plain.replace(/[^\p{L}\p{N}_ -]/gu, "").replace(/ /g, "-");
    const count = [...anchors].filter((other) => other === name || other.startsWith(`${name}-`)).length;
    anchors.add(anchors.has(name) ? `${name}-${count}` : name);
  }
  return anchors;
}

/** "page:line text" */
export const shown = ({ page: path, line, text }: Found) => `${path}:${line} ${text}`;
