/** Calls, entries of the journal and answers, as tests of what watches them need them. */
import type { JournalEntry } from "../../../src/app/observe/journal-entry.ts";
import { type TracedEntry, type TracePage, type TraceQuestion, tracedEntries } from "../../../src/app/observe/trace.ts";
import type { CallsPage, RecordedCall } from "../../../src/app/recorded-calls.ts";

export const RUN = "2026-11-29T10:25:00.000Z";

/** @param id its first Call-ID is "c" and this number */
export function callOf(id: number, change: Partial<RecordedCall> = {}, callIds = [`c${id}`]): RecordedCall {
  return {
    id,
    call_id: `c${id}`,
    at: "2026-11-29T13:20:00.000Z",
    from: "201@pbx.example.com",
    to: `555${id}`,
    origin: "localnet",
    state: "up",
    status: 200,
    after_ms: 4_200,
    lasted_ms: 10_000,
    legs: callIds.map((call_id) => ({
      call_id,
      from: "201@pbx.example.com",
      to: `555${id}`,
      origin: "localnet",
      rule: "call",
      why: "upstream first",
      after_ms: 0,
      steps: [{ what: "upstream pbx.example.com", after_ms: 0, result: null, answer: null, unasked: null }],
      status: 200,
      took_ms: 4_200,
    })),
    ...change,
  };
}

export function pageOf(calls: readonly RecordedCall[], change: Partial<CallsPage> = {}): CallsPage {
  return { calls, changes: 1, run: RUN, ...change };
}

const PLACE = { protocol: "udp", local: "10.222.237.1", local_port: 5060, remote_port: 5060 } as const;

/** A message of the call with this Call-ID. */
export function messageOf(
  seq: number,
  callId: string,
  first = "INVITE sip:5551@pbx.example.com SIP/2.0",
): JournalEntry {
  const method = first.startsWith("SIP") ? "INVITE" : first.slice(0, first.indexOf(" "));
  const lines = [first, "From: <sip:201@pbx.example.com>", `Call-ID: ${callId}`, `CSeq: 1 ${method}`];
  const wire = `${lines.join("\r\n")}\r\n\r\n`;
  return { kind: "in", seq, at_ms: seq, remote: "10.222.237.21", wire, ...PLACE };
}

export function edgeOf(seq: number): JournalEntry {
  const edge = { role: "upstream", name: "pbx", from: "up", to: "down", evidence: "request unanswered" } as const;
  return { kind: "edge", seq, at_ms: seq, edge: { ...edge, at_ms: seq } };
}

/** What a branchline that has these entries answers. */
export function traceOf(all: readonly JournalEntry[], question: TraceQuestion): TracePage {
  const { after = 0 } = question;
  const behind = all.filter(({ seq }) => seq > after);
  const traced = tracedEntries(behind, question, () => RUN);
  return { ...traced, last: all[all.length - 1]?.seq ?? 0, octets: 1, limit: 2_000_000 };
}

export const seqsOf = (entries: readonly TracedEntry[]) => entries.map(({ seq }) => seq);
