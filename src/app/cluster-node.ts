/**
 * A router as a member of a cluster: the engine, the members, the records and the stories of calls, introduced to each other. The service runs
 * it on real sockets, scenario tests on simulated ones.
 */
import { reasonOf } from "../base/reason.ts";
import { Seldom } from "../base/seldom.ts";
import { Timer, type TimerOwner } from "../base/timers.ts";
import { Cluster } from "../cluster/cluster.ts";
import { DatagramLengths, LENGTH_KINDS } from "../cluster/datagram-lengths.ts";
import { MutedTransport } from "../cluster/muted-transport.ts";
import type { ClusterSettings } from "../cluster/settings.ts";
import type { Listener, TransportPort } from "../transport/flow.ts";
import { AnycastRoute } from "./anycast-route.ts";
import { CallsLog } from "./calls-log.ts";
import { subjectsOf } from "./cluster-agreement.ts";
import { ClusterCalls } from "./cluster-calls.ts";
import type { ClusterFacts, LeftFacts } from "./cluster-facts.ts";
import { ClusterHealth, type HealthWord } from "./cluster-health.ts";
import type { ClusterPart } from "./cluster-part.ts";
import { placementOf } from "./cluster-placement.ts";
import { ClusterRecords } from "./cluster-records.ts";
import { clusterFacts } from "./cluster-status-facts.ts";
import { ClusterView } from "./cluster-view.ts";
import type { Config } from "./config/config.ts";
import type { Engine } from "./engine.ts";
import type { Link, NodePorts } from "./node-ports.ts";
import { PairTurns } from "./pair-turns.ts";
import { PeersElsewhere } from "./peers-elsewhere.ts";
import { SharedAddresses } from "./shared-addresses.ts";

/** Until an own address that is missing is tried again, or a socket that has failed is replaced. */
const LINK_ms = 1_000;
/** Until a member that drains looks again at what it has. */
const LEFT_ms = 100;

/** What follows when the health file can't be written. */
const NO_FILE = {
  pair: "this member doesn't get the shared addresses, or never gives them away",
  anycast: "a watchdog that reads it withdraws this member's route, or never does",
} as const;

/** What becomes due. */
type Due = "link" | "left";

export class ClusterNode implements ClusterPart, TimerOwner<Due> {
  readonly cluster: Cluster;
  readonly records: ClusterRecords;
  private readonly engine: Engine;
  private readonly settings: ClusterSettings;
  private readonly ports: NodePorts;
  private readonly link: Link;
  private readonly shared: SharedAddresses;
  /** In mode anycast, in the place of VRRP. */
  private readonly route: AnycastRoute | undefined;
  private readonly view: ClusterView;
  private readonly health: ClusterHealth;
  private readonly calls: ClusterCalls;
  private readonly lengths: DatagramLengths;
  private readonly callsLog: CallsLog | undefined;
  private readonly leftTimer = new Timer<Due>(this, "left");
  private readonly linkTimer = new Timer<Due>(this, "link");
  private isHandingOver = false;
  private isStopped = false;
  /** It was told to drain only where another member takes calls, and hasn't looked since whether one does. */
  private mustLook = false;
  private readonly missed = new Seldom();

  constructor(engine: Engine, config: Config, settings: ClusterSettings, ports: NodePorts) {
    const { host, timers } = engine;
    const { random, log } = host;
    const { name, members, mode } = settings;
    this.engine = engine;
    this.settings = settings;
    this.ports = ports;
    this.shared = new SharedAddresses(config.listeners, settings, ports.readInterfaces);
    this.route = settings.mode === "anycast" ? new AnycastRoute(engine, settings, ports) : undefined;
    const { listeners, others: own } = this.shared;
    this.view = new ClusterView(engine.peers, listeners, own, host.wallClock_ms?.bind(host));
    this.health = new ClusterHealth({
      timers,
      log,
      file: settings.health_file,
      effect: NO_FILE[settings.mode],
      facts: () => this.healthFacts,
      wasAlone: ports.wasAlone,
      tell: (word) => this.tellHealth(word),
    });
    this.link = ports.link(
      (wire, source) => engine.run((now_ms) => this.cluster.receive(wire, now_ms, source)),
      (why) => this.missLink(why),
    );
    this.cluster = new Cluster(
      { name, members, mode, version: BRANCHLINE_VERSION, agreement: subjectsOf(config, ports.signs[0]) },
      {
        send: (member, wire) => this.link.send(member, wire),
        signs: ports.signs,
        random,
        log,
        timers,
        now_ms: () => host.now_ms(),
      },
    );
    const { cluster } = this;
    const others = members.map((member) => member.name).filter((one) => one !== name);
    const placement = placementOf(settings, cluster, this.view, engine);
    this.records = new ClusterRecords(engine, cluster, placement, others, (now_ms, witness) =>
      this.calls.joining.onSynced(now_ms, witness),
    );
    engine.core.meter.watchAll({ records: this.records.replica.table });
    engine.isGivenAway = (listener) => this.isGivenAway(listener);
    engine.onUnexpected = (listener, now_ms) => this.onUnexpected(listener, now_ms);
    const seen = (now_ms: number) => this.view.facts(now_ms);
    cluster.observe(seen, () => this.calls.counts);
    cluster.watch(new PairTurns(engine, cluster, this.view), new PeersElsewhere(engine.peers, cluster));
    this.calls = new ClusterCalls(engine, cluster, placement, others, ports.transport);
    engine.core.meter.watchAll({ stories: this.calls.stories, heard_stories: this.calls.stories.heard });
    this.lengths = new DatagramLengths({ speaker: cluster, timers, live: () => cluster.live() });
    cluster.attach(LENGTH_KINDS, this.lengths);
    const { log_calls_ms: every_ms } = settings;
    const facts = () => this.facts(String, host.now_ms());
    this.callsLog = every_ms === undefined ? undefined : new CallsLog({ timers, log, every_ms, facts });
    cluster.watch(this.lengths, {
      onAlive: () => this.health.look(),
      onDead: () => this.health.look(),
      onBeat: () => this.health.look(),
      onState: (state, now_ms) => {
        this.health.tell();
        if (settings.mode === "anycast") this.calls.look(now_ms);
        if (state === "draining") engine.timers.start(this.leftTimer, LEFT_ms, now_ms);
      },
      onUpstreamAt: (member) => {
        this.isHandingOver = settings.hand_over === "wan" && member !== undefined;
        this.health.tell();
      },
    });
  }

  /** Its own address may come later: until then it is alone. */
  async start(savedAt_ms?: number): Promise<void> {
    await this.openLink();
    this.engine.run((now_ms) => {
      this.cluster.start(now_ms);
      this.records.start(now_ms, savedAt_ms);
      this.calls.start(now_ms);
      this.callsLog?.start(now_ms);
      this.health.onTimer("health", now_ms);
    });
  }

  onLook(): void {
    this.engine.run((now_ms) => this.calls.look(now_ms));
  }

  reload(config: Config): void {
    this.cluster.agreeOn(subjectsOf(config, this.ports.signs[0]));
  }

  drain(isAlone = false): boolean {
    this.mustLook = !isAlone;
    return this.asked((now_ms) => this.cluster.drain(now_ms));
  }

  join(): boolean {
    return this.asked((now_ms) => this.cluster.join(now_ms));
  }

  async leave(): Promise<void> {
    const { route, cluster } = this;
    if (route === undefined || !this.healthFacts.isRelieved) return;
    this.engine.run((now_ms) => cluster.drain(now_ms));
    await route.whenQuiet();
  }

  facts(timeOf: (at_ms: number) => string, now_ms: number): ClusterFacts {
    const { settings, lengths } = this;
    const shared = this.shared.listeners;
    const { isHealthy, error } = this.health;
    const { clock_s } = this.view;
    const lengthsTo = (member: string) => lengths.status(member);
    const status = this.cluster.status();
    const isLeaving = status.state === "draining" || status.state === "drained";
    const facts = clusterFacts(
      { settings, status, isHealthy, shared, healthError: error, clock_s, lengthsTo, calls: this.calls },
      isLeaving ? this.left : undefined,
      { timeOf, now_ms },
    );
    return { ...facts, route: this.route?.facts };
  }

  async stop(): Promise<void> {
    this.engine.run((now_ms) => {
      this.isStopped = true;
      this.health.stop();
      for (const timer of [this.leftTimer, this.linkTimer]) this.engine.timers.stop(timer);
      this.calls.handOver(now_ms);
      this.calls.stop();
      this.lengths.stop();
      this.callsLog?.stop();
      this.cluster.stop(now_ms);
    });
    await this.route?.stop();
    await this.link.close();
  }

  onTimer(kind: Due, now_ms: number): void {
    if (kind === "link") void this.openLink();
    else this.look(now_ms);
  }

  private get healthFacts() {
    const { cluster, isHandingOver } = this;
    const isRelieved = cluster.live().some((member) => cluster.stateOf(member) === "active");
    return { state: cluster.state, isHandingOver, isRelieved };
  }

  private tellHealth(word: HealthWord): string | undefined {
    if (this.shared.allow(word !== "no")) this.engine.host.lookAtAddresses?.();
    this.route?.tell(word);
    return this.ports.tellHealth(word);
  }

  /** Addresses are looked at only now and then: a send that fails is the first to tell. */
  private isGivenAway(listener: Listener): boolean {
    const isGone = this.shared.isGone(listener);
    if (isGone) this.engine.run((now_ms) => this.calls.handOver(now_ms));
    return isGone;
  }

  /** A message that comes to a shared address before that has been looked at is the first to tell that it is here. */
  private onUnexpected(listener: Listener, now_ms: number): void {
    const { engine, view, ports } = this;
    const found = view.isShared(listener) ? view.find(ports.readInterfaces()) : [];
    for (const { name } of found) engine.host.log.info("shared_address", { listen: name, is_here: "yes" });
    if (found.length > 0) engine.onHere();
    this.calls.look(now_ms);
  }

  private async openLink(): Promise<void> {
    try {
      await this.link.open();
    } catch (error) {
      this.missLink(reasonOf(error));
    }
    if (this.isStopped) await this.link.close();
  }

  /** It is opened once more in a second; each reason is told once an hour. */
  private missLink(error: string): void {
    if (this.isStopped) return;
    const { timers, host } = this.engine;
    this.engine.run((now_ms) => {
      if (!this.linkTimer.isRunning) timers.start(this.linkTimer, LINK_ms, now_ms);
      if (!this.missed.takes(error, now_ms)) return;
      host.log.warn("cluster_link", { error, effect: "the members know nothing of each other" });
    });
  }

  /** Whether a member that drains still has anything. */
  private look(now_ms: number): void {
    if (this.cluster.state !== "draining" || this.stepsBack(now_ms)) return;
    const { ringing, requests, addresses, routes = [] } = this.left;
    if (ringing + requests + addresses.length + routes.length === 0) this.cluster.empty(now_ms);
    else this.engine.timers.start(this.leftTimer, LEFT_ms, now_ms);
  }

  /** All may be told to drain before one hears of another: then the one whose name is the least takes calls again. */
  private stepsBack(now_ms: number): boolean {
    const { cluster, mustLook } = this;
    this.mustLook = false;
    if (!mustLook) return false;
    const others = cluster.live().filter((member) => cluster.stateOf(member) !== "stopped");
    const isRelieved = others.some((member) => cluster.stateOf(member) === "active");
    if (isRelieved || others.length === 0 || !others.every((member) => cluster.name < member)) return false;
    return cluster.join(now_ms, "the other member was told to drain at the same time");
  }

  private get left(): LeftFacts {
    const { transactions } = this.engine.core;
    const calls = transactions.pending.size;
    const { route, view, shared } = this;
    const left = { ringing: calls, requests: transactions.unanswered.size - calls, addresses: view.addresses };
    if (route === undefined) return left;
    const isQuiet = route.isQuiet(this.engine.host.now_ms());
    return { ...left, routes: isQuiet ? [] : [...new Set(shared.others.map(({ settings }) => settings.at))] };
  }

  private asked(ask: (now_ms: number) => boolean): boolean {
    let isDone = false;
    this.engine.run((now_ms) => {
      isDone = ask(now_ms);
    });
    return isDone;
  }
}

/** By which the engine of a member must send: it says nothing while calls of another one are gone on with. */
export function transportOfMember(inner: TransportPort): MutedTransport {
  return new MutedTransport(inner);
}
