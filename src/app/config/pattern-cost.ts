/**
 * Which regular expressions of a file could keep the engine busy. JavaScript's engine tries one way after the other
 * (backtracking), and it can't be interrupted: with nested quantifiers a dialled number of 32 digits would stop all calls
 * for minutes. Steps are counted instead of milliseconds, so that a file is good or bad on each router alike.
 */
import { BoundedMap } from "../../base/bounded-map.ts";
import { NUMBER_CHARACTERS_MAX } from "../../policy/gateways/rewriting.ts";
import { type Pattern, parsePattern, type Repeat } from "./pattern-tree.ts";

/** Takes 1 ms on a PC and 5 ms on the slowest router, where an engine needs 100 ns for a step. */
export const STEPS_MAX = 50_000;
/** What is tried at the end of a number, so that matching fails late. */
const ENDS = ["", "*", "#", "x", "0"];
const CHARACTERS = "0123456789*#+-. axAX!~";
const CHARACTERS_MAX = 64;
const EXAMPLES_MAX = 6;

/** Thousands of gateways have few expressions between them. */
const judged = new BoundedMap<string, { readonly fault: string | undefined }>(256);

class TooManySteps extends Error {}

/** Why `text`, a regular expression that the engine takes, isn't to be matched against dialled numbers; undefined: it may be. */
export function patternFault(text: string): string | undefined {
  const known = judged.get(text) ?? { fault: judge(text) };
  judged.set(text, known);
  return known.fault;
}

function judge(text: string): string | undefined {
  const pattern = parsePattern(text);
  const nested = nestedIn(pattern);
  if (nested !== undefined) {
    return `repeats in "${nested.text}" what repeats itself: a dialled number could stop all calls for minutes; write it with one of *, + and {} only, such as "[0-9]+"`;
  }
  // Most expressions can't take many steps, whatever is dialled.
  if (waysOf(pattern) * (NUMBER_CHARACTERS_MAX + 1) * sizeOf(pattern) <= STEPS_MAX) return undefined;
  const slow = numbersFor(pattern, text).find((number) => searchIn(number, pattern).steps > STEPS_MAX);
  if (slow === undefined) return undefined;
  return `takes too long for a number such as "${slow}", and calls stand still meanwhile; write alternatives that don't begin alike, and fewer of *, + and ?`;
}

/**
 * A search in `number`, as the engine makes it.
 * @returns its steps: no more than {@link STEPS_MAX} and one are counted; and whether it has found something by then
 */
export function searchIn(number: string, pattern: Pattern): { readonly steps: number; readonly isFound: boolean } {
  const search = new Search(number);
  let isFound = false;
  try {
    for (let start = 0; start <= number.length && !isFound; start++) isFound = search.match(pattern, start, () => true);
  } catch (error) {
    // An expression so deep that our own stack ends isn't for dialled numbers.
    if (!(error instanceof TooManySteps) && !(error instanceof RangeError)) throw error;
    return { steps: STEPS_MAX + 1, isFound };
  }
  return { steps: search.steps, isFound };
}

type Then = (position: number) => boolean;

/** A search as the engine makes it: each alternative in turn, back to the last choice on failure. */
class Search {
  steps = 0;
  private readonly text: string;
  private readonly groups: string[] = [];

  constructor(text: string) {
    this.text = text;
  }

  match(pattern: Pattern, at: number, then: Then): boolean {
    this.steps += 1;
    if (this.steps > STEPS_MAX) throw new TooManySteps();
    switch (pattern.kind) {
      case "one":
        return at < this.text.length && pattern.is.test(this.text.charAt(at)) && then(at + 1);
      case "edge":
        pattern.is.lastIndex = at;
        return pattern.is.test(this.text) && then(at);
      case "same": {
        const text = this.groups[pattern.group] ?? "";
        return this.text.startsWith(text, at) && then(at + text.length);
      }
      case "all":
        return this.matchAll(pattern.items, 0, at, then);
      case "either":
        return pattern.options.some((option) => this.match(option, at, then));
      case "group":
        return this.match(pattern.body, at, (end) => {
          this.groups[pattern.group] = this.text.slice(at, end);
          return then(end);
        });
      case "look":
        return this.looks(pattern.body, pattern.isBehind, at) !== pattern.isNot && then(at);
      case "repeat":
        return this.repeat(pattern, 0, at, then);
    }
  }

  private matchAll(items: readonly Pattern[], index: number, at: number, then: Then): boolean {
    const item = items[index];
    if (item === undefined) return then(at);
    return this.match(item, at, (end) => this.matchAll(items, index + 1, end, then));
  }

  private repeat(repeat: Repeat, times: number, at: number, then: Then): boolean {
    const { body, least, most, isLazy } = repeat;
    const once = () =>
      times < most &&
      this.match(body, at, (end) => (end > at || times < least) && this.repeat(repeat, times + 1, end, then));
    if (times < least) return once();
    return isLazy ? then(at) || once() : once() || then(at);
  }

  private looks(body: Pattern, isBehind: boolean, at: number): boolean {
    if (!isBehind) return this.match(body, at, () => true);
    for (let start = at; start >= 0; start--) if (this.match(body, start, (end) => end === at)) return true;
    return false;
  }
}

/** A quantifier within which another one leaves a choice of how often. */
function nestedIn(pattern: Pattern): Repeat | undefined {
  if (pattern.kind === "repeat" && pattern.most > 1 && partsOf(pattern.body).some(isOpen)) return pattern;
  return childrenOf(pattern)
    .map(nestedIn)
    .find((found) => found !== undefined);
}

/** A reference to a group is as long as what that has matched. */
function isOpen(pattern: Pattern): boolean {
  return pattern.kind === "same" || (pattern.kind === "repeat" && pattern.most > 1 && pattern.most !== pattern.least);
}

/** It, and all that is in it. */
function partsOf(pattern: Pattern): Pattern[] {
  return [pattern, ...childrenOf(pattern).flatMap(partsOf)];
}

function childrenOf(pattern: Pattern): readonly Pattern[] {
  if (pattern.kind === "all") return pattern.items;
  if (pattern.kind === "either") return pattern.options;
  return "body" in pattern ? [pattern.body] : [];
}

function sizeOf(pattern: Pattern): number {
  return childrenOf(pattern).reduce((sum, child) => sum + sizeOf(child), 1);
}

/** In how many ways at the most it can match from one place. */
function waysOf(pattern: Pattern): number {
  const inner = childrenOf(pattern).map(waysOf);
  if (pattern.kind === "either") return inner.reduce((sum, ways) => sum + ways, 0);
  const product = inner.reduce((all, ways) => all * ways, 1);
  if (pattern.kind !== "repeat") return product;
  const { least, most } = pattern;
  if (product === 1) return Math.min(most, NUMBER_CHARACTERS_MAX) + 1 + least;
  return most === 1 ? 1 + product : product ** Math.min(most, NUMBER_CHARACTERS_MAX);
}

/** Numbers as long as they may be that make it try what it can: each repeated part over and over, then something else. */
function numbersFor(pattern: Pattern, text: string): string[] {
  const characters = [...new Set([...CHARACTERS, ...text])].filter((one) => one > " " && one < "\u007f");
  const alphabet = characters.slice(0, CHARACTERS_MAX);
  const numbers = new Set<string>();
  const pump = (before: string, again: string) => {
    if (again === "") return;
    const filled = before + again.repeat(NUMBER_CHARACTERS_MAX);
    for (const end of ENDS) numbers.add(filled.slice(0, NUMBER_CHARACTERS_MAX - end.length) + end);
  };
  const visit = (one: Pattern, before: string) => {
    if (one.kind === "repeat") for (const example of examplesOf(one.body, alphabet)) pump(before, example);
    let behind = before;
    for (const child of childrenOf(one)) {
      visit(child, behind);
      if (one.kind === "all") behind += examplesOf(child, alphabet)[0] ?? "";
    }
  };
  visit(pattern, "");
  for (const character of alphabet) pump("", character);
  return [...numbers];
}

/** A few short texts that it matches, more or less. */
function examplesOf(pattern: Pattern, alphabet: readonly string[]): string[] {
  switch (pattern.kind) {
    case "one":
      return alphabet.filter((character) => pattern.is.test(character)).slice(0, 3);
    case "all": {
      const parts = pattern.items.map((item) => examplesOf(item, alphabet));
      const count = Math.min(EXAMPLES_MAX, Math.max(1, ...parts.map(({ length }) => length)));
      return Array.from({ length: count }, (_, index) => parts.map((part) => part[index % part.length] ?? "").join(""));
    }
    case "either":
      return pattern.options.flatMap((option) => examplesOf(option, alphabet)).slice(0, EXAMPLES_MAX);
    case "group":
      return examplesOf(pattern.body, alphabet);
    case "repeat":
      return examplesOf(pattern.body, alphabet).map((example) => example.repeat(Math.min(pattern.least, 32)));
    default:
      return [""];
  }
}
