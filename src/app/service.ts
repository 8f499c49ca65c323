/** branchline as it runs: the engine on a router's host, with listeners that follow its addresses, a memory on disk, and side doors. */
import type { Logger } from "../base/ports.ts";
import { reasonOf } from "../base/reason.ts";
import type { CallEntry } from "../policy/call-entry.ts";
import type { Pin } from "../policy/peers/forcing.ts";
import { type RegisteredPage, registeredAfter } from "../policy/phones/registered.ts";
import { takeSnapshot } from "../policy/snapshot.ts";
import { BindingKeeper } from "./binding-keeper.ts";
import { CallKeeper } from "./call-keeper.ts";
import { Chronicle } from "./chronicle.ts";
import type { ClusterFacts } from "./cluster-facts.ts";
import type { ClusterPart, MakeClusterPart } from "./cluster-part.ts";
import type { Config } from "./config/config.ts";
import type { Controlled } from "./control.ts";
import { DrillDesk, type DrillOrder, type DrillsTold } from "./drill-desk.ts";
import { Engine } from "./engine.ts";
import type { Connect, RouterHost } from "./host.ts";
import { Listening } from "./listening.ts";
import type { HistoryPage, HistoryQuestion, KeptHistory } from "./observe/history.ts";
import { Journal } from "./observe/journal.ts";
import type { Readiness } from "./observe/readiness.ts";
import { type TracePage, type TraceQuestion, tracedEntries } from "./observe/trace.ts";
import type { ReadConfig, ReadFile } from "./read-config.ts";
import { type CallsPage, type CallsQuestion, callsPage } from "./recorded-calls.ts";
import { changedKeys, faultyFile, needsRestart, type Refusal, type ReloadOutcome, refusedChanges } from "./reload.ts";
import type { SideDoor, SideDoors } from "./side-door.ts";
import { certificateFacts, type RunningStatus, siteFacts } from "./status-facts.ts";
import { WallTime } from "./wall-time.ts";
import { WayWatch } from "./way-watch.ts";

/** How long upstream and the gateways have to answer their first probes before the ways to them are looked at. */
const FIRST_LOOK_ms = 3_000;

export class Service implements Controlled {
  private config: Config;
  /** Of the file that is in use. */
  private text: string;
  private environment: Readonly<Record<string, string>>;
  private readonly file: string;
  private readonly readFile: ReadFile;
  private readonly engine: Engine<RouterHost>;
  private readonly host: RouterHost;
  private readonly log: Logger;
  private readonly listening: Listening;
  private readonly ways: WayWatch;
  private readonly keeper: BindingKeeper;
  private readonly callKeeper: CallKeeper;
  private readonly chronicle: Chronicle;
  private readonly drills: DrillDesk;
  private readonly cluster: ClusterPart | undefined;
  private readonly doors: readonly SideDoor[];
  private readonly journal: Journal;
  private readonly journalLimit_octets: number;
  private readonly time: WallTime;
  private started_ms = 0;
  /** Tells this life of branchline's from others. */
  private readonly run: string;
  /** The last reload, where it was refused. */
  private refused: { readonly refusal: Refusal; readonly at_ms: number } | undefined = undefined;

  /**
   * @param file the path of the file
   * @param makeCluster where the file has `cluster:`
   * @throws when the TLS certificate can't be used
   */
  constructor(
    { config, text, environment = {} }: ReadConfig,
    file: string,
    readFile: ReadFile,
    connect: Connect<RouterHost>,
    doors: SideDoors = () => [],
    makeCluster?: MakeClusterPart,
  ) {
    this.config = config;
    this.text = text;
    this.environment = environment;
    this.file = file;
    this.readFile = readFile;
    const { memory_octets } = config.journal;
    this.journal = new Journal(memory_octets);
    this.doors = doors(this, this.journal);
    const { tap } = this.journal;
    this.engine = new Engine(config, connect, tap);
    const { engine } = this;
    const { host, bindings, callbacks, timers, peerMemory } = engine;
    const { log, store, callStore, wallClock_ms } = host;
    this.host = host;
    this.journalLimit_octets = Math.min(memory_octets, host.limits.journal);
    this.journal.bound(this.journalLimit_octets, host.makeOctets);
    if (tap !== undefined) engine.onSettled = () => this.journal.settled();
    engine.onRenewed = () => this.journal.renew();
    this.run = host.random.token(8);
    this.log = log;
    this.time = new WallTime(() => host.now_ms(), wallClock_ms);
    engine.core.meter.watchAll(host.tables);
    this.listening = new Listening(config.listeners, host.sockets, engine, log);
    const onCut = (peer: string) => engine.onWayMissing(peer);
    this.ways = new WayWatch(host, config.listeners, () => engine.peers.located, onCut);
    const ports = { store, log, wallClock_ms, now_ms: () => host.now_ms() };
    const { expires_cap_ms } = config.site.registration;
    const { interval_ms } = config.state;
    this.keeper = new BindingKeeper(ports, bindings, callbacks, timers, interval_ms, expires_cap_ms, peerMemory);
    this.callKeeper = new CallKeeper({ ...ports, store: callStore }, engine.callLog, timers, interval_ms);
    this.chronicle = new Chronicle(engine, ports, this.time, interval_ms, () => this.readiness(true));
    this.cluster = makeCluster?.(engine);
    this.drills = new DrillDesk(engine, host, this, this.chronicle.kept);
  }

  /** @throws when a listener can't be opened */
  async start(): Promise<void> {
    const { host, engine, listening, config, log } = this;
    const interfaces = host.readInterfaces() ?? new Map();
    listening.prepare(interfaces);
    engine.onListening();
    await this.keeper.start(config.listeners);
    listening.share(interfaces, () => host.readAddresses());
    // An address that all members have is open before its route is announced; one that moves is opened where the cluster says.
    const steps = [() => this.cluster?.start(this.keeper.savedAt_ms), () => listening.start(interfaces)];
    for (const step of config.cluster?.mode === "anycast" ? steps.reverse() : steps) await step();
    host.watchInterfaces(Math.min(listening.nextLook_ms, FIRST_LOOK_ms), async (found) => {
      const isAsBefore = listening.isAsBefore(found);
      if (!isAsBefore) {
        listening.share(found, () => host.readAddresses());
        await listening.follow(found);
      }
      this.cluster?.onLook();
      if (!isAsBefore) await this.ways.look();
      return listening.nextLook_ms;
    });
    this.started_ms = host.now_ms();
    engine.start();
    // Calls that were are read once calls are served, and what has come meanwhile has had its answer.
    await host.turn();
    await this.callKeeper.start();
    await this.chronicle.start();
    await this.drills.start(config.drill);
    for (const { server, door, effect } of this.doors) {
      const tell = (error: unknown) => log.warn("side_door", { door, error: reasonOf(error), effect });
      await server.open().catch(tell);
    }
    log.info("started", { version: BRANCHLINE_VERSION, ...listening.inWords });
  }

  /** Reads the file, and takes all of it over or nothing; calls in progress end as they began. */
  reload(): ReloadOutcome {
    const read = this.readFile();
    if ("faults" in read) return this.refuse(faultyFile(read.faults));
    const refusal = this.takeOver(read.config);
    if (refusal !== undefined) return this.refuse(refusal);
    const changed = changedKeys(this.config, read.config);
    this.config = read.config;
    this.text = read.text;
    this.environment = read.environment ?? {};
    this.cluster?.reload(read.config);
    this.drills.reload(read.config.drill);
    this.refused = undefined;
    this.chronicle.onReload();
    this.log.info("reloaded", { file: this.file, changed: changed.length === 0 ? "nothing" : changed.join(",") });
    return { is_done: true, changed };
  }

  status(): RunningStatus {
    const { engine, host } = this;
    const now_ms = host.now_ms();
    const iso = (at_ms: number) => this.timeOf(at_ms);
    const { meter } = engine.core;
    return {
      version: BRANCHLINE_VERSION,
      file: this.file,
      now: iso(now_ms),
      up_s: Math.round((now_ms - this.started_ms) / 1_000),
      listen: this.listening.all.map(({ name, address, isAway }) => ({ name, address: isAway ? null : address })),
      missing_ways: this.ways.missing,
      cluster: this.clusterFacts(),
      reload_refused: this.refused && { at: iso(this.refused.at_ms), ...this.refused.refusal },
      ...siteFacts(engine.site.status(now_ms), iso, now_ms),
      drill: this.drills.facts(now_ms),
      certificate: certificateFacts(this.config.tls, host),
      dropped: meter.dropped,
      tables: meter.tableStatus,
    };
  }

  /** The text of the file that is in use, which may be another on disk by now. */
  fileText(): string {
    return this.text;
  }

  isLocal(address: string): boolean {
    return this.config.site.localnet.contains(address);
  }

  variables(): Readonly<Record<string, string>> {
    return this.environment;
  }

  calls(question: CallsQuestion): CallsPage {
    const { host, engine } = this;
    const now_ms = host.now_ms();
    const timeOf = ({ at_ms, wall_ms }: CallEntry) =>
      wall_ms === undefined ? this.timeOf(at_ms) : host.isoTime(wall_ms);
    return { ...callsPage(engine.callLog, question, timeOf, now_ms), run: this.run };
  }

  trace(question: TraceQuestion): TracePage {
    const { journal, journalLimit_octets: limit } = this;
    const traced = tracedEntries(journal.entries(question.after), question, (at_ms) => this.timeOf(at_ms));
    return { ...traced, last: journal.lastSeq, octets: journal.size, limit };
  }

  /** The events of months; a drill adds itself. */
  get kept(): KeptHistory {
    return this.chronicle.kept;
  }

  history(question: HistoryQuestion): HistoryPage {
    return this.chronicle.history(question);
  }

  readiness(isBrief = false): Readiness {
    return this.chronicle.readiness(this.config, this.status(), this.keeper.failure, isBrief);
  }

  snapshot(): string {
    const { bindings, callbacks } = this.engine;
    return JSON.stringify(takeSnapshot(bindings, callbacks, this.host.now_ms()));
  }

  registered(after: string): RegisteredPage {
    const { host, engine } = this;
    return registeredAfter(engine.bindings, after, (flow) => host.isOpen(flow), host.now_ms());
  }

  force(pin: Pin, for_ms?: number): void {
    this.log.warn("force", { upstream: pin, for_s: for_ms === undefined ? undefined : for_ms / 1_000 });
    this.engine.force(pin, for_ms);
  }

  drill(order: DrillOrder): DrillsTold | string {
    return this.drills.order(order);
  }

  clusterFacts(): ClusterFacts | undefined {
    return this.cluster?.facts((at_ms) => this.timeOf(at_ms), this.host.now_ms());
  }

  drain(isAlone: boolean): void {
    this.cluster?.drain(isAlone);
  }

  join(): void {
    this.cluster?.join();
  }

  async stop(): Promise<void> {
    await this.cluster?.leave();
    await this.drills.stop();
    this.engine.stop();
    this.listening.stop();
    await this.cluster?.stop();
    this.host.quiet();
    for (const { server } of this.doors) await server.close();
    await this.keeper.stop();
    await this.callKeeper.file.stop();
    await this.chronicle.stop();
    await this.host.close();
    this.log.info("stopped", {});
  }

  private refuse(refusal: Refusal): ReloadOutcome {
    const why = refusal.faults.join(" | ");
    this.log.error("reload_refused", { file: this.file, effect: "the old configuration stays active", why });
    this.refused = { refusal, at_ms: this.host.now_ms() };
    return { is_done: false, ...refusal };
  }

  /** @returns why `next` can't be taken over: then nothing of it has been */
  private takeOver(next: Config): Refusal | undefined {
    const { host, engine, keeper, callKeeper, chronicle } = this;
    const lasting = refusedChanges(this.config, next);
    if (lasting.length > 0) return needsRestart(lasting);
    try {
      if (next.tls !== undefined) host.setTls(next.tls);
    } catch (error) {
      return { reason: "certificate", keys: [], faults: [`tls: ${reasonOf(error)}`] };
    }
    host.setLogLevel(next.logLevel);
    host.setDnsServers(next.dnsServers);
    for (const paced of [keeper, callKeeper.file, chronicle.file]) paced.interval_ms = next.state.interval_ms;
    engine.reload(next);
    this.ways.expire();
    return undefined;
  }

  /** ISO 8601, by the router's clock. */
  timeOf(at_ms: number): string {
    return this.host.isoTime(this.time.of(at_ms));
  }
}
