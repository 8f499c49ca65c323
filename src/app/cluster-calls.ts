/**
 * Calls between the members of a pair. The one that has the shared addresses has all calls: it goes on with those of a member that is dead or
 * gives them away, and sends what belongs to a member that lives, and yet comes here, to that one.
 */
import type { Cluster } from "../cluster/cluster.ts";
import type { MutedTransport } from "../cluster/muted-transport.ts";
import type { Json, Part, PartTaker } from "../cluster/ports.ts";
import { STORY_KINDS, Stories } from "../cluster/stories.ts";
import { isOctets } from "../cluster/story-parts.ts";
import type { Request, Response } from "../message/message.ts";
import { isAddress, isCount } from "../message/plain-data.ts";
import { nextVia } from "../proxy/forward-response.ts";
import type { OtherMembers } from "../proxy/other-members.ts";
import { memberMark } from "../transaction/branch-id.ts";
import { PATIENCE_ms } from "../transaction/timers.ts";
import { serverKeyAs, serverKeyBehind } from "../transaction/transaction-key.ts";
import { type Flow, restoreFlow, saveFlow } from "../transport/flow.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { Engine } from "./engine.ts";
import { SentOn } from "./sent-on.ts";

/** A message that has come to the wrong member. */
const SIP = "sip";
/** In a datagram: longer ones are left to their sender's repetition. */
const SIP_CHARACTERS_MAX = 12_000;

export class ClusterCalls implements OtherMembers, PartTaker {
  /** When a member has died, or the addresses have moved: what had been sent before may have nobody any more that waits for its answer. */
  lastLoss_ms = Number.NEGATIVE_INFINITY;
  readonly stories: Stories;
  private readonly engine: Engine;
  private readonly cluster: Cluster;
  private readonly view: ClusterView;
  /** By member, what its branches begin with. */
  private readonly marks: ReadonlyMap<string, string>;
  /** Members that have died while the addresses were elsewhere. */
  private readonly unattended = new Set<string>();
  private readonly sent = new SentOn();
  private hadAddress = false;
  /** The addresses are gone, and no other member was there for our calls yet. */
  private isOwing = false;
  /** Our calls have been given away since the addresses were here. */
  private hasGiven = false;
  private isStopped = false;
  /** A member has sent us the message that is looked at: it isn't sent on. */
  private isSentOn = false;

  /** @param names of the other members; @param transport the one by which the engine sends */
  constructor(
    engine: Engine,
    cluster: Cluster,
    view: ClusterView,
    names: readonly string[],
    transport: MutedTransport,
  ) {
    const { host, core, timers } = engine;
    const { log, random, limits } = host;
    this.engine = engine;
    this.cluster = cluster;
    this.view = view;
    this.marks = new Map(names.map((name) => [name, memberMark(host.mac, name)]));
    const isAlive = (member: string) => this.hasCalls(member);
    const hasAddress = () => view.hasAddress;
    this.stories = new Stories({ core, transport, timers, speaker: cluster, random, log, limits, isAlive, hasAddress });
    this.stories.teller.onGiven = (callId, now_ms) => engine.calls.give(callId, now_ms);
    core.others = this;
    cluster.attach(STORY_KINDS, this.stories);
    cluster.attach([SIP], this);
    cluster.watch({
      onAlive: (_member, now_ms) => this.stories.list(now_ms),
      onBeat: (member, now_ms) => this.sent.onBeat(member, now_ms),
      onDead: (member, now_ms) => this.onDead(member, now_ms),
    });
  }

  start(now_ms: number): void {
    this.hadAddress = this.view.hasAddress;
    this.stories.start(now_ms);
  }

  /** Our addresses have been looked at. */
  look(now_ms: number): void {
    const { hasAddress } = this.view;
    const isNews = hasAddress !== this.hadAddress;
    this.hadAddress = hasAddress;
    if (this.isStopped) return;
    if (!hasAddress) {
      // One that can't be heard may have them, and our calls with them.
      if (isNews && this.cluster.live().length === 0) this.letGo(now_ms);
      else if (isNews || this.isOwing) this.handOver(now_ms);
    } else if (isNews || this.hasGiven) {
      if (isNews) this.lastLoss_ms = now_ms;
      this.isOwing = false;
      this.hasGiven = false;
      for (const member of this.unattended) this.attend(member, now_ms);
      this.stories.attend(now_ms);
    }
  }

  /** Gives all calls to the other member, where one is there for calls; else as soon as one is. */
  handOver(now_ms: number): void {
    const { cluster } = this;
    this.isOwing = !cluster.live().some((member) => cluster.stateOf(member) === "active");
    if (!this.isOwing) this.letGo(now_ms);
  }

  /** A call that went on here would ring phones beside the one there. If the addresses come back soon, it goes on here. */
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
    this.stories.carryOn(response, now_ms);
    if (this.engine.core.transactions.awaiting(response) !== undefined) return false;
    const member = this.memberOf(response.topVia.branch, now_ms);
    // A late answer to a branch of our own that is over takes nothing.
    if (member !== undefined) this.yieldToTaken(response, now_ms);
    return this.sendOn(member, response.wire, source, now_ms);
  }

  takesRequest(request: Request, source: Flow, now_ms: number): boolean {
    const { method } = request;
    if (method !== "INVITE" && method !== "CANCEL" && method !== "ACK") return false;
    this.stories.carryOn(request, now_ms);
    if (method === "CANCEL" && this.mayComeToBeKnown(request, now_ms)) return true;
    return this.sendOn(this.stories.ownerOf(request), request.wire, source, now_ms);
  }

  /**
   * No other member is heard yet, and one may have the INVITE of this CANCEL, or its story. An answer would end the sender's repetitions, of
   * which the next one may find the call here.
   */
  private mayComeToBeKnown(cancel: Request, now_ms: number): boolean {
    const isNew = now_ms - this.lastLoss_ms < PATIENCE_ms && !this.cluster.isAnyAlive;
    return isNew && !this.engine.core.transactions.table.servers.has(serverKeyAs(cancel, "INVITE"));
  }

  /** Of {@link SIP}: as if it had come here from its sender. */
  take(_from: string, [, value]: Part, now_ms: number): void {
    const sent = readSent(value);
    const { core } = this.engine;
    const source = sent && restoreFlow(sent, core.own.listeners);
    if (sent === undefined || source === undefined) return;
    this.isSentOn = true;
    try {
      core.receive(sent.wire, source, now_ms);
    } finally {
      this.isSentOn = false;
    }
  }

  /** A callee that another member has rung has taken a call that is made here too, as after a cut: here nobody rings any more. */
  private yieldToTaken(response: Response, now_ms: number): void {
    if (response.status < 200 || response.status >= 300 || response.cseqMethod !== "INVITE") return;
    const via = nextVia(response);
    const key = via && serverKeyBehind(via, "INVITE");
    if (key !== undefined) this.stories.yieldTo(key, now_ms);
  }

  private onDead(member: string, now_ms: number): void {
    this.lastLoss_ms = now_ms;
    this.unattended.add(member);
    if (this.view.hasAddress) this.attend(member, now_ms);
  }

  /** Goes on with the calls of a member that is dead: only one that has the addresses can send from where its calls are known. */
  private attend(member: string, now_ms: number): void {
    this.unattended.delete(member);
    if (this.cluster.isAlive(member)) return;
    this.stories.onDead(member, now_ms);
    for (const { wire, source } of this.sent.take(member, now_ms)) this.engine.core.receive(wire, source, now_ms);
  }

  /** The member that has the call for which this branch was made: its maker, or the one to which it was given; undefined: this one. */
  private memberOf(branch: string, now_ms: number): string | undefined {
    const { branchIds } = this.engine.core;
    for (const [name, mark] of this.marks) if (branchIds.isOf(mark, branch)) return name;
    // In an earlier life of ours, another member may have gone on with it.
    const isGone = branchIds.isFromElsewhere(branch) || this.stories.hasGiven(branch, now_ms);
    return isGone ? this.cluster.live()[0] : undefined;
  }

  /** Whether a member goes on with its calls: it lives, and hasn't given the addresses away to us. */
  private hasCalls(member: string): boolean {
    const isGone = this.view.hasAddress && this.cluster.factsOf(member)?.hasAddress === false;
    return this.cluster.isAlive(member) && !isGone;
  }

  /** @returns whether a member gets it that goes on with its calls */
  private sendOn(member: string | undefined, wire: string, source: Flow, now_ms: number): boolean {
    if (member === undefined || this.isSentOn || wire.length > SIP_CHARACTERS_MAX || !this.hasCalls(member))
      return false;
    if (!this.cluster.tell(member, [[SIP, { ...saveFlow(source), wire }]])) return false;
    this.sent.keep(member, { wire, source, at_ms: now_ms });
    return true;
  }
}

/** Undefined: it isn't whole, or no message that could have come here. */
function readSent(value: Json) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { listener, address, port, wire } = value as Readonly<Record<string, Json | undefined>>;
  if (typeof listener !== "string" || typeof wire !== "string" || !isOctets(wire)) return undefined;
  if (typeof address !== "string" || !isAddress(address)) return undefined;
  if (typeof port !== "number" || !isCount(port, 1, 65_535)) return undefined;
  return { listener, address, port, wire };
}
