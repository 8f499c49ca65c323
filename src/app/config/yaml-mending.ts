/**
 * Reads a text that isn't YAML as far as it goes: a faulty line is put right where it is clear what was meant, or left out with
 * what is indented below it, and the text is read again. So all faults of a file are told at once, those of its keys too.
 */
import { explain, NO_MAPPING, type TextFault } from "./yaml-faults.ts";
import { indentOf, unclosedIn } from "./yaml-openers.ts";

/** What a parser makes of a text: a document, and the first fault, by its place in the text. */
export interface Parsed<D> {
  readonly document: D;
  readonly fault: { readonly code: string; readonly offset: number } | undefined;
}

export interface Mended<D> extends Damage {
  /** Of what could be read; undefined when nothing could. */
  readonly document: D | undefined;
  readonly faults: readonly TextFault[];
}

export interface Damage {
  /** What has been left out. */
  readonly lost: string;
  /** Lines, from 1, that have lost something that stood below them. */
  readonly parents: ReadonlySet<number>;
  /** Lines that read otherwise than the file has them. */
  readonly mended: ReadonlySet<number>;
}

/** How often a text is read, and how many characters of it in all: a reload reads it while calls go on. */
const ROUNDS_MAX = 20;
const CHARACTERS_MAX = 100_000;

/** @param isKey whether a word is a key of the file, wherever it may stand */
export function mend<D>(text: string, parse: (text: string) => Parsed<D>, isKey: (word: string) => boolean): Mended<D> {
  const lines = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  const faults: TextFault[] = [];
  const lost: string[] = [];
  const parents = new Set<number>();
  const mended = new Set<number>();
  const leaveOut = (line: number, isAlone: boolean) => {
    const end = isAlone ? line : endOf(lines, line);
    const before = lines.slice(line - 1, end).join("\n");
    if (before.trim() === "") return false;
    lost.push(before);
    parents.add(parentOf(lines, line));
    lines.fill("", line - 1, end);
    return true;
  };
  for (let round = 1; ; round++) {
    const current = lines.join("\n");
    const { document, fault } = parse(current);
    if (fault === undefined) return { document, faults, lost: lost.join("\n"), parents, mended };
    const place = placeIn(current, fault.offset);
    const isSecondDocument = fault.code === "MULTIPLE_DOCS";
    const told = isSecondDocument
      ? { ...place, message: "a second document begins here; remove this line" }
      : explain({ lines, openers: unclosedIn(lines), isKey }, { code: fault.code, ...place });
    // A line is told of once: what follows from its fault is none of its own.
    if (!mended.has(told.line)) faults.push(told);
    const isOver = round === ROUNDS_MAX || (round + 1) * text.length > CHARACTERS_MAX || told.message === NO_MAPPING;
    if (!isOver && told.meant !== undefined && !mended.has(told.line)) {
      // What it stands below by its indentation may seem to be empty now.
      parents.add(parentOf(lines, told.line));
      lines[told.line - 1] = told.meant;
      mended.add(told.line);
    } else if (isOver || !(leaveOut(told.line, isSecondDocument) || leaveOut(place.line, true))) {
      return { document: undefined, faults, lost: text, parents, mended };
    }
  }
}

function placeIn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - start + 1 };
}

/** The last line of what belongs to a line: those indented deeper, and the items of a list below a key. */
function endOf(lines: readonly string[], line: number): number {
  const text = lines[line - 1] ?? "";
  const indent = indentOf(text);
  const hasList = /^[^#]*:\s*(#.*)?$/.test(text);
  let end = line;
  for (let next = line; next < lines.length; next++) {
    const below = lines[next] ?? "";
    const isBlank = /^\s*(#.*)?$/.test(below);
    const isItem = hasList && indentOf(below) === indent && /^\s*-(\s|$)/.test(below);
    const isClosing = indentOf(below) === indent && /^\s*[\]}]/.test(below);
    if (!isBlank && indentOf(below) <= indent && !isItem && !isClosing) break;
    if (!isBlank) end = next + 1;
  }
  return end;
}

/** The line below which a line stands; 0 for the file itself. */
function parentOf(lines: readonly string[], line: number): number {
  const text = lines[line - 1] ?? "";
  const isItem = /^\s*-(\s|$)/.test(text);
  for (let above = line - 1; above > 0; above--) {
    const other = lines[above - 1] ?? "";
    if (/^\s*(#.*)?$/.test(other)) continue;
    const isKeyOfList = isItem && indentOf(other) === indentOf(text) && !/^\s*-(\s|$)/.test(other);
    if (indentOf(other) < indentOf(text) || isKeyOfList) return above;
  }
  return 0;
}
