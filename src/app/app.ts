/** The composition root: builds the proxy and its host, introduces them, starts and stops them. */
import { type Limits, limitsFor } from "../base/limits.ts";
import type { Logger } from "../base/ports.ts";
import { Timers } from "../base/timers.ts";
import { SystemClock } from "../io/node/clock.ts";
import { ControlSocket } from "../io/node/control-socket.ts";
import { NodeDns } from "../io/node/dns.ts";
import { isNear, readInterfaces, WatchedInterfaces } from "../io/node/interfaces.ts";
import { heapMemory_bytes } from "../io/node/memory.ts";
import { createMac, createRandom } from "../io/node/secret.ts";
import { bindingsFile } from "../io/node/state-file.ts";
import type { TlsFiles } from "../io/node/tls.ts";
import { NodeTransport } from "../io/node/transport.ts";
import { CallLog } from "../policy/call-log.ts";
import { Callbacks } from "../policy/emergency/callbacks.ts";
import { Calls } from "../policy/gateways/calls.ts";
import type { Pin } from "../policy/peers/peer.ts";
import { Peers } from "../policy/peers/peers.ts";
import { Bindings } from "../policy/phones/bindings.ts";
import { PathWatch } from "../policy/phones/path-watch.ts";
import { type RegisteredPage, registeredAfter } from "../policy/phones/registered.ts";
import type { Site } from "../policy/site.ts";
import { SitePolicy } from "../policy/site-policy.ts";
import { takeSnapshot } from "../policy/snapshot.ts";
import { ProxyCore } from "../proxy/proxy-core.ts";
import type { Flow } from "../transport/flow.ts";
import type { Answer, Question } from "../transport/locator.ts";
import type { OwnListener } from "../transport/own-listener.ts";
import { BindingKeeper } from "./binding-keeper.ts";
import { CONTROL_FILE, type Config } from "./config/config.ts";
import { answerControl, type Controlled, type RecordedCall, type RunningStatus } from "./control.ts";
import { Listening } from "./listening.ts";

export class App implements Controlled {
  private readonly config: Config;
  private readonly log: Logger;
  private readonly timers = new Timers();
  private readonly clock: SystemClock;
  private readonly transport: NodeTransport;
  private readonly dns: NodeDns;
  private readonly listening: Listening;
  private interfaces: WatchedInterfaces | undefined = undefined;
  private readonly core: ProxyCore;
  private readonly limits: Limits;
  private readonly bindings: Bindings;
  private readonly callbacks = new Callbacks();
  private readonly random = createRandom();
  private readonly keeper: BindingKeeper;
  private readonly channels: Calls;
  private readonly callLog: CallLog;
  private readonly pathWatch: PathWatch;
  private readonly peers: Peers;
  private readonly control: ControlSocket;
  private started_ms = 0;
  private policy: SitePolicy;

  /** @throws when the TLS certificate can't be used */
  constructor(config: Config, log: Logger) {
    this.config = config;
    this.log = log;
    this.limits = limitsFor(heapMemory_bytes());
    this.bindings = new Bindings(this.limits);
    this.clock = new SystemClock(() => this.run((now_ms) => this.timers.run(now_ms)));
    this.transport = new NodeTransport(this, log, config.tls, this.limits);
    this.listening = new Listening(config.listeners, this.transport, this, log);
    this.dns = new NodeDns((question, answer) => this.onAnswer(question, answer), config.dnsServers);
    const lookup = {
      query: (question: Question) => this.dns.query(question),
      findSource: (address: string) => void this.findSource(address),
    };
    const ports = {
      transport: this.transport,
      lookup,
      random: this.random,
      wallClock_ms: () => this.clock.wallClock_ms(),
      mac: createMac(config.stateFolder, log),
      log,
    };
    this.core = new ProxyCore(ports, config.listeners, this.timers, this.limits);
    this.core.meter.watchAll({ connections: this.transport.streams });
    this.channels = new Calls(config.site.gatewaySettings.max_call_ms, this.limits.calls);
    const { prober, locator } = this.core;
    this.callLog = new CallLog(log);
    this.pathWatch = new PathWatch(log);
    this.peers = new Peers({ prober, locator, timers: this.timers, log });
    this.policy = this.introduce(config.site);
    this.control = new ControlSocket(`${config.stateFolder}/${CONTROL_FILE}`, (line) => answerControl(line, this));
    const store = bindingsFile(config.stateFolder);
    const { clock } = this;
    const keeperPorts = { store, log, wallClock_ms: () => clock.wallClock_ms(), now_ms: () => clock.now_ms() };
    const { timers, bindings, callbacks } = this;
    const { expires_cap_ms } = config.site.registration;
    const interval_ms = config.stateInterval_ms;
    this.keeper = new BindingKeeper(keeperPorts, bindings, callbacks, timers, interval_ms, expires_cap_ms);
  }

  /** @throws when a listener can't be opened */
  async start(): Promise<void> {
    const interfaces = readInterfaces() ?? new Map();
    this.listening.prepare(interfaces);
    this.core.receiveMoves();
    await this.keeper.start(this.config.listeners);
    await this.listening.start(interfaces);
    const { listening } = this;
    this.interfaces = new WatchedInterfaces(listening.nextLook_ms, async (found) => {
      await listening.follow(found);
      return listening.nextLook_ms;
    });
    this.started_ms = this.clock.now_ms();
    this.run((now_ms) => this.policy.start(now_ms));
    await this.control
      .open()
      .catch((error: unknown) => this.log.warn("control_socket", { error: String(error), effect: "no commands" }));
    const open = this.config.listeners.filter((listener) => !listener.isAway);
    const listeners = open.map((listener) => `${listener.protocol}:${listener.sentBy}`).join(",");
    this.log.info("started", { version: BRANCHLINE_VERSION, listen: listeners });
  }

  /** Takes another configuration, and certificates; calls in progress end as they began. Listeners can't change so. */
  reload({ site, tls, dnsServers }: Config): void {
    this.reloadTls(tls);
    this.dns.servers = dnsServers;
    this.policy.stop();
    this.channels.max_call_ms = site.gatewaySettings.max_call_ms;
    this.policy = this.introduce(site);
    this.run((now_ms) => this.policy.start(now_ms));
  }

  status(): RunningStatus {
    const now_ms = this.clock.now_ms();
    const { history, ...status } = this.policy.status(now_ms);
    return {
      ...status,
      version: BRANCHLINE_VERSION,
      up_s: Math.round((now_ms - this.started_ms) / 1_000),
      listen: this.config.listeners.map(({ name, address, isAway }) => ({ name, address: isAway ? null : address })),
      dropped: this.core.meter.dropped,
      tables: this.core.meter.tableStatus,
      history: history.map(({ at_ms, role, name, from, to, evidence }) => {
        return { at: this.timeOf(at_ms, now_ms), text: `${role} ${name}: ${from} → ${to} (${evidence})` };
      }),
    };
  }

  calls(): RecordedCall[] {
    const now_ms = this.clock.now_ms();
    return this.callLog.all.map(({ at_ms, callId, from, to, origin, rule, why, route, status, after_ms }) => {
      return { at: this.timeOf(at_ms, now_ms), callId, from, to, origin, rule, why, route, status, after_ms };
    });
  }

  snapshot(): string {
    return JSON.stringify(takeSnapshot(this.bindings, this.callbacks, this.clock.now_ms()));
  }

  registered(after: string): RegisteredPage {
    const { streams } = this.transport;
    return registeredAfter(this.bindings, after, (flow) => streams.isOpen(flow), this.clock.now_ms());
  }

  force(pin: Pin): void {
    this.log.warn("force", { upstream: pin });
    this.run((now_ms) => this.peers.force(pin, now_ms));
  }

  async stop(): Promise<void> {
    this.policy.stop();
    this.peers.stop();
    this.interfaces?.stop();
    this.listening.stop();
    await this.control.close();
    this.clock.stop();
    this.dns.close();
    await this.keeper.stop();
    await this.transport.closeAll();
    this.log.info("stopped", {});
  }

  knows(address: string): boolean {
    return this.policy.router.knows(address);
  }

  isPeer(address: string): boolean {
    return this.policy.router.isPeer(address);
  }

  onMessage(wire: string, source: Flow): boolean {
    let isAdmitted = false;
    this.run((now_ms) => {
      isAdmitted = this.core.receive(wire, source, now_ms);
    });
    return isAdmitted;
  }

  onClosed(flow: Flow, wasReused: boolean): void {
    this.run((now_ms) => this.core.receiveClosed(flow, wasReused, now_ms));
  }

  onGone(listener: OwnListener): void {
    this.run((now_ms) => {
      this.core.receiveMoves();
      this.peers.onGone(listener, now_ms);
    });
  }

  onHere(): void {
    this.run((now_ms) => {
      this.core.receiveMoves();
      this.peers.onHere(now_ms);
    });
  }

  onUnreachable(flow: Flow, why: string): void {
    this.interfaces?.lookSoon();
    this.run((now_ms) => this.core.receiveUnreachable(flow, now_ms, why));
  }

  private onAnswer(question: Question, answer: Answer | undefined): void {
    this.run((now_ms) => this.core.locator.onAnswer(question, answer, now_ms));
  }

  private async findSource(address: string): Promise<void> {
    const source = await this.transport.findSource(address);
    this.run((now_ms) => this.core.locator.onSource(address, source, now_ms));
  }

  /** One event: runs to its end, then the clock learns when the next timer is due. */
  private run(event: (now_ms: number) => void): void {
    const now_ms = this.clock.now_ms();
    try {
      event(now_ms);
    } catch (error) {
      this.log.error("event_failed", {
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
    const wake_ms = this.timers.nextWake_ms();
    if (wake_ms !== undefined) this.clock.wakeAt(wake_ms, now_ms);
  }

  private reloadTls(files: TlsFiles | undefined): void {
    if (files === undefined) return;
    try {
      this.transport.streams.reloadTls(files);
    } catch (error) {
      this.log.error("certificate_refused", { error: String(error), effect: "the old one stays in use" });
    }
  }

  private introduce(site: Site): SitePolicy {
    const { core, timers, log, random, limits } = this;
    const { bindings, channels: calls, callbacks, callLog, pathWatch, peers } = this;
    const memory = { bindings, calls, callbacks, callLog, pathWatch, peers };
    const policy = new SitePolicy({ core, timers, log, random, limits, isNear }, memory, site);
    core.use(policy.router);
    return policy;
  }

  /** ISO 8601, by the router's present idea of the time. */
  private timeOf(at_ms: number, now_ms: number): string {
    return this.clock.isoTime(this.clock.wallClock_ms() - (now_ms - at_ms));
  }
}
