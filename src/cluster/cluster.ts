/**
 * The members of a cluster as one of them sees it: takes datagrams, runs the beats, and hands each part to the one that knows its kind.
 *
 * It elects nobody and routes nothing. The address is the router's affair (VRRP), and calls are those of the parts' takers.
 */
import { Timer } from "../base/timers.ts";
import { Agreement, type Subjects } from "./agreement.ts";
import { type ClusterStatus, statusOf } from "./cluster-status.ts";
import { Entrance, type Source } from "./entrance.ts";
import { BOOT_CHARACTERS, type Envelope, partText, seal } from "./envelope.ts";
import { BEAT, type CallCounts, type OwnFacts, readBeat } from "./member-facts.ts";
import type { OwnState } from "./member-machine.ts";
import { BEAT_ms, Member } from "./members.ts";
import type { Membership } from "./membership.ts";
import { Outbox } from "./outbox.ts";
import { OwnBeats } from "./own-beats.ts";
import { OwnLife, type OwnUser } from "./own-state.ts";
import type { ClusterPorts, Part, PartTaker, PatientSpeaker } from "./ports.ts";
import { Roster } from "./roster.ts";
import { HELLO } from "./session.ts";
import { Takers } from "./takers.ts";
import { UpstreamElsewhere, upstreamAt } from "./upstream-elsewhere.ts";
import type { ClusterWatcher } from "./watcher.ts";

export class Cluster extends Roster implements PatientSpeaker {
  private readonly beats: OwnBeats;
  private readonly ports: ClusterPorts;
  private readonly agreement: Agreement;
  private readonly own: OwnLife;
  private readonly takers: Takers;
  private readonly watchers: ClusterWatcher[] = [];
  private readonly entrance: Entrance;
  private readonly outbox: Outbox;
  private readonly elsewhere: UpstreamElsewhere;
  private readonly beatTimer: Timer = new Timer(this, "beat");
  private facts: (now_ms: number) => OwnFacts = () => ({});
  private boot = "";

  /** Nothing is sent or taken before {@link start}. */
  constructor({ name, members, mode, version, agreement }: Membership, ports: ClusterPorts) {
    super(name);
    this.beats = new OwnBeats(version);
    this.ports = ports;
    this.agreement = new Agreement(agreement, ports.signs, ports.log);
    const sessionOf = (member: string) => this.members.get(member)?.session;
    this.entrance = new Entrance({ name, members, signs: ports.signs, log: ports.log, sessionOf });
    this.elsewhere = new UpstreamElsewhere(ports.log);
    this.takers = new Takers(ports.log);
    this.outbox = new Outbox(ports.log, ports.now_ms);
    const user: OwnUser = {
      isAnyAlive: () => this.live().length > 0,
      isAnyComing: () => [...this.members.values()].some(({ session }) => session.isNoticed),
      onState: (state, now_ms) => this.tellWatchers((watcher) => watcher.onState?.(state, now_ms)),
      beat: (now_ms) => this.beat(now_ms),
      farewell: (now_ms) => this.end(now_ms),
    };
    // Of a pair, the first one that is active may get the addresses: which one that is mustn't be chance.
    this.own = new OwnLife(ports.timers, ports.log, user, mode === "anycast");
    for (const { name: member } of members) {
      if (member !== name) this.members.set(member, new Member(member, ports, this, this.boot));
    }
  }

  /** Parts of these kinds go to `taker` from now on. A kind that has none is passed over: a newer version may know it. */
  attach(kinds: readonly string[], taker: PartTaker): void {
    this.takers.attach(kinds, taker);
  }

  watch(...watchers: readonly ClusterWatcher[]): void {
    this.watchers.push(...watchers);
  }

  /**
   * How each beat learns what is seen from here.
   * @param facts is asked ten times a second @param counts of calls, when a beat says all
   */
  observe(facts: (now_ms: number) => OwnFacts, counts?: () => CallCounts): void {
    this.facts = facts;
    if (counts !== undefined) this.beats.counts = counts;
  }

  /** After a reload of the configuration. */
  agreeOn(subjects: Subjects): void {
    this.agreement.replace(subjects);
  }

  /** What this member is doing; calls are for it while it is "active". */
  get state(): OwnState {
    return this.own.state;
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
    const { datagrams, isWhole } = this.outbox.datagramsOf(parts);
    for (const together of datagrams) this.send(one, together);
    return isWhole;
  }

  tellAll(parts: readonly Part[]): void {
    this.tellThese(this.live(), parts);
  }

  tellThese(members: readonly string[], parts: readonly Part[]): void {
    if (members.length === 0) return;
    const { datagrams } = this.outbox.datagramsOf(parts);
    for (const name of members) {
      const member = this.members.get(name);
      if (member?.isAlive === true) for (const together of datagrams) this.send(member, together);
    }
  }

  tellSoon(member: string, parts: readonly Part[]): void {
    if (this.isAlive(member)) this.outbox.keep(member, parts);
  }

  /** For `status`; no other change of the cluster follows from asking. */
  status(): ClusterStatus {
    const { name, own, members, agreement, elsewhere, entrance, outbox } = this;
    const others = [...members.values()].map((member) => statusOf(member, agreement.differences(member.name)));
    const { state, since_ms, why } = own;
    const counts = { dropped: entrance.dropped, untold: outbox.left };
    return { name, state, since_ms, why, members: others, upstream_at: elsewhere.member, ...counts };
  }

  onTimer(_kind: string, now_ms: number): void {
    this.ports.timers.start(this.beatTimer, BEAT_ms, now_ms);
    this.beat(now_ms);
    this.tellWatchers((watcher) => watcher.onOwnBeat?.());
  }

  /** Of `members.ts`. */
  onAlive(member: string, now_ms: number): void {
    this.own.apply("member heard", now_ms);
    this.hearsay.onAlive(member);
    this.tellWatchers((watcher) => watcher.onAlive?.(member, now_ms));
  }

  /** Of `members.ts`. */
  onDead(member: string, now_ms: number): void {
    if (this.live().length === 0) this.own.apply("none lives", now_ms);
    this.tellWatchers((watcher) => watcher.onDead?.(member, now_ms));
    this.hearsay.onDead(member, now_ms);
  }

  protected onGone(member: string, now_ms: number): void {
    this.tellWatchers((watcher) => watcher.onGone?.(member, now_ms));
  }

  private judge(envelope: Envelope, now_ms: number): void {
    const member = this.members.get(envelope.from);
    if (member === undefined) return;
    const { session } = member;
    const before = session.heard;
    const verdict = session.judge(envelope);
    if (session.heard !== before) {
      const isAnew = member.adopts(session.heard);
      if (before !== undefined) member.apply("restarted", now_ms);
      else if (isAnew) this.hearsay.onAnew(member.name, now_ms);
      // It learns at once that it is heard: it isn't alive to either side before.
      this.beats.repeat();
      this.greet(member, this.beats.whole(this.ownFacts(now_ms), this.state, this.agreement.digests));
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
      if (part[0] !== BEAT && part[0] !== HELLO) this.takers.hand(member.name, part, now_ms);
    }
  }

  private takeBeat(member: Member, [, value]: Part, now_ms: number): void {
    const { agreement, ...facts } = readBeat(value);
    member.facts = facts;
    this.hearsay.onWord(member.name, facts.hears, now_ms);
    this.agreement.compare(member.name, agreement);
    this.lookForUpstream(this.facts(now_ms), now_ms);
  }

  private lookForUpstream(facts: OwnFacts, now_ms: number): void {
    const isNews = this.elsewhere.look(upstreamAt(facts, this.members.values()));
    if (isNews) this.tellWatchers((watcher) => watcher.onUpstreamAt?.(this.elsewhere.member, now_ms));
  }

  private tellWatchers(tell: (watcher: ClusterWatcher) => void): void {
    for (const watcher of this.watchers) tell(watcher);
  }

  private beat(now_ms: number): void {
    const facts = this.ownFacts(now_ms);
    const texts = this.beats.next(facts, this.state, this.agreement);
    for (const member of this.members.values()) {
      const [first = texts, ...others] = this.outbox.take(member.name, texts);
      this.greet(member, first);
      if (member.isAlive) for (const together of others) this.send(member, together);
    }
    this.lookForUpstream(facts, now_ms);
  }

  /** Of two members none has to tell the other whom else it hears. */
  private ownFacts(now_ms: number): OwnFacts {
    const facts = this.facts(now_ms);
    if (this.members.size < 2) return facts;
    const hears = this.live();
    return { ...facts, hears, states: hears.map((member) => this.stateOf(member) ?? null) };
  }

  private end(now_ms: number): void {
    this.ports.timers.stop(this.beatTimer);
    this.beat(now_ms);
    for (const member of this.members.values()) member.stop();
    this.hearsay.clear();
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
