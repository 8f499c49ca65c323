/**
 * Members with one address as they play a branch's day. Two members that take calls and hear all others that live are always left, or
 * one where only a line between two is cut: a trouble that would leave less is left out. So a call may be lost for one reason alone, which is noted:
 * lines that lost something, just before its member ended.
 */
import type { Tale } from "../../../src/cluster/tale.ts";
import type { Site } from "../../support/site.ts";
import { AnycastGroup, type AnycastNode } from "./anycast.ts";
import type { Fate } from "./day-agents.ts";
import type { Day } from "./day-plan.ts";
import { type Gap, type Group, siteOf } from "./day-play.ts";
import type { Trouble } from "./day-troubles.ts";

/** With its route by BGP or OSPF. */
const FOLLOWS_ms = [10, 100, 600];
/** Older news have reached the other members over lines that are whole, since the list of calls comes twice a second. */
const TOLD_ms = 700;
const TIMER_B_ms = 32_000;
/** Until the last one that a call tries is asked. */
const SERIAL_ms = 10_000;
/** A callee that has answered. */
const SETTLED = ["accepted", "completed", "terminated"];
/** Until a death is known, and then the time anew in which upstream is to answer. */
const TAKEN_OVER_ms = 450 + 4_000;
/** Those that take calls and hear all others that live. */
const HEARERS_LEAST = 2;

/** A call whose member has ended before its heirs knew all of it. */
interface Untold {
  readonly call: string;
  readonly at_ms: number;
  readonly member: string;
  readonly heir: string;
  readonly lacks: number;
  /** Lines lost something just before. */
  readonly wasLossy: boolean;
}

export class WholeAnycast implements Group {
  readonly network: AnycastGroup["network"];
  readonly members: AnycastGroup;
  /** One member that takes nothing is no gap: each datagram that comes again comes to another one. A call that loses its member waits anew. */
  readonly gaps: Gap[] = [];
  readonly untold: Untold[] = [];
  /** What was left out, so that enough of them are left. */
  readonly spared: Trouble[] = [];
  private readonly saved = new Map<string, { readonly text: string; readonly at_ms: number }>();
  /** Calls that have lost their member once: that much may be late in any case. */
  private readonly ended = new Set<string>();
  /** When lines have lost something last. */
  private lossy_ms = Number.NEGATIVE_INFINITY;
  /** Until when chance has lost something of what members send to each other. */
  private linkLoss_ms = Number.NEGATIVE_INFINITY;
  private readonly calls: Day["calls"];

  constructor(day: Day) {
    this.calls = day.calls;
    const yaml = `listen: [${day.doors.map((door) => `udp:${door}:5060`).join(", ")}]${siteOf(day)}`;
    this.members = new AnycastGroup(day.members.length, day.seed, yaml);
    this.members.follows_ms = FOLLOWS_ms[day.seed % FOLLOWS_ms.length] ?? 0;
    this.network = this.members.network;
  }

  get sites(): readonly Site[] {
    return this.members.sites;
  }

  get running(): readonly Site[] {
    return this.members.living.map(({ site }) => site);
  }

  async start(): Promise<void> {
    for (const name of this.members.names) await this.members.boot(name);
  }

  async befall(trouble: Trouble): Promise<void> {
    const { members, network } = this;
    switch (trouble.kind) {
      case "kill":
      case "stop":
      case "drain":
        if (this.isEnough(trouble.member)) await this.end(trouble.kind, trouble.member, trouble);
        else this.spared.push(trouble);
        return;
      case "start":
        if (this.isHeardWith(trouble.member)) await this.boot(trouble.member, trouble.keeps);
        else this.spared.push(trouble);
        return;
      case "join":
        if (members.node(trouble.member).isUp) members.node(trouble.member).node.join();
        return;
      case "cut":
        this.cut(trouble);
        return;
      case "heal":
        members.heal(trouble.between);
        this.lossy_ms = network.now_ms;
        return;
      case "clock":
        members.clocks_ms.set(trouble.member, (members.clocks_ms.get(trouble.member) ?? 0) + trouble.by_ms);
        return;
      case "loss":
        this.lossy_ms = network.now_ms;
        if (members.linkLoss > 0) this.linkLoss_ms = network.now_ms;
        members.linkLoss = trouble.link;
        network.lossShare = trouble.network;
    }
  }

  async mend(): Promise<void> {
    const { members, network } = this;
    members.heal();
    members.linkLoss = 0;
    network.lossShare = 0;
    for (const name of members.names) {
      await this.boot(name);
      members.node(name).node.join();
    }
  }

  save(): void {
    for (const { name, site } of this.members.living)
      this.saved.set(name, { text: site.saved(), at_ms: this.network.now_ms });
  }

  faults(): string[] {
    const { living, names } = this.members;
    const isWhole = ({ node: { cluster } }: AnycastNode) =>
      cluster.state === "active" && cluster.live().length === names.length - 1;
    const states = living.map(({ name, node: { cluster } }) => `${name} ${cluster.state} hears ${cluster.live()}`);
    const isAll =
      living.length === names.length && living.every(isWhole) && this.network.announced.size === names.length;
    const left = living.flatMap(({ name, stories }) =>
      [...stories["tales"].values()].flatMap((tale) =>
        this.isLost(tale.callId) || this.mayLast(tale) ? [] : [`${name} still makes ${tale.callId}`],
      ),
    );
    const held = living.flatMap(({ name, site }) =>
      [...site.engine.calls.all()].flatMap(([id]) =>
        this.isLost(id) || this.hasLostLease(id) ? [] : [`${name} still holds a channel for ${id}`],
      ),
    );
    const announced = [...this.network.announced].join();
    return [...left, ...held, ...(isAll ? [] : [`not all are there: ${states.join("; ")}; announced: ${announced}`])];
  }

  excuse({ plan }: Fate): string | undefined {
    return this.isLost(plan.id) ? "lines lost its story just before its member ended" : undefined;
  }

  /** A callee that hasn't answered at all may do so until timer B, which outlasts the day, when the caller has been answered long since. */
  private mayLast({ server, transactions, zero_ms }: Tale): boolean {
    const isSilent = transactions.every(
      ({ state }) => state === "abandoned" || state === "disowned" || SETTLED.includes(state),
    );
    return server.isAnswered && isSilent && this.network.now_ms - zero_ms < TIMER_B_ms + SERIAL_ms;
  }

  private isLost(id: string): boolean {
    return this.untold.some(({ call, wasLossy }) => call === id && wasLossy);
  }

  /** Its end may have got lost, too: that is left to the comparison of records, before which the member that knows of it may end. */
  private hasLostLease(id: string): boolean {
    const at_ms = this.calls.find((call) => call.id === id)?.at_ms ?? 0;
    return at_ms < this.linkLoss_ms;
  }

  private async end(kind: "kill" | "stop" | "drain", name: string, trouble: Trouble): Promise<void> {
    const { members } = this;
    const node = members.node(name);
    if (!node.isUp) return;
    if (kind !== "drain") this.lookAtStories(node);
    if (trouble.kind === "kill") members.kill(name, trouble.gap_ms);
    else if (kind === "drain") node.node.drain();
    else {
      this.saved.set(name, { text: node.site.saved(), at_ms: this.network.now_ms });
      await members.stop(name);
    }
  }

  private async boot(name: string, keeps = true): Promise<void> {
    const { members, network } = this;
    if (members.node(name).isUp) return;
    const saved = keeps ? this.saved.get(name) : undefined;
    await members.boot(name, saved && { text: saved.text, age_ms: network.now_ms - saved.at_ms });
  }

  private cut(trouble: Extract<Trouble, { readonly kind: "cut" }>): void {
    const { members } = this;
    const [one = "", other = ""] = trouble.between ?? [];
    const wasCut = members.isCut(one, other);
    members.cut(one, other);
    // One that hears all is the least: with three members that is all that are left.
    if (wasCut || this.hearersWithout("").length >= HEARERS_LEAST - 1) return;
    members.heal([one, other]);
    this.spared.push(trouble);
  }

  /** One that started where nobody hears it would take calls as if it were alone. */
  private isHeardWith(name: string): boolean {
    const { members } = this;
    return members.living.some((one) => one.state === "active" && !members.isCut(one.name, name));
  }

  private isEnough(without: string): boolean {
    return this.hearersWithout(without).length >= HEARERS_LEAST;
  }

  /** Those that take calls and hear all others that live, but for one member. */
  private hearersWithout(without: string): readonly AnycastNode[] {
    const living = this.members.living.filter(({ name }) => name !== without);
    const hears = (one: string) => living.every(({ name }) => !this.members.isCut(one, name));
    return living.filter(({ name, state }) => state === "active" && hears(name));
  }

  /** Which of a member's calls others don't know whole, now that the member ends. */
  private lookAtStories({ name: member, stories }: AnycastNode): void {
    const { members, network } = this;
    const { now_ms } = network;
    const wasLossy = members.linkLoss > 0 || now_ms - this.lossy_ms < TOLD_ms;
    const { boot } = stories["voice"];
    const made = new Map([...stories["tales"], ...stories["given"].all]);
    for (const { callId: call } of made.values()) {
      if (this.ended.has(call)) this.gaps.push({ call, from_ms: now_ms, to_ms: now_ms + TAKEN_OVER_ms });
      this.ended.add(call);
    }
    for (const { name: heir, stories: theirs } of members.living) {
      if (heir === member) continue;
      for (const { id, events, callId: call } of made.values()) {
        const lacks = events.length - (theirs.heard.find(boot, id)?.whole ?? 0);
        const isHeir = stories["parts"].placement.heirs(call).includes(heir);
        if (isHeir && lacks > 0) this.untold.push({ call, at_ms: now_ms, member, heir, lacks, wasLossy });
      }
      // What has ended here, as the other one doesn't know.
      for (const { boot: of, id, isOver, isTold, callId: call } of theirs.heard.of(member)) {
        if (of !== boot || made.has(id) || isOver || isTold) continue;
        this.untold.push({ call, at_ms: now_ms, member, heir, lacks: 1, wasLossy });
      }
    }
  }
}
