/** An upstream target or a gateway: feeds what is seen of it to its state, and probes it. */
import { ownText } from "../../base/own-text.ts";
import { Timer, type TimerOwner } from "../../base/timers.ts";
import type { EndedBranch } from "../../proxy/plan/condition.ts";
import type { ProbeFailure, ProbeUser, ProbeVerdict, RunningProbe } from "../../proxy/prober.ts";
import type { TargetObserver, WaitingRequest } from "../../proxy/router.ts";
import type { Flow } from "../../transport/flow.ts";
import { type FlowWaiter, type Hop, hopKey } from "../../transport/locator.ts";
import type { UpstreamWatch } from "../named.ts";
import type { WatchSettings } from "../site.ts";
import type { Edge, PeerStatus } from "../status.ts";
import { AnsweredCalls } from "./answered-calls.ts";
import { DatagramLengths } from "./datagram-lengths.ts";
import type { Pin } from "./forcing.ts";
import { type History, tellChange } from "./history.ts";
import { PeerAddresses } from "./peer-addresses.ts";
import { failureBehind, type PeerFailure } from "./peer-failure.ts";
import { type PeerParts, type PeerRole, peerName, type Watched } from "./peer-parts.ts";
import { type Evidence, initialState, nameOf, observe, type PeerState, type PeerStateName } from "./peer-state.ts";
import { isAlike, judgeProbe } from "./probe-verdict.ts";
import { RegisterPace } from "./register-pace.ts";
import { takesCalls } from "./state-words.ts";
import { BEGINS, WaitingRequests } from "./waiting-requests.ts";

export class Peer implements TargetObserver, ProbeUser, FlowWaiter, TimerOwner<"probe" | "hold"> {
  readonly hop: Hop;
  /** What plans name it by, as the observer of a request outside a dialog, and within one. */
  readonly watch: UpstreamWatch;
  readonly watchInDialog: UpstreamWatch;
  /** For logs. */
  readonly name: string;
  /** The addresses that it has, and the ways to it. */
  readonly places: PeerAddresses;
  readonly calls = new AnsweredCalls();
  /** When a request last went there, for those that aren't configured. */
  used_ms = 0;
  /** Whether somebody has ever answered a probe there. */
  hasLived = false;
  private settings: WatchSettings;
  private readonly parts: PeerParts;
  private readonly history: History;
  readonly role: PeerRole;
  private state: PeerState;
  private pin: Pin | PeerStateName = "auto";
  private readonly probeTimer = new Timer<"probe" | "hold">(this, "probe");
  private readonly holdTimer = new Timer<"probe" | "hold">(this, "hold");
  /** How fast REGISTERs go there after an outage. */
  readonly pace = new RegisterPace();
  private readonly waiting = new WaitingRequests(this.pace);
  /** Doubting: a call has heard nothing since its 100, and the probe that runs decides whether that means anything. */
  private probing: "no" | "asking" | "doubting" = "no";
  /** The last one. */
  private running: RunningProbe | undefined = undefined;
  /** Of the last probe. */
  private failure: PeerFailure | undefined = undefined;
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
      ...this.parts.locator.names.originOf(this.hop),
      probe_failure: this.failure,
      answers_options: this.state.now.place === "deaf" ? false : undefined,
      ...this.calls.status,
      long_invites: this.lengths.found(now_ms),
    };
  }

  /** Whether it answers, by what is seen of it: an administrator's choice of a state doesn't concern what is under way. */
  get lives(): boolean {
    return nameOf(this.state) !== "down";
  }

  /** Whether it is seen as up, whatever an administrator has chosen. */
  get isUp(): boolean {
    return nameOf(this.state) === "up";
  }

  /** Whether it is down since we lack the address from which it is reached. */
  get isCut(): boolean {
    return this.state.now.place === "cut";
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

  /** It was down shortly before a restart: calls needn't find that out again. Nothing is asked before {@link start}. */
  restoreDown(since_ms: number, now_ms: number): void {
    this.see("down before restart", now_ms);
    if (this.seen?.evidence === "down before restart") this.seen = { ...this.seen, since_ms };
  }

  /** Since when it is seen as down; undefined: it isn't. */
  get downSince_ms(): number | undefined {
    return this.lives ? undefined : this.seen?.since_ms;
  }

  /** From now on this is its state, whatever is seen. It is watched all the same. */
  force(pin: Pin | PeerStateName, now_ms: number): void {
    const before = this.stateName;
    const evidence = pin === "auto" ? "no longer forced" : "forced";
    this.pin = pin;
    if (this.stateName === before) return;
    this.changed({ from: before, to: this.stateName, evidence }, now_ms);
    if (this.stateName === "down") this.waiting.onDown(BEGINS, now_ms);
  }

  /** For good: what calls in progress still report moves nothing any more. */
  stop(): void {
    this.watching = "no more";
    this.parts.timers.stop(this.probeTimer);
    this.parts.timers.stop(this.holdTimer);
    for (const flow of this.places.flows) this.parts.prober.release(flow);
  }

  onStart(request: WaitingRequest, now_ms: number): void {
    this.waiting.onStart(request, now_ms);
  }

  onEnd(request: WaitingRequest, ended: EndedBranch, now_ms: number): void {
    this.waiting.onEnd(request, ended, now_ms);
  }

  /** All that is observed of a gateway are calls. */
  onAnswer(status: number, now_ms: number): void {
    const isCall = this.role === "gateway" && status > 100;
    if (isCall) this.calls.last_ms = now_ms;
    if (isCall && this.state.now.place !== "up") this.see("call answered", now_ms);
    else if (nameOf(this.state) === "suspect") this.see("request answered", now_ms);
  }

  /** Of a gateway: it has accepted a new call. @param hasOurs its 2xx lists us in Record-Route */
  onAccepted(hasOurs: boolean): void {
    this.calls.noteRoute(hasOurs, this.name, this.parts.log);
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
    this.lengths.onLife(this, this.parts.log, now_ms);
    this.see("probe answered", now_ms);
  }

  onProbeFailure(why: ProbeFailure, now_ms: number): void {
    const wasDoubting = this.probing === "doubting";
    this.probing = "no";
    this.failure = this.parts.locator.names.lackOf(this.hop) ?? why;
    this.lengths.onProbe(false, now_ms);
    if (wasDoubting) this.see("request unanswered", now_ms);
    this.see("probe failed", now_ms);
  }

  /** A probe that waited for it may have been given up. */
  onLocated(flows: readonly Flow[], now_ms: number): void {
    this.take(flows);
    if (flows.length > 0 && this.watching === "yes" && this.state.now.place !== "up") this.probe(now_ms);
  }

  /** Looks where it is by now. */
  look(now_ms: number): void {
    this.take(this.parts.locator.locate(this.hop, this, now_ms) ?? []);
  }

  private take(flows: readonly Flow[]): void {
    for (const gone of this.places.take(flows)) this.parts.prober.release(gone);
  }

  onTimer(kind: "probe" | "hold", now_ms: number): void {
    if (kind === "hold") this.see("hold over", now_ms);
    else this.probe(now_ms);
  }

  private probe(now_ms: number, why: "asking" | "doubting" = "asking"): void {
    const isRunning = this.probing !== "no";
    if (!isRunning || why === "doubting") this.probing = why;
    if (isRunning) return;
    this.look(now_ms);
    const { options: form, timeout_ms } = this.settings.probe;
    this.running = this.parts.prober.probe({ target: this.name, form, timeout_ms }, this.hop, this, now_ms);
  }

  /** What has been seen of it, by its own probes or by others. */
  see(evidence: Evidence, now_ms: number): void {
    if (this.watching === "no more") return;
    const before = nameOf(this.state);
    const { state, probeIn_ms, holdFor_ms } = observe(this.state, evidence, this.settings, now_ms);
    this.state = state;
    const after = nameOf(state);
    const probe_failure = failureBehind(evidence, this.failure, this.parts.locator.names.lackOf(this.hop));
    if (after !== before) this.seen = { since_ms: now_ms, evidence, evidence_failure: probe_failure };
    if (after !== before && this.pin === "auto") {
      this.changed({ from: before, to: after, evidence, probe_failure }, now_ms);
    }
    const isDown = after === "down";
    if (isDown !== (before === "down")) this.history.onTurn(this.role, this.name, isDown, now_ms);
    if (isDown && before !== "down") this.waiting.onDown((method) => this.pin === "auto" || !BEGINS(method), now_ms);
    if (holdFor_ms !== undefined) this.parts.timers.start(this.holdTimer, holdFor_ms, now_ms);
    if (after !== "recovering") this.parts.timers.stop(this.holdTimer);
    if (probeIn_ms === 0 && this.watching !== "not yet") this.probe(now_ms);
    else if (probeIn_ms !== undefined) this.parts.timers.start(this.probeTimer, probeIn_ms, now_ms);
  }

  private changed(what: Pick<Edge, "from" | "to" | "evidence" | "probe_failure">, now_ms: number): void {
    const change = { at_ms: now_ms, role: this.role, name: this.name, ...what };
    this.history.add(change);
    tellChange(change, this.parts.log);
  }
}
