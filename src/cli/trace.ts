/** `branchline trace`: the ladders of the last calls, or of those that come, from the journal of the running branchline. */
import * as fs from "fs";
import { isMessage } from "../app/observe/journal-entry.ts";
import { ladderOf } from "../app/observe/ladder.ts";
import { pcapPacket, pcapStart } from "../app/observe/pcap.ts";
import type { TracedEntry } from "../app/observe/trace.ts";
import type { RecordedCall } from "../app/recorded-calls.ts";
import type { RunningStatus } from "../app/status-facts.ts";
import { callText } from "../app/words/calls-words.ts";
import { counted } from "../app/words/lines.ts";
import { partiesText, stepsText } from "../app/words/trace-words.ts";
import { followTraces } from "./follow-traces.ts";
import { fail, print, printJson } from "./paper.ts";
import { reader } from "./reader.ts";
import { type Running, theRunning } from "./running.ts";

export interface TraceOptions {
  /** How many of the last calls. */
  readonly count: number;
  /** An extension, a number, an address or a Call-ID. */
  readonly match: string | undefined;
  readonly isFollowing: boolean;
  readonly isRaw: boolean;
  /** With credentials and bodies. */
  readonly isUnmasked: boolean;
  readonly pcap: string | undefined;
  readonly asJson: boolean;
}

/** What the journal has of a call; `call` is undefined for messages that belong to none. */
export interface Traced {
  readonly call: RecordedCall | undefined;
  readonly entries: readonly TracedEntry[];
}

const FILE_MODE = 0o600;

export async function showTrace(file: string, options: TraceOptions): Promise<void> {
  const running = await theRunning(file);
  if (options.isFollowing) return followTraces(running, options);
  const { traced, status } = await lastCalls(running, options);
  const messages = traced.flatMap(({ entries }) => entries).filter(isMessage);
  if (messages.length === 0) {
    if (options.match !== undefined || options.pcap !== undefined) fail(nothingWords(options.match));
    print(`${nothingWords(undefined)}\n`);
  } else if (options.pcap !== undefined) writePcap(options.pcap, traced);
  else if (options.asJson) printJson(traced);
  else print(traced.map((one) => tracedText(one, status, options.isRaw)).join("\n"));
}

function nothingWords(match: string | undefined): string {
  return `The journal has no call${match === undefined ? " yet" : ` of ${match}`}. It holds the last messages only (journal.memory); see \`branchline calls\``;
}

/** The last calls of which the journal has something, the oldest first. */
async function lastCalls(running: Running, options: TraceOptions) {
  const { match, count } = options;
  const wish = match === undefined ? {} : { match };
  const { calls, status } = await running.ask({ command: "calls", ...wish });
  const { limit } = await entriesOf(running, { after: Number.MAX_SAFE_INTEGER });
  if (limit === 0) fail("The journal is off: the file says journal: off");
  const traced: Traced[] = [];
  for (const call of calls?.calls ?? []) {
    if (traced.length >= count) break;
    const entries = await callEntries(running, call, options.isUnmasked);
    if (entries.length > 0) traced.unshift({ call, entries });
  }
  if (traced.length > 0 || match === undefined) return { traced, status };
  const { entries } = await entriesOf(running, { match, unmasked: options.isUnmasked });
  const byCall = new Map<string, TracedEntry[]>();
  for (const entry of entries) {
    const { call_id = [...byCall.keys()].pop() ?? "" } = entry;
    byCall.set(call_id, [...(byCall.get(call_id) ?? []), entry]);
  }
  return { traced: [...byCall.values()].slice(-count).map((some) => ({ call: undefined, entries: some })), status };
}

export async function callEntries(running: Running, call: RecordedCall, isUnmasked: boolean): Promise<TracedEntry[]> {
  const calls = [...new Set(call.legs.map(({ call_id }) => call_id))];
  return (await entriesOf(running, { calls, unmasked: isUnmasked })).entries;
}

interface Wish {
  readonly calls?: readonly string[];
  readonly match?: string;
  readonly after?: number;
  readonly unmasked?: boolean;
}

/** Piece by piece. */
async function entriesOf(running: Running, wish: Wish): Promise<{ entries: TracedEntry[]; limit: number }> {
  const entries: TracedEntry[] = [];
  let limit = 0;
  for (let after: number | undefined = wish.after ?? 0; after !== undefined; ) {
    const { trace } = await running.ask({ command: "trace", ...wish, after });
    if (trace === undefined) return fail("another version of branchline runs: restart it");
    entries.push(...trace.entries);
    after = trace.next;
    limit = trace.limit;
  }
  return { entries, limit };
}

/** A call in words, and its ladder. */
export function tracedText({ call, entries }: Traced, status: RunningStatus, isRaw: boolean): string {
  const ladder = ladderOf(entries, status);
  const head = call === undefined ? "" : callText(call, reader());
  return `${head}${partiesText(ladder, reader())}${stepsText(ladder, reader(), isRaw)}`;
}

function writePcap(file: string, traced: readonly Traced[]): void {
  const all = traced.flatMap(({ entries }) => entries).sort((a, b) => a.seq - b.seq);
  const packets = all.flatMap((entry, index) => {
    if (!isMessage(entry)) return [];
    const why = all.slice(index + 1, index + 4).find((one) => one.kind === "decision");
    const isIts = why?.kind === "decision" && entry.kind === "in" && why.call_id === entry.call_id;
    return [
      pcapPacket(entry, Date.parse(entry.at), `${entry.protocol}${isIts ? `; rule ${why.rule}: ${why.why}` : ""}`),
    ];
  });
  try {
    fs.writeFileSync(file, Buffer.concat([pcapStart(), ...packets]), { mode: FILE_MODE });
  } catch (error) {
    fail(`${file} can't be written: ${(error as Error).message}`);
  }
  print(`${counted(packets.length, "message")} in ${file}\n`);
}
