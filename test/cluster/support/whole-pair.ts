/**
 * Two routers as a branch has them: the whole of branchline but for its sockets, what VRRP does with the shared addresses, and all that may
 * befall either: its power or its process ends, lines are cut, it drains, joins, is started again, its clock is set.
 */

import type { TransportPort } from "../../../src/transport/flow.ts";
import { Member, type MemberName } from "../../app/pair-of-nodes.ts";
import { Rng } from "../../fuzz/rng.ts";
import { header, readSip } from "../../sip/message.ts";
import type { Site } from "../../support/site.ts";
import type { Switch } from "./switch.ts";

export const SHARED = ["10.222.237.1", "203.0.113.1"] as const;

/** What keepalived needs, with adverts each 0.1 s: to hear a farewell, and to miss three adverts. */
const FAREWELL_ms = 60;
const MISSED_ms = 350;
/** Until branchline has seen a change of its addresses. */
const LOOK_ms = 100;
const LINK_ms = 1;
/** The news of a 100 waits so long for others, and is then on its way. */
const LATE_ms = 100 + LINK_ms;
/** A router that starts asks the other one who it is, is asked the same, answers, and gets the list of calls, asks for them, and gets these. */
const INTRODUCED_ms = 6 * LINK_ms;
/** A day in 2026. */
const CLOCK_ms = 1_780_000_000_000;
/** What is older than that has reached the other member over a line that is whole. */
const TOLD_ms = 700;

/** A call whose member has gone away before the other one knew all of it, and whether that could be helped. */
export interface Untold {
  readonly call: string;
  readonly at_ms: number;
  readonly member: MemberName;
  /** What the heir lacks: events, and since when it could have had the first of them. */
  readonly lacks: number;
  readonly since_ms: number;
  /** Why it couldn't know; undefined: it could. */
  readonly why: string | undefined;
}

class Router {
  readonly name: MemberName;
  member: Member | undefined = undefined;
  isUp = false;
  /** When it has been started last. */
  since_ms = 0;
  isHealthy = false;
  /** As the kernel has it. */
  hasAddress = false;
  clock_ms = CLOCK_ms;
  saved: { readonly text: string; readonly at_ms: number } | undefined = undefined;

  constructor(name: MemberName) {
    this.name = name;
  }
}

export class WholePair {
  readonly network: Switch;
  readonly routers: Readonly<Record<MemberName, Router>> = { a: new Router("a"), b: new Router("b") };
  /** The line between the members; datagrams on it may also be lost, late and doubled. */
  isLinkCut = false;
  linkLoss = 0;
  readonly untold: Untold[] = [];
  /** Of all lives. */
  readonly sites: Site[] = [];
  /** Times without any router that has the addresses. */
  readonly gaps: { readonly from_ms: number; to_ms: number }[] = [];
  /** When each member had them. */
  readonly holdings: { readonly member: MemberName; readonly from_ms: number; to_ms: number }[] = [];
  private readonly yamlOf: (name: MemberName) => string;
  private readonly rng: Rng;
  /** Since when the line between the members has been whole. */
  private whole_ms = 0;

  constructor(network: Switch, yamlOf: (name: MemberName) => string, seed: number) {
    this.network = network;
    this.yamlOf = yamlOf;
    this.rng = new Rng(seed);
  }

  async start(): Promise<void> {
    await this.boot("a");
    await this.boot("b");
  }

  /** @param keeps whether what it had on disk is still there; it always is where no other member can tell it the same */
  async boot(name: MemberName, keeps = true): Promise<void> {
    const router = this.routers[name];
    if (router.isUp) return;
    router.isUp = true;
    router.since_ms = this.network.now_ms;
    const view = this.network.seenBy(name);
    const send = (to: string, wire: string) => this.sendLink(member, to as MemberName, wire);
    const member: Member = new Member(name, view, this.yamlOf(name), send, false, {
      seed: this.rng.below(1_000_000),
      wallClock_ms: (now_ms) => router.clock_ms + now_ms,
      transport: (inner) => this.transport(router, inner),
      onTold: (isHealthy) => {
        if (router.member !== member || router.isHealthy === isHealthy) return;
        router.isHealthy = isHealthy;
        this.onHealth(router);
      },
    });
    router.member = member;
    this.sites.push(member.site);
    this.tellKernel(router);
    const { saved } = router;
    const isTaught = this.otherOf(router).isUp && !this.isLinkCut && this.linkLoss === 0;
    if (saved !== undefined && (keeps || !isTaught)) member.site.restore(saved.text, this.network.now_ms - saved.at_ms);
    this.network.after(this.rng.below(LOOK_ms), () => this.look(router, member));
    await member.node.start();
  }

  /** Its power is cut. @param gap_ms until VRRP has noticed */
  kill(name: MemberName, gap_ms: number): void {
    const router = this.routers[name];
    if (!router.isUp) return;
    this.lookAtStories(router);
    this.end(router);
    this.planTake(this.otherOf(router), gap_ms);
  }

  /** As the service's manager stops it. */
  async stop(name: MemberName): Promise<void> {
    const router = this.routers[name];
    const { member } = router;
    if (!router.isUp || member === undefined) return;
    this.save(router);
    const had = router.hasAddress;
    await member.node.stop();
    if (had) this.lookAtStories(router);
    this.end(router);
  }

  drain(name: MemberName): void {
    this.living(name)?.node.drain();
  }

  join(name: MemberName): void {
    this.living(name)?.node.join();
  }

  setClock(name: MemberName, by_ms: number): void {
    this.routers[name].clock_ms += by_ms;
  }

  /** @param halfOf what of the branch is with which router; undefined: only the line between the members is cut */
  cut(halfOf?: (address: string) => MemberName | undefined): void {
    this.isLinkCut = true;
    if (halfOf === undefined) return;
    this.network.halfOf = halfOf;
    for (const router of this.both) this.planTake(router, MISSED_ms);
  }

  heal(): void {
    if (this.isLinkCut) this.whole_ms = this.network.now_ms;
    this.isLinkCut = false;
    this.network.halfOf = undefined;
    const { a, b } = this.routers;
    // Both may have them: the greater priority stays.
    this.network.after(this.rng.below(LOOK_ms), () => {
      if (a.hasAddress && b.hasAddress && this.network.halfOf === undefined) this.release(b);
    });
    for (const router of this.both) this.planTake(router, MISSED_ms);
  }

  loseOnLink(share: number): void {
    if (this.linkLoss > 0 && share === 0) this.whole_ms = this.network.now_ms;
    this.linkLoss = share;
  }

  /** As branchline writes it now and then. */
  saveBoth(): void {
    for (const router of this.both) if (router.isUp) this.save(router);
  }

  get both(): readonly Router[] {
    return [this.routers.a, this.routers.b];
  }

  private living(name: MemberName): Member | undefined {
    const { isUp, member } = this.routers[name];
    return isUp ? member : undefined;
  }

  private otherOf({ name }: Router): Router {
    return this.routers[name === "a" ? "b" : "a"];
  }

  private save(router: Router): void {
    const text = router.member?.site.saved();
    if (text !== undefined) router.saved = { text, at_ms: this.network.now_ms };
  }

  private end(router: Router): void {
    router.member?.die();
    router.member = undefined;
    router.isUp = false;
    router.isHealthy = false;
    if (router.hasAddress) {
      router.hasAddress = false;
      this.noteGap();
    }
  }

  private onHealth(router: Router): void {
    if (router.isHealthy) this.planTake(router, MISSED_ms);
    else if (router.hasAddress) {
      this.lookAtStories(router);
      this.release(router);
    }
  }

  private planTake(router: Router, delay_ms: number): void {
    this.network.after(delay_ms + this.rng.below(30), () => {
      const other = this.otherOf(router);
      const isHeard = other.isUp && other.hasAddress && this.network.halfOf === undefined;
      if (router.isUp && router.isHealthy && !router.hasAddress && !isHeard) this.take(router);
    });
  }

  private take(router: Router): void {
    // While the switch is cut, both may have calls of the one that had the addresses.
    this.lookAtStories(this.otherOf(router));
    router.hasAddress = true;
    this.noteGap();
    this.tellKernel(router);
    const { member } = router;
    if (member === undefined) return;
    // Its sockets are open before (ip_nonlocal_bind): they hear at once.
    for (const listener of this.sharedOf(member)) {
      const onDatagram = (wire: string, { address, port }: { readonly address: string; readonly port: number }) => {
        if (router.member === member) member.site.engine.onMessage(wire, { listener, address, port });
      };
      member.site.simulation.attach(listener, { onDatagram });
    }
  }

  private release(router: Router): void {
    router.hasAddress = false;
    this.noteGap();
    this.tellKernel(router);
    const { member } = router;
    if (member === undefined) return;
    for (const listener of this.sharedOf(member)) member.site.simulation.detach(listener);
    this.planTake(this.otherOf(router), FAREWELL_ms);
  }

  /** Branchline looks at its addresses ten times a second. */
  private look(router: Router, member: Member): void {
    if (router.member !== member) return;
    const hasSeen = this.sharedOf(member).every(({ isAway }) => !isAway);
    if (hasSeen === router.hasAddress) member.node.onLook();
    else member.holds(router.hasAddress);
    this.network.after(LOOK_ms, () => this.look(router, member));
  }

  private tellKernel({ name, member, hasAddress }: Router): void {
    if (member === undefined) return;
    const [lan, wan] = SHARED;
    const own = name === "a" ? 2 : 3;
    member.interfaces = new Map([
      ["lan", [`10.222.237.${own}`, ...(hasAddress ? [lan] : [])]],
      ["wan", [`203.0.113.${own}`, ...(hasAddress ? [wan] : [])]],
    ]);
  }

  private sharedOf({ site }: Member) {
    return site.listeners.filter(({ isShared }) => isShared);
  }

  /** A datagram leaves from a shared address if the kernel has that, whatever branchline has seen. */
  private transport(router: Router, inner: TransportPort): TransportPort {
    const { member: before } = router;
    const send: TransportPort["send"] = (flow, wire) => {
      const { listener, address, port } = flow;
      const { member } = router;
      if (!SHARED.some((one) => one === listener.address)) return inner.send(flow, wire);
      if (member === undefined || member === before) return true;
      const { simulation, engine } = member.site;
      const tell = (why: string) => {
        if (router.member === member && !wire.startsWith("SIP/2.0 ")) engine.onUnreachable(flow, why);
      };
      if (!router.hasAddress) simulation.after(0, () => tell("ENETUNREACH"));
      else {
        const from = { address: listener.address, port: listener.port };
        simulation.send(from, { address, port }, wire, () => tell("ECONNREFUSED"));
      }
      return true;
    };
    return { send, watch: () => {}, unwatch: () => {}, giveUp: () => {} };
  }

  private sendLink(from: Member, to: MemberName, wire: string): void {
    const { network, rng } = this;
    const sender = this.both.find(({ member }) => member === from);
    if (this.isLinkCut || sender === undefined || rng.chance(this.linkLoss)) return;
    const copies = this.linkLoss > 0 && rng.chance(0.1) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const late_ms = this.linkLoss > 0 ? rng.below(30) : 0;
      network.after(LINK_ms + late_ms, () => {
        if (!this.isLinkCut) this.routers[to].member?.onDatagram(wire);
      });
    }
  }

  /** No router, or at least one, has the addresses from now on. */
  private noteGap(): void {
    const { now_ms } = this.network;
    const last = this.gaps[this.gaps.length - 1];
    const isOpen = last?.to_ms === Number.POSITIVE_INFINITY;
    for (const { name, hasAddress } of this.both) {
      const held = this.holdings.find(({ member, to_ms }) => member === name && to_ms === Number.POSITIVE_INFINITY);
      if (hasAddress && held === undefined)
        this.holdings.push({ member: name, from_ms: now_ms, to_ms: Number.POSITIVE_INFINITY });
      else if (!hasAddress && held !== undefined) held.to_ms = now_ms;
    }
    const hasAny = this.both.some(({ hasAddress }) => hasAddress);
    if (!hasAny && !isOpen) this.gaps.push({ from_ms: now_ms, to_ms: Number.POSITIVE_INFINITY });
    else if (hasAny && isOpen && last !== undefined) last.to_ms = now_ms;
  }

  /** Which of a member's calls the other one doesn't know whole, now that they are its own. */
  private lookAtStories(router: Router): void {
    const { now_ms } = this.network;
    const stories = storiesOf(router);
    const heir = this.otherOf(router);
    const heirs = storiesOf(heir);
    const isThere = heirs !== undefined && now_ms - heir.since_ms >= INTRODUCED_ms;
    if (stories === undefined) return;
    const isWhole = !this.isLinkCut && this.linkLoss === 0 && now_ms - this.whole_ms > TOLD_ms;
    const made = [...stories["tales"].values(), ...stories["given"].all.values()];
    for (const { id, events, zero_ms, opening } of made) {
      const known = heirs?.heard.find(stories["voice"].boot, id)?.whole ?? 0;
      const missed = events[known];
      if (missed === undefined) continue;
      const since_ms = zero_ms + missed.at_ms;
      const isLate = now_ms - since_ms > LATE_ms;
      const why = !isThere ? "no other member" : !isWhole ? "line" : isLate ? undefined : "on its way";
      this.note({ wire: opening.wire, router, lacks: events.length - known, since_ms, why });
    }
    // What has ended here, as the other one doesn't know.
    for (const heard of heirs?.heard.of(router.name) ?? []) {
      const isMade = made.some(({ id }) => heard.boot === stories["voice"].boot && heard.id === id);
      const { opening, zero_ms, isOver, isTold } = heard;
      if (isMade || isOver || isTold || opening === undefined) continue;
      this.note({ wire: opening.wire, router, lacks: 1, since_ms: zero_ms, why: isWhole ? undefined : "line" });
    }
    // What it was to go on with for a member that is gone.
    for (const { member, isTold, isOver, opening, zero_ms } of stories.heard.all) {
      const isOrphan = !isTold && !isOver && !this.routers[member as MemberName].isUp;
      if (isOrphan && opening !== undefined)
        this.note({ wire: opening.wire, router, lacks: 0, since_ms: zero_ms, why: "no other member" });
    }
  }

  private note({ wire, router, ...rest }: Pick<Untold, "lacks" | "since_ms" | "why"> & NotedCall): void {
    const call = header(readSip(wire), "call-id");
    this.untold.push({ call, at_ms: this.network.now_ms, member: router.name, ...rest });
  }
}

interface NotedCall {
  readonly wire: string;
  readonly router: Router;
}

function storiesOf({ member }: Router) {
  return member?.node["calls"].stories;
}
