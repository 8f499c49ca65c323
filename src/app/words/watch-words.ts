/** The screen of `branchline watch` as lines, and the same in lines one after the other where there is no terminal. */
import { bad, clipped, faint, strong, widthOf, withoutInk } from "../../base/ink.ts";
import { printable } from "../../base/printable.ts";
import { isOpen } from "../observe/followed.ts";
import { ladderOf } from "../observe/ladder.ts";
import { chosenAt, type OpenLadder, type Shown, type Watch } from "../observe/watch.ts";
import type { Watched } from "../observe/watched.ts";
import type { RecordedCall } from "../recorded-calls.ts";
import type { Change, RunningStatus } from "../status-facts.ts";
import { callText, endText, wayText } from "./calls-words.ts";
import { wrapped } from "./lines.ts";
import { changeWords, summaryLines } from "./status-words.ts";
import { moment, type Reader } from "./times.ts";
import { partiesText, stepsText } from "./trace-words.ts";

export interface Screen extends Shown {
  /** None is longer than the terminal is wide, and there are no more than it has. */
  readonly lines: readonly string[];
}

const LIST_HELP = "arrows, j, k: choose a call   Enter: its ladder   q: quit";
const LADDER_HELP = "arrows, j, k: scroll   r: whole messages   Esc: back   q: quit";
const MARK_COLUMNS = 2;
/** Less of a call's way says nothing. */
const WAY_LEAST = 12;

/** @param rows of the terminal; `reader.width` are its columns */
export function watchScreen(watch: Watch, rows: number, reader: Reader): Screen {
  const { seen, ladder, trouble } = watch;
  const above = trouble === undefined ? [] : [`${bad("NO ANSWER")}: ${trouble}`];
  const room = Math.max(rows - above.length - 1, 1);
  const screen =
    ladder !== undefined
      ? ladderScreen(ladder, seen?.status, room, reader)
      : seen !== undefined
        ? listScreen(watch, seen, room, reader)
        : { lines: [], page: 0, most: 0, help: LIST_HELP };
  const body = [...above, ...screen.lines].slice(0, Math.max(rows - 1, 0));
  const empty: string[] = Array(Math.max(rows - 1 - body.length, 0)).fill("");
  const lines = [...body, ...empty, faint(screen.help)].slice(-rows);
  return { ...screen, lines: lines.map((line) => clipped(printable(line).replace(/\n/g, "?"), reader.width)) };
}

interface Part extends Screen {
  readonly help: string;
}

/** The state above, and the calls below: neither leaves the other less than half of the room, where it needs it. */
function listScreen(watch: Watch, { status, calls }: Watched, room: number, reader: Reader): Part {
  const rows = listRows(watch, calls, status, reader);
  const all = summaryLines(troubleFirst(status), reader);
  const most = Math.max(room - rows.length, Math.ceil(room / 2));
  // The last ones tell of phones and calls.
  const tail = [faint("... and more: see `branchline status`"), ...all.slice(-2)];
  const head = all.length <= most ? all : [...all.slice(0, Math.max(most - tail.length, 0)), ...tail].slice(0, most);
  const page = Math.max(room - head.length, 0);
  // The heading above the calls that are over is a row, too.
  const at = rows.findIndex(({ isChosen }) => isChosen);
  const top = Math.max(0, Math.min(at - Math.floor(page / 2), rows.length - page));
  const lines = [...head, ...rows.slice(top, top + page).map(({ text }) => text)];
  return { lines, page, most: Math.max(calls.length - 1, 0), help: LIST_HELP };
}

function listRows(watch: Watch, calls: readonly RecordedCall[], status: RunningStatus, reader: Reader) {
  const at = chosenAt(watch);
  const rows = calls.map((call, index) => {
    const text = callRow(call, status, { ...reader, width: reader.width - MARK_COLUMNS });
    const isChosen = index === at;
    return { text: isChosen ? strong(`> ${withoutInk(text)}`) : `  ${text}`, isChosen };
  });
  const open = calls.filter(isOpen).length;
  const heading = { text: open < calls.length ? "Last calls:" : "No other call is known", isChosen: false };
  return [...rows.slice(0, open), heading, ...rows.slice(open)];
}

/** Gateways that aren't up come before others, so that they have room. */
function troubleFirst(status: RunningStatus): RunningStatus {
  const isUp = ({ observed }: { readonly observed: string }) => observed === "up";
  const { gateways } = status;
  return { ...status, gateways: [...gateways.filter((one) => !isUp(one)), ...gateways.filter(isUp)] };
}

/** One line: who, without hosts, which the ladder tells; the end of the call is there also where its way has no room. */
function callRow(call: RecordedCall, { now }: RunningStatus, reader: Reader): string {
  const head = `${moment(call.at, now, reader)}  ${strong(userOf(call.from))} to ${strong(userOf(call.to))}  `;
  const [way, end] = [wayText(call), endText(call)];
  const left = Math.max(reader.width - widthOf(head) - widthOf(end) - 2, WAY_LEAST);
  const shown = way.length <= left ? way : `${way.slice(0, left - 3)}...`;
  return `${head}${shown}: ${end}`;
}

function userOf(who: string): string {
  return who.replace(/(.)@.*/, "$1");
}

function ladderScreen(ladder: OpenLadder, status: RunningStatus | undefined, room: number, reader: Reader): Part {
  const { call, entries, isRaw, isOff, answers } = ladder;
  const drawn = ladderOf(entries, status ?? { upstream: [], gateways: [] });
  const about = linesOf(callText(call, reader)).slice(0, Math.max(Math.floor(room / 3), 1));
  // Long names take several lines.
  const head = [...about, ...linesOf(partiesText(drawn, reader))].slice(0, Math.max(Math.ceil((room * 2) / 3), 1));
  const none = isOff ? "The journal is off: the file says journal: off" : "The journal has nothing of it any more";
  const text = drawn.steps.length > 0 ? stepsText(drawn, reader, isRaw) : `${answers === 0 ? "..." : none}\n`;
  const steps = linesOf(text).flatMap((line) => wrapped(line, reader.width));
  const page = Math.max(room - head.length, 1);
  const most = Math.max(steps.length - page, 0);
  const top = Math.min(ladder.top, most);
  const place = most === 0 ? "" : `   ${top + page} of ${steps.length}`;
  return { lines: [...head, ...steps.slice(top, top + page)], page, most, help: `${LADDER_HELP}${place}` };
}

function linesOf(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

/** The state at the beginning. */
export function watchStart(status: RunningStatus, reader: Reader): string {
  return `${summaryLines(status, reader).join("\n")}\n`;
}

/** One line for a change of a state, as `calls --follow` has one for each call. */
export function edgeText(change: Change, status: RunningStatus, reader: Reader): string {
  const { date, time } = reader.local(change.at);
  return `${date} ${time}  ${changeWords(change, status)}\n`;
}
