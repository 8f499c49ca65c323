/**
 * The members of a cluster as one of them sees it: takes datagrams, runs the beats, and hands each part to the one that knows its kind.
 *
 * It elects nobody and routes nothing. The address is the router's affair (VRRP), and calls are those of the parts' takers.
 */
import type { Logger } from "../base/ports.ts";
import { reasonOf } from "../base/reason.ts";
import { Seldom } from "../base/seldom.ts";
import { Timer } from "../base/timers.ts";
import { Agreement, type Subjects } from "./agreement.ts";
import { type ClusterStatus, statusOf } from "./cluster-status.ts";
import { Entrance, type Place, type Source } from "./entrance.ts";
import { BOOT_CHARACTERS, type Envelope, partText, seal } from "./envelope.ts";
import { BEAT, type MemberFacts, type OwnFacts, readBeat } from "./member-facts.ts";
import type { OwnState } from "./member-machine.ts";
import { BEAT_ms, Member } from "./members.ts";
import { OwnBeats } from "./own-beats.ts";
import { OwnLife } from "./own-state.ts";
import { PartWriter, pack } from "./packing.ts";
import type { ClusterPorts, Part, PartTaker, PatientSpeaker } from "./ports.ts";
import { HELLO } from "./session.ts";
import { UpstreamElsewhere, upstreamAt } from "./upstream-elsewhere.ts";
import type { ClusterWatcher } from "./watcher.ts";

export interface Membership {
  /** Our own name, 1 to 32 of [a-z0-9-]. */
  readonly name: string;
  /** All members; ourselves among them or not. */
  readonly members: readonly Place[];
  /** Of the program, for the other members' status. */
  readonly version: string;
  /** What has to be equal in all members' files; secrets by an id that doesn't give them away. */
  readonly agreement: Subjects;
}

export class Cluster implements PatientSpeaker {
  readonly name: string;
  private readonly beats: OwnBeats;
  private readonly ports: ClusterPorts;
  private readonly log: Logger;
  private readonly agreement: Agreement;
  private readonly members = new Map<string, Member>();
  private readonly own: OwnLife;
  private readonly takers = new Map<string, PartTaker>();
  private readonly watchers: ClusterWatcher[] = [];
  private readonly entrance: Entrance;
  private readonly writer: PartWriter;
  private readonly failures = new Seldom();
  private readonly elsewhere: UpstreamElsewhere;
  private readonly beatTimer: Timer = new Timer(this, "beat");
  private facts: (now_ms: number) => OwnFacts = () => ({});
  private readonly forNextBeat: Part[] = [];
  private boot = "";

  /** Nothing is sent or taken before {@link start}. */
  constructor({ name, members, version, agreement }: Membership, ports: ClusterPorts) {
    this.name = name;
    this.beats = new OwnBeats(version);
    this.ports = ports;
    this.log = ports.log;
    this.agreement = new Agreement(agreement, ports.signs, ports.log);
    const sessionOf = (member: string) => this.members.get(member)?.session;
    this.entrance = new Entrance({ name, members, signs: ports.signs, log: ports.log, sessionOf });
    this.elsewhere = new UpstreamElsewhere(ports.log);
    this.writer = new PartWriter(ports.log, ports.now_ms);
    this.own = new OwnLife(ports.timers, ports.log, {
      isAnyAlive: () => this.live().length > 0,
      onState: (state, now_ms) => this.tellWatchers((watcher) => watcher.onState?.(state, now_ms)),
      beat: (now_ms) => this.beat(now_ms),
      farewell: (now_ms) => this.end(now_ms),
    });
    for (const { name: member } of members) {
      if (member !== name) this.members.set(member, new Member(member, ports, this, this.boot));
    }
  }

  /** Parts of these kinds go to `taker` from now on. A kind that has none is passed over: a newer version may know it. */
  attach(kinds: readonly string[], taker: PartTaker): void {
    for (const kind of kinds) this.takers.set(kind, taker);
  }

  watch(watcher: ClusterWatcher): void {
    this.watchers.push(watcher);
  }

  /** How each beat learns what is seen from here: asked ten times a second. */
  observe(facts: (now_ms: number) => OwnFacts): void {
    this.facts = facts;
  }

  /** After a reload of the configuration. */
  agreeOn(subjects: Subjects): void {
    this.agreement.replace(subjects);
  }

  /** What this member is doing; calls are for it while it is "active". */
  get state(): OwnState {
    return this.own.state;
  }

  get isAnyAlive(): boolean {
    return this.live().length > 0;
  }

  isAlive(member: string): boolean {
    return this.members.get(member)?.isAlive === true;
  }

  /** The members that live, in the file's order, without ourselves. */
  live(): readonly string[] {
    return [...this.members.values()].filter(({ isAlive }) => isAlive).map(({ name }) => name);
  }

  /** What a member has last said of itself; undefined where it isn't alive, or hasn't said. */
  factsOf(member: string): MemberFacts | undefined {
    const one = this.members.get(member);
    return one?.isAlive === true ? one.facts : undefined;
  }

  /** What a member does by its own word; undefined where it isn't alive, or hasn't said. */
  stateOf(member: string): OwnState | undefined {
    return this.factsOf(member)?.state;
  }

  /** Begins a new life of this member: syncing, with a boot of its own. Once stopped it may be started again. */
  start(now_ms: number): void {
    if (this.state !== "stopped") return;
    this.boot = this.ports.random.token(BOOT_CHARACTERS);
    this.own.isComplete = false;
    for (const member of this.members.values()) member.startAnew(this.boot, now_ms);
    this.ports.timers.start(this.beatTimer, BEAT_ms, now_ms);
    this.own.apply("start", now_ms);
  }

  /** Says farewell: the other members take over at once. */
  stop(now_ms: number): void {
    this.own.apply("stop", now_ms);
  }

  /**
   * The records are complete: the replica says so.
   * @param witness the member that has the same; undefined: no other has any
   */
  ready(now_ms: number, witness?: string): void {
    const why = witness === undefined ? "no other member has records" : `its records are equal to those of ${witness}`;
    this.own.apply("ready", now_ms, why);
  }

  /** From now on no new work. @returns false where the state knows no such thing */
  drain(now_ms: number): boolean {
    return this.own.apply("drain", now_ms);
  }

  /** A draining member has nothing left to end or to hand over. */
  empty(now_ms: number): void {
    this.own.apply("empty", now_ms);
  }

  /** Takes work again after {@link drain}, once it is known to be complete. @returns false where the state knows no such thing */
  join(now_ms: number, why?: string): boolean {
    return this.own.apply(this.own.isComplete ? "join" : "join incomplete", now_ms, why);
  }

  /** A datagram has come to our cluster address; it may be anybody's. Never throws. @param source undefined: nothing tells it */
  receive(wire: string, now_ms: number, source?: Source): void {
    const envelope = this.state === "stopped" ? undefined : this.entrance.read(wire, source, now_ms);
    if (envelope !== undefined) this.judge(envelope, now_ms);
  }

  /** @returns whether all of it has left: the member lives, and no part is too long */
  tell(member: string, parts: readonly Part[]): boolean {
    const one = this.members.get(member);
    if (one?.isAlive !== true) return false;
    const texts = this.writer.textsOf(parts);
    for (const together of pack(texts)) this.send(one, together);
    return texts.length === parts.length;
  }

  tellAll(parts: readonly Part[]): void {
    const datagrams = this.isAnyAlive ? pack(this.writer.textsOf(parts)) : [];
    for (const member of this.members.values()) {
      if (member.isAlive) for (const together of datagrams) this.send(member, together);
    }
  }

  tellAllSoon(parts: readonly Part[]): void {
    if (this.isAnyAlive) this.forNextBeat.push(...parts);
  }

  /** For `status`; no other change of the cluster follows from asking. */
  status(): ClusterStatus {
    const { name, own, members, agreement, elsewhere, entrance } = this;
    const others = [...members.values()].map((member) => statusOf(member, agreement.differences(member.name)));
    const { state, since_ms, why } = own;
    return { name, state, since_ms, why, members: others, upstream_at: elsewhere.member, dropped: entrance.dropped };
  }

  onTimer(_kind: string, now_ms: number): void {
    this.ports.timers.start(this.beatTimer, BEAT_ms, now_ms);
    this.beat(now_ms);
    this.tellWatchers((watcher) => watcher.onOwnBeat?.());
  }

  /** Of `members.ts`. */
  onAlive(member: string, now_ms: number): void {
    this.own.apply("member heard", now_ms);
    this.tellWatchers((watcher) => watcher.onAlive?.(member, now_ms));
  }

  /** Of `members.ts`. */
  onDead(member: string, now_ms: number): void {
    if (this.live().length === 0) this.own.apply("none lives", now_ms);
    this.tellWatchers((watcher) => watcher.onDead?.(member, now_ms));
  }

  private judge(envelope: Envelope, now_ms: number): void {
    const member = this.members.get(envelope.from);
    if (member === undefined) return;
    const { session } = member;
    const before = session.heard;
    const verdict = session.judge(envelope);
    if (session.heard !== before) {
      if (before !== undefined) member.apply("restarted", now_ms);
      // It learns at once that it is heard: it isn't alive to either side before.
      this.beats.repeat();
      this.greet(member, this.beats.whole(this.facts(now_ms), this.state, this.agreement.digests));
    } else if (session.isHelloDue(now_ms)) {
      this.greet(member, []);
    }
    if (verdict === "fresh" || verdict === "adopted fresh") this.take(member, envelope.parts, now_ms);
    else if (verdict !== "adopted") this.entrance.refuse(verdict, now_ms);
  }

  private take(member: Member, parts: readonly Part[], now_ms: number): void {
    const beat = parts.find(([kind]) => kind === BEAT);
    if (beat !== undefined) this.takeBeat(member, beat, now_ms);
    const isFarewell = beat !== undefined && member.facts?.state === "stopped";
    member.apply(isFarewell ? "farewell" : "heard", now_ms);
    if (isFarewell) return;
    if (beat !== undefined || parts.length === 0) this.tellWatchers((watcher) => watcher.onBeat?.(member.name, now_ms));
    for (const part of parts) {
      if (part[0] !== BEAT && part[0] !== HELLO) this.hand(member.name, part, now_ms);
    }
  }

  private takeBeat(member: Member, [, value]: Part, now_ms: number): void {
    const { agreement, ...facts } = readBeat(value);
    member.facts = facts;
    this.agreement.compare(member.name, agreement);
    this.lookForUpstream(this.facts(now_ms), now_ms);
  }

  private lookForUpstream(facts: OwnFacts, now_ms: number): void {
    const isNews = this.elsewhere.look(upstreamAt(facts, this.members.values()));
    if (isNews) this.tellWatchers((watcher) => watcher.onUpstreamAt?.(this.elsewhere.member, now_ms));
  }

  private hand(from: string, part: Part, now_ms: number): void {
    try {
      this.takers.get(part[0])?.take(from, part, now_ms);
    } catch (error) {
      // A bug met by one part of another version must not cost the others, nor fill the log.
      if (this.failures.takes(part[0], now_ms)) this.log.error("event_failed", { error: reasonOf(error) });
    }
  }

  private tellWatchers(tell: (watcher: ClusterWatcher) => void): void {
    for (const watcher of this.watchers) tell(watcher);
  }

  private beat(now_ms: number): void {
    const facts = this.facts(now_ms);
    const texts = this.beats.next(facts, this.state, this.agreement);
    const [first = texts, ...others] =
      this.forNextBeat.length === 0 ? [] : pack([...texts, ...this.writer.textsOf(this.forNextBeat)]);
    this.forNextBeat.length = 0;
    for (const member of this.members.values()) {
      this.greet(member, first);
      if (member.isAlive) for (const together of others) this.send(member, together);
    }
    this.lookForUpstream(facts, now_ms);
  }

  private end(now_ms: number): void {
    this.ports.timers.stop(this.beatTimer);
    this.beat(now_ms);
    for (const member of this.members.values()) member.stop();
  }

  /** With what the session has to ask and to answer. */
  private greet(member: Member, texts: readonly string[]): void {
    const hello = member.session.takeHello();
    this.send(member, hello.length === 0 ? texts : [...hello.map(partText), ...texts]);
  }

  private send({ name, session }: Member, texts: readonly string[]): void {
    const header = { from: this.name, to: name, boot: this.boot, heard: session.heard, seq: session.nextSeq() };
    this.ports.send(name, seal(header, texts, this.ports.signs[0]));
  }
}
