/** Numbers of a configuration file that are the product's own words, or everybody's: no person is behind them. */
import type { Row } from "../../app/config/key-kinds.ts";
import { KEYS } from "../../app/config/sections.ts";

/** An emergency number has fewer digits than one that is somebody's. */
const EMERGENCY_DIGITS_MAX = 6;
/** `emergency` with what stands behind it in the line; deeper lines belong to it. */
const EMERGENCY = /^( {0,64})(?:# {0,8})?emergency: {0,64}(.{0,2000})$/;
const NUMBER = /(?<![\w.:])\+?[\d*#]{2,64}(?![\w.:])/g;
/** A comment, and what tells YAML that has been commented out from words. */
const COMMENT = /(^|[ \t])#(.{0,2000})$/gm;
const IS_YAML = /["'[{]|: |^ {0,8}- /;

/** What keys can be set to: 302, 380. */
const CHOICES: ReadonlySet<string> = new Set(
  Object.values<Row>(KEYS).flatMap((row) => (row.kind === "choice" ? row.choices.map(String) : [])),
);

/** The short numbers in the file's `emergency`: everybody's. */
export function emergencyNumbersIn(yaml: string): string[] {
  const found: string[] = [];
  let depth: number | undefined;
  for (const line of yaml.split(/\r?\n/)) {
    const [, indent, rest] = EMERGENCY.exec(line) ?? [];
    if (indent !== undefined) depth = indent.length;
    else if (depth !== undefined && !isWithin(line, depth)) depth = undefined;
    if (depth !== undefined) found.push(...((rest ?? line).replace(/(?:^|[ \t])#.*$/, "").match(NUMBER) ?? []));
  }
  return found.filter((number) => number.length <= EMERGENCY_DIGITS_MAX);
}

/** Lines that go on with a list, also one that isn't indented, or that are empty or a comment. */
function isWithin(line: string, depth: number): boolean {
  const indent = line.length - line.trimStart().length;
  return /^\s*(?:#|$)/.test(line) || indent > depth || (indent === depth && /^\s*(?:- |[\]}])/.test(line));
}

/** The file with comments in words taken out, and in other comments what keys can be set to. Each character keeps its place. */
export function withoutWords(yaml: string): string {
  return yaml.replace(COMMENT, (whole, _, comment: string) => {
    if (!IS_YAML.test(comment)) return " ".repeat(whole.length);
    return whole.replace(NUMBER, (number) => (CHOICES.has(number) ? " ".repeat(number.length) : number));
  });
}
