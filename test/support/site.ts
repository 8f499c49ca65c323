/** A whole branchline in a simulated site: the pure core, configured by YAML, on a simulated network. */
import { loadConfig } from "../../src/app/config/load-config.ts";
import { Engine } from "../../src/app/engine.ts";
import type { Host } from "../../src/app/host.ts";
import { isPrivate } from "../../src/base/ip-range.ts";
import { PLENTY } from "../../src/base/limits.ts";
import type { LogFields, Logger, Mac, Random } from "../../src/base/ports.ts";
import type { RoutingPolicy } from "../../src/policy/routing-policy.ts";
import { parseSnapshot, restoreSnapshot, takeSnapshot, type Unsaved } from "../../src/policy/snapshot.ts";
import type { SiteStatus } from "../../src/policy/status.ts";
import { type Flow, flowKey, isReliable, type Listener } from "../../src/transport/flow.ts";
import type { HostUser } from "../../src/transport/host-user.ts";
import type { Answer, Question } from "../../src/transport/locator.ts";
import type { OwnListener } from "../../src/transport/own-listener.ts";
import { Actor } from "./actor.ts";
import { answerFrom } from "./dns.ts";
import { ladder } from "./ladder.ts";
import { type Address, mulberry32, type NetworkOptions, Simulation } from "./simulation.ts";

/** A LAN side and a WAN side, an upstream, a gateway. */
export const SITE_YAML = `
listen: [udp:10.222.237.1:5060, udp:203.0.113.2:5060]
localnet: [10.222.237.0/24]
upstream: sip:198.51.100.10
gateways: [sip:10.10.1.3]
hunt_groups: {default: {members: ["sip:201@10.222.237.21", "sip:202@10.222.237.22", "sip:203@10.222.237.23"]}}
`;

export const PHONE: Address = { address: "10.222.237.21", port: 5060 };
export const PHONE_2: Address = { address: "10.222.237.22", port: 5060 };
export const PHONE_3: Address = { address: "10.222.237.23", port: 5060 };
export const PBX: Address = { address: "198.51.100.10", port: 5060 };
export const GATEWAY: Address = { address: "10.10.1.3", port: 5060 };
export const STRANGER: Address = { address: "192.0.2.66", port: 5060 };
export const LAN: Address = { address: "10.222.237.1", port: 5060 };
export const WAN: Address = { address: "203.0.113.2", port: 5060 };

export interface LogEvent {
  readonly at_ms: number;
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** The kernel's routes: which of our addresses it would send from. Undefined: no route. */
export type RouteTable = (address: string) => string | undefined;

const DEFAULT_ROUTES: RouteTable = (address) => (/^10\./.test(address) ? LAN.address : WAN.address);

/** One of several boxes that share their addresses and their secret. */
export interface Box {
  readonly secret: string;
  readonly seed: number;
  /** What its ports are like: it has a name among the members. */
  readonly ports: (host: Host) => Host & { readonly member?: string };
  /** It hasn't the addresses yet: {@link Site.takeOver} brings them. */
  readonly isStandby: boolean;
}

export class Site {
  readonly simulation: Simulation;
  readonly events: LogEvent[] = [];
  routes: RouteTable = DEFAULT_ROUTES;
  /** What DNS answers; a name that is missing has no address. */
  readonly names = new Map<string, readonly Address[]>();
  /** What else it answers: by type, such as "SRV", and name. Undefined: it fails. */
  readonly records = new Map<string, Answer | undefined>();
  /** What DNS was asked. */
  readonly questions: Question[] = [];
  readonly listeners: readonly OwnListener[];
  readonly engine: Engine;
  private isDead = false;
  private readonly unsaved: Unsaved;
  private readonly actors: { readonly name: string; readonly at: Address; readonly from?: Address }[] = [];
  /** Connections that we have opened, and whether they have been used again. */
  private readonly dialled = new Map<string, { readonly flow: Flow; isReused: boolean }>();

  /**
   * @param network a simulation of its own, or one in which others live too
   * @param wallClock_ms the router's own idea of the time, by the simulation's; undefined: it has none
   * @param certificateNames the names in our certificate, where the file has one
   */
  constructor(
    yaml: string = SITE_YAML,
    network: NetworkOptions | Simulation = {},
    wallClock_ms?: (now_ms: number) => number,
    certificateNames: readonly string[] = [],
    box?: Box,
  ) {
    const surroundings = [(path: string) => path, undefined, undefined, () => certificateNames] as const;
    const { config, problems } = loadConfig(yaml, ...surroundings);
    if (problems.length > 0)
      throw new Error(problems.map((problem) => `${problem.path} ${problem.message}`).join("\n"));
    this.listeners = config.listeners;
    this.unsaved = { interval_ms: config.state.interval_ms, cap_ms: config.site.registration.expires_cap_ms };
    this.simulation = network instanceof Simulation ? network : new Simulation(network);
    const { simulation } = this;
    const isShared = network instanceof Simulation;
    // Boxes of one network differ in what they draw, and in their secrets.
    const random = testRandom(box?.seed ?? (isShared ? hashOf(yaml) : (network.seed ?? 1)));
    const secret = box?.secret ?? yaml;
    const mac = isShared ? sharedMac(secret) : testMac;
    this.engine = new Engine(config, (user) => {
      const host = this.host(user, random, mac, wallClock_ms);
      return box === undefined ? host : box.ports(host);
    });
    simulation.drive(this.engine.timers);
    if (box?.isStandby !== true) this.takeOver();
    simulation.after(0, () => this.engine.start());
  }

  /** Its addresses are here from now on, and nowhere else. */
  takeOver(): void {
    for (const listener of this.listeners) if (!listener.isAway) this.open(listener);
  }

  /** Its power is cut: its addresses are nobody's. */
  die(): void {
    this.isDead = true;
    this.simulation.release(this.engine.timers);
    for (const listener of this.listeners) this.simulation.silence(listener);
  }

  get core(): Engine["core"] {
    return this.engine.core;
  }

  get timers(): Engine["timers"] {
    return this.engine.timers;
  }

  get bindings(): Engine["bindings"] {
    return this.engine.bindings;
  }

  get callLog(): Engine["callLog"] {
    return this.engine.callLog;
  }

  get peers(): Engine["peers"] {
    return this.engine.peers;
  }

  get router(): RoutingPolicy {
    return this.engine.router;
  }

  /** The interface or address that the file names has another address now, or none. */
  move(at: string, address: string | undefined): void {
    const { simulation, engine } = this;
    for (const listener of this.listeners.filter(({ settings }) => settings.at === at)) {
      if (!listener.isAway) {
        simulation.detach(listener);
        listener.isAway = true;
        engine.onGone(listener);
      }
      if (address === undefined) continue;
      listener.take(address);
      this.open(listener);
      engine.onHere();
    }
  }

  /** `at` ends the connection that we have opened to it: what leaves until we hear of that, `news_ms` from now, is lost. */
  closes(at: Address, news_ms: number): void {
    const { simulation, engine } = this;
    simulation.silence(at);
    simulation.after(news_ms, () => {
      simulation.silence(at, false);
      for (const [key, { flow, isReused }] of [...this.dialled]) {
        const { listener, address, port } = flow;
        if (address !== at.address || port !== at.port || listener.protocol !== at.protocol) continue;
        this.dialled.delete(key);
        engine.onClosed(flow, isReused);
      }
    });
  }

  /** As SIGHUP does it. */
  reload(yaml: string): void {
    this.engine.reload(loadConfig(yaml, (path) => path).config);
  }

  /** What a restart would find on disk. */
  saved(): string {
    return JSON.stringify(
      takeSnapshot(this.bindings, this.engine.callbacks, this.simulation.now_ms, this.engine.peerMemory),
    );
  }

  /** Starts with what another life has saved. */
  restore(saved: string, age_ms: number): void {
    const snapshot = parseSnapshot(saved);
    if (snapshot === undefined) throw new Error("not a snapshot");
    const { listeners, unsaved } = this;
    const { bindings, callbacks, peerMemory } = this.engine;
    peerMemory.restore(snapshot.peers ?? [], age_ms, this.simulation.now_ms);
    restoreSnapshot(bindings, callbacks, snapshot, listeners, age_ms, this.simulation.now_ms, unsaved);
  }

  actor(name: string, at: Address, proxy: Address = LAN): Actor {
    const actor = new Actor(this.simulation, name, at, proxy);
    this.actors.push(actor);
    return actor;
  }

  /** Gives an endpoint that is no {@link Actor} its name in ladders. */
  name(name: string, at: Address): void {
    this.actors.push({ name, at });
  }

  run(duration_ms: number): void {
    this.simulation.run(duration_ms);
  }

  at(delay_ms: number, run: () => void): void {
    this.simulation.after(delay_ms, run);
  }

  /**
   * What was on the wire, OPTIONS of ours left out.
   * @param more lower-case names of header fields to show besides the usual ones
   */
  ladder(more: readonly string[] = []): string {
    const names = new Map(
      this.actors.flatMap(({ at, from = at, name }) => [at, from].map((one) => [`${one.address} ${one.port}`, name])),
    );
    return ladder(this.simulation.sightings, names, more);
  }

  status(): SiteStatus {
    return this.engine.site.status(this.simulation.now_ms);
  }

  /** The edges of a peer's state so far: when, and to what. */
  edges(name: string): { readonly at_ms: number; readonly to: string }[] {
    return this.events.flatMap(({ at_ms, event, fields }) => {
      const isIts = event.endsWith("_state") && (fields["upstream"] === name || fields["gateway"] === name);
      return isIts ? [{ at_ms, to: String(fields["to"]) }] : [];
    });
  }

  private host(user: HostUser, random: Random, mac: Mac, wallClock_ms: ((now_ms: number) => number) | undefined): Host {
    const { simulation } = this;
    const nothing = () => {};
    return {
      transport: { send: (flow, wire) => this.send(flow, wire), watch: nothing, unwatch: nothing, giveUp: nothing },
      lookup: {
        query: (question) => {
          this.questions.push(question);
          simulation.after(1, () => user.onAnswer(question, answerFrom(this.names, this.records, question)));
        },
        findSource: (address) => simulation.after(0, () => user.onSource(address, this.routes(address))),
      },
      random,
      mac,
      log: recordingLogger(this.events, simulation),
      limits: PLENTY,
      now_ms: () => simulation.now_ms,
      ...(wallClock_ms === undefined ? {} : { wallClock_ms: () => wallClock_ms(simulation.now_ms) }),
      // The simulation sees our timers.
      wakeAt: nothing,
      isNear: isPrivate,
    };
  }

  private open(listener: OwnListener): void {
    const { simulation, engine } = this;
    listener.isAway = false;
    simulation.silence(listener, false);
    simulation.attach(listener, {
      onDatagram: (wire, from) => {
        if (!this.isDead) engine.onMessage(wire, this.flowFrom(listener, from));
      },
    });
  }

  /** A connection that we haven't opened has been opened by the other side. */
  private flowFrom(listener: Listener, { address, port }: Address): Flow {
    const flow = { listener, address, port };
    return listener.protocol === "udp" || this.dialled.has(flowKey(flow)) ? flow : { ...flow, isAccepted: true };
  }

  private send(flow: Flow, wire: string): boolean {
    const { simulation } = this;
    if (this.isDead) return true;
    const refused = (why = "ECONNREFUSED") => this.engine.onUnreachable(flow, why);
    const { listener, address, port } = flow;
    const to = { address, port, protocol: listener.protocol };
    if (listener.isAway === true || (flow.isAccepted === true && !simulation.isOpen(to))) {
      simulation.after(0, () => refused("address gone"));
      return false;
    }
    if (isReliable(flow) && flow.isAccepted !== true) {
      this.dialled.set(flowKey(flow), { flow, isReused: this.dialled.has(flowKey(flow)) });
    }
    if (this.routes(flow.address) === undefined) simulation.after(0, () => refused("ENETUNREACH"));
    else
      simulation.send({ address: listener.address, port: listener.port, protocol: listener.protocol }, to, wire, () =>
        refused(),
      );
    return true;
  }
}

/** Readable, repeatable, unlike any real one. */
function testMac(text: string): string {
  return `mac${hashOf(text).toString(36).padStart(13, "0")}`;
}

/** Of all that share a secret: the marks of two members, which are its beginnings, differ. */
function sharedMac(secret: string): Mac {
  return (text) => [...testMac(`${secret} ${text}`)].reverse().join("");
}

function hashOf(text: string): number {
  let value = 7;
  for (const character of text) value = (value * 31 + character.charCodeAt(0)) % 0x7fffffff;
  return value;
}

function testRandom(seed: number): Random {
  const random = mulberry32(seed + 1000);
  return {
    token: (length) => Array.from({ length }, () => Math.floor(random() * 36).toString(36)).join(""),
    fraction: random,
  };
}

function recordingLogger(events: LogEvent[], simulation: Simulation): Logger {
  const record =
    (level: string) =>
    (event: string, fields: LogFields = {}) => {
      events.push({ at_ms: simulation.now_ms, level, event, fields });
      if (event === "event_failed") throw new Error(String(fields["error"]));
    };
  return { error: record("error"), warn: record("warn"), info: record("info"), debug: record("debug") };
}
