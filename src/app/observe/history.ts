/**
 * The events of months at this branch: outages, losses of readiness, drills, calls that survived, emergency calls. `HistoryKeeper` has it on disk. Calls
 * that are remembered only for their last changes are in `policy/call-log.ts`; the last edges of peers in `policy/peers/history.ts`.
 */
import type { CallEntry, CallLeg } from "../../policy/call-entry.ts";
import type { Edge } from "../../policy/status.ts";
import type { Engine } from "../engine.ts";
import { BusyDays } from "./busy-days.ts";
import {
  callKind,
  type EntryKind,
  type HistoryCounts,
  type HistoryEntry,
  isDowntime,
  KEPT_MAX,
  keptReport,
  type Moment,
  NO_COUNTS,
  readCounts,
  readEntry,
  wayOf,
  withTimes,
} from "./history-entries.ts";
import type { ReadinessTurn } from "./readiness-watch.ts";

type Kept = { readonly id: number; entry: HistoryEntry };
/** What goes on until it has an end. */
type Lasting = HistoryEntry & { readonly kind: "outage" | "forced" | "unready" };

/** A drill that is over, by the clock that never jumps. */
export interface DrillDone {
  readonly since_ms: number;
  readonly until_ms: number;
  readonly phones: string;
  readonly end: string;
  readonly report: unknown;
}

export interface HistoryQuestion {
  /** Only what hadn't ended so long ago. */
  readonly past_s?: number;
  /** Only entries with smaller ids: the `next` of the piece before. */
  readonly before?: number;
}

/** An entry as commands get it: times in ISO 8601, UTC. */
export type ToldEntry = HistoryEntry<string> & {
  readonly id: number;
  /** Of what has an end: how long, so far where it goes on. */
  readonly lasted_s?: number;
};

export interface HistoryPage {
  /** The newest first. */
  readonly entries: readonly ToldEntry[];
  /** Where there are more: what to ask for them with. */
  readonly next?: number;
  /** What was asked for: what hadn't ended by then. */
  readonly since: string;
  /** Since when the history is kept, and how often each kind has happened since, forgotten ones too. */
  readonly began: string;
  readonly counts: HistoryCounts;
}

/** Characters of what was found. */
const EVIDENCE_MAX = 500;
/** The size of a piece, in characters, more or less. */
const PAGE_CHARACTERS = 65_536;

export class KeptHistory {
  /** Called when a restart would lose something. */
  onChange: () => void = () => {};
  /** What a peer is called in the file, by the name that logs have. */
  private nameOf: (role: "upstream" | "gateway", peer: string) => string = (_, peer) => peer;
  private readonly wallOf: (at_ms: number) => number;
  /** In the order in which they were told. */
  private kept: Kept[] = [];
  private nextId = 1;
  private began: Moment;
  private counted: Record<EntryKind, number> = { ...NO_COUNTS };
  private readonly days: BusyDays;
  /** Events that came before the file was read. */
  private early: (() => void)[] | undefined = [];

  /** @param wallOf milliseconds since 1970 of what happened at `at_ms` */
  constructor(wallOf: (at_ms: number) => number, now_ms: number) {
    this.wallOf = wallOf;
    this.days = new BusyDays(wallOf);
    this.began = { at_ms: now_ms };
  }

  /** How often each kind has happened since the history began. */
  get counts(): HistoryCounts {
    return this.counted;
  }

  /** The drill that ended last, milliseconds since 1970; undefined: none is known. */
  get lastDrill(): (HistoryEntry<number> & { readonly kind: "drill" }) | undefined {
    const found = this.kept.filter(({ entry }) => entry.kind === "drill").pop();
    const told = found === undefined ? undefined : withTimes(found.entry, (time) => this.wallTime(time));
    return told?.kind === "drill" ? told : undefined;
  }

  /** Hears of this engine's peers and calls from now on. */
  follow(engine: Engine): void {
    this.nameOf = (role, peer) => engine.site.peerName(role, peer);
    engine.peers.history.onKept = (edge) => this.edge(edge);
    engine.callLog.settle = (call, leg) => {
      this.call(call, leg);
      const { changed_ms } = call;
      this.busy(engine.callLog.countAbove(this.days.peakOf(changed_ms), changed_ms), changed_ms);
    };
  }

  /** A peer's state has changed. */
  edge(edge: Edge): void {
    const { at_ms, role, name, to, evidence, probe_failure } = edge;
    if (this.waits(() => this.edge(edge))) return;
    const peer = this.nameOf(role, name);
    const seen = probe_failure === undefined ? evidence : `${evidence}: ${probe_failure}`;
    const open = this.openOutage(role, peer);
    // It ended while the peer was down indeed.
    const isOutage = open?.entry.kind === "forced" && evidence !== "no longer forced" && evidence !== "forced";
    if (to === "down" && open === undefined) {
      this.add({ kind: evidence === "forced" ? "forced" : "outage", since: { at_ms }, role, peer, evidence: seen });
    } else if (open !== undefined && to !== "down" && to !== "recovering") {
      this.close(open, { until: { at_ms }, back: seen });
      if (isOutage) this.recount(open, "outage");
    }
  }

  /** The branch isn't ready for an outage any more, or is again. */
  turn({ is_ready, faults }: ReadinessTurn, at_ms: number): void {
    if (!is_ready) this.add({ kind: "unready", since: { at_ms }, evidence: faults.join("; ").slice(0, EVIDENCE_MAX) });
    const open = this.openLoss;
    if (is_ready && open !== undefined) this.close(open, { until: { at_ms } });
  }

  /** Since when readiness is lost, milliseconds since 1970; undefined: it isn't. */
  get lostSince(): number | undefined {
    const open = this.openLoss;
    return open && this.wallTime(open.entry.since);
  }

  /** An INVITE has had its final response. */
  call(call: CallEntry, leg: CallLeg): void {
    if (this.waits(() => this.call(call, leg))) return;
    const kind = callKind(call, leg, this.isOutageAt);
    if (kind === undefined) return;
    const { call_id, from, to, steps, status = 0 } = leg;
    this.add({ kind, since: { at_ms: call.at_ms }, call_id, from, to, way: wayOf(steps[steps.length - 1]), status });
  }

  /** This number of calls ring or are up at once. */
  busy(calls: number, at_ms: number): void {
    if (this.days.note(calls, at_ms)) this.onChange();
  }

  /** The most calls at once on one of the last days. */
  peak(now_ms: number): number {
    return this.days.most(now_ms);
  }

  /** A drill is over. */
  drill({ since_ms, until_ms, phones, end, report }: DrillDone): void {
    const [since, until] = [{ at_ms: since_ms }, { at_ms: until_ms }];
    this.add({ kind: "drill", since, until, phones, end, report: keptReport(report) });
  }

  /** The file names these peers now, by role and name: outages of others have no end that anybody could see. */
  watchOnly(isWatched: (role: "upstream" | "gateway", peer: string) => boolean, now_ms: number): void {
    for (const one of this.kept) {
      const { entry } = one;
      const isOpen = isDowntime(entry) && entry.until === undefined;
      const end = { until: { at_ms: now_ms }, back: "not in the file any more" };
      if (isOpen && !isWatched(entry.role, entry.peer)) this.close(one, end);
    }
  }

  /**
   * Takes what a file has, once; what has happened meanwhile comes behind it.
   * @returns lines that can't be read
   */
  restore(text: string): number {
    const started = this.began;
    const [first = "", ...lines] = text.split("\n").filter((line) => line !== "");
    const head = readCounts(first);
    const entries = lines.flatMap((line) => readEntry(line) ?? []);
    if (head !== undefined) {
      this.began = { wall_ms: head.since_ms };
      this.counted = { ...head.counts };
      this.days.restore(head.peaks);
    }
    for (const entry of entries) this.put(entry);
    for (const one of this.kept) {
      const { entry } = one;
      // A command's choice isn't kept over a restart; the file's is told anew.
      if (entry.kind === "forced" && entry.until === undefined) this.close(one, { until: started, back: "restart" });
    }
    const early = this.early ?? [];
    this.early = undefined;
    for (const event of early) event();
    return lines.length - entries.length + (first !== "" && head === undefined ? 1 : 0);
  }

  /** The text of the file: how often each kind has happened, then a line for each entry. */
  save(): string {
    const time = (moment: Moment) => this.wallTime(moment);
    const head = JSON.stringify({ began: time(this.began), counts: this.counted, peaks: this.days.save() });
    return [head, ...this.kept.map(({ entry }) => JSON.stringify(withTimes(entry, time)))].join("\n");
  }

  /** Entries as commands get them, in pieces that stay small. @param iso ISO 8601, of milliseconds since 1970 */
  page(question: HistoryQuestion, iso: (wall_ms: number) => string, now_ms: number): HistoryPage {
    const { past_s = Number.POSITIVE_INFINITY, before = Number.POSITIVE_INFINITY } = question;
    const since_ms = Math.max(0, Math.round(this.wallOf(now_ms) - past_s * 1_000));
    const entries: ToldEntry[] = [];
    const about = { since: iso(since_ms), began: iso(this.wallTime(this.began)), counts: this.counted };
    let characters = 0;
    for (const { id, entry } of [...this.kept].reverse()) {
      if (id >= before || this.end_ms(entry) < since_ms) continue;
      if (characters > PAGE_CHARACTERS) return { entries, next: entries[entries.length - 1]?.id ?? 0, ...about };
      const isLasting = entry.kind !== "emergency" && entry.kind !== "survived";
      const isOpen = this.end_ms(entry) === Number.POSITIVE_INFINITY;
      const end_ms = isOpen ? this.wallOf(now_ms) : this.end_ms(entry);
      const lasted_s = Math.max(0, Math.round((end_ms - this.wallTime(entry.since)) / 1_000));
      const timed = withTimes(entry, (moment: Moment) => iso(this.wallTime(moment)));
      const told: ToldEntry = { id, ...timed, ...(isLasting ? { lasted_s } : {}) };
      characters += JSON.stringify(told).length;
      entries.push(told);
    }
    return { entries, ...about };
  }

  private waits(event: () => void): boolean {
    this.early?.push(event);
    return this.early !== undefined;
  }

  private add(entry: HistoryEntry): void {
    this.counted[entry.kind] += 1;
    this.put(entry);
    this.onChange();
  }

  private put(entry: HistoryEntry): void {
    this.kept.push({ id: this.nextId, entry });
    this.nextId += 1;
    const { kind } = entry;
    const isFull = this.kept.filter((one) => one.entry.kind === kind).length > KEPT_MAX[kind];
    if (isFull)
      this.kept.splice(
        this.kept.findIndex((one) => one.entry.kind === kind),
        1,
      );
  }

  private recount(one: Kept, kind: "outage"): void {
    this.counted[one.entry.kind] -= 1;
    this.counted[kind] += 1;
    one.entry = { ...(one.entry as Lasting & { readonly kind: "forced" }), kind };
  }

  private close(one: Kept, end: { readonly until: Moment; readonly back?: string }): void {
    one.entry = { ...(one.entry as Lasting), ...end };
    this.onChange();
  }

  private get openLoss(): Kept | undefined {
    return this.kept.find(({ entry }) => entry.kind === "unready" && entry.until === undefined);
  }

  private openOutage(role: string, peer: string): Kept | undefined {
    return this.kept.find(
      ({ entry }) => isDowntime(entry) && entry.until === undefined && entry.role === role && entry.peer === peer,
    );
  }

  private readonly isOutageAt = (at_ms: number): boolean => {
    const wall_ms = this.wallOf(at_ms);
    return this.kept.some(({ entry }) => {
      if (entry.kind !== "outage" || entry.role !== "upstream") return false;
      return this.wallTime(entry.since) <= wall_ms && this.end_ms(entry) >= wall_ms;
    });
  };

  /** Infinity while it goes on. */
  private end_ms(entry: HistoryEntry): number {
    if (isDowntime(entry) || entry.kind === "unready")
      return entry.until === undefined ? Number.POSITIVE_INFINITY : this.wallTime(entry.until);
    return this.wallTime(entry.kind === "drill" ? entry.until : entry.since);
  }

  private wallTime(moment: Moment): number {
    return "wall_ms" in moment ? moment.wall_ms : this.wallOf(moment.at_ms);
  }
}
