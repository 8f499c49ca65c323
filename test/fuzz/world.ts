/** The whole pure core in virtual time on a network that costs next to nothing; peers answer as a hash says. */
import { loadConfig } from "../../src/app/config/load-config.ts";
import { isPrivate } from "../../src/base/ip-range.ts";
import type { LogFields, Logger } from "../../src/base/ports.ts";
import { Timer, type TimerOwner, Timers } from "../../src/base/timers.ts";
import { VIA } from "../../src/message/header-names.ts";
import { Request } from "../../src/message/message.ts";
import { parse } from "../../src/message/parse.ts";
import { CallLog } from "../../src/policy/call-log.ts";
import { Callbacks } from "../../src/policy/emergency/callbacks.ts";
import { Calls } from "../../src/policy/gateways/calls.ts";
import { Peers } from "../../src/policy/peers/peers.ts";
import { Bindings } from "../../src/policy/phones/bindings.ts";
import { PathWatch } from "../../src/policy/phones/path-watch.ts";
import { SitePolicy } from "../../src/policy/site-policy.ts";
import { ProxyCore } from "../../src/proxy/proxy-core.ts";
import type { Flow, Listener } from "../../src/transport/flow.ts";
import type { Question } from "../../src/transport/locator.ts";
import { answerFrom } from "../support/dns.ts";
import { watchFinals } from "./finals.ts";
import { Memory } from "./memory.ts";
import { answersTo, followUps } from "./peers.ts";
import { hashOf, Rng } from "./rng.ts";
import { NAMES, ORIGINS, type Origin, SITES } from "./sites.ts";
import { tablesOf } from "./tables.ts";

/** A bug, as far as a program can tell. */
export interface Trouble {
  /** What findings of the same cause have in common. */
  readonly kind: "exception" | "leak" | "amplified" | "relayed" | "dialled" | "slow" | "twice";
  readonly detail: string;
}

const GATEWAYS: readonly string[] = ["10.10.1.3", "10.10.1.4"];
const ERRORS = ["transaction_failed", "transaction_user_failed", "event_failed"];

export class World {
  readonly site: string;
  readonly core: ProxyCore;
  readonly memory = new Memory();
  readonly troubles: Trouble[] = [];
  /** What the last message has brought about: which rule, why refused, statuses sent. */
  signature = "";
  /** Messages that have come in, answers of peers included; and messages that have left. */
  received = 0;
  sent = 0;
  now_ms = 0;
  private readonly timers = new Timers();
  private readonly network = new Timers();
  private readonly listeners: readonly Listener[];
  private readonly bindings = new Bindings();
  private readonly calls: Calls;
  private readonly peers: Peers;
  private readonly policy: SitePolicy;
  /** Branches of our own probes: they come and go for ever. */
  private readonly probes: string[] = [];
  /** The stranger whose message is being handled, as long as he may not make us send anything but a refusal. */
  private suspect: { readonly address: string; readonly bytes: number; got: number } | undefined = undefined;
  /** Strangers whom we have asked something are none any more. */
  private readonly asked = new Set<string>();

  constructor(site: string, seed = 1) {
    this.site = site;
    const { config, problems } = loadConfig(SITES[site] ?? "", (path) => path);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    this.listeners = config.listeners;
    const rng = new Rng(seed);
    const random = { token: (length: number) => rng.token(length), fraction: () => rng.below(1_000) / 1_000 };
    const log = this.logger();
    const lookup = {
      query: (question: Question) => this.query(question),
      findSource: (address: string) => this.findSource(address),
    };
    const idle = () => {};
    const send = (flow: Flow, wire: string) => {
      // Now and then a connection is gone.
      const isGone = flow.isAccepted === true && hashOf(`${flow.port} ${Math.floor(this.now_ms / 5_000)}`) % 4 === 0;
      if (isGone) this.later(0, () => this.core.receiveUnreachable(flow, this.now_ms));
      else this.send(flow, wire);
      return !isGone;
    };
    const transport = { send, watch: idle, unwatch: idle, giveUp: idle };
    this.core = new ProxyCore({ transport, lookup, random, mac: testMac, log }, config.listeners, this.timers);
    this.calls = new Calls(config.site.gatewaySettings.max_call_ms);
    const { core, timers, calls } = this;
    const { prober, locator } = core;
    this.peers = new Peers({ prober, locator, timers, log });
    const memory = {
      bindings: this.bindings,
      calls,
      callbacks: new Callbacks(),
      callLog: new CallLog(log),
      pathWatch: new PathWatch(log),
      peers: this.peers,
    };
    this.policy = new SitePolicy({ core, timers, log, random, isNear: isPrivate }, memory, config.site);
    this.core.use(this.policy.router);
    watchFinals(
      this.core,
      () => {},
      (what) => this.note("twice", what),
    );
    this.policy.start(0);
  }

  /** One message comes from outside. */
  feed(origin: Origin, wire: string): void {
    const { listener, address, port } = ORIGINS[origin];
    const own = this.listeners[listener] as Listener;
    const flow = { listener: own, address, port };
    const source: Flow = own.protocol === "udp" ? flow : { ...flow, isAccepted: true };
    this.signature = origin;
    this.memory.remember(origin, wire);
    const isStranger = origin.startsWith("stranger") && !wire.includes("mac0") && !this.asked.has(address);
    const before = isStranger ? this.core.transactions.size : 0;
    this.suspect = isStranger ? { address, bytes: wire.length, got: 0 } : undefined;
    this.receive(wire, source);
    if (isStranger && this.core.transactions.size > before) this.note("relayed", "a stranger has opened a transaction");
    this.suspect = undefined;
  }

  /** Lives through `duration_ms`. */
  advance(duration_ms: number): void {
    const end_ms = this.now_ms + duration_ms;
    for (;;) {
      const ours_ms = this.timers.nextDeadline_ms() ?? Number.POSITIVE_INFINITY;
      const theirs_ms = this.network.nextDeadline_ms() ?? Number.POSITIVE_INFINITY;
      const next_ms = Math.min(ours_ms, theirs_ms);
      if (next_ms > end_ms) break;
      this.now_ms = next_ms;
      if (theirs_ms <= ours_ms) this.network.run(next_ms);
      else this.guard(() => this.timers.run(next_ms));
    }
    this.now_ms = end_ms;
  }

  /** Lives without new messages until nothing is left, for `limit_ms` at the most, and says what is. */
  settle(limit_ms: number): string[] {
    let left: string[] = [];
    for (let spent_ms = 0; spent_ms < limit_ms; spent_ms += 30_000) {
      this.advance(30_000);
      left = tablesOf(this.core, this.timers, this.calls, this.probes, this.now_ms);
      if (left.length === 0) break;
    }
    for (const what of left) this.note("leak", what);
    return left;
  }

  /** Nobody asks upstream and the gateways any more: then no timer and no transaction at all is left. */
  close(): { readonly timers: number; readonly transactions: number } {
    this.policy.stop();
    this.peers.stop();
    this.advance(60_000);
    return { timers: this.timers.count, transactions: this.core.transactions.size };
  }

  private receive(wire: string, source: Flow): void {
    this.received += 1;
    this.guard(() => this.core.receive(wire, source, this.now_ms));
  }

  private guard(event: () => void): void {
    try {
      event();
    } catch (error) {
      this.note("exception", error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  private note(kind: Trouble["kind"], detail: string): void {
    this.troubles.push({ kind, detail });
  }

  private send(flow: Flow, wire: string): void {
    this.sent += 1;
    if (this.suspect !== undefined) this.judge(flow, wire);
    if (flow.address.startsWith("127.")) this.note("relayed", `to the router itself: ${wire.slice(0, 60)}`);
    const isResponse = wire.startsWith("SIP/2.0 ");
    if (isResponse) this.signature += wire.slice(8, 11);
    else this.asked.add(flow.address);
    const mood = hashOf(`${flow.address} ${Math.floor(this.now_ms / 20_000)}`) % 8;
    const message = parse(wire);
    if (message.kind !== "request" && message.kind !== "response") return;
    this.memory.notice(message);
    if (message instanceof Request) this.judgeDialling(message, flow);
    if (message instanceof Request && message.method === "OPTIONS" && wire.includes("User-Agent: branchline\r\n")) {
      if (this.probes.push(message.topVia.branch) > 400) this.probes.splice(0, 200);
    }
    const isIcmp = mood === 7 && flow.address !== ORIGINS.phone.address;
    if (isIcmp && message instanceof Request) {
      this.later(10, () => this.core.receiveUnreachable(flow, this.now_ms));
      return;
    }
    if (mood === 6 && flow.address === ORIGINS.upstream.address) return;
    const replies = message instanceof Request ? answersTo(message, mood) : followUps(message, flow);
    for (const { after_ms, wire: reply } of replies) this.later(after_ms, () => this.receive(reply, flow));
  }

  private judge(flow: Flow, wire: string): void {
    const { suspect } = this;
    if (suspect === undefined) return;
    suspect.got += wire.length;
    if (flow.address !== suspect.address) this.note("relayed", `to ${flow.address}: ${wire.slice(0, 60)}`);
    else if (suspect.got > suspect.bytes) this.note("amplified", `${suspect.bytes} in, ${suspect.got} out`);
  }

  /** Upstream dials out at no gateway, emergency calls apart; and it may call the phones that have registered from there. */
  private judgeDialling(request: Request, { address }: Flow): void {
    const { method, uri, toTag, wire } = request;
    if (method !== "INVITE" || toTag !== "" || !GATEWAYS.includes(address)) return;
    const below = request.list(VIA)[1] ?? "";
    const sender = /;received=([\d.]+)/.exec(below)?.[1] ?? /^\S+\s+([\d.]+)/.exec(below)?.[1];
    if (sender !== ORIGINS.upstream.address || /^(112|911)$/.test(uri?.user ?? "")) return;
    if (uri !== undefined && this.bindings.findFrom({ ...uri, host: address }) !== undefined) return;
    this.note("dialled", `${address}: ${wire.slice(0, 200)}`);
  }

  private query(question: Question): void {
    const { name } = question;
    if (this.suspect !== undefined) this.note("relayed", `a stranger had DNS asked for ${name.slice(0, 60)}`);
    const address = NAMES[name];
    const names = new Map(address === undefined ? [] : [[name, [{ address, port: 5060 }]]]);
    const answer = hashOf(name) % 8 === 1 ? undefined : answerFrom(names, new Map(), question);
    this.later(hashOf(name) % 4 === 0 ? 2_000 : 3, () => this.core.locator.onAnswer(question, answer, this.now_ms));
  }

  private findSource(address: string): void {
    const source = hashOf(address) % 16 === 0 ? undefined : address.startsWith("10.") ? "10.222.237.1" : "203.0.113.2";
    this.later(0, () => this.core.locator.onSource(address, source, this.now_ms));
  }

  private later(delay_ms: number, run: () => void): void {
    const owner: TimerOwner = { onTimer: () => this.guard(run) };
    this.network.start(new Timer(owner, "network"), delay_ms, this.now_ms);
  }

  private logger(): Logger {
    return {
      error: (event: string, fields: LogFields = {}) => {
        if (ERRORS.includes(event)) this.note("exception", `${event}: ${String(fields["error"])}`);
      },
      warn: () => {},
      info: () => {},
      debug: (event: string, fields: LogFields = {}) => {
        this.signature += `|${event} ${fields["rule"] ?? ""}${fields["why"] ?? ""}`.slice(0, 60).replace(/\d+/g, "#");
      },
    };
  }
}

/** Readable, repeatable, unlike any real one. */
function testMac(text: string): string {
  return `mac${hashOf(text).toString(36).padStart(13, "0")}`;
}
