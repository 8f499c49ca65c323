/**
 * Variables in a configuration file: `${NAME}`, and `${NAME:-default}` where NAME is unset or empty.
 *
 * Before the text is read as YAML, each of them is replaced by a token of the same length, of characters that mean nothing to YAML; in the
 * values that have been read, tokens are replaced by what they stand for. So a variable may stand where YAML wants quotes around braces, places
 * of faults are those of the file, and what a variable holds is always part of one text: it can't add a key, a comment or a line.
 */
import { nearest } from "./suggestions.ts";

/** Values by name. */
export type Variables = ReadonlyMap<string, string>;

/** Variables are compared by their names with at most so many others: comparing costs the product of both lengths. */
const COMPARED_MAX = 500;

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}\n\r]*))?\}/g;
/** Of the private use area: a token begins, its number, what makes it as long as what it stands for. */
const BEGIN = "\ue000";
const FILLER = "\ue001";
const NUMBERS_FROM = 0xe100;
const USES_MAX = 4_096;
const TOKEN = /\ue000([\ue100-\uf0ff])\ue001+/g;

/** What a text has for a variable. */
interface Use {
  /** As it is written. */
  readonly source: string;
  readonly name: string;
  readonly otherwise: string | undefined;
}

/** A text with tokens in place of its variables. */
export interface Tokened {
  readonly text: string;
  readonly uses: readonly Use[];
}

/** What a value is with its variables filled in, and those that have no value, by where their tokens begin. */
export interface Filled {
  readonly value: string;
  readonly missing: readonly { readonly at: number; readonly use: Use }[];
}

/** Replaces variables by tokens of the same length. Beyond 4096 of them, the others stay as they are, and are refused as placeholders. */
export function tokened(text: string): Tokened {
  const uses: Use[] = [];
  const replaced = text.replace(VARIABLE, (source: string, name: string, otherwise: string | undefined) => {
    if (uses.length === USES_MAX) return source;
    const number = String.fromCharCode(NUMBERS_FROM + uses.length);
    uses.push({ source, name, otherwise });
    return BEGIN + number + FILLER.repeat(source.length - 2);
  });
  return { text: replaced, uses };
}

/** The text as it was written, such as a piece of it in a message. */
export function untokened(text: string, uses: readonly Use[]): string {
  return text.replace(TOKEN, (token, number: string) => useOf(number, uses)?.source ?? token);
}

/** Replaces each token by the value of its variable, which isn't searched for others. */
export function filled(text: string, uses: readonly Use[], variables: Variables): Filled {
  const missing: { at: number; use: Use }[] = [];
  const value = text.replace(TOKEN, (token, number: string, at: number) => {
    const use = useOf(number, uses);
    if (use === undefined) return token;
    const known = variables.get(use.name);
    if (known !== undefined && (known !== "" || use.otherwise === undefined)) return known;
    if (use.otherwise === undefined) missing.push({ at, use });
    return use.otherwise ?? "";
  });
  return { value, missing };
}

/** What is wrong with a variable that has no value, and the cure. */
export function unsetFault({ name }: Use, variables: Variables): string {
  const others = [...variables.keys()].slice(0, COMPARED_MAX);
  const near = name.length > 2 ? nearest(name, others) : undefined;
  const meant = near === undefined ? "" : `did you mean ${near}? Otherwise `;
  return `the variable ${name} isn't set; ${meant}set it with --set ${name}=VALUE, in the environment or in the .env file beside this one, or write \${${name}:-DEFAULT}`;
}

/** The variables of a piece of the text. */
export function usesIn(text: string, uses: readonly Use[]): Use[] {
  return (text.match(TOKEN) ?? []).flatMap((token) => useOf(token.charAt(1), uses) ?? []);
}

function useOf(number: string, uses: readonly Use[]): Use | undefined {
  return uses[number.charCodeAt(0) - NUMBERS_FROM];
}

/** What is wrong with a line of a file of variables. */
export interface LineFault {
  readonly line: number;
  readonly message: string;
}

/**
 * Reads a file of variables: lines NAME=value, where quotes around the value may stand; `#` begins a line that is a comment.
 * @returns values in the order of the file, and a fault for each line that is neither
 */
export function variablesIn(text: string): { readonly values: Variables; readonly faults: readonly LineFault[] } {
  const values = new Map<string, string>();
  const faults: LineFault[] = [];
  text
    .replace(/^\ufeff/, "")
    .split(/\r\n|\r|\n/)
    .forEach((words, index) => {
      const [, name, value = ""] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(words) ?? [];
      if (name !== undefined) {
        const [, , quoted] = /^\s*(["'])(.*)\1\s*$/.exec(value) ?? [];
        values.set(name, quoted ?? value.trim());
      } else if (!/^\s*(#.*)?$/.test(words)) {
        faults.push({ line: index + 1, message: "must be NAME=value, or a comment that begins with #" });
      }
    });
  return { values, faults };
}
