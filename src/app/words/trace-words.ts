/** A call's ladder in a terminal, for `branchline trace`. */
import { bad, faint, good, padded, strong } from "../../base/ink.ts";
import type { CallPhase, Ladder, LadderMessage, LadderNote, LadderParty, LadderStep } from "../observe/ladder.ts";
import { wrapped } from "./lines.ts";
import { evidenceWords } from "./peer-words.ts";
import type { Reader } from "./times.ts";

/** "  12.345  " */
const TIME_COLUMNS = 10;
/** "  cancelled" */
const STATE_COLUMNS = 12;
/** What an arrow has beside its text: dashes, its head, blanks and the line where it begins. */
const ARROW_COLUMNS = 7;
/** What the text below an arrow has beside it. */
const BESIDE_COLUMNS = 3;
/** What the standard calls "407 Proxy Authentication Required" has room in it. */
const COLUMN_USUAL = 40;
/** An arrow with less room can't be read. */
const COLUMN_LEAST = 14;

/** The parties above their lines: name, and address below it. What is wider than a column goes on in the next line. */
export function partiesText({ parties }: Pick<Ladder, "parties">, reader: Reader): string {
  const width = columnOf(parties, reader);
  if (width === 0) return "";
  const room = reader.width - TIME_COLUMNS;
  const rows = (textOf: (party: LadderParty) => string, ink: (text: string) => string) => {
    const cells = parties.map((party, at) => pieces(textOf(party), Math.min(width - 1, room - at * width)));
    const count = Math.max(...cells.map(({ length }) => length));
    return Array.from({ length: count }, (_, at) => {
      const row = cells.map((cell) => padded(cell[at] ?? "", width)).join("");
      return `${ink(`${" ".repeat(TIME_COLUMNS)}${row}`.trimEnd())}\n`;
    }).join("");
  };
  return `${rows(nameOf, strong)}${rows(({ address }) => address, faint)}`;
}

/** The text in lines, broken at blanks; a word that is wider than a line is broken behind a dot or colon, or anywhere. */
function pieces(text: string, width: number): string[] {
  const piece = new RegExp(`.{1,${width}}$|.{1,${width - 1}}[.:]|.{1,${width}}`, "g");
  return wrapped(text, width, 0).flatMap((line) => line.match(piece) ?? []);
}

/** Its messages and what is between them, a line each; a message that is `isRaw` follows whole. */
export function stepsText({ parties, steps }: Ladder, reader: Reader, isRaw: boolean): string {
  const width = columnOf(parties, reader);
  return steps
    .map((step) => {
      if (step.kind !== "message") return noteText(step, width === 0 ? 0 : width, reader);
      const line = width === 0 ? plainRow(step, parties) : arrowRow(step, parties.length, width);
      return `${line}\n${isRaw ? rawText(step) : ""}`;
    })
    .join("");
}

/** 0: they have no room beside each other. */
function columnOf(parties: readonly LadderParty[], { width }: Reader): number {
  const room = Math.floor((width - TIME_COLUMNS - STATE_COLUMNS) / Math.max(1, parties.length - 1));
  const headings = parties.map((party) => Math.max(nameOf(party).length, party.address.length) + 1);
  return room < COLUMN_LEAST ? 0 : Math.min(room, Math.max(COLUMN_USUAL, ...headings));
}

function nameOf({ role, name }: LadderParty): string {
  return role === "branchline" || role === "phone" ? name : `${role} ${name}`;
}

function timeText({ after_ms }: LadderStep): string {
  return `${(after_ms / 1_000).toFixed(3).padStart(TIME_COLUMNS - 2)}  `;
}

/** "   0.004  |<---- 100 Trying ------|                      |  ringing"; a long text goes on between the same lines, below the arrow. */
function arrowRow(step: LadderMessage, count: number, width: number): string {
  const [left, right] = [Math.min(step.from, step.to) * width, Math.max(step.from, step.to) * width];
  const text = textOf(step);
  const [first = ""] = pieces(text, right - left - ARROW_COLUMNS);
  const more = pieces(text.slice(first.length).trim(), right - left - BESIDE_COLUMNS);
  const row = (words: string, isArrow: boolean) => {
    const cells: string[] = Array.from({ length: (count - 1) * width + 1 }, (_, at) => (at % width === 0 ? "|" : " "));
    if (isArrow) {
      for (let at = left + 1; at < right; at++) cells[at] = "-";
      if (step.from < step.to) cells[right - 1] = ">";
      else cells[left + 1] = "<";
    }
    const start = left + 1 + Math.floor((right - left - 1 - words.length) / 2);
    cells.splice(start, words.length, ...words);
    return cells.join("");
  };
  const below = more.map((line) => `\n${" ".repeat(TIME_COLUMNS)}${row(` ${line} `, false)}`).join("");
  return `${timeText(step)}${row(` ${first} `, true)}${stateText(step.state)}${below}`;
}

function plainRow(step: LadderMessage, parties: readonly LadderParty[]): string {
  const [from, to] = [step.from, step.to].map((at) => {
    const party = parties[at];
    return party === undefined ? "" : `${nameOf(party)} ${party.address}`.trim();
  });
  return `${timeText(step)}${from} > ${to}: ${textOf(step)}${stateText(step.state)}`;
}

function textOf({ text, hasBody, isAgain, member }: LadderMessage): string {
  return `${text}${hasBody ? " +body" : ""}${isAgain ? " again" : ""}${member === undefined ? "" : ` by ${member}`}`;
}

const INKS: Readonly<Partial<Record<CallPhase, (text: string) => string>>> = { up: good, failed: bad };

function stateText(state: CallPhase | undefined): string {
  if (state === undefined) return "";
  return `  ${(INKS[state] ?? ((text: string) => text))(state)}`;
}

function noteText(note: LadderNote, width: number, reader: Reader): string {
  const { edge } = note;
  const why = edge === undefined ? "" : `, ${evidenceWords(edge.evidence, edge.probe_failure)}`;
  const margin = TIME_COLUMNS + (width === 0 ? 0 : width + 2);
  const [first = "", ...more] = wrapped(`${note.text}${why}`, Math.max(reader.width - margin, 30), 2);
  const bar = width === 0 ? " ".repeat(TIME_COLUMNS) : `${" ".repeat(TIME_COLUMNS)}|${" ".repeat(width - 1)}| `;
  const start = width === 0 ? timeText(note) : `${timeText(note)}|${" ".repeat(width - 1)}| `;
  return `${[`${start}${faint(first)}`, ...more.map((line) => `${bar}${faint(line)}`)].join("\n")}\n`;
}

/** The message as it was, further in, with where it went. */
function rawText({ wire, protocol }: LadderMessage): string {
  const lines = wire.replace(/\r?\n$/, "").split(/\r?\n/);
  return `${faint(`    by ${protocol}`)}\n${lines.map((line) => `    ${line}`.trimEnd()).join("\n")}\n`;
}
