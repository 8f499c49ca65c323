/** The history in words, and as CSV. */
import { doubtful, faint, strong } from "../../base/ink.ts";
import type { ToldEntry } from "../observe/history.ts";
import type { EntryKind } from "../observe/history-entries.ts";
import { columns, counted, wrapped } from "./lines.ts";
import { evidenceWords } from "./peer-words.ts";
import { exactSpan, type Reader, span } from "./times.ts";

export interface ToldHistory {
  readonly since: string;
  /** Since when the history is kept. */
  readonly began: string;
  /** The newest first. */
  readonly entries: readonly ToldEntry[];
}

/** As people read them: what began last comes first. Entries come in the order in which they were found. */
export function newestFirst(entries: readonly ToldEntry[]): ToldEntry[] {
  return [...entries].sort((one, other) => {
    return one.since === other.since ? other.id - one.id : one.since < other.since ? 1 : -1;
  });
}

/** A summary, then a line for each entry. */
export function historyText({ since, began, entries }: ToldHistory, reader: Reader): string {
  const first = began > since ? began : since;
  const lines = wrapped(`Since ${reader.local(first).date}: ${summaryText(entries)}`, reader.width);
  const rows = entries.map((entry) => {
    const { date, time } = reader.local(entry.since);
    return [`${date} ${time}`, LABELS[entry.kind], entryText(entry)];
  });
  return `${[...lines, ...columns(rows, reader.width)].join("\n")}\n`;
}

const LABELS: Readonly<Record<EntryKind, string>> = {
  outage: doubtful("outage"),
  forced: "forced",
  unready: doubtful("not ready"),
  drill: "drill",
  emergency: strong("emergency"),
  survived: "survived",
};

function summaryText(entries: readonly ToldEntry[]): string {
  const of = (kind: EntryKind) => entries.filter((entry) => entry.kind === kind).length;
  let down_s = 0;
  let outages = 0;
  for (const entry of entries) {
    if (entry.kind !== "outage" || entry.role !== "upstream") continue;
    outages += 1;
    down_s += entry.lasted_s ?? 0;
  }
  const lasted = outages === 0 ? "" : `, ${span(down_s)} in all`;
  const calls = counted(of("survived"), "call");
  const emergency = counted(of("emergency"), "emergency call");
  const gateways = of("outage") - outages;
  const lines = gateways === 0 ? "" : `, ${counted(gateways, "outage")} of gateways`;
  const forced = of("forced") === 0 ? "" : `; forced down ${counted(of("forced"), "time")}`;
  return `${counted(outages, "outage")} of upstream${lasted}${lines}; ${calls} survived; ${emergency}; ${counted(of("drill"), "drill")}${forced}`;
}

function entryText(entry: ToldEntry): string {
  switch (entry.kind) {
    case "outage": {
      const { role, peer, until, evidence, back = "", lasted_s = 0 } = entry;
      const lasted = exactSpan(lasted_s);
      const isHold = back === "hold over";
      const over = isHold
        ? `${lasted}, until it had answered for the whole hold`
        : `${lasted}, back: ${seenWords(back)}`;
      const end = until === undefined ? `${doubtful("still down")}, for ${lasted}` : over;
      return `${role} ${peer} (${seenWords(evidence)}): ${end}`;
    }
    case "forced": {
      const { role, peer, until, lasted_s = 0 } = entry;
      const still = until === undefined ? "still forced down" : "forced down";
      return `${role} ${peer}: ${still} for ${exactSpan(lasted_s)}`;
    }
    case "unready": {
      const lasted = exactSpan(entry.lasted_s ?? 0);
      return `${entry.evidence}: ${entry.until === undefined ? `${doubtful("still so")}, for ${lasted}` : lasted}`;
    }
    case "drill":
      return `phones ${entry.phones}: ${entry.end} after ${exactSpan(entry.lasted_s ?? 0)}`;
    default: {
      const { from, to, way, status, call_id } = entry;
      // As versions of before had it.
      const last = /^answer \d+$/.test(way) ? "answered here" : way;
      return `${from} to ${to}  ${last}: ${status}  ${faint(`Call-ID ${call_id}`)}`;
    }
  }
}

/** What an entry has of an edge: "probe failed: silence". */
function seenWords(seen: string): string {
  const [evidence = "", failure] = seen.split(": ");
  return evidenceWords(evidence, failure);
}

const COLUMNS = ["kind", "since", "until", "lasted_s", "role", "peer", "evidence", "back", "phones", "end"] as const;
const CALL_COLUMNS = ["from", "to", "way", "status", "call_id"] as const;

/** As RFC 4180, with plain line ends; times in UTC. A drill's report isn't in it. */
export function historyCsv(entries: readonly ToldEntry[]): string {
  const names = [...COLUMNS, ...CALL_COLUMNS];
  const rows = entries.map((entry) => {
    const fields = new Map<string, unknown>(Object.entries(entry));
    return names.map((name) => cell(fields.get(name)));
  });
  return [names, ...rows].map((row) => `${row.join(",")}\n`).join("");
}

function cell(value: unknown): string {
  const text = value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
