/**
 * How much each table that traffic can fill may hold, by the memory that there is. With plenty of it the limits are those of
 * a server; below, each table has its share, so that all of them together leave room for what comes and goes: a process whose
 * heap is full ends, and every call with it.
 */

export interface Limits {
  /** Requests that wait for an answer. */
  readonly unanswered: number;
  /** Characters of these, of the copies of them that were sent, and of the responses to them. */
  readonly unansweredCharacters: number;
  /** Transactions that only absorb retransmissions. */
  readonly lingering: number;
  readonly lingeringCharacters: number;
  /** All transactions. */
  readonly transactions: number;
  /** Addresses-of-record. */
  readonly bindings: number;
  /** Characters of their bindings. */
  readonly bindingCharacters: number;
  /** Sources whose quota is remembered: phones, gateways and upstream; and strangers. */
  readonly sources: number;
  readonly strangers: number;
  /** Calls that occupy a channel of a gateway. */
  readonly calls: number;
  /** Calls that are up, with the way to each end. */
  readonly dialogs: number;
  /** Names, and as many routes. */
  readonly names: number;
  /** Requests that wait for DNS or the kernel. */
  readonly lookups: number;
  /** Callers who have been redirected and should come back. */
  readonly redirects: number;
  /** Dialogs that aren't wanted any more, and that we end. */
  readonly lateAnswers: number;
  readonly connections: number;
  /** Characters of messages that aren't whole yet, or that wait to be sent, on all connections. */
  readonly connectionCharacters: number;
  /** Octets of the journal, whatever the file wishes. */
  readonly journal: number;
}

/** The part of the heap that one table may take, what one entry costs there, and the limit of a server. */
interface Share {
  readonly part: number;
  readonly cost_bytes: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Costs were measured with Node 12 and 20, 64 bits, as the growth of the used heap per entry: a call that rings 8.0 kB,
 * which is 6.1 kB and its text twice; one of 60 kB 127 kB; a transaction that lingers 0.6 to 1.3 kB and its text; a binding
 * with one contact 2.5 kB; a source 0.6 to 0.9 kB; a call through a gateway 1.4 to 1.9 kB; one that is up 2.0 kB. Other entries are estimates.
 * With a heap of 32 MB, run.sh's smallest, the program itself takes 5 MB.
 */
const SHARES = {
  unanswered: { part: 0.13, cost_bytes: 6_500, least: 100, most: 10_000 },
  unansweredCharacters: { part: 0.06, cost_bytes: 1, least: 500_000, most: 16_000_000 },
  lingering: { part: 0.1, cost_bytes: 1_300, least: 1_000, most: 40_000 },
  lingeringCharacters: { part: 0.04, cost_bytes: 1, least: 500_000, most: 20_000_000 },
  bindings: { part: 0.15, cost_bytes: 2_600, least: 500, most: 20_000 },
  sources: { part: 0.02, cost_bytes: 900, least: 256, most: 4_096 },
  strangers: { part: 0.006, cost_bytes: 250, least: 256, most: 1_024 },
  calls: { part: 0.02, cost_bytes: 2_000, least: 100, most: 2_000 },
  dialogs: { part: 0.03, cost_bytes: 2_000, least: 100, most: 2_000 },
  names: { part: 0.01, cost_bytes: 1_000, least: 64, most: 1_024 },
  redirects: { part: 0.01, cost_bytes: 400, least: 100, most: 1_000 },
  lateAnswers: { part: 0.01, cost_bytes: 2_000, least: 32, most: 256 },
  connections: { part: 0.08, cost_bytes: 12_000, least: 100, most: 768 },
  connectionCharacters: { part: 0.04, cost_bytes: 1, least: 500_000, most: 32_000_000 },
  journal: { part: 0.05, cost_bytes: 1, least: 250_000, most: 256_000_000 },
} as const;
/** Of one phone: Contact, its parameters, its instance and Call-ID; real ones have 250. */
const CHARACTERS_PER_BINDING = 500;
/** Copies of an unanswered request, on the average; a fork to a hunt group makes more. */
const COPIES = 4;

/** @param memory_bytes what the program may take in all: its heap, or less where the machine has less */
export function limitsFor(memory_bytes: number): Limits {
  const of = ({ part, cost_bytes, least, most }: Share) =>
    Math.max(least, Math.min(most, Math.floor((memory_bytes * part) / cost_bytes)));
  const unanswered = of(SHARES.unanswered);
  const lingering = of(SHARES.lingering);
  const bindings = of(SHARES.bindings);
  return {
    unanswered,
    unansweredCharacters: of(SHARES.unansweredCharacters),
    lingering,
    lingeringCharacters: of(SHARES.lingeringCharacters),
    transactions: lingering + COPIES * unanswered,
    bindings,
    bindingCharacters: bindings * CHARACTERS_PER_BINDING,
    sources: of(SHARES.sources),
    strangers: of(SHARES.strangers),
    calls: of(SHARES.calls),
    dialogs: of(SHARES.dialogs),
    names: of(SHARES.names),
    lookups: Math.floor(1.2 * unanswered),
    redirects: of(SHARES.redirects),
    lateAnswers: of(SHARES.lateAnswers),
    connections: of(SHARES.connections),
    connectionCharacters: of(SHARES.connectionCharacters),
    journal: of(SHARES.journal),
  };
}

/** With more memory than any table needs. */
export const PLENTY: Limits = limitsFor(Number.POSITIVE_INFINITY);
