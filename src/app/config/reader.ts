/** Reads a YAML tree against what is expected of it, and collects all faults with their places and cures. */
import {
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import { durationOf_ms, exampleOf, isWithin, meantDuration } from "./durations.ts";
import type { CountRow, DurationRow } from "./key-kinds.ts";
import { misprintIn, misprintWithin, whyNoText } from "./misprints.ts";
import type { Problem } from "./problem.ts";
import { didYouMean, doubled, either, keyMeantBy, meantChoice, meantKey, meantList } from "./suggestions.ts";
import { NO_MAPPING } from "./yaml-faults.ts";
import { type Damage, mend, type Parsed } from "./yaml-mending.ts";

export type { Problem } from "./problem.ts";

/** A value in the file, with the way to it. */
export interface Place {
  readonly node: Node | undefined;
  readonly path: string;
}

/** What the parser makes of a text. */
interface Tree {
  readonly yaml: Document;
  readonly text: string;
  readonly lines: LineCounter;
}

export class Reader {
  readonly problems: Problem[] = [];
  /** What may be meant so. */
  readonly hints: Problem[] = [];
  /** All keys of the file, by path. */
  private readonly paths: readonly string[];
  private tree: Tree = { yaml: new Document(), text: "", lines: new LineCounter() };
  /** What couldn't be read, and which lines have something to do with it. */
  private damage: Damage = { lost: "", parents: new Set(), mended: new Set() };
  /** Values that could be lists. */
  private readonly lists = new Set<Node>();
  /** Mappings whose keys have been listed. */
  private readonly listed = new Set<string>();
  /** Paths of keys that a mistyped one is told to mean. */
  private readonly mistyped = new Set<string>();

  constructor(paths: readonly string[] = []) {
    this.paths = paths;
  }

  /** Whether a part of the file couldn't be read: then nothing is told of what it may have said. */
  get isDamaged(): boolean {
    return this.damage.lost !== "";
  }

  /** The root of the file; undefined when nothing of it can be read. */
  parse(text: string): Place | undefined {
    const whole = text.replace(/^\ufeff/, "");
    const why = whyNoText(whole);
    if (why !== undefined) {
      this.problems.push({ line: 1, column: 1, path: "", message: why });
      return undefined;
    }
    const words = new Set(this.paths.flatMap((path) => path.split(".")));
    const { document, faults, ...damage } = mend(whole, parseYaml, (word) => words.has(word));
    this.problems.push(...faults.map(({ line, column, message }) => ({ line, column, path: "", message })));
    this.damage = damage;
    if (document === undefined) return undefined;
    this.tree = document;
    const { yaml } = document;
    visit(yaml, {
      Alias: (_, node) => {
        if (node.resolve(yaml) !== undefined || this.isDamaged) return;
        const cure = `unless it stands for a value marked &${node.source}; put it in quotes: "*${node.source}"`;
        this.tell(this.problems, node, "", `a value can't begin with *, ${cure}`);
      },
      Map: (_, node) => this.refuseDoubles(node),
    });
    return { node: (yaml.contents ?? undefined) as Node | undefined, path: "" };
  }

  private refuseDoubles(map: YAMLMap): void {
    const first = new Map<string, { key: Node; value: Node | undefined }>();
    for (const { key, value } of this.pairs(map)) {
      const before = first.get(nameOf(key));
      first.set(nameOf(key), before ?? { key, value });
      if (before === undefined) continue;
      const hasMapping = isMap(value) || isMap(before.value);
      this.fault({ node: key, path: "" }, doubled(nameOf(key), this.lineOf(before.key), hasMapping));
    }
  }

  private lineOf(node: Node | undefined): number {
    return Math.max(this.tree.lines.linePos(node?.range?.[0] ?? 0).line, 1);
  }

  /** The whole file as plain values; undefined when it has faults, or more aliases than a person would write. */
  plain(): unknown {
    if (this.problems.length > 0) return undefined;
    try {
      return this.tree.yaml.toJS();
    } catch {
      return undefined;
    }
  }

  fault({ node, path }: Place, message: string, list = this.problems): void {
    const line = this.lineOf(node);
    if (node !== undefined && this.damage.mended.has(line)) return;
    const isEmptied = isScalar(node) && node.value === null && this.damage.parents.has(line);
    // What an alias stands for is gone, or it has been told of.
    if (isEmptied || isAlias(node)) return;
    const better = list === this.problems ? this.misprintOf(node) : undefined;
    this.tell(list, node, path, better ?? `${message}${this.listCure(node)}`);
  }

  private tell(list: Problem[], node: Node | undefined, path: string, message: string): void {
    const { line, col } = this.tree.lines.linePos(node?.range?.[0] ?? 0);
    list.push({ line: Math.max(line, 1), column: Math.max(col, 1), path, message });
  }

  /** A mapping lacks a key that it can't do without. */
  lacks(place: Place, key: string, example: string): void {
    const isTold = this.damage.lost.includes(key) || this.mistyped.has(`${place.path}.${key}`);
    if (!isTold) this.fault(place, `lacks ${key}; add "${key}: ${example}"`);
  }

  /** What a template or a word processor has left in a value or a key, whatever else is wrong with it. */
  private misprintOf(node: Node | undefined): string | undefined {
    const [start = 0, end = 0] = node?.range ?? [];
    const { text } = this.tree;
    // "{{ name }}" is a mapping with a mapping as its key.
    const isTemplate = text.slice(Math.max(0, start - 1), start + 1) === "{{";
    if (isTemplate) return misprintIn(text.slice(start - 1, end + 1))?.message;
    return isScalar(node) ? misprintIn(text.slice(start, end))?.message : undefined;
  }

  private listCure(node: Node | undefined): string {
    if (node === undefined || !this.lists.has(node) || !isScalar(node) || node.type !== "PLAIN") return "";
    return meantList(String(node.value));
  }

  /** The values of a mapping with no other keys than `known`. Undefined, with a fault, when it is something else. */
  fields(place: Place, known: readonly string[]): ReadonlyMap<string, Place> | undefined {
    const { node } = place;
    if (!isMap(node)) {
      if (place.path !== "") this.fault(place, `must be a mapping with the keys ${known.join(", ")}`);
      else if (isSeq(node) || !this.isDamaged) this.fault(place, NO_MAPPING);
      return undefined;
    }
    const items = new Map<string, Place>();
    for (const { key, value } of this.pairs(node)) {
      const name = nameOf(key);
      const path = place.path === "" ? name : `${place.path}.${name}`;
      if (known.includes(name)) items.set(name, { node: value, path });
      else if (!isScalar(key)) this.fault({ node: key, path: place.path }, "has a key that is no text; remove it");
      else this.fault({ node: key, path }, this.unknownKey(name, known, place.path));
    }
    return items;
  }

  private unknownKey(name: string, known: readonly string[], within: string): string {
    const meant = meantKey(name, known, this.paths);
    this.mistyped.add(`${within}.${keyMeantBy(name, known)}`);
    if (meant !== undefined) return meant;
    const isListed = this.listed.has(within);
    this.listed.add(within);
    return `is not a key that branchline knows; ${isListed ? "remove it" : `known keys are ${known.join(", ")}`}`;
  }

  /** The entries of a mapping whose keys are the administrator's own. */
  entries(place: Place): { readonly key: string; readonly place: Place }[] {
    const { node } = place;
    if (!isMap(node)) {
      this.fault(place, "must be a mapping");
      return [];
    }
    return this.pairs(node)
      .map(({ key, value }) => ({ key: nameOf(key), node: value }))
      .map((one) => ({ key: one.key, place: { node: one.node, path: `${place.path}.${one.key}` } }));
  }

  /** The items of a list; a single value stands for a list of one. */
  items(place: Place): Place[] {
    const { node, path } = place;
    if (!isSeq(node)) {
      if (node !== undefined) this.lists.add(node);
      return [place];
    }
    return node.items.map((item, index) => ({ node: this.resolve(item), path: `${path}[${index}]` }));
  }

  isMapping(place: Place): boolean {
    return isMap(place.node);
  }

  /** Whether a mapping at `place` has the key, or one mistyped for it; false for anything else. */
  hasKey({ node, path }: Place, key: string): boolean {
    return isMap(node) && (node.has(key) || this.mistyped.has(`${path}.${key}`));
  }

  /** Text; numbers count as text. Undefined, with a fault, for anything else. */
  text(place: Place, expected: string): string | undefined {
    const value = isScalar(place.node) ? place.node.value : undefined;
    if (typeof value === "number") return isScalar(place.node) ? (place.node.source ?? String(value)) : String(value);
    const text = typeof value === "string" ? value.trim() : "";
    const misprint = misprintWithin(text, isScalar(place.node) && place.node.type === "PLAIN");
    if (text !== "" && misprint === undefined) return text;
    this.fault(place, misprint ?? `must be ${expected}`);
    return undefined;
  }

  /** Text of one line that may be empty. */
  textOrEmpty(place: Place): string | undefined {
    const isEmpty = isScalar(place.node) && (place.node.value === "" || place.node.value === null);
    return isEmpty ? "" : this.text(place, "a text");
  }

  /** What another program reads, as it is: it may be empty, and what looks like a slip means something there. */
  foreignText({ node }: Place): string | undefined {
    return isScalar(node) && node.value !== null ? nameOf(node) : undefined;
  }

  /** One of `choices`, written as text or number. */
  choice<T extends string | number>(place: Place, choices: readonly T[]): T | undefined {
    const value = isScalar(place.node) ? place.node.value : undefined;
    const found = choices.find((choice) => String(choice) === String(value));
    if (found === undefined) {
      const meant = value === undefined || value === null ? undefined : meantChoice(String(value), choices.map(String));
      this.fault(place, `must be ${either(choices.map(String))}${didYouMean(meant)}`);
    }
    return found;
  }

  /** True or false. */
  flag(place: Place): boolean | undefined {
    const text = this.choice(place, ["true", "false"]);
    return text === undefined ? undefined : text === "true";
  }

  count(place: Place, { least, most }: Pick<CountRow, "least" | "most">): number | undefined {
    const value = isScalar(place.node) ? place.node.value : undefined;
    const isWithin = (number: number) => Number.isInteger(number) && number >= least && number <= most;
    if (typeof value === "number" && isWithin(value)) return value;
    const written = typeof value === "string" && /^\s*\d+\s*$/.test(value) ? Number(value) : Number.NaN;
    const cure = isWithin(written) ? `; write ${written}, without quotes` : "";
    this.fault(place, `must be a whole number from ${least} to ${most}${cure}`);
    return undefined;
  }

  /** Milliseconds of a duration with its unit, such as 4s, 500ms, 5m or 1h. */
  duration_ms(place: Place, row: DurationRow): number | undefined {
    const value = isScalar(place.node) ? place.node.value : undefined;
    const text = String(value).trim();
    if (isWithin(text, row)) return durationOf_ms(text);
    const expected = `must be a duration from ${row.least} to ${row.most}, such as ${exampleOf(row)}`;
    this.fault(place, `${expected}${didYouMean(meantDuration(text, row))}`);
    return undefined;
  }

  private pairs(map: YAMLMap): { key: Node; value: Node | undefined }[] {
    return map.items.map((pair) => ({ key: pair.key as Node, value: this.resolve(pair.value) }));
  }

  /** What stands at an anchor, where the file names it by an alias. */
  private resolve(item: unknown): Node | undefined {
    const node = (item ?? undefined) as Node | undefined;
    return isAlias(node) ? (node.resolve(this.tree.yaml) ?? node) : node;
  }
}

/** A key as it is written: 0301 and +4930 are called numbers, not values. */
function nameOf(key: Node): string {
  if (!isScalar(key)) return String(key);
  return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}

function parseYaml(text: string): Parsed<Tree> {
  const lineCounter = new LineCounter();
  // Keys that are there twice are told of by the reader.
  const options = { lineCounter, prettyErrors: false, resolveKnownTags: false, uniqueKeys: false } as const;
  const yaml = parseDocument(text, { ...options, schema: "core" });
  const [error] = yaml.errors.sort((one, other) => one.pos[0] - other.pos[0]);
  return {
    document: { yaml, text, lines: lineCounter },
    fault: error === undefined ? faultOfRoot(yaml) : { code: error.code, offset: error.pos[0] },
  };
}

/** A file of a single text: lines without colons, or with another sign in their place. */
function faultOfRoot({ contents }: Document): Parsed<Tree>["fault"] {
  const isText = isScalar(contents) && contents.value !== null;
  return isText ? { code: "NO_MAPPING", offset: contents.range?.[0] ?? 0 } : undefined;
}
