/**
 * Output of commands to a person or a program: all of it goes through here.
 *
 * - `print`, `printWrapped` and `printJson` write to standard output, `complain` and `fail` to standard error.
 * - Words that `base/ink.ts` has marked are coloured where the stream is a terminal; NO_COLOR and TERM=dumb are obeyed.
 * - Commands in words for a person are named as this program was started (`typed-commands.ts`); `printData` leaves what is for programs alone.
 * - What another program or the wire has said may be in any text: it is made `printable` here.
 * - A screen in place of lines is entered, drawn and left by `enterScreen`, `drawScreen` and `leaveScreen`.
 * - Writing is synchronous: a command may end right after it, and nothing is lost. A closed pipe or a full disk ends the
 *   command with a message and `EXIT_WORLD`.
 */
import * as fs from "fs";
import * as tty from "tty";
import { withInk, withoutInk, wrapped } from "../base/ink.ts";
import { printable } from "../base/printable.ts";
import { sleep_ms } from "../io/node/pause.ts";
import { EXIT_WORLD, type ExitStatus } from "./exit.ts";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STANDARD_WIDTH = 80;
const STANDARD_ROWS = 24;
const LEAST_WIDTH = 40;
/** How long to wait for the reader of a full pipe that doesn't block. */
const RETRY_ms = 5;

const WHY_NOT: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EPIPE: "the program that reads it has ended",
};

let typed = (text: string): string => text;

/** From now on, words name commands so. */
export function nameCommands(typing: (text: string) => string): void {
  typed = typing;
}

/** Writes to standard output. @param text whole lines, with their ends; may hold marks of `base/ink.ts` */
export function print(text: string): void {
  output(inked(STDOUT, text));
}

/** The same for a file or another program: commands keep their names. */
export function printData(text: string): void {
  output(withoutInk(printable(text)));
}

/** @param text as it is to be written */
function output(text: string): void {
  try {
    write(STDOUT, text);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    fail(`Output can't be written: ${WHY_NOT[code] ?? message}`);
  }
}

/** The same, with lines that are longer than `width()` broken. Not for command lines that are to be copied. */
export function printWrapped(text: string): void {
  print(wrapped(text, width()));
}

/** Writes data as JSON, indented, with a line end. */
export function printJson(data: unknown): void {
  printData(`${JSON.stringify(data, undefined, 2)}\n`);
}

/** What xterm and its kind understand: another screen, no cursor, and what is longer than a line doesn't go on below. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const ERASE_LINE = "\u001b[K";

/** Gives the terminal a screen of our own; what was there before comes back with {@link leaveScreen}. */
export function enterScreen(): void {
  output(ENTER);
}

export function leaveScreen(): void {
  output(LEAVE);
}

/** Draws all lines of the screen anew. @param lines as `print` has them, without their ends, none too long */
export function drawScreen(lines: readonly string[]): void {
  const drawn = lines.map((line) => ERASE_LINE + inked(STDOUT, line));
  output(HOME + drawn.join("\r\n"));
}

/** Whether a person sits at standard input and output, and the terminal can do more than lines. */
export function isInteractive(): boolean {
  return isTerminal(STDIN) && isTerminal(STDOUT) && process.env["TERM"] !== "dumb";
}

/** Rows and columns of the terminal that standard output is; of one that doesn't say, those of old. */
export function screenSize(): { readonly rows: number; readonly columns: number } {
  const { rows, columns } = process.stdout;
  return { rows: rows || STANDARD_ROWS, columns: columns || STANDARD_WIDTH };
}

/** Writes to standard error. Text that can't be written there is lost: there is no other place to say so. */
export function complain(text: string): void {
  try {
    write(STDERR, inked(STDERR, text));
  } catch {
    // The exit status tells.
  }
}

/** Ends the command with a message on standard error. @param text without a line end */
export function fail(text: string, status: ExitStatus = EXIT_WORLD): never {
  complain(`${text}\n`);
  process.exit(status);
}

/** Columns of the terminal that standard output is; 80 for files and pipes. */
export function width(): number {
  const columns = isTerminal(STDOUT) ? process.stdout.columns : 0;
  return columns > 0 ? Math.max(columns, LEAST_WIDTH) : STANDARD_WIDTH;
}

/** Whether colours are wanted: https://no-color.org has the rule of NO_COLOR. */
export function isColoured(isTerminal: boolean, environment: Readonly<Record<string, string | undefined>>): boolean {
  const { NO_COLOR: noColour = "", TERM: term } = environment;
  return isTerminal && noColour === "" && term !== "dumb";
}

function isTerminal(fd: number): boolean {
  return tty.isatty(fd);
}

function inked(fd: number, text: string): string {
  const clean = typed(printable(text));
  return isColoured(isTerminal(fd), process.env) ? withInk(clean) : withoutInk(clean);
}

/** @throws when it can't be written */
function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      sleep_ms(RETRY_ms);
    }
  }
}
