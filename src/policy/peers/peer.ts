/** An upstream target or a gateway: feeds what is seen of it to its state, and probes it. */
import { ownText } from "../../base/own-text.ts";
import type { Logger } from "../../base/ports.ts";
import { Timer, type TimerOwner, type Timers } from "../../base/timers.ts";
import type { Response } from "../../message/message.ts";
import { hostText } from "../../message/uri.ts";
import type { ProbeFailure, Prober, ProbeUser, ProbeVerdict, RunningProbe } from "../../proxy/prober.ts";
import type { TargetObserver, WaitingRequest } from "../../proxy/router.ts";
import { DEFAULT_PROTOCOL, type Flow, isSameFlow } from "../../transport/flow.ts";
import { type FlowWaiter, type Hop, hopKey, type Locator } from "../../transport/locator.ts";
import type { UpstreamWatch } from "../named.ts";
import type { ProbeSettings, WatchSettings } from "../site.ts";
import type { Edge, PeerStatus } from "../status.ts";
import { DatagramLengths, LONG_INVITES_CURE, longInvitesText } from "./datagram-lengths.ts";
import type { Pin } from "./forcing.ts";
import { type History, tellChange } from "./history.ts";
import { PeerAddresses } from "./peer-addresses.ts";
import { type Evidence, initialState, nameOf, observe, type PeerState, type PeerStateName } from "./peer-state.ts";
import { judgeProbe } from "./probe-verdict.ts";
import { takesCalls } from "./state-words.ts";

export interface PeerParts {
  readonly prober: Prober;
  readonly locator: Locator;
  readonly timers: Timers;
  readonly log: Logger;
}

export type PeerRole = "upstream" | "gateway";

/** Where a peer is, and how it is watched. */
export interface Watched {
  readonly hop: Hop;
  readonly settings: WatchSettings;
}

/** For logs and the status: "host" or "host:port", with its transport where it isn't UDP. */
export function peerName({ host, port, protocol }: Hop): string {
  const name = port === undefined ? hostText(host) : `${hostText(host)}:${port}`;
  return protocol === undefined || protocol === DEFAULT_PROTOCOL ? name : `${name};transport=${protocol}`;
}

export class Peer implements TargetObserver, ProbeUser, FlowWaiter, TimerOwner<"probe" | "hold"> {
  readonly hop: Hop;
  /** What plans name it by, as the observer of a request outside a dialog, and within one. */
  readonly watch: UpstreamWatch;
  readonly watchInDialog: UpstreamWatch;
  /** For logs. */
  readonly name: string;
  /** The addresses that it has, and the ways to it. */
  readonly places: PeerAddresses;
  /** When a request last went there, for those that aren't configured. */
  used_ms = 0;
  /** Whether somebody has ever answered a probe there. */
  hasLived = false;
  private settings: WatchSettings;
  private readonly parts: PeerParts;
  private readonly history: History;
  readonly role: PeerRole;
  private state: PeerState;
  private pin: Pin = "auto";
  private readonly probeTimer = new Timer<"probe" | "hold">(this, "probe");
  private readonly holdTimer = new Timer<"probe" | "hold">(this, "hold");
  private readonly waiting = new Set<WaitingRequest>();
  /** Doubting: a call has heard nothing since its 100, and the probe that runs decides whether that means anything. */
  private probing: "no" | "asking" | "doubting" = "no";
  /** The last one. */
  private running: RunningProbe | undefined = undefined;
  /** Of the last probe. */
  private failure: ProbeFailure | undefined = undefined;
  /** Outdated: its probes have other settings than when the last one left. */
  private watching: "not yet" | "yes" | "outdated" | "no more" = "not yet";
  private readonly lengths = new DatagramLengths();
  /** Since when it is seen as it is, and what had been seen just before. */
  private seen: (Pick<PeerStatus, "evidence" | "evidence_failure"> & { since_ms: number }) | undefined = undefined;

  constructor(parts: PeerParts, history: History, role: PeerRole, { hop, settings }: Watched) {
    this.parts = parts;
    this.history = history;
    this.role = role;
    this.settings = settings;
    this.hop = hop;
    this.watch = { name: "upstream", key: ownText(hopKey(hop)) };
    this.watchInDialog = { ...this.watch, name: "upstream-in-dialog" };
    this.places = new PeerAddresses(hop);
    this.name = peerName(hop);
    this.state = initialState(settings);
  }

  /** Another file, or the same one anew: what is known of the peer stays. */
  takeSettings(settings: WatchSettings): void {
    if (settings === this.settings) return;
    if (this.watching === "yes" && !isAlike(settings.probe, this.settings.probe)) this.watching = "outdated";
    this.settings = settings;
  }

  get stateName(): PeerStateName {
    return this.pin === "auto" ? nameOf(this.state) : this.pin;
  }

  status(now_ms: number): PeerStatus {
    return {
      name: this.name,
      state: this.stateName,
      observed: nameOf(this.state),
      ...this.seen,
      hold_left_ms: this.holdTimer.isRunning ? Math.max(0, this.holdTimer.deadline_ms - now_ms) : undefined,
      addresses: this.places.present,
      probe_failure: this.failure,
      long_invites: this.lengths.found(now_ms),
    };
  }

  /** Whether it answers, by what is seen of it: for what an administrator's choice of a state doesn't concern. */
  get lives(): boolean {
    return nameOf(this.state) !== "down";
  }

  /** Whether it has answered its last probe. */
  get answersProbes(): boolean {
    return this.hasLived && this.failure === undefined;
  }

  /** Whether new calls are sent there. */
  get takesCalls(): boolean {
    return takesCalls(this.stateName);
  }

  /** Whether it is worth asking at all. */
  get takesRegisters(): boolean {
    return this.stateName !== "down";
  }

  /** Begins to watch it; once more after {@link takeSettings}: it is asked at once when its probes have changed. */
  start(now_ms: number): void {
    if (this.watching !== "not yet" && this.watching !== "outdated") return;
    this.watching = "yes";
    this.seen = this.seen ?? { since_ms: now_ms };
    this.probe(now_ms);
  }

  /** From now on this is its state, whatever is seen. It is watched all the same. */
  force(pin: Pin, now_ms: number): void {
    const before = this.stateName;
    const evidence = pin === "auto" ? "no longer forced" : "forced";
    this.pin = pin;
    if (this.stateName === before) return;
    this.changed({ from: before, to: this.stateName, evidence }, now_ms);
    if (this.stateName === "down") this.rescue(BEGINS, now_ms);
  }

  /** For good: what calls in progress still report moves nothing any more. */
  stop(): void {
    this.watching = "no more";
    this.parts.timers.stop(this.probeTimer);
    this.parts.timers.stop(this.holdTimer);
    for (const flow of this.places.flows) this.parts.prober.release(flow);
  }

  onStart(request: WaitingRequest, _now_ms: number): void {
    this.waiting.add(request);
  }

  onEnd(request: WaitingRequest, _response: Response | undefined, _now_ms: number): void {
    this.waiting.delete(request);
  }

  onAnswer(_status: number, now_ms: number): void {
    if (nameOf(this.state) === "suspect") this.see("request answered", now_ms);
  }

  onSilence(method: string, now_ms: number): void {
    if (method === "INVITE" || method === "REGISTER") this.see("request unanswered", now_ms);
  }

  onDatagramAnswered(octets: number, now_ms: number): void {
    this.lengths.onAnswered(octets, now_ms);
  }

  onDatagramUnanswered(method: string, octets: number, now_ms: number): void {
    if (method === "INVITE") this.lengths.onUnanswered(octets, now_ms);
  }

  /** A slow callee, or a line that has just been cut: asks at once. */
  onHush(now_ms: number): void {
    if (this.state.now.place !== "up" || this.watching === "no more") return;
    this.probe(now_ms, "doubting");
  }

  onUnreachable(_method: string, now_ms: number): void {
    this.see("request undeliverable", now_ms);
  }

  /** An address of ours is gone, or here. */
  onOwnAddress(isHere: boolean, now_ms: number): void {
    // Its answer would go to an address that is no longer ours.
    this.running?.forget();
    this.probing = "no";
    this.see(isHere ? "own address here" : "own address gone", now_ms);
  }

  judge(status: number): ProbeVerdict {
    return judgeProbe(this.settings, status);
  }

  onProbeAnswer(_status: number, now_ms: number): void {
    this.probing = "no";
    this.hasLived = true;
    this.failure = undefined;
    this.lengths.onAnswered(this.settings.probe.options.octets ?? 0, now_ms);
    this.judgeLengths(now_ms);
    this.see("probe answered", now_ms);
  }

  onProbeFailure(why: ProbeFailure, now_ms: number): void {
    const wasDoubting = this.probing === "doubting";
    this.probing = "no";
    this.failure = why;
    this.lengths.onProbe(false, now_ms);
    if (wasDoubting) this.see("request unanswered", now_ms);
    this.see("probe failed", now_ms);
  }

  onLocated(flows: readonly Flow[]): void {
    if (flows.length === 0) return;
    for (const old of this.places.flows) {
      if (!flows.some((flow) => isSameFlow(flow, old))) this.parts.prober.release(old);
    }
    this.places.take(flows);
  }

  onTimer(kind: "probe" | "hold", now_ms: number): void {
    if (kind === "hold") this.see("hold over", now_ms);
    else this.probe(now_ms);
  }

  private probe(now_ms: number, why: "asking" | "doubting" = "asking"): void {
    const isRunning = this.probing !== "no";
    if (!isRunning || why === "doubting") this.probing = why;
    if (isRunning) return;
    const flows = this.parts.locator.locate(this.hop, this, now_ms);
    if (flows !== undefined) this.onLocated(flows);
    const { options: form, timeout_ms } = this.settings.probe;
    this.running = this.parts.prober.probe({ target: this.name, form, timeout_ms }, this.hop, this, now_ms);
  }

  /** It lives: what has been left unanswered was lost for another reason. */
  private judgeLengths(now_ms: number): void {
    const { role, name, lengths } = this;
    const found = lengths.onProbe(true, now_ms);
    if (found === undefined) return;
    const { octets, answered_octets } = found;
    this.parts.log.warn("invites_unanswered", {
      [role]: name,
      octets,
      ...(answered_octets === 0 ? {} : { answered_octets }),
      what: longInvitesText(found),
      cure: LONG_INVITES_CURE,
    });
  }

  private see(evidence: Evidence, now_ms: number): void {
    if (this.watching === "no more") return;
    const before = nameOf(this.state);
    const { state, probeIn_ms, holdFor_ms } = observe(this.state, evidence, this.settings, now_ms);
    this.state = state;
    const after = nameOf(state);
    const probe_failure = evidence === "probe failed" ? this.failure : undefined;
    if (after !== before) this.seen = { since_ms: now_ms, evidence, evidence_failure: probe_failure };
    if (after !== before && this.pin === "auto") {
      this.changed({ from: before, to: after, evidence, probe_failure }, now_ms);
    }
    if (after === "down" && before !== "down") {
      this.rescue((method) => this.pin === "auto" || !BEGINS(method), now_ms);
    }
    if (holdFor_ms !== undefined) this.parts.timers.start(this.holdTimer, holdFor_ms, now_ms);
    if (after !== "recovering") this.parts.timers.stop(this.holdTimer);
    if (probeIn_ms === 0) this.probe(now_ms);
    else if (probeIn_ms !== undefined) this.parts.timers.start(this.probeTimer, probeIn_ms, now_ms);
  }

  private changed(what: Pick<Edge, "from" | "to" | "evidence" | "probe_failure">, now_ms: number): void {
    const change = { at_ms: now_ms, role: this.role, name: this.name, ...what };
    this.history.add(change);
    tellChange(change, this.parts.log);
  }

  /** Requests with such a method don't wait for it any longer. */
  private rescue(isMeant: (method: string) => boolean, now_ms: number): void {
    for (const request of [...this.waiting]) if (isMeant(request.routed.request.method)) request.rescue(now_ms);
  }
}

/** New calls and registrations: an administrator's choice of a state concerns these alone. */
const BEGINS = (method: string): boolean => method === "INVITE" || method === "REGISTER";

/** Plain data, made by the same loader. */
function isAlike(a: ProbeSettings, b: ProbeSettings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
