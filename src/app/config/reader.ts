/** Reads a YAML tree against what is expected of it, and collects all faults with their places and cures. */
import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import { durationOf_ms, exampleOf, isWithin, meantDuration } from "./durations.ts";
import { effectiveText } from "./effective-text.ts";
import type { CountRow, DurationRow } from "./key-kinds.ts";
import { misprintWithin } from "./misprints.ts";
import type { Problem } from "./problem.ts";
import { ALONE, type Sources } from "./sources.ts";
import { didYouMean, doubled, either, keyMeantBy, meantChoice, meantKey, meantList } from "./suggestions.ts";
import { nameOf, Trees } from "./trees.ts";
import { NO_MAPPING } from "./yaml-faults.ts";

export type { Problem } from "./problem.ts";

/** A value in the file, with the way to it. */
export interface Place {
  readonly node: Node | undefined;
  readonly path: string;
}

export class Reader {
  readonly problems: Problem[] = [];
  /** What may be meant so. */
  readonly hints: Problem[] = [];
  /** All keys of the file, by path. */
  private readonly paths: readonly string[];
  private trees: Trees;
  /** Values that could be lists. */
  private readonly lists = new Set<Node>();
  /** Mappings whose keys have been listed. */
  private readonly listed = new Set<string>();
  /** Paths of keys that a mistyped one is told to mean. */
  private readonly mistyped = new Set<string>();

  constructor(paths: readonly string[] = []) {
    this.paths = paths;
    this.trees = this.treesOf("{}", ALONE);
  }

  /** Whether a part of the file couldn't be read: then nothing is told of what it may have said. */
  get isDamaged(): boolean {
    return this.trees.isDamaged;
  }

  /** The root of the file, with what it includes; undefined when nothing of it can be read. */
  parse(text: string, sources: Sources = ALONE): Place | undefined {
    this.trees = this.treesOf(text, sources);
    for (const map of this.trees.mappings) this.refuseDoubles(map);
    const { root } = this.trees;
    return root === undefined && this.problems.length > 0 ? undefined : { node: root, path: "" };
  }

  private treesOf(text: string, sources: Sources): Trees {
    const words = new Set(this.paths.flatMap((path) => path.split(".")));
    return new Trees(
      text,
      sources,
      (word) => words.has(word),
      (problem) => void this.problems.push(problem),
    );
  }

  private refuseDoubles(map: YAMLMap): void {
    const first = new Map<string, { key: Node; value: Node | undefined }>();
    for (const { key, value } of this.trees.pairs(map)) {
      const before = first.get(nameOf(key));
      first.set(nameOf(key), before ?? { key, value });
      if (before === undefined) continue;
      const hasMapping = isMap(value) || isMap(before.value);
      this.fault({ node: key, path: "" }, doubled(nameOf(key), this.trees.lineOf(before.key), hasMapping));
    }
  }

  /** The whole file as plain values; undefined when it has faults, or more aliases than a person would write. */
  plain(): unknown {
    if (this.problems.length > 0) return undefined;
    try {
      if (!this.trees.isComposed) return this.trees.plain();
      const whole = new Reader();
      whole.parse(this.effective(false));
      return whole.plain();
    } catch {
      return undefined;
    }
  }

  /** Whether the text of the file isn't all that it consists of: it has variables, or includes other files. */
  get isComposed(): boolean {
    return this.trees.isComposed;
  }

  /** Names of its variables. */
  get variables(): ReadonlySet<string> {
    return this.trees.variables;
  }

  /** All of it as the text of one file. @param isMasked whether secrets are hidden. @throws where aliases make it too long */
  effective(isMasked: boolean): string {
    return effectiveText(this.trees.root, (node) => this.trees.resolve(node), isMasked);
  }

  fault({ node, path }: Place, message: string, list = this.problems): void {
    const line = this.trees.lineOf(node);
    const { mended, parents } = this.trees.treeOf(node);
    if (this.trees.isUnset(node) || (node !== undefined && mended.has(line))) return;
    const isEmptied = isScalar(node) && node.value === null && parents.has(line);
    // What an alias stands for is gone, or it has been told of.
    if (isEmptied || isAlias(node)) return;
    const better = list === this.problems ? this.trees.misprintOf(node) : undefined;
    list.push(this.trees.problemAt(node, path, better ?? `${message}${this.listCure(node)}`));
  }

  /** A mapping lacks a key that it can't do without. */
  lacks(place: Place, key: string, example: string): void {
    const isTold = this.trees.hasLost(key) || this.mistyped.has(`${place.path}.${key}`);
    if (!isTold) this.fault(place, `lacks ${key}; add "${key}: ${example}"`);
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
    for (const { key, value } of this.trees.pairs(node)) {
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
    return this.trees
      .pairs(node)
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
    return node.items.map((item, index) => ({ node: this.trees.resolve(item), path: `${path}[${index}]` }));
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
}
