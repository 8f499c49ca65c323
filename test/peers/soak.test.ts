/**
 * A branch at work for long: 200 phones that register again and again, and 50 calls a second, one in ten of them to the
 * gateway, one in fifty slow to be answered. No call fails, and branchline, with the limits of a small router, doesn't grow.
 *
 *   REGISTER  200 phones, each again after 30 to 60 s
 *   calls     50/s: INVITE, 100, 180, 200, ACK, 1 s, BYE; of every third by whom it was made to
 *   memory      ╭──────────────────────────    once the first transactions have come and gone
 *             ╭─╯
 *
 * With BRANCHLINE_LONG=1 it lasts an hour, or $BRANCHLINE_SOAK_min minutes, and the memory at the end must be within 5 %
 * of what it was after ten. Otherwise it is so short that the heap is still finding its size: only a coarse leak shows.
 */
import { expect, test } from "vitest";
import { seedOf } from "../support/chance.ts";
import { mulberry32 } from "../support/simulation.ts";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { AnsweringSide, type Manner } from "./support/answering-side.ts";
import { Branchline, UNHURRIED } from "./support/branchline.ts";
import { type CallEnd, CallingSide } from "./support/calling-side.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause, until } from "./support/clock.ts";
import { openPort } from "./support/datagram-port.ts";
import { type Holding, holdingOf, median } from "./support/process-memory.ts";
import { openUserAgent } from "./support/user-agent.ts";

const isLong = process.env["BRANCHLINE_LONG"] === "1";
const MINUTE_MS = 60_000;
const LENGTH_MS = isLong ? Number(process.env["BRANCHLINE_SOAK_min"] ?? 60) * MINUTE_MS : 60_000;
/** From then on memory must not grow: transactions linger for 32 s. */
const WARM_MS = isLong ? Math.min(10 * MINUTE_MS, LENGTH_MS / 3) : 38_000;
/** Memory goes up and down with the garbage collector: medians of so long count. */
const WINDOW_MS = isLong ? Math.min(2 * MINUTE_MS, LENGTH_MS / 6) : 10_000;
const GROWTH_MOST = isLong ? 1.05 : 1.1;
/** What deploy/run.sh's limits come to, with Node's own code: routers have 256 MB for all. */
const RSS_MOST_KB = 90 * 1_024;
/** The state file while it is written, and what the kernel is asked about interfaces with. */
const BRIEFLY_OPEN_MOST = 2;
const SAMPLE_MS = 1_000;
const PRINT_MS = 5 * MINUTE_MS;
const PHONES = 200;
const CALL_INTERVAL_MS = 20;
const CALLS = LENGTH_MS / CALL_INTERVAL_MS;
/** Twice as many as there are when all go well: more would be a flood, against which there are quotas. */
const UNDER_WAY_MOST = 150;
const TALK_MS = 1_000;
const REFRESH_LEAST_MS = 30_000;
const REFRESH_MOST_MS = 60_000;
/** Room for the longest ringing, the talk, and a timer B or F. */
const LAST_CALL_MS = 100_000;

const phonesNet = new Subnet(43);
const others = new Subnet(44);
const proxy = others.at(1);

cleanUpAfterEach();

const MANNERS: Readonly<Record<string, Manner>> = {
  quick: { ringAfter_ms: 20, answerAfter_ms: 100 },
  slow: { ringAfter_ms: 20, answerAfter_ms: 6_000 },
  short: { ringAfter_ms: 20, answerAfter_ms: 100, hangUpAfter_ms: TALK_MS },
};
const QUICK = { ringAfter_ms: 20, answerAfter_ms: 100 };

interface Sample extends Holding {
  readonly at_ms: number;
}

class Branch {
  readonly ends: CallEnd[] = [];
  readonly failures: string[] = [];
  readonly samples: Sample[] = [];
  granted = 0;
  /** Calls whose ACK never came: a busy machine's kernel loses one, and no 200 asks for it again after the BYE. */
  unacknowledged = 0;
  private readonly upstream: AnsweringSide;
  private readonly gateway: AnsweringSide;
  private readonly phones: readonly CallingSide[];
  private readonly branchline: Branchline;
  private readonly random: () => number;
  private underWay = 0;
  private placed = 0;

  private constructor(
    sides: { upstream: AnsweringSide; gateway: AnsweringSide; phones: readonly CallingSide[] },
    branchline: Branchline,
    random: () => number,
  ) {
    this.upstream = sides.upstream;
    this.gateway = sides.gateway;
    this.phones = sides.phones;
    this.branchline = branchline;
    this.random = random;
  }

  static async open(seed: number): Promise<Branch> {
    const answering = async (last: number) => {
      const agent = await openUserAgent(others.at(last), openPort);
      return new AnsweringSide(agent, (user) => MANNERS[user] ?? QUICK);
    };
    const upstream = await answering(2);
    const gateway = await answering(3);
    const phones = await Promise.all(
      Array.from({ length: PHONES }, async (_, index) => {
        const agent = await openUserAgent(phonesNet.at(index + 1), openPort);
        return new CallingSide(agent, proxy, `phone-${index}`);
      }),
    );
    const settings = {
      listen: [`udp:${hostPort(proxy)}`],
      localnet: [`${phonesNet.host(0)}/24`],
      upstream: { targets: [`sip:${hostPort(others.at(2))}`], ...UNHURRIED },
      gateways: [`sip:${hostPort(others.at(3))}`],
    };
    const branchline = await Branchline.start(settings, { isSmall: true });
    await branchline.upstreamIs("up");
    return new Branch({ upstream, gateway, phones }, branchline, mulberry32(seed));
  }

  async run(): Promise<void> {
    const start_ms = monotonic_ms();
    const elapsed_ms = () => monotonic_ms() - start_ms;
    const isOver = () => elapsed_ms() >= LENGTH_MS && this.placed >= CALLS;
    const registering = this.phones.map((phone) => this.stayRegistered(phone, isOver));
    const sampling = this.sample(elapsed_ms, isOver);
    while (!isOver()) {
      // As many as are due: a busy machine doesn't make them fewer, but it may make them last longer.
      const isDue = () => this.placed < CALLS && this.placed * CALL_INTERVAL_MS <= elapsed_ms();
      while (isDue() && this.underWay < UNDER_WAY_MOST) this.place();
      await pause(CALL_INTERVAL_MS / 2);
    }
    await Promise.all([...registering, sampling]);
    await until("the last call's end", () => this.underWay === 0, LAST_CALL_MS);
  }

  get retransmissions(): number {
    const agents = [this.upstream, this.gateway, ...this.phones].map(({ agent }) => agent);
    return agents.reduce((total, { resent }) => total + resent, 0);
  }

  /** Calls of which one side thinks that they are still there. */
  get open(): number {
    return this.upstream.open.length + this.gateway.open.length;
  }

  async status(): Promise<{ calls: number; contacts: number }> {
    const { gateways, phones } = JSON.parse(await this.branchline.command("status", "--json"));
    return { calls: gateways[0].calls, contacts: phones.contacts };
  }

  private place(): void {
    const number = this.placed;
    this.placed += 1;
    const phone = this.phones[(number * 7) % PHONES];
    const manner = number % 50 === 0 ? "slow" : number % 3 === 0 ? "short" : "quick";
    const side = number % 10 === 0 ? this.gateway : this.upstream;
    if (phone !== undefined) void this.follow(phone, side, manner);
  }

  private async follow(phone: CallingSide, side: AnsweringSide, manner: string): Promise<void> {
    this.underWay += 1;
    const uri = side === this.gateway ? sipUri(manner, side.agent.address) : `sip:${manner}@pbx.example.com`;
    const end = await phone.call(uri, manner === "short" ? undefined : TALK_MS);
    this.underWay -= 1;
    this.ends.push(end);
    const leg = side.get(end.callId);
    const isWhole =
      end.status === 200 && end.dialogs === 1 && (end.byeStatus ?? 200) === 200 && leg?.invites === 1 && leg.hasEnded;
    if (leg?.wasAcknowledged !== true) this.unacknowledged += 1;
    if (!isWhole) this.failures.push(JSON.stringify({ manner, ...end, leg: { ...leg, transaction: undefined } }));
    // A repetition comes within 32 s.
    setTimeout(() => {
      phone.forget(end.callId);
      side.forget(end.callId);
    }, 40_000).unref();
  }

  private async stayRegistered(phone: CallingSide, isOver: () => boolean): Promise<void> {
    await pause(this.random() * Math.min(REFRESH_LEAST_MS, LENGTH_MS / 4));
    while (!isOver()) {
      const granted_s = await phone.register();
      if (granted_s > 0) this.granted += 1;
      else this.failures.push(`${phone.agent.sentBy}: REGISTER failed`);
      const wait_ms = REFRESH_LEAST_MS + this.random() * (REFRESH_MOST_MS - REFRESH_LEAST_MS);
      const end_ms = monotonic_ms() + wait_ms;
      while (!isOver() && monotonic_ms() < end_ms) await pause(Math.min(SAMPLE_MS, end_ms - monotonic_ms() + 1));
    }
  }

  private async sample(elapsed_ms: () => number, isOver: () => boolean): Promise<void> {
    let printed = 0;
    while (!isOver()) {
      const sample = { at_ms: elapsed_ms(), ...holdingOf(this.branchline.pid) };
      this.samples.push(sample);
      if (isLong && sample.at_ms >= printed * PRINT_MS) {
        printed += 1;
        console.log(`soak: ${describe(this.between(sample.at_ms - WINDOW_MS, sample.at_ms + 1))}`);
      }
      await pause(SAMPLE_MS);
    }
  }

  between(from_ms: number, to_ms: number): readonly Sample[] {
    return this.samples.filter(({ at_ms }) => at_ms >= from_ms && at_ms < to_ms);
  }
}

function describe(samples: readonly Sample[]): string {
  const mb = (name: "rss_kb" | "pss_kb" | "anonymous_kb") =>
    (median(samples.map((sample) => sample[name])) / 1_024).toFixed(1);
  const at_s = (samples.at(-1)?.at_ms ?? 0) / 1_000;
  return (
    `until ${at_s.toFixed(0)} s: RSS ${mb("rss_kb")} MB, PSS ${mb("pss_kb")} MB, own ${mb("anonymous_kb")} MB, ` +
    `${samples.at(-1)?.descriptors} descriptors`
  );
}

const title = `soak: ${1_000 / CALL_INTERVAL_MS} calls/s and ${PHONES} phones for ${Math.round(LENGTH_MS / 1_000)} s`;
test(`${title}: no call fails, and nothing grows`, { timeout: 2 * LENGTH_MS + 5 * MINUTE_MS }, async () => {
  const branch = await Branch.open(seedOf("soak"));
  await branch.run();
  const { ends, samples, failures } = branch;
  const early = branch.between(WARM_MS, WARM_MS + WINDOW_MS);
  const end_ms = samples.at(-1)?.at_ms ?? LENGTH_MS;
  const late = branch.between(end_ms - WINDOW_MS, end_ms + 1);
  console.log(
    `${title}: ${ends.length} calls, ${branch.granted} REGISTERs, ${failures.length} failed, ` +
      `${branch.retransmissions} datagrams sent again, ${branch.unacknowledged} ACKs lost`,
  );
  console.log(`${title}: ${describe(early)}`);
  console.log(`${title}: ${describe(late)}`);

  for (const failure of failures.slice(0, 5)) console.log(`soak failed: ${failure}`);
  expect(failures.length).toBe(0);
  // What loses an ACK loses other datagrams as well, and these are sent again.
  expect(branch.unacknowledged).toBeLessThanOrEqual(branch.retransmissions);
  expect(ends.length).toBe(CALLS);
  expect(branch.granted).toBeGreaterThanOrEqual(PHONES);
  expect(await branch.status()).toEqual({ calls: 0, contacts: PHONES });
  expect(branch.open).toBe(0);
  const growth = median(late.map(({ rss_kb }) => rss_kb)) / median(early.map(({ rss_kb }) => rss_kb));
  expect(growth).toBeLessThanOrEqual(GROWTH_MOST);
  expect(Math.max(...samples.map(({ rss_kb }) => rss_kb))).toBeLessThanOrEqual(RSS_MOST_KB);
  const usual = median(early.map(({ descriptors }) => descriptors));
  expect(median(late.map(({ descriptors }) => descriptors))).toBe(usual);
  const warm = samples.filter(({ at_ms }) => at_ms >= WARM_MS);
  const most = Math.max(...warm.map(({ descriptors }) => descriptors));
  expect(most - usual).toBeLessThanOrEqual(BRIEFLY_OPEN_MOST);
});
