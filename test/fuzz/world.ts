/** The whole pure core in virtual time on a network that costs next to nothing; peers answer as a hash says. */
import { loadConfig } from "../../src/app/config/load-config.ts";
import { Engine } from "../../src/app/engine.ts";
import type { Host } from "../../src/app/host.ts";
import { isPrivate } from "../../src/base/ip-range.ts";
import { PLENTY } from "../../src/base/limits.ts";
import type { LogFields, Logger } from "../../src/base/ports.ts";
import { Timer, type TimerOwner, Timers } from "../../src/base/timers.ts";
import { Request } from "../../src/message/message.ts";
import { parse } from "../../src/message/parse.ts";
import type { Flow, Listener } from "../../src/transport/flow.ts";
import type { Question } from "../../src/transport/locator.ts";
import { answerFrom } from "../support/dns.ts";
import { DiallingWatch } from "./dialling.ts";
import { watchFinals } from "./finals.ts";
import { Memory } from "./memory.ts";
import { answersTo, followUps, isGone } from "./peers.ts";
import { hashOf, Rng } from "./rng.ts";
import { NAMES, ORIGINS, type Origin, SITES } from "./sites.ts";
import { tablesOf } from "./tables.ts";
import type { Tape, Told } from "./tape.ts";

/** A bug, as far as a program can tell. */
export interface Trouble {
  /** What findings of the same cause have in common. */
  readonly kind: "exception" | "leak" | "amplified" | "relayed" | "dialled" | "slow" | "twice";
  readonly detail: string;
}

const ERRORS = ["transaction_failed", "transaction_user_failed", "event_failed"];

export class World {
  readonly site: string;
  readonly memory = new Memory();
  readonly troubles: Trouble[] = [];
  /** What the last message has brought about: which rule, why refused, statuses sent. */
  signature = "";
  /** Messages that have come in, answers of peers included; and messages that have left. */
  received = 0;
  sent = 0;
  now_ms = 0;
  private readonly engine: Engine;
  /** The engine, or the tape before it. */
  private readonly told: Told;
  private readonly tape: Tape | undefined;
  private readonly dialling: DiallingWatch;
  private readonly network = new Timers();
  private readonly listeners: readonly Listener[];
  /** Branches of our own probes: they come and go for ever. */
  private readonly probes: string[] = [];
  /** The stranger whose message is being handled, as long as it may not make us send anything but a refusal. */
  private suspect: { readonly address: string; readonly bytes: number; got: number } | undefined = undefined;
  /** Strangers whom we have asked something are none any more. */
  private readonly asked = new Set<string>();

  /** @param tape notes what the engine is told and says */
  constructor(site: string, seed = 1, tape?: Tape) {
    this.site = site;
    this.tape = tape;
    const { config, problems } = loadConfig(SITES[site] ?? "", (path) => path);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    this.listeners = config.listeners;
    const rng = new Rng(seed);
    const host = this.host(rng);
    this.engine = new Engine(config, () => tape?.host(host) ?? host);
    this.told = tape?.told(this.engine, site, seed) ?? this.engine;
    this.dialling = new DiallingWatch(this.engine.bindings);
    this.core.onDecision = (request) => this.dialling.onDecision(request);
    watchFinals(
      this.core,
      () => {},
      (what) => this.note("twice", what),
    );
    this.told.start();
  }

  get core(): Engine["core"] {
    return this.engine.core;
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
    // A host may say so at any time: nothing that can be seen changes.
    if (this.now_ms % 1024 < 1) this.told.onCalm();
    for (;;) {
      const ours_ms = this.engine.timers.nextDeadline_ms() ?? Number.POSITIVE_INFINITY;
      const theirs_ms = this.network.nextDeadline_ms() ?? Number.POSITIVE_INFINITY;
      const next_ms = Math.min(ours_ms, theirs_ms);
      if (next_ms > end_ms) break;
      this.now_ms = next_ms;
      if (theirs_ms <= ours_ms) this.network.run(next_ms);
      else this.told.onWake();
    }
    this.now_ms = end_ms;
  }

  /** Lives without new messages until nothing is left, for `limit_ms` at the most, and says what is. */
  settle(limit_ms: number): string[] {
    let left: string[] = [];
    for (let spent_ms = 0; spent_ms < limit_ms; spent_ms += 30_000) {
      this.advance(30_000);
      left = this.look();
      if (left.length === 0) break;
    }
    for (const what of left) this.note("leak", what);
    return left;
  }

  private look(): string[] {
    let left: string[] = [];
    const look = () => {
      left = tablesOf(this.engine, this.probes, this.now_ms);
      return left;
    };
    if (this.tape === undefined) look();
    else this.tape.look(this.site, this.now_ms, this.probes, look);
    return left;
  }

  /** Upstream and the gateways aren't asked any more: then no timer and no transaction at all is left. */
  close(): { readonly timers: number; readonly transactions: number } {
    this.engine.stop();
    this.advance(60_000);
    return { timers: this.engine.timers.count, transactions: this.core.transactions.size };
  }

  private host(rng: Rng): Host {
    const idle = () => {};
    const send = (flow: Flow, wire: string) => {
      const isOpen = !isGone(flow, this.now_ms);
      if (isOpen) this.send(flow, wire);
      else this.later(0, () => this.told.onUnreachable(flow, ""));
      return isOpen;
    };
    return {
      transport: { send, watch: idle, unwatch: idle, giveUp: idle },
      lookup: {
        query: (question) => this.query(question),
        findSource: (address) => this.findSource(address),
      },
      random: { token: (length) => rng.token(length), fraction: () => rng.below(1_000) / 1_000 },
      mac: testMac,
      log: this.logger(),
      limits: PLENTY,
      now_ms: () => this.now_ms,
      // `advance` sees our timers.
      wakeAt: idle,
      isNear: isPrivate,
    };
  }

  private receive(wire: string, source: Flow): void {
    this.received += 1;
    this.told.onMessage(wire, source);
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
    if (message instanceof Request && this.dialling.isDialled(message, flow.address)) {
      this.note("dialled", `${flow.address}: ${wire.slice(0, 200)}`);
    }
    if (message instanceof Request && message.method === "OPTIONS" && wire.includes("User-Agent: branchline\r\n")) {
      if (this.probes.push(message.topVia.branch) > 400) this.probes.splice(0, 200);
    }
    const isIcmp = mood === 7 && flow.address !== ORIGINS.phone.address;
    if (isIcmp && message instanceof Request) {
      this.later(10, () => this.told.onUnreachable(flow, ""));
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

  private query(question: Question): void {
    const { name } = question;
    if (this.suspect !== undefined) this.note("relayed", `a stranger had DNS asked for ${name.slice(0, 60)}`);
    const address = NAMES[name];
    const names = new Map(address === undefined ? [] : [[name, [{ address, port: 5060 }]]]);
    const answer = hashOf(name) % 8 === 1 ? undefined : answerFrom(names, new Map(), question);
    this.later(hashOf(name) % 4 === 0 ? 2_000 : 3, () => this.told.onAnswer(question, answer));
  }

  private findSource(address: string): void {
    const source = hashOf(address) % 16 === 0 ? undefined : address.startsWith("10.") ? "10.222.237.1" : "203.0.113.2";
    this.later(0, () => this.told.onSource(address, source));
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
