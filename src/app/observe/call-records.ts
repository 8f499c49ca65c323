/** Call records: one line for each call once it is over, as CSV or JSON. */

import { UP_MAX_ms } from "../../policy/call-entry.ts";
import { CALLS_MAX } from "../../policy/call-log.ts";
import type { RecordedCall } from "../recorded-calls.ts";

/** What is kept of one call. In the order of the columns. */
export interface CallRow {
  /** The time of day of its first INVITE, ISO 8601. */
  readonly at: string;
  readonly from: string;
  readonly to: string;
  readonly origin: string;
  /** "up": branchline has ended meanwhile; another line may follow after its start. "unknown": nothing was seen of its end. */
  readonly state: RecordedCall["state"];
  readonly status: number | null;
  /** From the INVITE to its final response. */
  readonly after_ms: number | null;
  /** From the answer to the BYE. */
  readonly lasted_ms: number | null;
  /** The rule that has decided about it. */
  readonly rule: string;
  /** What it was offered to, in order: "upstream pbx.example.com > notice > gateway 10.10.1.3". */
  readonly way: string;
  readonly call_id: string;
}

const COLUMNS: readonly (keyof CallRow)[] = [
  ...(["at", "from", "to", "origin", "state", "status", "after_ms", "lasted_ms", "rule", "way", "call_id"] as const),
];
/** A call that has failed may go on for so long: after a challenge, or by our redirect. As the list of calls has it. */
const MORE_INVITES_ms = 60_000;
/** Calls that aren't over; where there are more, the oldest are written as they are. */
const OPEN_MAX = 1_000;

interface Open {
  row: CallRow;
  /** When it has changed last, by the clock that never jumps. */
  changed_ms: number;
  /** When it was answered, by the same; undefined: it isn't up. */
  up_ms: number | undefined;
}

/** Follows the list of calls, which forgets all but the last, and tells each call that is over. */
export class CallRecords {
  /** By the call's id, the oldest first. */
  private readonly open = new Map<number, Open>();
  private newest = 0;
  /** Call-IDs whose BYE has set out since the last look. */
  private hungUp: string[] = [];

  /** A BYE has set out. */
  hangUp(callId: string): void {
    if (this.hungUp.length < OPEN_MAX) this.hungUp.push(callId);
  }

  /**
   * @param changed calls that have changed since the last look
   * @returns those that are over now
   */
  look(changed: readonly RecordedCall[], now_ms: number): CallRow[] {
    const over: CallRow[] = [];
    for (const call of changed) {
      this.newest = Math.max(this.newest, call.id);
      this.open.delete(call.id);
      if (call.state === "ended" || call.state === "unknown") over.push(rowOf(call));
      else this.open.set(call.id, { row: rowOf(call), changed_ms: now_ms, up_ms: upSince_ms(call, now_ms) });
    }
    for (const [id, { row, changed_ms, up_ms }] of this.open) {
      // The list has told its end, unless it has forgotten the call.
      const isGone = id <= this.newest - CALLS_MAX;
      const isHungUp = isGone && up_ms !== undefined && this.hungUp.includes(row.call_id);
      const isLasting = row.state === "up" || row.state === "calling";
      const isStale = now_ms - changed_ms >= (isLasting ? UP_MAX_ms : MORE_INVITES_ms) || this.open.size > OPEN_MAX;
      if (!isHungUp && !isStale) continue;
      this.open.delete(id);
      if (isHungUp) over.push({ ...row, state: "ended", lasted_ms: Math.round(now_ms - up_ms) });
      else over.push(isLasting ? { ...row, state: "unknown" } : row);
    }
    this.hungUp = [];
    return over;
  }

  /** Nothing more is heard: all that aren't over, as they are. */
  end(now_ms: number): CallRow[] {
    const rows = [...this.open.values()].map(({ row, up_ms }) => {
      return up_ms === undefined ? row : { ...row, lasted_ms: Math.round(now_ms - up_ms) };
    });
    this.open.clear();
    return rows;
  }
}

function upSince_ms({ state, lasted_ms }: RecordedCall, now_ms: number): number | undefined {
  return state === "up" ? now_ms - (lasted_ms ?? 0) : undefined;
}

function rowOf({ at, from, to, origin, state, status, after_ms, lasted_ms, call_id, legs }: RecordedCall): CallRow {
  const way = legs.flatMap(({ steps }) => steps.map(({ what }) => what)).join(" > ");
  return { at, from, to, origin, state, status, after_ms, lasted_ms, rule: legs[0]?.rule ?? "", way, call_id };
}

/** The line that a file of CSV begins with. */
export const CSV_HEAD = `${COLUMNS.join(",")}\r\n`;

/** One line, RFC 4180; in UTF-8. */
export function csvLine(row: CallRow): string {
  return `${COLUMNS.map((column) => csvField(row[column])).join(",")}\r\n`;
}

/** One line of JSON. */
export function jsonLine(row: CallRow): string {
  return `${JSON.stringify(row)}\n`;
}

/** A text that a spreadsheet would take for a formula has a quotation mark in front; a number such as +49301234 is none. */
function csvField(value: string | number | null): string {
  if (typeof value !== "string") return value === null ? "" : String(value);
  if (!/^[=@\t\r+-]|[",\r\n]/.test(value)) return value;
  const text = /^[=@\t\r]|^[+-](?!\d+$)/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
