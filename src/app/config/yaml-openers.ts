/**
 * Brackets and quotes that are never closed, found by indentation: what a key holds is indented deeper than the key. A parser of
 * YAML notices them only where the next key begins, or at the end of the file.
 */

/** Where one is opened, and what would close it and those around it. Lines and columns count from 1. */
export interface Opener {
  readonly line: number;
  readonly column: number;
  readonly char: string;
  readonly closers: string;
}

interface Open {
  readonly char: string;
  readonly line: number;
  readonly column: number;
}

const CLOSERS: Readonly<Record<string, string>> = { "[": "]", "{": "}", '"': '"', "'": "'" };
/** A line that begins the next key or the next item of a list. */
const NEXT_ENTRY = /^\s*(-\s|["']?[\w.+*#-]+["']?\s*:(\s|$))/;
const CLOSING = /[\]}]/;
const PROPERTY_LENGTH_MAX = 64;
const BLOCK_SCALAR = /^[|>][-+\d]*\s*(#.*)?$/;

/** In the order in which they are missed. */
export function unclosedIn(lines: readonly string[]): Opener[] {
  const scan = new Scan();
  lines.forEach((text, index) => {
    scan.read(text, index + 1);
  });
  scan.end();
  return scan.found;
}

class Scan {
  readonly found: Opener[] = [];
  private open: Open[] = [];
  /** A collection that is open must be indented deeper than this. */
  private base = 0;
  /** Text in a block (`|`) is indented deeper than this. */
  private block: number | undefined = undefined;
  /** Whether a value may begin here: only there a quote or a bracket is one. */
  private isStart = true;

  read(text: string, line: number): void {
    const indent = indentOf(text);
    const isBlank = indent === text.length;
    if (this.block !== undefined) {
      if (isBlank || indent > this.block) return;
      this.block = undefined;
    }
    if (isBlank) return;
    const isComment = text[indent] === "#" && !this.isInQuote();
    if (isComment) return;
    if (this.open.length > 0 && indent <= this.base && NEXT_ENTRY.test(text)) this.miss();
    if (this.open.length === 0) this.isStart = true;
    this.readFrom(text, this.isInQuote() ? 0 : indent, line, indent);
  }

  end(): void {
    if (this.open.length > 0) this.miss();
  }

  private readFrom(text: string, from: number, line: number, indent: number): void {
    for (let at = from; at < text.length; at++) {
      const char = text[at] ?? "";
      if (this.isInQuote()) {
        at += this.readQuoted(text, at);
      } else if (char === "#" && (at === 0 || /\s/.test(text[at - 1] ?? ""))) {
        return;
      } else if (this.isStart && this.open.length === 0 && BLOCK_SCALAR.test(text.slice(at))) {
        this.block = indent;
        return;
      } else {
        this.readPlain(text, at, line, indent);
      }
    }
  }

  /** @returns how many characters more than one it took */
  private readQuoted(text: string, at: number): number {
    const quote = this.open[this.open.length - 1]?.char;
    const char = text[at];
    if (quote === '"' && char === "\\") return 1;
    if (char !== quote) return 0;
    if (quote === "'" && text[at + 1] === "'") return 1;
    this.open.pop();
    this.isStart = false;
    return 0;
  }

  private readPlain(text: string, at: number, line: number, indent: number): void {
    const char = text[at] ?? "";
    const isInFlow = this.open.length > 0;
    if (/\s/.test(char)) return;
    if (this.opens(char)) {
      if (!isInFlow) this.base = at === indent ? indent - 1 : indent;
      this.open.push({ char, line, column: at + 1 });
      this.isStart = true;
    } else if (isInFlow && CLOSING.test(char)) {
      this.close(char);
    } else if ((char === "," && isInFlow) || (char === ":" && isBlankAt(text, at + 1))) {
      this.isStart = true;
    } else {
      const isDash = /[-?]/.test(char) && isBlankAt(text, at + 1);
      this.isStart = this.isStart && (isDash || isWithinProperty(text, at));
    }
  }

  private opens(char: string): boolean {
    if (char === '"' || char === "'") return this.isStart;
    return (char === "[" || char === "{") && (this.isStart || this.open.length > 0);
  }

  /** Of `[{ ]` the brace is never closed. */
  private close(char: string): void {
    const top = this.open[this.open.length - 1];
    if (top !== undefined && CLOSERS[top.char] !== char && this.open.some((one) => CLOSERS[one.char] === char)) {
      this.found.push({ ...top, closers: CLOSERS[top.char] ?? "" });
      this.open.pop();
      this.close(char);
      return;
    }
    this.open.pop();
    this.isStart = false;
  }

  private miss(): void {
    const top = this.open[this.open.length - 1];
    const isQuote = this.isInQuote();
    const closers = this.open.map((one) => CLOSERS[one.char] ?? "").reverse();
    if (top !== undefined) this.found.push({ ...top, closers: isQuote ? top.char : closers.join("") });
    this.open = [];
    this.isStart = true;
  }

  private isInQuote(): boolean {
    const char = this.open[this.open.length - 1]?.char;
    return char === '"' || char === "'";
  }
}

function isBlankAt(text: string, at: number): boolean {
  return at >= text.length || /\s/.test(text[at] ?? "");
}

/** Whether the character belongs to an anchor or a tag (`&name`, `!!str`), behind which a value begins. */
function isWithinProperty(text: string, at: number): boolean {
  return /(^|[\s,[{])[&!][^\s,[\]{}]*$/.test(text.slice(Math.max(0, at - PROPERTY_LENGTH_MAX), at + 1));
}

/** How many blanks and tabs a line begins with. */
export function indentOf(text: string): number {
  return /^[ \t]*/.exec(text)?.[0].length ?? 0;
}
