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
const COLUMN_MOST = 28;
/** An arrow with less room can't be read. */
const COLUMN_LEAST = 14;

/** The parties above their lines; two lines. */
export function partiesText({ parties }: Pick<Ladder, "parties">, reader: Reader): string {
  const width = columnOf(parties, reader);
  if (width === 0) return "";
  const row = (textOf: (party: LadderParty) => string) =>
    `${" ".repeat(TIME_COLUMNS)}${parties.map((party) => padded(textOf(party).slice(0, width - 1), width)).join("")}`.trimEnd();
  return `${strong(row(nameOf))}\n${faint(row(({ address }) => address))}\n`;
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
  return room < COLUMN_LEAST ? 0 : Math.min(room, COLUMN_MOST);
}

function nameOf({ role, name }: LadderParty): string {
  return role === "branchline" || role === "phone" ? name : `${role} ${name}`;
}

function timeText({ after_ms }: LadderStep): string {
  return `${(after_ms / 1_000).toFixed(3).padStart(TIME_COLUMNS - 2)}  `;
}

/** "   0.004  |<---- 100 Trying ------|                      |  ringing" */
function arrowRow(step: LadderMessage, count: number, width: number): string {
  const cells: string[] = Array.from({ length: (count - 1) * width + 1 }, (_, at) => (at % width === 0 ? "|" : " "));
  const [left, right] = [Math.min(step.from, step.to) * width, Math.max(step.from, step.to) * width];
  for (let at = left + 1; at < right; at++) cells[at] = "-";
  if (step.from < step.to) cells[right - 1] = ">";
  else cells[left + 1] = "<";
  const room = right - left - 7;
  const text = ` ${textOf(step).slice(0, room).trimEnd()} `;
  const start = left + 1 + Math.floor((right - left - 1 - text.length) / 2);
  for (let at = 0; at < text.length; at++) cells[start + at] = text[at] ?? " ";
  return `${timeText(step)}${cells.join("")}${stateText(step.state)}`;
}

function plainRow(step: LadderMessage, parties: readonly LadderParty[]): string {
  const [from, to] = [step.from, step.to].map((at) => {
    const party = parties[at];
    return party === undefined ? "" : `${nameOf(party)} ${party.address}`.trim();
  });
  return `${timeText(step)}${from} > ${to}: ${textOf(step)}${stateText(step.state)}`;
}

function textOf({ text, hasBody, isAgain }: LadderMessage): string {
  return `${text}${hasBody ? " +body" : ""}${isAgain ? " again" : ""}`;
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
