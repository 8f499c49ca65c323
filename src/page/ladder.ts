/** The ladder of a call: an arrow for each message, with what branchline decided between them. A message opens on click. */
import type { TracedEntry, TracePage } from "../app/observe/trace.ts";
import { durationText } from "../app/words/calls-words.ts";
import { ask } from "./ask.ts";
import { clockTime } from "./clock.ts";
import { byId, fill, h, s } from "./elements.ts";
import { type Ladder, ladderOf, type MessageRow, type NoteRow } from "./ladder-rows.ts";

const TIME_px = 60;
/** Four of them fit on a telephone. */
const COLUMN_LEAST_px = 75;
const COLUMN_MOST_px = 230;
const HEAD_px = 30;
const ROW_px = 25;
/** A letter takes about this much of a row. */
const LETTER_px = 6.6;
/** Entries drawn: a call that goes on for long has refreshes without end. */
const ENTRIES_MAX = 400;

type NameOf = Parameters<typeof ladderOf>[1];

/** Draws the call's ladder into `place`, or says why there is none. */
export async function showLadder(call: number, place: HTMLElement, nameOf: NameOf): Promise<void> {
  if (place.firstChild === null) fill(place, h("p.empty", {}, "Asking for its messages"));
  const found = await entriesOf(call);
  if (found === undefined) return;
  const { entries, limit } = found;
  const none =
    limit === 0 ? "The journal is off in the file: no messages are kept" : "The journal no longer has its messages";
  const active = place.querySelector<SVGElement>(".arrow:focus")?.dataset["seq"];
  fill(place, entries.length === 0 ? h("p.empty", {}, none) : drawing(ladderOf(entries, nameOf), place));
  if (active !== undefined) place.querySelector<SVGElement>(`[data-seq="${active}"]`)?.focus();
}

async function entriesOf(call: number): Promise<Pick<TracePage, "entries" | "limit"> | undefined> {
  const entries: TracedEntry[] = [];
  let after: number | undefined = 0;
  let limit = 0;
  while (after !== undefined && entries.length < ENTRIES_MAX) {
    const page: TracePage | undefined = await ask<TracePage>(`api/ladder?call=${call}&after=${after}`);
    if (page === undefined) return undefined;
    entries.push(...page.entries);
    after = page.next;
    limit = page.limit;
  }
  return { entries: entries.slice(0, ENTRIES_MAX), limit };
}

/** Where things stand in the drawing. */
interface Plan {
  readonly ladder: Ladder;
  readonly width: number;
  /** The line of a party. */
  x(party: number): number;
  /** "4.01 s" since the first row. */
  time(at: string): string;
}

function drawing(ladder: Ladder, place: HTMLElement): SVGElement {
  const { parties, rows } = ladder;
  const room = (place.clientWidth - TIME_px) / Math.max(1, parties.length);
  const column = Math.min(COLUMN_MOST_px, Math.max(COLUMN_LEAST_px, room));
  const begin_ms = Date.parse(rows[0]?.at ?? "");
  const plan: Plan = {
    ladder,
    width: TIME_px + column * parties.length,
    x: (party) => TIME_px + column * (party + 0.5),
    time: (at) => timeText(Date.parse(at) - begin_ms),
  };
  const { width, x } = plan;
  const height = HEAD_px + rows.length * ROW_px + 10;
  const label = "Ladder, from the first message to the last";
  const svg = s("svg", { width, height, role: "group", "aria-label": label, "data-room": place.clientWidth });
  const most = Math.floor(column / (LETTER_px * 1.3));
  for (const [index, { name, address }] of parties.entries()) {
    const title = s("title", {}, address === "" ? name : `${name}, ${address}`);
    svg.append(
      s("line.life", { x1: x(index), x2: x(index), y1: HEAD_px - 8, y2: height }),
      s("text.party", { x: x(index), y: 14, "text-anchor": "middle" }, cut(name, most), title),
    );
  }
  for (const [index, row] of rows.entries()) {
    const y = HEAD_px + index * ROW_px;
    svg.append(row.kind === "note" ? note(row, y, plan) : arrow(row, y, plan));
  }
  return svg;
}

function note({ at, text }: NoteRow, y: number, { width, x, time, ladder }: Plan): SVGElement {
  const shown = cut(text, Math.floor((width - TIME_px) / LETTER_px) - 2);
  const half = (shown.length * LETTER_px) / 2 + 6;
  const middle = Math.min(Math.max(x(ladder.own), TIME_px + half), width - half);
  return s(
    "g.note",
    {},
    s("rect", { x: middle - half, y: y + 2, width: 2 * half, height: ROW_px - 5, rx: 3 }),
    timeOf(time(at), y + 16),
    s("text.faint", { x: middle, y: y + 16, "text-anchor": "middle" }, shown, s("title", {}, text)),
  );
}

function arrow(row: MessageRow, y: number, { width, x, time, ladder }: Plan): SVGElement {
  const { seq, at, from, to, text, isAgain } = row;
  const line = y + ROW_px - 6;
  const [x1, x2] = [x(from), x(to)];
  const tip = x2 > x1 ? -6 : 6;
  const most = Math.floor(Math.abs(x2 - x1) / LETTER_px) - 1;
  const shown = cut(text, most);
  // A screen reader begins with what stands there.
  const heard = shown === text ? text : `${shown} (${text})`;
  const way = `from ${ladder.parties[from]?.name} to ${ladder.parties[to]?.name}`;
  const group = s(
    `g.arrow.${moodOf(text)}${isAgain ? ".again" : ""}`,
    { tabindex: 0, role: "button", "aria-label": `${heard}, ${way}, after ${time(at)}`, "data-seq": seq },
    s("rect", { x: 0, y, width, height: ROW_px }),
    s("text", { x: (x1 + x2) / 2, y: line - 4, "text-anchor": "middle" }, shown),
    s("line", { x1, x2, y1: line, y2: line }),
    s("path", { d: `M${x2 + tip} ${line - 3.5}L${x2} ${line}L${x2 + tip} ${line + 3.5}` }),
  );
  const open = () => openMessage(row, way);
  group.addEventListener("click", open);
  group.addEventListener("keydown", (event) => {
    const { key } = event as KeyboardEvent;
    if (key !== "Enter" && key !== " ") return;
    event.preventDefault();
    open();
  });
  return s("g", {}, group, timeOf(time(at), line - 3));
}

function timeOf(text: string, y: number): SVGElement {
  return s("text.faint", { x: TIME_px - 8, y, "text-anchor": "end" }, text);
}

function moodOf(text: string): string {
  if (/^2\d\d /.test(text)) return "done";
  return /^[4-6]\d\d /.test(text) ? "warn" : "plain";
}

/** "90 ms", "4.01 s". */
function timeText(after_ms: number): string {
  return after_ms < 1_000 ? durationText(after_ms) : `${(after_ms / 1_000).toFixed(after_ms < 100_000 ? 2 : 0)} s`;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}

function openMessage({ seq, text, at, wire, protocol }: MessageRow, way: string): void {
  const dialog = byId<HTMLDialogElement>("message");
  byId("m-title").textContent = text;
  byId("m-where").textContent = `${protocol}, ${way}, at ${clockTime(at)}`;
  byId("m-text").textContent = utf8(wire);
  // The arrow may have been drawn anew meanwhile.
  dialog.onclose = () => document.querySelector<SVGElement>(`[data-seq="${seq}"]`)?.focus();
  dialog.showModal();
}

/** A wire text has a character for each octet; what is UTF-8 in it is shown as such. */
function utf8(wire: string): string {
  return new TextDecoder().decode(Uint8Array.from(wire, (character) => character.charCodeAt(0)));
}
