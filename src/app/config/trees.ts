/** A configuration file as a tree of YAML, with the files that it includes merged into it and its variables filled in. */
import {
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  YAMLMap,
} from "yaml";
import { misprintIn, whyNoText } from "./misprints.ts";
import type { Problem } from "./problem.ts";
import type { Sources } from "./sources.ts";
import { filled, type Tokened, tokened, unsetFault, untokened, usesIn } from "./variables.ts";
import { type Damage, mend, type Parsed } from "./yaml-mending.ts";

/** What the parser makes of a text. */
interface Tree extends Damage {
  readonly yaml: Document;
  readonly lines: LineCounter;
  /** With tokens in place of variables. */
  readonly tokens: Tokened;
  /** Undefined: the file itself. */
  readonly file: string | undefined;
}

/** Files in all, and one within the other. */
const FILES_MAX = 32;

const NO_TREE: Tree = {
  yaml: new Document(),
  lines: new LineCounter(),
  tokens: { text: "", uses: [] },
  file: undefined,
  lost: "",
  parents: new Set(),
  mended: new Set(),
};

/** What is told of: its place, and what is wrong with it. */
type Tell = (problem: Problem) => void;

export class Trees {
  /** Of all files; undefined when nothing of the file itself can be read. */
  readonly root: Node | undefined;
  /** Whether the file consists of more than its own text: variables or other files. */
  isComposed = false;
  /** Names of the variables that it has. */
  readonly variables = new Set<string>();
  /** All mappings, as each file has them, before they are merged. */
  readonly mappings: YAMLMap[] = [];
  private readonly all: Tree[] = [];
  private readonly owners = new Map<Node, Tree>();
  /** Values with variables, by what is written there. */
  private readonly written = new Map<Node, string>();
  private readonly unset = new Set<Node>();
  private readonly sources: Sources;
  private readonly isKey: (word: string) => boolean;
  private readonly tell: Tell;

  /** @param isKey whether a word is a key of the file, wherever it may stand */
  constructor(text: string, sources: Sources, isKey: (word: string) => boolean, tell: Tell) {
    this.sources = sources;
    this.isKey = isKey;
    this.tell = tell;
    for (const fault of sources.faults) tell({ column: 1, path: "", ...fault });
    this.root = this.read(text, undefined, [sources.id]);
  }

  /** Whether a part couldn't be read: then nothing is told of what it may have said. */
  get isDamaged(): boolean {
    return this.unset.size > 0 || this.all.some(({ lost }) => lost !== "");
  }

  /** Whether what couldn't be read has the word in it. */
  hasLost(word: string): boolean {
    return this.all.some(({ lost }) => lost.includes(word));
  }

  /** The tree of a node; that of the file itself for none. */
  treeOf(node: Node | undefined): Tree {
    const owner = node === undefined ? undefined : this.owners.get(node);
    return owner ?? this.all[0] ?? NO_TREE;
  }

  /** From 1. */
  lineOf(node: Node | undefined): number {
    return Math.max(this.treeOf(node).lines.linePos(node?.range?.[0] ?? 0).line, 1);
  }

  /** Whether a variable of the value isn't set, so that nothing can be said of it. */
  isUnset(node: Node | undefined): boolean {
    return node !== undefined && this.unset.has(node);
  }

  /** @param offset in the tree's text; undefined: where the node begins */
  problemAt(node: Node | undefined, path: string, message: string, offset = node?.range?.[0] ?? 0): Problem {
    const { file, lines, tokens } = this.treeOf(node);
    const { line, col } = lines.linePos(offset);
    const source = node === undefined ? undefined : this.written.get(node);
    const whence = source === undefined || this.isUnset(node) ? "" : ` (written as ${source})`;
    // A value may have several lines; a fault is one.
    const found = (untokened(message, tokens.uses) + whence).replace(/\r?\n|\r/g, "\\n");
    const problem = { line: Math.max(line, 1), column: Math.max(col, 1), path, message: found };
    return file === undefined ? problem : { ...problem, file };
  }

  /** What a template or a word processor has left in a value or a key, whatever else is wrong with it. */
  misprintOf(node: Node | undefined): string | undefined {
    const [start = 0, end = 0] = node?.range ?? [];
    const { text } = this.treeOf(node).tokens;
    // "{{ name }}" is a mapping with a mapping as its key.
    const isTemplate = text.slice(Math.max(0, start - 1), start + 1) === "{{";
    if (isTemplate) return misprintIn(text.slice(start - 1, end + 1))?.message;
    return isScalar(node) ? misprintIn(text.slice(start, end))?.message : undefined;
  }

  /** What stands at an anchor, where the file names it by an alias. */
  resolve(item: unknown): Node | undefined {
    const node = (item ?? undefined) as Node | undefined;
    return isAlias(node) ? (node.resolve(this.treeOf(node).yaml) ?? node) : node;
  }

  pairs(map: YAMLMap): { key: Node; value: Node | undefined }[] {
    return map.items.map((pair) => ({ key: pair.key as Node, value: this.resolve(pair.value) }));
  }

  /** The file as plain values, where it is a file by itself. @throws where it has more aliases than a person would write */
  plain(): unknown {
    return this.treeOf(undefined).yaml.toJS();
  }

  private read(given: string, file: string | undefined, chain: readonly string[]): Node | undefined {
    const text = given.replace(/^\ufeff/, "");
    const inFile = file === undefined ? {} : { file };
    const isEmpty = file !== undefined && !/^\s*[^\s#]/m.test(text);
    const why = isEmpty ? undefined : whyNoText(text);
    if (why !== undefined) this.tell({ line: 1, column: 1, path: "", message: why, ...inFile });
    if (why !== undefined || isEmpty) return undefined;
    const tokens = tokened(text);
    const { document, faults, ...damage } = mend(tokens.text, parseYaml, this.isKey);
    for (const { line, column, message } of faults) {
      this.tell({ line, column, path: "", message: untokened(message, tokens.uses), ...inFile });
    }
    const tree: Tree = { ...(document ?? NO_TREE), ...damage, tokens, file };
    this.all.push(tree);
    if (document === undefined) return undefined;
    this.fill(tree);
    const own = (tree.yaml.contents ?? undefined) as Node | undefined;
    return isMap(own) ? this.withIncluded(own, tree, chain) : own;
  }

  /** Enters each node as one of the tree, and fills in variables. */
  private fill(tree: Tree): void {
    const { yaml, tokens } = tree;
    visit(yaml, {
      Node: (_, node) => {
        this.owners.set(node as Node, tree);
        if (isMap(node)) this.mappings.push(node);
        if (isAlias(node) && node.resolve(yaml) === undefined && tree.lost === "") {
          const cure = `unless it stands for a value marked &${node.source}; put it in quotes: "*${node.source}"`;
          this.tell(this.problemAt(node, "", `a value can't begin with *, ${cure}`));
        }
        if (!isScalar(node) || typeof node.value !== "string" || tokens.uses.length === 0) return;
        const { value, missing } = filled(node.value, tokens.uses, this.sources.variables);
        if (value === node.value && missing.length === 0) return;
        this.isComposed = true;
        for (const { name } of usesIn(node.value, tokens.uses)) this.variables.add(name);
        this.written.set(node, untokened(node.value, tokens.uses));
        const { variables } = this.sources;
        for (const { use } of missing) {
          const start = node.range?.[0] ?? 0;
          const at = untokened(tokens.text.slice(start, node.range?.[1]), tokens.uses).indexOf(use.source);
          this.unset.add(node);
          this.tell(this.problemAt(node, "", unsetFault(use, variables), start + Math.max(at, 0)));
        }
        // What would be a number if it stood there is one.
        const isNumber = node.type === "PLAIN" && /^(0|-?[1-9]\d{0,14})$/.test(value);
        node.value = isNumber ? Number(value) : value;
        node.source = value;
      },
    });
  }

  private withIncluded(own: YAMLMap, tree: Tree, chain: readonly string[]): Node {
    const found = this.resolve(own.get("include", true));
    if (found === undefined) return own;
    this.isComposed = true;
    let merged: Node | undefined;
    for (const item of isSeq(found) ? found.items : [found]) {
      const node = this.resolve(item);
      // The reader of the key tells of an item that is no text.
      if (!isScalar(node) || typeof node.value !== "string" || node.value.trim() === "" || this.isUnset(node)) continue;
      const fault = (message: string) => this.tell(this.problemAt(node, "include", message));
      const { name, id, text, why } = this.sources.read(node.value.trim(), tree.file);
      if (chain.includes(id)) fault(`includes ${name}, which is this file or includes it; remove it`);
      else if (this.all.length >= FILES_MAX) fault(`is more than ${FILES_MAX} files in all; put some of them into one`);
      else if (text === undefined) fault(`${name}: ${why}`);
      else merged = this.merged(merged, this.read(text, name, [...chain, id]));
    }
    return this.merged(merged, own) ?? own;
  }

  /** Mappings key by key; else what is above counts. */
  private merged(below: Node | undefined, above: Node | undefined): Node | undefined {
    if (!isMap(below) || !isMap(above)) return above ?? below;
    const both = new YAMLMap();
    const items = new Map<string, Pair>();
    for (const pair of below.items)
      if (nameOf(pair.key as Node) !== "include") items.set(nameOf(pair.key as Node), pair);
    for (const pair of above.items) {
      const name = nameOf(pair.key as Node);
      const before = this.resolve(items.get(name)?.value);
      const value = this.resolve(pair.value);
      const isBoth = isMap(before) && isMap(value);
      const next = pair.clone() as Pair;
      next.key = pair.key;
      next.value = isBoth ? this.merged(before, value) : value;
      items.set(name, next);
    }
    both.items.push(...items.values());
    both.range = above.range ?? null;
    this.owners.set(both, this.treeOf(above));
    return both;
  }
}

/** A key as it is written: 0301 and +4930 are called numbers, not values. */
export function nameOf(key: Node): string {
  if (!isScalar(key)) return String(key);
  return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}

function parseYaml(text: string): Parsed<Pick<Tree, "yaml" | "lines">> {
  const lineCounter = new LineCounter();
  // Keys that are there twice are told of by the reader.
  const options = { lineCounter, prettyErrors: false, resolveKnownTags: false, uniqueKeys: false } as const;
  const yaml = parseDocument(text, { ...options, schema: "core" });
  const [error] = yaml.errors.sort((one, other) => one.pos[0] - other.pos[0]);
  return {
    document: { yaml, lines: lineCounter },
    fault: error === undefined ? faultOfRoot(yaml) : { code: error.code, offset: error.pos[0] },
  };
}

/** A file of a single text: lines without colons, or with another sign in their place. */
function faultOfRoot({ contents }: Document): Parsed<never>["fault"] {
  const isText = isScalar(contents) && contents.value !== null;
  return isText ? { code: "NO_MAPPING", offset: contents.range?.[0] ?? 0 } : undefined;
}
