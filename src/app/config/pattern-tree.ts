/** A regular expression as a tree, as far as it matters for how long matching can take (ECMAScript, without flags). */

export type Pattern =
  /** One character: a literal, an escape, a class, or the dot. */
  | { readonly kind: "one"; readonly is: RegExp }
  /** ^, $, \b, \B: no character. */
  | { readonly kind: "edge"; readonly is: RegExp }
  | { readonly kind: "same"; readonly group: number }
  | { readonly kind: "all"; readonly items: readonly Pattern[] }
  | { readonly kind: "either"; readonly options: readonly Pattern[] }
  | { readonly kind: "group"; readonly group: number; readonly body: Pattern }
  | { readonly kind: "look"; readonly isBehind: boolean; readonly isNot: boolean; readonly body: Pattern }
  | Repeat;

export interface Repeat {
  readonly kind: "repeat";
  readonly body: Pattern;
  readonly least: number;
  readonly most: number;
  readonly isLazy: boolean;
  /** As it is written. */
  readonly text: string;
}

const ESCAPE = /^\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|c[A-Za-z]|0[0-7]{0,2}|[\s\S])/;
const COUNTED = /^\{(\d+)(,(\d*))?\}/;

/** @param text of an expression that the engine takes */
export function parsePattern(text: string): Pattern {
  return new PatternParser(text).parse();
}

class PatternParser {
  private readonly text: string;
  private position = 0;
  private groups = 0;
  private readonly names: string[] = [];

  constructor(text: string) {
    this.text = text;
  }

  parse(): Pattern {
    const options = [this.sequence()];
    while (this.takes("|")) options.push(this.sequence());
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: "either", options };
  }

  private sequence(): Pattern {
    const items: Pattern[] = [];
    while (this.position < this.text.length && !"|)".includes(this.next())) {
      const start = this.position;
      items.push(this.repeated(this.atom(), start));
    }
    const [only] = items;
    return items.length === 1 && only !== undefined ? only : { kind: "all", items };
  }

  private repeated(body: Pattern, start: number): Pattern {
    const [least, most] = this.quantifier() ?? [1, 1];
    if (least === 1 && most === 1) return body;
    const isLazy = this.takes("?");
    return { kind: "repeat", body, least, most, isLazy, text: this.text.slice(start, this.position) };
  }

  private quantifier(): readonly [number, number] | undefined {
    if (this.takes("*")) return [0, Number.POSITIVE_INFINITY];
    if (this.takes("+")) return [1, Number.POSITIVE_INFINITY];
    if (this.takes("?")) return [0, 1];
    const counted = COUNTED.exec(this.rest());
    if (counted === null) return undefined;
    const [whole, least, comma, most] = counted;
    this.position += whole.length;
    if (comma === undefined) return [Number(least), Number(least)];
    return [Number(least), most === "" ? Number.POSITIVE_INFINITY : Number(most)];
  }

  private atom(): Pattern {
    if (this.takes("(")) return this.group();
    if (this.takes("[")) return this.characterClass();
    const next = this.next();
    if (next === "\\") return this.escape();
    this.position += 1;
    return next === "^" || next === "$" ? edge(next) : one(next === "." ? "." : `\\u${hex(next)}`);
  }

  private group(): Pattern {
    const look = /^\?(<?)([=!])/.exec(this.rest());
    const name = /^\?<([^>=!][^>]*)>/.exec(this.rest());
    const isPlain = this.rest().startsWith("?:");
    this.position += look?.[0].length ?? name?.[0].length ?? (isPlain ? 2 : 0);
    const isCaptured = look === null && !isPlain;
    if (isCaptured) this.groups += 1;
    const group = this.groups;
    if (name !== null) this.names[group] = name[1] ?? "";
    const body = this.parse();
    this.takes(")");
    if (look !== null) return { kind: "look", isBehind: look[1] === "<", isNot: look[2] === "!", body };
    return isCaptured ? { kind: "group", group, body } : body;
  }

  private characterClass(): Pattern {
    const start = this.position - 1;
    while (this.position < this.text.length && this.next() !== "]") this.position += this.next() === "\\" ? 2 : 1;
    this.position += 1;
    return one(this.text.slice(start, this.position));
  }

  private escape(): Pattern {
    const back = /^\\([1-9]\d*)/.exec(this.rest());
    const named = /^\\k<([^>]*)>/.exec(this.rest());
    const text = back?.[0] ?? named?.[0] ?? ESCAPE.exec(this.rest())?.[0] ?? "\\";
    this.position += text.length;
    if (back !== null) return { kind: "same", group: Number(back[1]) };
    if (named !== null) return { kind: "same", group: this.names.indexOf(named[1] ?? "") };
    return text === "\\b" || text === "\\B" ? edge(text) : one(text);
  }

  private next(): string {
    return this.text.charAt(this.position);
  }

  private rest(): string {
    return this.text.slice(this.position);
  }

  private takes(character: string): boolean {
    const isThere = this.next() === character;
    if (isThere) this.position += 1;
    return isThere;
  }
}

function one(text: string): Pattern {
  return { kind: "one", is: new RegExp(`^(?:${text})$`) };
}

/** Sticky, so that it can be asked about each place of a text. */
function edge(text: string): Pattern {
  return { kind: "edge", is: new RegExp(text, "y") };
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, "0");
}
