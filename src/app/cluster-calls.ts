/**
 * Calls between the members of a cluster. Each call is with one of them, as the placement says: that one goes on with those of a member that is
 * dead or gives them away. What belongs to another member, and yet comes here, is sent on to it.
 */
import type { Cluster } from "../cluster/cluster.ts";
import { Joining } from "../cluster/joining.ts";
import type { CallCounts } from "../cluster/member-facts.ts";
import type { MutedTransport } from "../cluster/muted-transport.ts";
import type { Placement } from "../cluster/placement.ts";
import type { Part, PartTaker } from "../cluster/ports.ts";
import { STORY_KINDS, Stories } from "../cluster/stories.ts";
import { type Passing, wayOf } from "../cluster/way.ts";
import type { Request, Response } from "../message/message.ts";
import { nextVia } from "../proxy/forward-response.ts";
import type { OtherMembers } from "../proxy/other-members.ts";
import { memberMark } from "../transaction/branch-id.ts";
import { PATIENCE_ms } from "../transaction/timers.ts";
import { serverKeyAs, serverKeyBehind } from "../transaction/transaction-key.ts";
import { type Flow, restoreFlow } from "../transport/flow.ts";
import type { Engine } from "./engine.ts";
import { partOf, readPassed, SIP, SIP_CHARACTERS_MAX } from "./passed-on.ts";
import { SentOn } from "./sent-on.ts";
import { StrayRequests } from "./stray-requests.ts";

/** What comes of a call a while after it was with another member is repeated for so long (64·T1). */
const SETTLED_ms = 32_000;
/** A message that has come from its sender. */
const FIRST_HAND: Pick<Passing, "hops" | "home"> = { hops: [], home: undefined };

export class ClusterCalls implements OtherMembers, PartTaker {
  /** When a member has died, or the addresses have moved: what had been sent before may have nobody any more that waits for its answer. */
  lastLoss_ms = Number.NEGATIVE_INFINITY;
  /** Messages that were too long for a datagram of the members, and were handled here in place of the member that has their call. */
  notSentOn = 0;
  readonly stories: Stories;
  readonly joining: Joining;
  private readonly engine: Engine;
  private readonly cluster: Cluster;
  private readonly placement: Placement;
  /** By member, what its branches begin with. */
  private readonly marks: ReadonlyMap<string, string>;
  /** Members that have died, and aren't back. */
  private readonly gone = new Set<string>();
  private readonly sent = new SentOn();
  private hadCalls = false;
  /** Calls are elsewhere from now on, and no other member was there for ours yet. */
  private isOwing = false;
  /** Our calls have been given away since calls were here. */
  private hasGiven = false;
  private isStopped = false;
  /** Of the message that is looked at: by whom it has come. */
  private passed = FIRST_HAND;
  /** Those that take calls, and since when it is these. */
  private takers = "";
  private changed_ms = Number.NEGATIVE_INFINITY;
  private processed = 0;

  /** @param names of the other members; @param transport the one by which the engine sends */
  constructor(
    engine: Engine,
    cluster: Cluster,
    placement: Placement,
    names: readonly string[],
    transport: MutedTransport,
  ) {
    const { host, core, timers } = engine;
    const { log, random, limits } = host;
    this.engine = engine;
    this.cluster = cluster;
    this.placement = placement;
    this.marks = new Map(names.map((name) => [name, memberMark(host.mac, name)]));
    this.stories = new Stories({ core, transport, timers, speaker: cluster, random, log, limits, placement });
    this.stories.teller.onGiven = (callId, now_ms) => engine.calls.give(callId, now_ms);
    this.joining = new Joining(cluster, this.stories.hearing);
    core.others = this;
    cluster.attach(STORY_KINDS, {
      take: (from, part, now_ms) => {
        this.stories.take(from, part, now_ms);
        this.joining.look(now_ms);
      },
    });
    cluster.attach([SIP], this);
    new StrayRequests(engine, cluster, this.stories, names);
    const { onDecision } = core;
    core.onDecision = (request, decision) => {
      if (request.method === "INVITE" && request.toTag === "") this.processed += 1;
      onDecision?.(request, decision);
    };
    cluster.watch(this.joining);
    cluster.watch({
      onAlive: (member, now_ms) => {
        this.gone.delete(member);
        this.stories.list(now_ms);
      },
      onBeat: (member, now_ms) => {
        this.sent.onBeat(member, now_ms);
        this.lookAtTakers(now_ms);
      },
      onGone: (member, now_ms) => this.onGone(member, now_ms),
      onState: (_state, now_ms) => this.lookAtTakers(now_ms),
    });
  }

  /** Calls that ring or are up, and INVITEs for new ones since the start. */
  get counts(): CallCounts {
    const { callLog, host } = this.engine;
    return [callLog.countNow(host.now_ms()), this.processed];
  }

  start(now_ms: number): void {
    this.hadCalls = this.placement.hasCalls;
    this.stories.start(now_ms);
  }

  /** Whether calls come here has been looked at. */
  look(now_ms: number): void {
    const { hasCalls } = this.placement;
    const isNews = hasCalls !== this.hadCalls;
    this.hadCalls = hasCalls;
    if (this.isStopped) return;
    if (!hasCalls) {
      // One that can't be heard may have the addresses, and our calls with them.
      const mayBeElsewhere = !this.placement.isDealt && this.cluster.live().length === 0;
      if (isNews && mayBeElsewhere) this.letGo(now_ms);
      else if (isNews || this.isOwing) this.handOver(now_ms);
    } else if (isNews || this.hasGiven) {
      if (isNews) this.lastLoss_ms = now_ms;
      this.isOwing = false;
      this.hasGiven = false;
      this.attend(now_ms);
      this.stories.attend(now_ms);
    }
  }

  /** Gives all calls to other members, where one is there for calls; else as soon as one is. */
  handOver(now_ms: number): void {
    const { cluster } = this;
    this.isOwing = !cluster.live().some((member) => cluster.stateOf(member) === "active");
    if (!this.isOwing) this.letGo(now_ms);
  }

  /** A call that went on here would ring phones beside the one there. If calls come here again soon, it goes on here. */
  private letGo(now_ms: number): void {
    this.isOwing = false;
    this.hasGiven = true;
    this.stories.handOver(now_ms);
  }

  stop(): void {
    this.isStopped = true;
    this.stories.stop();
  }

  takesResponse(response: Response, source: Flow, now_ms: number): boolean {
    const { transactions } = this.engine.core;
    const { name } = this.cluster;
    const whose = this.memberOf(response, now_ms);
    const isKnown = () => transactions.awaiting(response) !== undefined;
    const maker = whose === name || this.placement.keeps(whose ?? "") ? whose : undefined;
    const isPassed = this.pass(response, { kind: "response", isKnown: isKnown(), maker }, source, now_ms);
    // A late answer to a branch of our own that is over takes nothing.
    if (whose !== name && !isKnown()) this.yieldToTaken(response, now_ms);
    return isPassed;
  }

  takesRequest(request: Request, source: Flow, now_ms: number): boolean {
    const { method } = request;
    const kind = method === "INVITE" || method === "CANCEL" || method === "ACK" ? method : "other request";
    if (kind === "other request" && !this.placement.isDealt) return false;
    if (kind === "CANCEL" && this.mayComeToBeKnown(request, now_ms)) return true;
    return this.pass(request, { kind, isKnown: this.knows(request), maker: undefined }, source, now_ms);
  }

  /**
   * No other member is heard yet, and one may have the INVITE of this CANCEL, or its story. An answer would end the sender's repetitions, of
   * which the next one may find the call here.
   */
  private mayComeToBeKnown(cancel: Request, now_ms: number): boolean {
    const isNew = now_ms - this.lastLoss_ms < PATIENCE_ms && this.cluster.live().length === 0;
    return isNew && !this.knows(cancel) && this.stories.storyOf(cancel) === undefined;
  }

  /** Of {@link SIP}: as if it had come here from its sender. */
  take(from: string, [, value]: Part, now_ms: number): void {
    const passed = readPassed(value, from);
    const { core } = this.engine;
    const source = passed && restoreFlow(passed, core.own.listeners);
    if (passed === undefined || source === undefined) return;
    if (passed.receiver !== undefined && passed.receiver !== this.cluster.name) {
      // The sender has kept it, and takes it itself if that member is gone.
      this.cluster.tell(passed.receiver, [partOf(passed.wire, source, passed)]);
      return;
    }
    this.passed = passed;
    this.engine.tell({ kind: "in", wire: passed.wire, flow: source, member: from }, now_ms);
    try {
      core.receive(passed.wire, source, now_ms);
    } finally {
      this.passed = FIRST_HAND;
    }
  }

  /** @returns whether a member gets it that goes on with its call */
  private pass(
    message: Request | Response,
    known: Pick<Passing, "kind" | "isKnown" | "maker">,
    source: Flow,
    now_ms: number,
  ): boolean {
    if (known.isKnown) return false;
    const { placement, passed, cluster } = this;
    const story = known.kind === "other request" ? undefined : this.stories.storyOf(message);
    const order = placement.order(message.callId);
    const { mayOpen } = placement;
    const isUnsettled = now_ms - this.changed_ms < SETTLED_ms;
    const way = wayOf({ ...known, ...passed, own: cluster.name, story, order, mayOpen, isUnsettled });
    if (way.kind === "carry on" && story !== undefined) this.stories.carryOn(story.heard, now_ms);
    if (way.kind === "nobody") return true;
    if (way.kind !== "to" || !this.sendOn(way.member, way.home, message.wire, source, now_ms)) return false;
    const method = "method" in message ? message.method : message.cseqMethod;
    this.engine.tell({ kind: "passed", method, callId: message.callId, member: way.member }, now_ms);
    return true;
  }

  /** Whether it is of a transaction here. */
  private knows(request: Request): boolean {
    const { transactions } = this.engine.core;
    return (
      transactions.isKnown(request) ||
      (request.method === "CANCEL" && transactions.table.servers.has(serverKeyAs(request, "INVITE")))
    );
  }

  /** A callee that another member has rung has taken a call that is made here too, as after a cut: here nobody rings any more. */
  private yieldToTaken(response: Response, now_ms: number): void {
    if (response.status < 200 || response.status >= 300 || response.cseqMethod !== "INVITE") return;
    const via = nextVia(response);
    const key = via && serverKeyBehind(via, "INVITE");
    if (key !== undefined) this.stories.yieldTo(key, now_ms);
  }

  private onGone(member: string, now_ms: number): void {
    this.lastLoss_ms = now_ms;
    this.gone.add(member);
    this.lookAtTakers(now_ms);
    this.stories.onGone(member);
    if (this.placement.hasCalls) this.attend(now_ms);
  }

  /** Goes on with the calls of members that are dead: only one to which calls come can send from where these calls are known. */
  private attend(now_ms: number): void {
    for (const member of this.gone) {
      this.stories.onDead(member, now_ms);
      for (const { wire, source } of this.sent.take(member, now_ms)) this.engine.core.receive(wire, source, now_ms);
    }
  }

  private lookAtTakers(now_ms: number): void {
    const takers = [...this.placement.order("")].sort().join();
    if (takers === this.takers) return;
    this.takers = takers;
    this.changed_ms = now_ms;
    // A member that takes calls now may get those for which none was there.
    if (this.isOwing) this.look(now_ms);
  }

  /** The member that has the call for which this branch was made: its maker, or the one to which it was given; undefined: nobody knows. */
  private memberOf({ topVia: { branch }, callId }: Response, now_ms: number): string | undefined {
    const { branchIds } = this.engine.core;
    for (const [name, mark] of this.marks) if (branchIds.isOf(mark, branch)) return name;
    // In an earlier life of ours, another member may have gone on with it.
    const isGone = branchIds.isFromElsewhere(branch) || this.stories.hasGiven(branch, now_ms);
    return isGone ? this.placement.heirs(callId)[0] : this.cluster.name;
  }

  /** @returns whether the member gets it */
  private sendOn(member: string, home: string | undefined, wire: string, source: Flow, now_ms: number): boolean {
    const { cluster, passed } = this;
    const next = cluster.wayTo(member);
    if (next === undefined) return false;
    const hops = [...passed.hops, cluster.name];
    const isRelayed = next !== member;
    const way = { hops, home: home ?? passed.home, receiver: isRelayed ? member : undefined };
    if (wire.length > SIP_CHARACTERS_MAX || !cluster.tell(next, [partOf(wire, source, way)])) {
      this.notSentOn += 1;
      return false;
    }
    this.sent.keep(member, { wire, source, at_ms: now_ms, isRelayed });
    return true;
  }
}
