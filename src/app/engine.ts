/**
 * The engine: the proxy core, the policy of one site and all that outlives a reload, introduced to each other. The
 * service, `explain` and the tests run it.
 *
 * One event comes in by one of the methods below and runs to its end, at one moment of time; then the host learns when
 * the next timer is due. Nothing in here waits, and nothing is asked of the host but what `host.ts` names. An event that
 * fails is logged and harms no other.
 */
import { Timers } from "../base/timers.ts";
import { CallLog } from "../policy/call-log.ts";
import { Drilling } from "../policy/drilling.ts";
import { Callbacks } from "../policy/emergency/callbacks.ts";
import { Calls } from "../policy/gateways/calls.ts";
import { PeerMemory } from "../policy/peer-memory.ts";
import type { Pin } from "../policy/peers/forcing.ts";
import { Peers } from "../policy/peers/peers.ts";
import { Bindings } from "../policy/phones/bindings.ts";
import { PathWatch } from "../policy/phones/path-watch.ts";
import { RelayedCallers } from "../policy/phones/relayed-callers.ts";
import type { RoutingPolicy } from "../policy/routing-policy.ts";
import type { Site } from "../policy/site.ts";
import { SitePolicy } from "../policy/site-policy.ts";
import { ProxyCore } from "../proxy/proxy-core.ts";
import type { Flow, Listener } from "../transport/flow.ts";
import type { HostUser } from "../transport/host-user.ts";
import type { Answer, Question } from "../transport/locator.ts";
import type { OwnListener } from "../transport/own-listener.ts";
import type { Config } from "./config/config.ts";
import type { Connect, Host } from "./host.ts";
import { type Happening, listen, listenToStages, type Tap, withTap } from "./tap.ts";

/** What the engine knows of a file, and may take another one of. */
type EngineConfig = Pick<Config, "site"> & Partial<Pick<Config, "server_header">>;

export class Engine<H extends Host = Host> implements HostUser {
  readonly host: H;
  readonly core: ProxyCore;
  readonly timers = new Timers();
  readonly bindings: Bindings;
  readonly callbacks = new Callbacks();
  readonly relayedCallers = new RelayedCallers();
  readonly calls: Calls;
  readonly callLog: CallLog;
  readonly pathWatch: PathWatch;
  readonly drilling: Drilling;
  readonly peers: Peers;
  readonly peerMemory: PeerMemory;
  /**
   * In a pair: whether the address of this listener has just gone to the other router, which goes on with all that was sent from it. Then it
   * says nothing of a peer that nothing can be sent there.
   */
  isGivenAway: ((listener: Listener) => boolean) | undefined = undefined;
  /** In a pair: something has come to a listener whose address was away when it was last looked at. */
  onUnexpected: ((listener: Listener, now_ms: number) => void) | undefined = undefined;
  /** An event is over: the journal tells its followers. */
  onSettled: (() => void) | undefined = undefined;
  /** A load is over, and what outlives it here is written anew: what is kept beside the engine may be too. */
  onRenewed: (() => void) | undefined = undefined;
  private readonly tap: Tap | undefined;
  private policy: SitePolicy;

  /** @param tap hears all that happens, at no cost where it is left out */
  constructor(
    { site, listeners, server_header }: EngineConfig & Pick<Config, "listeners">,
    connect: Connect<H>,
    tap?: Tap,
  ) {
    const host = connect(this);
    const { log, limits } = host;
    const now_ms = () => host.now_ms();
    this.host = host;
    this.tap = tap;
    this.core = new ProxyCore(withTap(host, tap, now_ms), listeners, this.timers, limits);
    this.bindings = new Bindings(limits);
    this.drilling = new Drilling(this.bindings);
    this.calls = new Calls(site.gatewaySettings.max_call_ms, limits.calls);
    this.callLog = new CallLog(log, limits?.calls);
    this.calls.onPreempted = (callId, at_ms) => this.callLog.ended(callId, at_ms);
    this.pathWatch = new PathWatch(log);
    const { prober, locator } = this.core;
    this.callLog.lackOf = (hop) => locator.names.lackOf(hop);
    this.peers = new Peers({ prober, locator, timers: this.timers, log });
    this.peerMemory = new PeerMemory(this.peers, this.pathWatch, locator.names);
    if (tap !== undefined) listen(tap, this.core, this.bindings, this.peers.history, now_ms);
    this.core.transactions.serverLine = serverLineOf(server_header);
    this.policy = this.introduce(site);
  }

  get router(): RoutingPolicy {
    return this.policy.router;
  }

  /** What the site's description has become. */
  get site(): SitePolicy {
    return this.policy;
  }

  /** Begins to watch upstream and the gateways. */
  start(): void {
    this.run((now_ms) => this.policy.start(now_ms));
  }

  /** Takes another description of the site; calls in progress end as they began. */
  reload({ site, server_header }: EngineConfig): void {
    this.policy.stop();
    this.core.transactions.serverLine = serverLineOf(server_header);
    this.calls.max_call_ms = site.gatewaySettings.max_call_ms;
    this.policy = this.introduce(site);
    this.start();
  }

  /** Watches nobody any more. */
  stop(): void {
    this.policy.stop();
    this.peers.stop();
  }

  /** Pins upstream's state, whatever is seen of it. @param for_ms until it ends by itself; undefined: it doesn't */
  force(pin: Pin, for_ms?: number): void {
    this.run((now_ms) => this.peers.force(pin, now_ms, for_ms));
  }

  knows(address: string): boolean {
    return this.policy.router.knows(address);
  }

  isPeer(address: string): boolean {
    return this.policy.router.isPeer(address);
  }

  onMessage(wire: string, source: Flow): boolean {
    // As `run` does it, but without a closure for each message.
    const now_ms = this.host.now_ms();
    let isAdmitted = false;
    try {
      this.tap?.({ kind: "in", wire, flow: source }, now_ms);
      if (source.listener.isAway === true) this.onUnexpected?.(source.listener, now_ms);
      isAdmitted = this.core.receive(wire, source, now_ms);
    } catch (error) {
      this.failed(error);
    }
    this.settle(now_ms);
    return isAdmitted;
  }

  onClosed(flow: Flow, wasReused: boolean): void {
    this.run((now_ms) => this.core.receiveClosed(flow, wasReused, now_ms));
  }

  onUnreachable(flow: Flow, why: string): void {
    this.host.suspectAddresses?.();
    if (this.isGivenAway?.(flow.listener) === true) return;
    this.run((now_ms) => this.core.receiveUnreachable(flow, now_ms, why));
  }

  onAnswer(question: Question, answer: Answer | undefined): void {
    this.run((now_ms) => this.core.locator.onAnswer(question, answer, now_ms));
  }

  onSource(address: string, source: string | undefined): void {
    this.run((now_ms) => this.core.locator.onSource(address, source, now_ms));
  }

  onWake(): void {
    this.run((now_ms) => this.timers.run(now_ms));
  }

  onCalm(): void {
    this.run(() => {
      for (const memory of [this.callLog, this.core.dialogs, this.peers.history]) memory.renew();
      this.onRenewed?.();
    });
  }

  /** Listeners have their first addresses. */
  onListening(): void {
    this.core.receiveMoves();
  }

  /** A listener has lost its address: nothing can leave by it any more. */
  onGone(listener: OwnListener): void {
    this.run((now_ms) => {
      this.core.receiveMoves();
      // What was reached from an address that another router has now is reached from our own.
      if (!listener.isShared) this.peers.onGone(listener, now_ms);
    });
  }

  /** No address of ours is on the way to this upstream target, since one that the file names isn't here: no call needs to wait. */
  onWayMissing(peer: string): void {
    this.run((now_ms) => this.peers.onWayMissing(peer, now_ms));
  }

  /** A listener is open at its present address. */
  onHere(): void {
    this.run((now_ms) => {
      this.core.receiveMoves();
      this.peers.onHere(now_ms);
    });
  }

  /** Lets something happen at one moment, as each event does. */
  run(event: (now_ms: number) => void): void {
    const now_ms = this.host.now_ms();
    try {
      event(now_ms);
    } catch (error) {
      this.failed(error);
    }
    this.settle(now_ms);
  }

  /** Something has happened beside SIP, within an event: the journal hears of it. */
  tell(happening: Happening, now_ms: number): void {
    this.tap?.(happening, now_ms);
  }

  private failed(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.host.log.error("event_failed", { error: text });
  }

  private settle(now_ms: number): void {
    const wake_ms = this.timers.nextWake_ms();
    if (wake_ms !== undefined) this.host.wakeAt(wake_ms, now_ms);
    this.onSettled?.();
  }

  private introduce(site: Site): SitePolicy {
    const { core, timers, host, bindings, calls, callbacks, relayedCallers, callLog, pathWatch, peers, drilling } =
      this;
    const { log, random, limits } = host;
    const isNear = (address: string) => host.isNear(address);
    const memory = { bindings, calls, callbacks, relayedCallers, callLog, pathWatch, peers, drilling };
    const policy = new SitePolicy({ core, timers, log, random, limits, isNear }, memory, site);
    listenToStages(this.tap, policy.router);
    core.use(policy.router);
    return policy;
  }
}

/** The whole line of the field Server (RFC 3261 §20.35). @param value undefined: our responses have no such field */
function serverLineOf(value: string | undefined): string {
  return value === undefined ? "" : `Server: ${value}\r\n`;
}
