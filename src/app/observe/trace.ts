/** The journal as commands and the page get it: entries of some calls, or of all, in pieces that stay small. */
import { plainNumber } from "../../policy/dialled-number.ts";
import { isCallId } from "../recorded-calls.ts";
import { callIdOf, isMessage, type JournalEntry, type KeptMessage, methodOf } from "./journal-entry.ts";
import { masked } from "./masked.ts";

/** The size of a piece, in characters, more or less. */
const PAGE_CHARACTERS = 65_536;
/** A number that has been written with its area code, and another time without, is found by so many digits at its end. */
const TAIL_digits = 5;

/** An entry with its time of day, ISO 8601, and the Call-ID that it is about. */
export type TracedEntry = JournalEntry & { readonly at: string; readonly call_id?: string | undefined };
export type TracedMessage = KeptMessage & Pick<TracedEntry, "at" | "call_id">;

export interface TraceQuestion {
  /** Only entries behind the one with this number: the `next` or the `last` of the piece before. */
  readonly after?: number;
  /** Only entries of these Call-IDs; edges of states and reasons of drops come along, where they are amid them. */
  readonly calls?: readonly string[];
  /** Only of the Call-IDs in whose messages this extension, number, address or Call-ID occurs. */
  readonly match?: string;
  /** The calls go on: edges behind the last of their messages come along, too. */
  readonly open?: boolean;
  /** With credentials and bodies. */
  readonly unmasked?: boolean;
}

export interface TracePage {
  /** In the order in which they happened. */
  readonly entries: readonly TracedEntry[];
  /** Where there are more: what to ask for them with, as `after`. */
  readonly next?: number;
  /** The number of the last entry of all, for what happens from now on. */
  readonly last: number;
  /** Octets that are kept now, and at most; 0: the file has `journal: off`. */
  readonly octets: number;
  readonly limit: number;
}

/**
 * @param entries those behind `after`, the oldest first
 * @param timeOf the time of day of a moment, ISO 8601
 */
export function tracedEntries(
  entries: readonly JournalEntry[],
  question: TraceQuestion,
  timeOf: (at_ms: number) => string,
): Pick<TracePage, "entries" | "next"> {
  const traced: TracedEntry[] = [];
  let characters = 0;
  for (const entry of wantedOf(entries, question)) {
    const one = tracedEntry(entry, timeOf(entry.at_ms), question.unmasked === true);
    characters += JSON.stringify(one).length;
    const last = traced[traced.length - 1];
    if (characters > PAGE_CHARACTERS && last !== undefined) return { entries: traced, next: last.seq };
    traced.push(one);
  }
  return { entries: traced };
}

/** @param at its time of day, ISO 8601 */
export function tracedEntry(entry: JournalEntry, at: string, isUnmasked = false): TracedEntry {
  if (!isMessage(entry)) return { ...entry, at };
  return { ...entry, at, call_id: callIdOf(entry), wire: isUnmasked ? entry.wire : masked(entry.wire) };
}

function wantedOf(entries: readonly JournalEntry[], question: TraceQuestion): readonly JournalEntry[] {
  const { calls, match, open, after = 0 } = question;
  if (calls === undefined && match === undefined) return entries;
  const wanted = new Set(calls);
  if (match !== undefined)
    for (const one of entries) if (isMessage(one) && isMatch(one, match)) wanted.add(callIdOf(one) ?? "");
  const isOfThem = (entry: JournalEntry) => {
    const callId = callIdOf(entry);
    return callId !== undefined && wanted.has(callId);
  };
  const found = entries.filter(isOfThem);
  // In a further piece, they have begun before it.
  const first = after > 0 ? after : (found[0]?.seq ?? Number.MAX_SAFE_INTEGER);
  const last = open === true ? Number.MAX_SAFE_INTEGER : (found[found.length - 1]?.seq ?? 0);
  const messages = new Set(found.map(({ seq }) => seq));
  return entries.filter((entry) => {
    if (messages.has(entry.seq)) return true;
    // A drop follows at once upon what was dropped.
    if (entry.kind === "drop") return messages.has(entry.seq - 1);
    return entry.kind === "edge" && entry.seq > first && entry.seq < last;
  });
}

/** The parties that a message names: Request-URI, From, To, and those who assert who calls. */
const PARTIES =
  /^(?:[A-Z]+ |(?:From|f|To|t|P-Asserted-Identity|Contact|m)[ \t]*:[^\n]*?)(?:sips?|tel):([^\s@;>:?]+)/gim;

function isMatch(message: KeptMessage, text: string): boolean {
  const { remote, wire } = message;
  if (remote === text || isCallId(callIdOf(message) ?? "", text)) return true;
  if (methodOf(message) !== "INVITE") return false;
  const number = plainNumber(text);
  const digits = number.replace(/^\+/, "");
  const isLong = digits.length >= TAIL_digits && /^\d+$/.test(digits);
  const parties = wire.match(PARTIES) ?? [];
  return parties.some((party) => {
    const user = party.slice(party.lastIndexOf(":") + 1);
    const plain = plainNumber(user);
    return user === text || plain === number || (isLong && plain.endsWith(digits));
  });
}
