/**
 * A replicated map of keyed records: what one member puts, all have. A change goes to each member that lives at once; whatever is lost on
 * the way, or was changed while two couldn't hear each other, is found by comparing digests, when a member comes alive and every 30 s.
 */
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import { CatchUp, type CatchUpUser } from "./catch-up.ts";
import { answerDigests, answerWant } from "./catch-up-answers.ts";
import { ALONE_ms, Completeness } from "./completeness.ts";
import type { OwnState } from "./member-machine.ts";
import type { Json, Part, PartTaker, Speaker } from "./ports.ts";
import { RecordStore } from "./record-store.ts";
import {
  type Entry,
  entryOctets,
  fieldOf,
  isKey,
  isList,
  kindOf,
  LEFT_MAX_ms,
  octetsOf,
  readEntry,
  writeEntry,
} from "./record-wire.ts";
import { type RecordOwner, type Replicated, VALUE_OCTETS_MAX } from "./replicated.ts";
import { isLater, LamportClock, type Version, versionOnDisk } from "./versions.ts";

/** The parts that are a replica's. */
export const REPLICA_KINDS = ["changes", "digests", "differ", "want", "entries"] as const;

export const COMPARE_ms = 30_000;
/** Of the changes in one datagram: it passes any network in one packet. A longer record has one of its own. */
const CHANGES_OCTETS = 1_200;
/** Datagrams of changes at once, and how long the next ones wait: a burst mustn't overflow the other member's socket. */
const CHANGES_AT_ONCE = 24;
const CHANGES_PAUSE_ms = 5;
const BOOT_CHARACTERS = 8;

export interface ReplicaParts {
  /** Its own name, and those of all others. */
  readonly name: string;
  readonly others: readonly string[];
  /** Records, those that are but remembered as removed too. */
  readonly limit: number;
  /** Characters of all of them. */
  readonly charactersLimit: number;
  readonly speaker: Speaker;
  readonly timers: Timers;
  readonly random: { token(length: number): string };
  /** Counts records that are left out, by a few words. */
  readonly meter: { count(reason: string): void };
  /**
   * Told once: this member has what the others have, or there is none.
   * @param witness the member whose records it has; undefined: none lives, or none answers
   */
  readonly onSynced: (now_ms: number, witness: string | undefined) => void;
}

type Kind = "changes" | "compare" | "alone";

export class Replica implements Replicated, PartTaker, TimerOwner<Kind>, CatchUpUser {
  /** Its size and its limit, for `branchline status`. */
  readonly table: RecordStore;
  /** When what is loaded was written, in ms since 1970, as far as the router knows. */
  savedAt_ms = 0;
  private readonly parts: ReplicaParts;
  private readonly boot: string;
  private readonly clock = new LamportClock();
  private readonly owners = new Map<string, RecordOwner>();
  private readonly alive = new Set<string>();
  /** Keys whose change hasn't been told yet. */
  private readonly untold = new Set<string>();
  /** Between two bursts of changes. */
  private isPausing = false;
  private readonly catchUp: CatchUp;
  private readonly completeness: Completeness;
  private readonly changes: Timer = new Timer<Kind>(this, "changes") as Timer;
  private readonly compare: Timer = new Timer<Kind>(this, "compare") as Timer;
  private readonly alone: Timer = new Timer<Kind>(this, "alone") as Timer;

  constructor(parts: ReplicaParts) {
    this.parts = parts;
    this.boot = parts.random.token(BOOT_CHARACTERS);
    this.table = new RecordStore(parts.limit, parts.charactersLimit);
    this.catchUp = new CatchUp(this.table, parts.speaker, parts.timers, this);
    this.completeness = new Completeness(parts.others, (witness, now_ms) => parts.onSynced(now_ms, witness));
  }

  /** From now on members are compared with; what is on disk has been loaded. */
  start(now_ms: number): void {
    this.parts.timers.start(this.compare, COMPARE_ms, now_ms);
    this.parts.timers.start(this.alone, ALONE_ms, now_ms);
  }

  get isComplete(): boolean {
    return this.completeness.isComplete;
  }

  own(kind: string, owner: RecordOwner): void {
    this.owners.set(kind, owner);
  }

  put(key: string, value: Json, left_ms: number, now_ms: number): boolean {
    this.table.expire(now_ms);
    const characters = octetsOf(value);
    if (!isKey(key) || characters > VALUE_OCTETS_MAX) {
      this.parts.meter.count(TOO_LONG);
      return false;
    }
    const ends_ms = now_ms + (left_ms > 0 ? Math.min(left_ms, LEFT_MAX_ms) : 0);
    return this.change(key, value, characters, ends_ms, now_ms);
  }

  remove(key: string, now_ms: number): void {
    this.table.expire(now_ms);
    if (this.table.get(key)?.value !== undefined) this.change(key, undefined, 0, now_ms, now_ms);
  }

  load(key: string, value: Json, left_ms: number, now_ms: number): void {
    this.table.expire(now_ms);
    const characters = octetsOf(value);
    const isUsual = isKey(key) && characters <= VALUE_OCTETS_MAX && left_ms > 0;
    if (!isUsual || this.table.get(key) !== undefined) return;
    const ends_ms = now_ms + Math.min(left_ms, LEFT_MAX_ms);
    this.table.set(key, {
      version: versionOnDisk(this.savedAt_ms, this.boot),
      value,
      characters,
      ends_ms,
      kept_ms: ends_ms,
    });
  }

  get(key: string, now_ms: number): Json | undefined {
    const record = this.table.get(key);
    return record !== undefined && record.ends_ms > now_ms ? record.value : undefined;
  }

  onAlive(member: string, now_ms: number): void {
    this.alive.add(member);
    this.completeness.begins(member);
    this.catchUp.compareWith(member, now_ms);
  }

  onDead(member: string, now_ms: number): void {
    this.alive.delete(member);
    this.catchUp.drop(member, now_ms);
    this.completeness.ends(member, now_ms);
  }

  /** A member that takes calls waits for nobody. */
  onState(state: OwnState, now_ms: number): void {
    if (state === "active") this.completeness.waited(now_ms);
  }

  take(from: string, [kind, value]: Part, now_ms: number): void {
    this.table.expire(now_ms);
    switch (kind) {
      case "changes":
        this.takeEntries(value, now_ms);
        break;
      case "digests":
        this.answer(from, answerDigests(this.table, value, this.isComplete));
        break;
      case "want":
        this.answer(from, answerWant(this.table, value, now_ms));
        break;
      case "differ":
        this.catchUp.takeDiffer(from, value, now_ms);
        break;
      case "entries": {
        const isNews = this.takeEntries(fieldOf(value, "list") ?? null, now_ms);
        this.catchUp.tookEntries(from, value, isNews, now_ms);
      }
    }
  }

  onCaughtUp(member: string, isItsComplete: boolean, now_ms: number): void {
    this.completeness.caughtUp(member, isItsComplete, now_ms);
  }

  onNoAnswer(member: string, now_ms: number): void {
    if (this.alive.has(member)) this.completeness.isMute(member, now_ms);
  }

  onTimer(kind: Kind, now_ms: number): void {
    this.table.expire(now_ms);
    switch (kind) {
      case "changes":
        this.tellChanges(now_ms);
        break;
      case "compare":
        this.parts.timers.start(this.compare, COMPARE_ms, now_ms);
        for (const member of this.alive) this.catchUp.compareWith(member, now_ms);
        break;
      case "alone":
        this.completeness.waited(now_ms);
    }
  }

  private version(count: number): Version {
    return { count, member: this.parts.name, boot: this.boot };
  }

  /** A version of our own, later than all that have been heard of. */
  private change(key: string, value: Json | undefined, characters: number, ends_ms: number, now_ms: number): boolean {
    const change = { version: this.version(this.clock.next()), value, characters, ends_ms, kept_ms: ends_ms };
    if (this.table.set(key, change) === undefined) return false;
    this.tellSoon(key, now_ms);
    return true;
  }

  private tellSoon(key: string, now_ms: number): void {
    if (this.alive.size === 0) return;
    this.untold.add(key);
    const wait_ms = this.owners.get(kindOf(key))?.mayWait_ms ?? 0;
    const isDue = this.isPausing || this.changes.deadline_ms <= now_ms + wait_ms;
    if (!this.changes.isRunning || !isDue) this.parts.timers.start(this.changes, wait_ms, now_ms);
  }

  private tellChanges(now_ms: number): void {
    let datagrams = 0;
    let octets = 0;
    let list: Json[] = [];
    const tell = () => {
      if (list.length === 0) return;
      this.parts.speaker.tellAll([["changes", list]]);
      list = [];
      octets = 0;
      datagrams += 1;
    };
    for (const key of this.untold) {
      const record = this.table.get(key);
      const more = record === undefined ? 0 : entryOctets(record);
      if (octets + more > CHANGES_OCTETS) tell();
      if (datagrams >= CHANGES_AT_ONCE) break;
      this.untold.delete(key);
      if (record !== undefined) list.push(writeEntry(record, now_ms));
      octets += more;
    }
    if (this.alive.size === 0) this.untold.clear();
    tell();
    this.isPausing = this.untold.size > 0;
    if (this.isPausing) this.parts.timers.start(this.changes, CHANGES_PAUSE_ms, now_ms);
  }

  private answer(to: string, part: Part | undefined): void {
    if (part === undefined) this.parts.meter.count(MALFORMED);
    else this.parts.speaker.tell(to, [part]);
  }

  /** @returns whether any was news */
  private takeEntries(list: Json, now_ms: number): boolean {
    let isNews = false;
    for (const data of isList(list) ? list : []) {
      const entry = readEntry(data);
      if (entry === undefined) this.parts.meter.count(MALFORMED);
      else if (this.takeEntry(entry, now_ms)) isNews = true;
    }
    return isNews;
  }

  /** @returns whether it was news */
  private takeEntry({ key, version, value, characters, ...left }: Entry, now_ms: number): boolean {
    const belief = this.clock.hears(version.count, now_ms);
    if (belief !== "believed") {
      this.parts.meter.count(AHEAD);
      return belief === "followed"; // then it may be believed in the next round
    }
    const kept_ms = now_ms + left.kept_ms;
    const record = this.table.get(key);
    if (record !== undefined && isLater(record.version, version)) this.table.keepUntil(record, kept_ms);
    if (record !== undefined && !isLater(version, record.version)) return false;
    const left_ms = value === undefined ? left.kept_ms : left.left_ms;
    if (this.table.set(key, { version, value, characters, ends_ms: now_ms + left_ms, kept_ms }) === undefined)
      return false;
    const isForeign = version.member !== this.parts.name || version.boot !== this.boot;
    if (isForeign) this.owners.get(kindOf(key))?.apply(key, value, left_ms, version.member, now_ms);
    return true;
  }
}

/** Why something of a member's isn't taken, in the words of {@link Meter}. */
const MALFORMED = "malformed_record";
const AHEAD = "record_ahead";
/** One of this member's own that no datagram can carry. */
const TOO_LONG = "record_too_long";
