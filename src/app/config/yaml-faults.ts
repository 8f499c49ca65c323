/** What is wrong with a text that isn't YAML, in our words: the parser's own are for programmers. */
import { PROTOCOLS } from "../../transport/flow.ts";
import { misprintIn } from "./misprints.ts";
import { badIndentation, ENTRY, likelyIndent, nextLine } from "./yaml-indentation.ts";
import type { Opener } from "./yaml-openers.ts";

/** As the parser tells it; lines and columns count from 1. */
export interface SyntaxFault {
  readonly code: string;
  readonly line: number;
  readonly column: number;
}

export interface TextFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** The line as it was meant, where that is clear. */
  readonly meant?: string;
}

/** The text, and what is known of it. */
export interface Text {
  readonly lines: readonly string[];
  /** What is never closed, in the order in which it is missed. */
  readonly openers: readonly Opener[];
  /** Whether a word is a key of the file, wherever it may stand. */
  readonly isKey: (word: string) => boolean;
}

/** Of longer lines only the beginning is looked at. */
const LINE_LENGTH_MAX = 1_000;

/** The file has no keys at all. */
export const NO_MAPPING =
  'must be lines of keys and values, such as "localnet: [10.222.237.0/24]"; `branchline init` writes a file';

/** The first mistake that leads the parser to this fault. */
export function explain(text: Text, fault: SyntaxFault): TextFault {
  const opener = text.openers.filter(({ line }) => line <= fault.line).pop();
  if (opener !== undefined) return unclosed(opener);
  return (
    directive(text.lines, fault) ??
    inLine(text, fault.line) ??
    byCode(text, fault) ??
    tabIn(text, nextLine(text.lines, fault.line)) ??
    badIndentation(text.lines, fault.line) ??
    strayCharacter(text, fault) ??
    inLine(text, nextLine(text.lines, fault.line)) ?? { ...placeOf(fault), message: UNREADABLE }
  );
}

const UNREADABLE = "can't be read from here on; look for a missing quote, bracket, comma or colon";

function unclosed({ line, column, char, closers }: Opener): TextFault {
  const isQuote = char === closers;
  const cure = isQuote ? `add a ${closers} behind the text` : `add ${closers}`;
  return { line, column, message: `this ${char} is never closed; ${cure}` };
}

function placeOf({ line, column }: SyntaxFault): { line: number; column: number } {
  return { line, column };
}

function tabIn({ lines }: Text, line: number): TextFault | undefined {
  const words = lines[line - 1] ?? "";
  const tab = /^ *\t/.exec(words);
  if (tab === null || words.trim() === "") return undefined;
  const meant = " ".repeat(likelyIndent(lines, line)) + words.trim();
  return { line, column: tab[0].length, message: "tab in indentation; YAML allows only spaces", meant };
}

/** What can be seen in a line by itself. */
function inLine(text: Text, line: number): TextFault | undefined {
  const words = (text.lines[line - 1] ?? "").slice(0, LINE_LENGTH_MAX);
  const at = (index: number, message: string) => ({ line, column: index + 1, message });
  const tab = tabIn(text, line);
  if (tab !== undefined) return tab;
  const misprint = misprintIn(words);
  if (misprint !== undefined) return at(misprint.at, misprint.message);
  for (const look of LOOKS) {
    const found = look(words, text.isKey);
    if (found !== undefined) return { ...at(found.at, found.message), ...(found.meant && { meant: found.meant }) };
  }
  return undefined;
}

/** The first that sees something tells. */
const LOOKS: readonly Look[] = [
  foreignLine,
  starredKey,
  gluedKey,
  keyWithoutColon,
  strayCloser,
  listInLine,
  gluedKeyWithin,
  quotedAndMore,
  commaBeforeKey,
  colonInValue,
];

type Look = (words: string, isKey: Text["isKey"]) => Found | undefined;

interface Found extends Pick<TextFault, "message" | "meant"> {
  readonly at: number;
}

/** "upstream:sip:pbx.example.com" */
function gluedKey(words: string, isKey: Text["isKey"]): Found | undefined {
  const [all, before = "", key = ""] = /^([ \t]*(?:- +)*)([A-Za-z_][\w-]*):(?=\S)/.exec(words) ?? [];
  const isAddress = PROTOCOLS.some((one) => one === key) && !/^[[{]/.test(words.slice(all?.length));
  if (all === undefined || isAddress || (before !== "" && !isKey(key))) return undefined;
  const meant = `${all} ${words.slice(all.length)}`;
  return { at: all.length, message: `missing space after "${key}:"`, meant };
}

/** "log info", "log = info", "survival". */
function keyWithoutColon(words: string, isKey: Text["isKey"]): Found | undefined {
  const [all, before = "", key = "", sign, value = ""] =
    /^([ \t]*(?:- +)*)([A-Za-z_][\w-]*)(?:\s*(=)\s*|\s+(?!:)|$)(.*)$/.exec(words) ?? [];
  if (all === undefined || !isKey(key)) return undefined;
  const at = before.length + key.length;
  const entry = `${key}:${value === "" ? "" : ` ${value}`}`;
  const meant = before + entry;
  if (sign !== undefined) return { at, message: `YAML has a colon in place of "="; write "${entry}"`, meant };
  return { at, message: `missing colon after "${key}"; write "${entry}"`, meant };
}

/** "// a comment", "<config>" */
function foreignLine(words: string): Found | undefined {
  const [all, sign = ""] = /^\s*(\/\/|\/\*|;|--(?=\s)|<(?=[/?!\w]))/.exec(words) ?? [];
  if (all === undefined) return undefined;
  const message =
    sign === "<" ? "is XML; the file is YAML: lines such as log: info" : `a comment begins with #, not with ${sign}`;
  return { at: all.length - sign.length, message };
}

/** "*97: 201" */
function starredKey(words: string): Found | undefined {
  const [all, before = "", key = ""] = /^([ \t]*(?:- +)*)(\*[^\s:]*)[ \t]*:(?:\s|$)/.exec(words) ?? [];
  const message = `a key can't begin with *; put it in quotes: "${key}"`;
  return all === undefined ? undefined : { at: before.length, message };
}

/** "gateways: - sip:10.10.1.3" */
function listInLine(words: string): Found | undefined {
  const [all] = /^[ \t]*(?:- +)*[\w.+*#-]+[ \t]*:[ \t]+-(?=\s)/.exec(words) ?? [];
  const message = 'a list begins on the next line, each item with "- ", or is written [a, b]';
  return all === undefined ? undefined : { at: all.length - 1, message };
}

/** "upstream: }" */
function strayCloser(words: string): Found | undefined {
  const [all, char = ""] = /^[ \t]*(?:- +)*[\w.+*#-]+[ \t]*:[ \t]+([\]}])/.exec(words) ?? [];
  return all === undefined ? undefined : { at: all.length - 1, message: `${char} closes nothing; remove it` };
}

/** "{fr_timer:4s, hold: 60s}" */
function gluedKeyWithin(words: string, isKey: Text["isKey"]): Found | undefined {
  const pattern = /[{,]\s*([A-Za-z_][\w-]*):(?=[^\s,}])/g;
  for (let found = pattern.exec(words); found !== null; found = pattern.exec(words)) {
    const { 0: all, 1: key = "", index } = found;
    if (isKey(key)) return { at: index + all.length, message: `missing space after "${key}:"` };
  }
  return undefined;
}

/** `"201" and more`: also where a quote is missing, or one too many. */
function quotedAndMore(words: string): Found | undefined {
  const [all] =
    /^(?:[^"'#]*[:[{,]\s+|[^"'#]*[[{,]|\s*(?:- +)+)(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*(?=[^\s,\]}:#])/.exec(
      words,
    ) ?? [];
  if (all === undefined) return undefined;
  return { at: all.length, message: "text behind a closing quote; add a comma, or correct the quotes" };
}

/** "{answer: 302 notice_hold: 1s}" */
function commaBeforeKey(words: string, isKey: Text["isKey"]): Found | undefined {
  const pattern = /[{,]\s*[\w.+-]+:\s+[^,{}[\]"'\s]+\s+(?=([A-Za-z_]\w*):(\s|$))/g;
  for (let found = pattern.exec(words); found !== null; found = pattern.exec(words)) {
    const { 0: all, 1: key = "", index } = found;
    if (isKey(key)) return { at: index + all.length, message: `missing comma before "${key}:"` };
  }
  const [ended, key = ""] = /^.*?[\]}"']\s+(?=["']?([A-Za-z_]\w*)["']?:(?:\s|$))/.exec(words) ?? [];
  if (ended !== undefined && isKey(key)) return { at: ended.length, message: `missing comma before "${key}:"` };
  const inBraces = /^.*?[{,]\s*[\w.+-]+:\s+(?=([^\s,{}[\]"'][^,{}[\]"']*:\s[^,{}[\]"']*))/;
  const [start, value = ""] = inBraces.exec(words) ?? [];
  return start === undefined ? undefined : { at: start.length, message: colonMessage(value) };
}

/** "notice: Sorry: no line", "upstream: hold: 60s". */
function colonInValue(words: string, isKey: Text["isKey"]): Found | undefined {
  const rest = ENTRY.exec(words)?.[2] ?? "";
  const value = rest.replace(/(^|\s)#.*$/, "");
  if (!/^[^\s"'[{|>&*!#%@`]/.test(value)) return undefined;
  const colon = value.search(/:(\s|$)/);
  if (colon < 0) return undefined;
  const word = value.slice(0, colon);
  const at = words.length - rest.length;
  if (isKey(word) || /^:\s+[[{]/.test(value.slice(colon)))
    return { at, message: `begins a second key in one line; put "${word}:" on a line of its own` };
  return { at, message: colonMessage(value) };
}

function colonMessage(value: string): string {
  return `a value with ": " in it needs quotes: ${quoted(value)}`;
}

/** As a value of YAML with quotes. */
function quoted(value: string): string {
  const plain = value.replace(/\s+#.*$/, "").trimEnd();
  return plain.includes('"') || plain.includes("\\") ? `'${plain.replace(/'/g, "''")}'` : `"${plain}"`;
}

/** What the parser's code says, where the line says nothing. */
function byCode(text: Text, fault: SyntaxFault): TextFault | undefined {
  const { code, line, column } = fault;
  const rest = (text.lines[line - 1] ?? "").slice(column - 1);
  const at = (message: string) => ({ ...placeOf(fault), message });
  switch (code) {
    case "TAB_AS_INDENT":
      return at("tab in indentation; YAML allows only spaces");
    case "BAD_SCALAR_START":
      return at(`a value can't begin with ${rest[0] ?? ""}; put it in quotes: ${quoted(valueAt(rest))}`);
    case "BAD_DQ_ESCAPE":
      return at(`${rest.slice(0, 2)} means nothing within "…"; write the value within '…', where \\ is just a \\`);
    case "BAD_ALIAS":
      return at(`a value can't begin with ${rest[0] ?? ""}; put it in quotes: ${quoted(valueAt(rest))}`);
    case "NO_MAPPING":
      return at(NO_MAPPING);
    case "MULTIPLE_ANCHORS":
    case "MULTIPLE_TAGS":
    case "BAD_PROP_ORDER":
    case "ALIAS_PROPS":
    case "TAG_RESOLVE_FAILED":
    case "BAD_COLLECTION_TYPE":
    case "NON_STRING_KEY":
      return at("tags (!) and anchors (&) of YAML that don't fit here; write the value without them");
    case "KEY_OVER_1024_CHARS":
      return at("is far too long for a key; look for a missing line end or quote");
    case "RESOURCE_EXHAUSTION":
      return at("is nested too deeply");
    default:
      return undefined;
  }
}

/** A line that begins with % is an order to the parser, which objects at the next line that is none. */
function directive(lines: readonly string[], fault: SyntaxFault): TextFault | undefined {
  const index = lines.findIndex((text) => /^%(?!(YAML|TAG)\s)/.test(text));
  if (index < 0 || index >= fault.line) return undefined;
  return { line: index + 1, column: 1, message: "a line can't begin with %; remove it, or begin it with #" };
}

/** A bracket or comma too many, or one that is missing. */
function strayCharacter({ lines }: Text, fault: SyntaxFault): TextFault | undefined {
  const rest = (lines[fault.line - 1] ?? "").slice(fault.column - 1);
  const [all = "", stray] = /^\s*([\]},])/.exec(rest) ?? [];
  const isBehindList = /[\]}]\s*$/.test((lines[fault.line - 1] ?? "").slice(0, fault.column - 1));
  if (stray === "," && isBehindList) {
    return {
      ...placeOf(fault),
      message: "the brackets before this end the list; put all values into one pair of them",
    };
  }
  if (stray === ",") return { ...placeOf(fault), message: "one comma too many; remove it" };
  if (stray !== undefined) {
    const message = `${stray} closes nothing that is open here; remove it, or write the other kind of bracket`;
    return { line: fault.line, column: fault.column + all.length - 1, message };
  }
  return fault.code === "MISSING_CHAR" && /\S/.test(rest) ? { ...placeOf(fault), message: MISSING } : undefined;
}

const MISSING = "something is missing before this: a comma between two values, a colon behind a key, or a quote";

/** What stands there up to the end of the value. */
function valueAt(rest: string): string {
  return /^[^,\]}#\n]*/.exec(rest)?.[0].trimEnd() ?? "";
}
