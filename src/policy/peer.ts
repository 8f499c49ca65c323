/** An upstream target or a gateway: feeds what is seen of it to its state, and probes it. */
import type { Logger } from "../base/ports.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { Response } from "../message/message.ts";
import type { SipUri } from "../message/uri.ts";
import type { Prober, ProbeUser } from "../proxy/prober.ts";
import type { TargetObserver, WaitingRequest } from "../proxy/router.ts";
import type { Flow } from "../transport/flow.ts";
import type { FlowWaiter, HostPort, Locator } from "../transport/locator.ts";
import { type Evidence, initialState, observe, type PeerState } from "./peer-state.ts";
import type { WatchSettings } from "./site.ts";

export interface PeerParts {
  readonly prober: Prober;
  readonly locator: Locator;
  readonly timers: Timers;
  readonly log: Logger;
}

/** What peers of a kind have in common: how they are watched, and what the log calls them. */
export interface PeerKind {
  readonly role: "upstream" | "gateway";
  readonly settings: WatchSettings;
}

export class Peer implements TargetObserver, ProbeUser, FlowWaiter, TimerOwner {
  readonly hop: HostPort;
  /** For logs: "host" or "host:port". */
  readonly name: string;
  /** When a request last went there, for those that aren't configured. */
  used_ms = 0;
  private readonly parts: PeerParts;
  private readonly kind: PeerKind;
  private state: PeerState;
  private readonly probeTimer = new Timer(this, "probe");
  private readonly holdTimer = new Timer(this, "hold");
  private readonly waiting = new Set<WaitingRequest>();
  private isProbing = false;
  private isStopped = false;
  private flows: readonly Flow[] = [];

  constructor(parts: PeerParts, kind: PeerKind, uri: Pick<SipUri, "host" | "port">) {
    this.parts = parts;
    this.kind = kind;
    this.hop = { host: uri.host, port: uri.port };
    const host = uri.host.includes(":") ? `[${uri.host}]` : uri.host;
    this.name = uri.port === undefined ? host : `${host}:${uri.port}`;
    this.state = initialState(kind.settings);
  }

  get stateName(): PeerState["name"] {
    return this.state.name;
  }

  /** Whether new calls are sent there. */
  get takesCalls(): boolean {
    return this.state.name === "up" || this.state.name === "suspect";
  }

  /** Whether it is worth asking at all. */
  get takesRegisters(): boolean {
    return this.state.name !== "down";
  }

  /** Whether requests come from it. */
  hasAddress(address: string): boolean {
    return this.hop.host === address || this.flows.some((flow) => flow.address === address);
  }

  start(now_ms: number): void {
    this.probe(now_ms);
  }

  /** For good: what calls in progress still report moves nothing any more. */
  stop(): void {
    this.isStopped = true;
    this.parts.timers.stop(this.probeTimer);
    this.parts.timers.stop(this.holdTimer);
    const [watched] = this.flows;
    if (watched !== undefined) this.parts.prober.release(watched);
  }

  onStart(request: WaitingRequest, _now_ms: number): void {
    this.waiting.add(request);
  }

  onEnd(request: WaitingRequest, _response: Response | undefined, _now_ms: number): void {
    this.waiting.delete(request);
  }

  onAnswer(_status: number, now_ms: number): void {
    if (this.state.name === "suspect") this.see("request answered", now_ms);
  }

  onSilence(method: string, now_ms: number): void {
    if (method === "INVITE" || method === "REGISTER") this.see("request unanswered", now_ms);
  }

  onUnreachable(_method: string, now_ms: number): void {
    this.see("request undeliverable", now_ms);
  }

  onProbeAnswer(_status: number, now_ms: number): void {
    this.isProbing = false;
    this.see("probe answered", now_ms);
  }

  onProbeFailure(_why: string, now_ms: number): void {
    this.isProbing = false;
    this.see("probe failed", now_ms);
  }

  onLocated(flows: readonly Flow[]): void {
    if (flows.length > 0) this.flows = flows;
  }

  onTimer(kind: string, now_ms: number): void {
    if (kind === "hold") this.see("hold over", now_ms);
    else this.probe(now_ms);
  }

  private probe(now_ms: number): void {
    if (this.isProbing) return;
    this.isProbing = true;
    const flows = this.parts.locator.locate(this.hop, this, now_ms);
    if (flows !== undefined) this.onLocated(flows);
    this.parts.prober.probe(`sip:${this.name}`, this.hop, this.kind.settings.probe.timeout_ms, this, now_ms);
  }

  private see(evidence: Evidence, now_ms: number): void {
    if (this.isStopped) return;
    const before = this.state;
    const { state, probeIn_ms, holdFor_ms } = observe(before, evidence, this.kind.settings, now_ms);
    this.state = state;
    if (state.name !== before.name) this.changed(before, evidence, now_ms);
    if (holdFor_ms !== undefined) this.parts.timers.start(this.holdTimer, holdFor_ms, now_ms);
    if (state.name !== "recovering") this.parts.timers.stop(this.holdTimer);
    if (probeIn_ms === 0) this.probe(now_ms);
    else if (probeIn_ms !== undefined) this.parts.timers.start(this.probeTimer, probeIn_ms, now_ms);
  }

  private changed(before: PeerState, evidence: Evidence, now_ms: number): void {
    const fields = { [this.kind.role]: this.name, from: before.name, to: this.state.name, evidence };
    const event = `${this.kind.role}_state`;
    if (this.state.name !== "down") {
      this.parts.log.info(event, fields);
      return;
    }
    this.parts.log.warn(event, fields);
    for (const request of [...this.waiting]) request.rescue(now_ms);
  }
}
