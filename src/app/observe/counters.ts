/** Counts what happens, for metrics: made of the journal and of the list of the last calls, while somebody wants to know. */
import type { CallsPage, CallsQuestion, RecordedCall } from "../recorded-calls.ts";
import { type JournalEntry, type KeptMessage, METHODS, methodOf } from "./journal-entry.ts";

/** By the values of the labels, in their order. */
type Tally = Map<string, number>;
/** Of what comes with each message: a count that is found is raised in its place. */
type Counts = Map<string, { count: number }>;

export interface Counted {
  /** By "direction kind": a method, or the class of a status. */
  readonly messages: ReadonlyMap<string, number>;
  /** By "method rule". */
  readonly decisions: ReadonlyMap<string, number>;
  /** By "change". */
  readonly bindings: ReadonlyMap<string, number>;
  /** By "role state peer". */
  readonly edges: ReadonlyMap<string, number>;
  /** By "origin way result". */
  readonly calls: ReadonlyMap<string, number>;
}

/** INVITEs after which the list of calls is looked at: it forgets all but the last 200 calls. */
const LOOK_AFTER = 100;
/** A call that has failed may come again, with a password or by our redirect, for as long as the list has it as the same call. */
const MORE_INVITES_ms = 60_000;
/** Calls whose end isn't counted yet. */
const OPEN_MAX = 1_000;
/** Peers change with each reload. */
const EDGES_MAX = 1_000;

export class Counters {
  /** Messages that have come, and that have left. */
  private readonly came: Counts = new Map();
  private readonly left: Counts = new Map();
  /** By method. */
  private readonly decisions = new Map<string, Counts>();
  private readonly bindings: Tally = new Map();
  private readonly edges: Tally = new Map();
  private readonly calls: Tally = new Map();
  private readonly listCalls: (question: CallsQuestion) => CallsPage;
  /** The last change of the list that was looked at. */
  private looked = 0;
  private invites = 0;
  /** By id: how a call would be counted, and since when. */
  private readonly open = new Map<number, { readonly key: string; readonly at_ms: number }>();
  /** Ids of calls that have been counted and can still change; and in a round, so that the oldest one is found at once. */
  private readonly done = new Set<number>();
  private readonly round: number[] = [];
  private turn = 0;

  /** @param listCalls the last calls of the running branchline */
  constructor(listCalls: (question: CallsQuestion) => CallsPage) {
    this.listCalls = listCalls;
  }

  /** To be called once the event is over that an entry belongs to. */
  hear(entry: JournalEntry): void {
    switch (entry.kind) {
      case "in":
        // Else it was counted at the member to which it came.
        if (entry.member === undefined) raise(this.came, kindOf(entry));
        return;
      case "out":
        raise(this.left, kindOf(entry));
        return;
      case "decision":
        this.decide(known(entry.method), entry.rule);
        if (entry.method === "INVITE") this.invites += 1;
        if (this.invites >= LOOK_AFTER) this.look(entry.at_ms);
        return;
      case "binding":
        add(this.bindings, entry.change);
        return;
      case "edge": {
        const { role, to, name } = entry.edge;
        const key = `${role} ${to} ${name}`;
        if (this.edges.size < EDGES_MAX || this.edges.has(key)) add(this.edges, key);
        return;
      }
      default:
        return;
    }
  }

  /** All until now. @param now_ms by the clock of the journal */
  at(now_ms: number): Counted {
    this.look(now_ms);
    const { bindings, edges, calls } = this;
    const messages = joined(new Map(Object.entries({ in: this.came, out: this.left })));
    return { messages, decisions: joined(this.decisions), bindings, edges, calls };
  }

  private decide(method: string, rule: string): void {
    const rules = this.decisions.get(method) ?? new Map<string, { count: number }>();
    if (rules.size === 0) this.decisions.set(method, rules);
    raise(rules, rule);
  }

  private look(now_ms: number): void {
    this.invites = 0;
    let more: number | undefined;
    do {
      const { calls, changes, next } = this.listCalls({ since: this.looked });
      this.looked = changes;
      for (const call of calls) this.note(call, now_ms);
      more = next;
    } while (more !== undefined);
    for (const [id, { key, at_ms }] of this.open) {
      if (now_ms - at_ms >= MORE_INVITES_ms || this.open.size > OPEN_MAX) this.settle(id, key);
    }
  }

  private note(call: RecordedCall, now_ms: number): void {
    const { id, state } = call;
    if (this.done.has(id)) return;
    this.open.delete(id);
    // One that another member goes on with is counted there.
    if (state === "calling" || state === "given" || state === "unknown") return;
    const key = `${call.origin} ${wayOf(call)} ${RESULTS[state]}`;
    if (state === "up" || state === "ended") this.settle(id, key);
    else this.open.set(id, { key, at_ms: now_ms });
  }

  private settle(id: number, key: string): void {
    add(this.calls, key);
    this.open.delete(id);
    this.done.delete(this.round[this.turn] ?? 0);
    this.done.add(id);
    this.round[this.turn] = id;
    this.turn = (this.turn + 1) % OPEN_MAX;
  }
}

const RESULTS = { up: "answered", ended: "answered", redirected: "redirected", failed: "failed" } as const;

/** Where a call was last: "gateway", "extension", "group", "upstream"; "none": it was offered to nobody. */
function wayOf({ legs, status }: RecordedCall): string {
  const leg = legs.find((one) => one.status === status) ?? legs[legs.length - 1];
  const words = (leg?.steps ?? []).map(({ what }) => what.slice(0, Math.max(0, what.indexOf(" "))));
  const last = words.filter((word) => WAYS.includes(word)).pop();
  return last ?? (leg?.status === 302 || leg?.status === 380 ? "gateway" : "none");
}

const WAYS: readonly string[] = ["upstream", "gateway", "extension", "group"];

/** The method of a request, or the class of a response's status: "2xx". */
function kindOf(message: KeptMessage): string {
  const { wire } = message;
  if (wire.startsWith("SIP/2.0 ")) return CLASSES[wire.charCodeAt(8) - 49] ?? "other";
  return known(methodOf(message));
}

const CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx", "6xx"];

/** Others are "other": a peer may write what it likes. */
function known(method: string): string {
  return METHODS.has(method) ? method : "other";
}

/** By both words: a key that is joined for each message costs more than all else. */
function joined(all: ReadonlyMap<string, Counts>): Tally {
  const tally: Tally = new Map();
  for (const [first, counts] of all) for (const [key, { count }] of counts) tally.set(`${first} ${key}`, count);
  return tally;
}

function raise(counts: Counts, key: string): void {
  const known = counts.get(key);
  if (known === undefined) counts.set(key, { count: 1 });
  else known.count += 1;
}

function add(tally: Tally, key: string): void {
  tally.set(key, (tally.get(key) ?? 0) + 1);
}
