/** The loads themselves: each command of the bench, carried out by phones, upstream and gateway of this process. */
import { monotonic_ms } from "../../sip/wire.ts";
import { GATEWAY, hostPort, PHONES, PROXY, RINGING, UPSTREAM } from "../addresses.ts";
import { Callee } from "./callee.ts";
import { Caller } from "./caller.ts";
import { DelayQueues } from "./delay-queues.ts";
import { Endpoint } from "./endpoint.ts";
import { Line } from "./messages.ts";
import type {
  CallsCommand,
  CallsReport,
  Command,
  ForksReport,
  Percentiles,
  PingCommand,
  PingReport,
  RedirectCommand,
  RedirectReport,
  RegistersReport,
  Report,
  RingCommand,
} from "./protocol.ts";
import { Registrant } from "./registrant.ts";
import { answeredMethod, statusOf } from "./sip-text.ts";

/** After the last call was placed: room for its course and for one retransmission of anything. */
const DRAIN_MS = 1500;
const PING_INTERVAL_MS = 1;
const CATCH_UP_MS = 5;
/** The gateway's calls have numbers of their own. */
const FIRST_OF_GATEWAY = 1_000_000_000;

export class Load {
  private readonly clock = new DelayQueues();
  private readonly callee = new Callee(this.clock);
  /** What the gateway's calls ring. */
  private readonly ringing = RINGING.map(() => new Callee(this.clock));
  private phones: Endpoint[] = [];
  private caller = new Caller(this.clock, this.phones);
  private gateway = new Caller(this.clock, []);
  private registrant = new Registrant(this.clock, this.phones);
  private answeredPingAt_ms: number | undefined;

  static async open(): Promise<Load> {
    const load = new Load();
    const phones = PHONES.map((phone, index) =>
      Endpoint.open(phone, (text, endpoint) => {
        if (statusOf(text) === 0) load.ringing[index]?.receive(text, endpoint);
        else load.receive(text, load.caller);
      }),
    );
    load.phones = await Promise.all(phones);
    await Endpoint.open(UPSTREAM, (text, endpoint) => load.callee.receive(text, endpoint));
    const gateway = await Endpoint.open(GATEWAY, (text, endpoint) => {
      if (statusOf(text) === 0) load.callee.receive(text, endpoint);
      else load.receive(text, load.gateway);
    });
    load.gateway = new Caller(load.clock, [gateway], FIRST_OF_GATEWAY, hostPort(PROXY));
    load.caller = new Caller(load.clock, load.phones);
    load.registrant = new Registrant(load.clock, load.phones);
    load.callee.onInvite = (number, now_ms) => load.caller.arrived(number, now_ms);
    load.clock.start();
    return load;
  }

  async run(command: Command): Promise<Report> {
    switch (command.kind) {
      case "calls":
        return this.runCalls(this.caller, command);
      case "forks":
        return this.runForks(command);
      case "ring":
        return { count: await this.ring(command) };
      case "answer":
        return { count: await this.answer(command.rate) };
      case "hang-up":
        return { count: await this.hangUp(command.rate) };
      case "registers":
        return this.runRegisters(command.duration_ms + DRAIN_MS, () =>
          this.paced(command.rate, (command.rate * command.duration_ms) / 1000, () => this.registrant.register()),
        );
      case "storm":
        return this.runRegisters(command.limit_ms, async () => {
          for (let sent = 0; sent < command.count; sent += 1) this.registrant.register();
        });
      case "redirect":
        return this.redirect(command);
      case "upstream":
        this.callee.isAlive = command.isAlive;
        return { count: 0 };
      case "ping":
        return this.ping(command);
      case "reset":
        this.reset();
        return { count: 0 };
    }
  }

  private reset(): void {
    this.clock.clear();
    this.callee.reset();
    this.caller.reset();
    this.gateway.reset();
    for (const [index, phone] of this.ringing.entries()) {
      phone.reset();
      if (index > 0) phone.answers = "never";
    }
    this.registrant.reset();
  }

  /** A response to a phone, or to the gateway. */
  private receive(text: string, caller: Caller): void {
    const now_ms = performance.now();
    const status = statusOf(text);
    const method = answeredMethod(text);
    if (method === "REGISTER") this.registrant.receive(text, status, now_ms);
    else if (method === "OPTIONS") this.answeredPingAt_ms ??= monotonic_ms();
    else caller.receive(text, status, method, now_ms);
  }

  private async runForks(command: Pick<CallsCommand, "rate" | "duration_ms">): Promise<ForksReport> {
    const report = await this.runCalls(this.gateway, command);
    const sum = (count: (phone: Callee) => number): number => this.ringing.reduce((all, one) => all + count(one), 0);
    const retransmissions = report.retransmissions + sum((phone) => phone.retransmissions);
    return { ...report, retransmissions, rung: sum((phone) => phone.invites) };
  }

  private async runCalls(
    caller: Caller,
    { rate, duration_ms }: Pick<CallsCommand, "rate" | "duration_ms">,
  ): Promise<CallsReport> {
    this.reset();
    const { tally } = caller;
    const before = performance.eventLoopUtilization();
    await this.paced(rate, (rate * duration_ms) / 1000, () => caller.place());
    const { utilization } = performance.eventLoopUtilization(before);
    await this.until(() => tally.completed === tally.started, DRAIN_MS);
    return {
      started: tally.started,
      completed: tally.completed,
      retransmissions: tally.retransmissions + this.callee.retransmissions,
      generatorLoad: utilization,
      generatorPause_ms: this.clock.longestPause_ms,
      to100_us: percentiles_us(tally.to100_ms),
      toUpstream_us: percentiles_us(tally.toUpstream_ms),
    };
  }

  private async ring({ calls, rate }: RingCommand): Promise<number> {
    this.reset();
    this.callee.answers = "when told";
    this.caller.hangsUpByItself = false;
    await this.paced(rate, calls, () => this.caller.place());
    await this.until(() => this.caller.tally.ringing === calls, DRAIN_MS);
    return this.caller.tally.ringing;
  }

  private async answer(rate: number): Promise<number> {
    const { tally } = this.caller;
    await this.paced(rate, tally.ringing, () => this.callee.answerOne());
    await this.until(() => tally.answered === tally.started, DRAIN_MS);
    return tally.answered;
  }

  private async hangUp(rate: number): Promise<number> {
    const { tally } = this.caller;
    await this.paced(rate, tally.answered, () => this.caller.hangUpOne());
    await this.until(() => tally.completed === tally.started, DRAIN_MS);
    return tally.completed;
  }

  private async runRegisters(limit_ms: number, send: () => Promise<void>): Promise<RegistersReport> {
    this.reset();
    const started_ms = performance.now();
    await send();
    const isDone = (): boolean => this.registrant.completed === this.registrant.started;
    await this.until(isDone, started_ms + limit_ms - performance.now());
    const { started, completed, retransmissions, lastCompleted_ms } = this.registrant;
    const last200_ms = completed > 0 ? lastCompleted_ms - started_ms : Number.NaN;
    const { registersWithoutPath: withoutPath } = this.callee;
    const answeredWithoutPath = this.registrant.withoutPath;
    return { started, completed, retransmissions, withoutPath, answeredWithoutPath, last200_ms };
  }

  private async redirect({ calls, limit_ms }: RedirectCommand): Promise<RedirectReport> {
    const isAlive = this.callee.isAlive;
    this.reset();
    this.callee.isAlive = isAlive;
    for (let placed = 0; placed < calls; placed += 1) this.caller.place();
    const waits_ms = this.caller.tally.toRedirect_ms;
    await this.until(() => waits_ms.length === calls, limit_ms);
    return { redirected: waits_ms.length, first_ms: Math.min(...waits_ms), last_ms: Math.max(...waits_ms) };
  }

  private async ping({ limit_ms }: PingCommand): Promise<PingReport> {
    const phone = this.phones[0];
    this.answeredPingAt_ms = undefined;
    const line = new Line("ping", phone?.address ?? "");
    let number = 0;
    let next_ms = 0;
    await this.until(() => {
      if (this.answeredPingAt_ms !== undefined) return true;
      if (performance.now() >= next_ms && phone !== undefined) {
        phone.send(line.options(++number));
        next_ms = performance.now() + PING_INTERVAL_MS;
      }
      return false;
    }, limit_ms);
    return { answeredAt_ms: this.answeredPingAt_ms };
  }

  /**
   * Starts `count` of something, `rate` a second. A late tick is caught up with, but not a pause: that would be a burst
   * of the generator's own making.
   */
  private paced(rate: number, count: number, startOne: () => void): Promise<void> {
    let last_ms = performance.now();
    let owed = 1;
    let started = 0;
    return this.each(() => {
      const now_ms = performance.now();
      owed += (Math.min(now_ms - last_ms, CATCH_UP_MS) * rate) / 1000;
      last_ms = now_ms;
      for (; owed >= 1 && started < count; started += 1, owed -= 1) startOne();
      return started >= count;
    });
  }

  /** Waits until `isDone`, at most `limit_ms`. */
  private until(isDone: () => boolean, limit_ms: number): Promise<void> {
    const end_ms = performance.now() + limit_ms;
    return this.each(() => isDone() || performance.now() >= end_ms);
  }

  private each(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.clock.onTick(() => {
        if (!isDone()) return;
        stop();
        resolve();
      });
    });
  }
}

function percentiles_us(samples_ms: number[]): Percentiles {
  const sorted = Float64Array.from(samples_ms).sort();
  const at = (share: number): number => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN) * 1000;
  return { p50: at(0.5), p99: at(0.99) };
}
