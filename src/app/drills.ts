/**
 * Drills: chosen phones are treated as in an outage while upstream is well. One runs at a time; it looks each second whether what it stands on is
 * still there, and ends by itself otherwise, or at an emergency call.
 */
import type { Logger } from "../base/ports.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { CallEntry, Leg } from "../policy/call-entry.ts";
import type { CallLog } from "../policy/call-log.ts";
import type { Drilling, DrillPhones } from "../policy/drilling.ts";
import { userOf } from "../policy/phones/address-of-record.ts";
import type { SitePolicy } from "../policy/site-policy.ts";
import { callsOf, type DrilledPhone, type DrillReport } from "./drill-report.ts";

/** A rehearsal isn't longer. */
export const DRILL_MAX_ms = 4 * 3_600_000;
const LOOK_ms = 1_000;
/** Calls that are counted one by one, and phones. */
const CALLS_MAX = 500;
export const DRILL_PHONES_MAX = 200;

export interface DrillWish {
  /** As the command or the file names them. */
  readonly phones: DrillPhones;
  readonly for_ms: number;
  readonly by: DrillReport["by"];
}

/** What of the engine a drill needs. */
interface Parts {
  readonly timers: Timers;
  readonly callLog: CallLog;
  readonly drilling: Drilling;
  /** Another one after a reload. */
  readonly site: Pick<SitePolicy, "drillUsers" | "drillTrouble">;
}

interface Outside {
  readonly log: Logger;
  /** The time of day of a moment, ISO 8601. */
  timeOf(at_ms: number): string;
  /** What else is in its way, as a clause: of a pair the other router may have the phones. */
  trouble(): string | undefined;
  /** Keeps a report, in the place of an earlier one of the same drill. */
  keep(report: DrillReport): void;
  /** A drill is over: its end, and from when to when it ran. */
  ended(report: DrillReport, since_ms: number, until_ms: number): void;
  /** For a report that is the next one. */
  nextId(): number;
}

interface Running extends DrillWish {
  readonly id: number;
  readonly began_ms: number;
  /** By their numbers: the log of calls writes them anew. */
  readonly calls: Map<number, CallEntry>;
  readonly drilled: Map<string, DrilledPhone>;
  others: number;
  /** The last call that there was before it, and then of those that were looked at. */
  last: number;
}

export class Drills implements TimerOwner<"look"> {
  private readonly parts: Parts;
  private readonly outside: Outside;
  private readonly timer = new Timer<"look">(this, "look");
  private now: Running | undefined = undefined;

  constructor(parts: Parts, outside: Outside) {
    this.parts = parts;
    this.outside = outside;
    parts.drilling.onRegister = (name, fate) => {
      const counts = this.phone(userOf(name));
      const key = `registers_${fate}` as const;
      if (counts !== undefined) this.now?.drilled.set(counts.phone, { ...counts, [key]: counts[key] + 1 });
    };
  }

  /** @returns why it can't begin, as a clause; undefined: it has begun */
  start({ phones: named, for_ms, by }: DrillWish, now_ms: number): string | undefined {
    const { site, drilling, callLog, timers } = this.parts;
    if (this.now !== undefined) return "a drill runs already";
    const phones = site.drillUsers(named);
    const trouble = this.outside.trouble() ?? site.drillTrouble(phones, true);
    if (trouble !== undefined) return trouble;
    const last = callLog.all[callLog.all.length - 1]?.id ?? 0;
    const shared = { id: this.outside.nextId(), began_ms: now_ms, calls: new Map(), drilled: new Map(), last };
    this.now = { phones, for_ms, by, ...shared, others: 0 };
    if (phones !== "all") for (const one of phones) this.phone(one);
    drilling.choose(phones);
    callLog.onTouch = (call) => this.heard(call, call.changed_ms);
    timers.start(this.timer, LOOK_ms, now_ms);
    this.outside.log.warn("drill_started", { phones: phoneWords(phones), for_s: for_ms / 1_000, by });
    this.tell(now_ms);
    return undefined;
  }

  /** @returns false: none runs */
  stop(now_ms: number): boolean {
    return this.finish("stopped", "it was stopped", now_ms);
  }

  /** Branchline ends. */
  interrupt(now_ms: number): void {
    this.finish("interrupted", "branchline was stopped", now_ms);
  }

  /** Ends it where what it stands on is gone: each second, and after a reload. */
  look(now_ms: number): void {
    if (this.now === undefined) return;
    const trouble = this.outside.trouble() ?? this.parts.site.drillTrouble(this.now.phones, false);
    if (trouble !== undefined) this.finish("aborted", trouble, now_ms);
  }

  onTimer(_kind: "look", now_ms: number): void {
    if (this.now === undefined) return;
    this.look(now_ms);
    if (this.now === undefined) return;
    const left_ms = this.now.began_ms + this.now.for_ms - now_ms;
    if (left_ms <= 0) this.finish("time", "its time was over", now_ms);
    else this.parts.timers.start(this.timer, Math.min(LOOK_ms, left_ms), now_ms);
  }

  /** The one that runs, as its report is by now. */
  report(now_ms: number): DrillReport | undefined {
    return this.now && this.reportOf(this.now, "running", "", now_ms);
  }

  /** A call has begun, or something has become of it. */
  private heard(call: CallEntry, now_ms: number): void {
    const { now } = this;
    if (now === undefined) return;
    const isNew = call.id > now.last;
    now.last = Math.max(now.last, call.id);
    const help = isNew ? call.legs.find(({ rule }) => rule === "emergency") : undefined;
    if (help !== undefined) {
      const why = `an emergency call: ${userOf(help.from)} has called ${help.to}`;
      this.finish("aborted", why, now_ms);
      return;
    }
    const isKnown = now.calls.has(call.id);
    const leg = call.legs.find((one) => (one as Leg).isInDrill);
    if (isKnown || (leg !== undefined && now.calls.size < CALLS_MAX)) now.calls.set(call.id, call);
    if (leg === undefined && isNew && call.legs[0]?.origin === "localnet") now.others += 1;
    const counts = leg === undefined || isKnown ? undefined : this.phone(userOf(leg.from));
    if (counts !== undefined) now.drilled.set(counts.phone, { ...counts, calls: counts.calls + 1 });
  }

  private phone(phone: string): DrilledPhone | undefined {
    const { drilled } = this.now ?? {};
    const known = drilled?.get(phone);
    if (drilled === undefined || known !== undefined || drilled.size >= DRILL_PHONES_MAX) return known;
    const made = { phone, calls: 0, registers_here: 0, registers_up: 0, registers_refused: 0 };
    drilled.set(phone, made);
    return made;
  }

  private finish(end: DrillReport["end"], why: string, now_ms: number): boolean {
    const { now } = this;
    if (now === undefined) return false;
    const { timers, drilling, callLog } = this.parts;
    timers.stop(this.timer);
    drilling.choose([]);
    callLog.onTouch = undefined;
    const report = this.reportOf(now, end, why, now_ms);
    this.now = undefined;
    const { made, answered, failed } = report.counts;
    this.outside.log.warn("drill_ended", { end, why, calls: made, answered, failed });
    this.outside.keep(report);
    this.outside.ended(report, now.began_ms, now_ms);
    return true;
  }

  /** So that a power cut amid it is told of. */
  private tell(now_ms: number): void {
    const report = this.report(now_ms);
    if (report !== undefined) this.outside.keep(report);
  }

  private reportOf(now: Running, end: DrillReport["end"], why: string, now_ms: number): DrillReport {
    const timeOf = (at_ms: number) => this.outside.timeOf(at_ms);
    return {
      id: now.id,
      by: now.by,
      phones: now.phones,
      started: timeOf(now.began_ms),
      ended: end === "running" ? null : timeOf(now_ms),
      planned_s: Math.round(now.for_ms / 1_000),
      lasted_s: Math.round((now_ms - now.began_ms) / 1_000),
      end,
      why,
      drilled: [...now.drilled.values()],
      other_calls: now.others,
      ...callsOf([...now.calls.values()], timeOf, now_ms),
    };
  }
}

/** "201, 202", "all". */
export function phoneWords(phones: DrillPhones): string {
  return phones === "all" ? phones : phones.join(", ");
}
