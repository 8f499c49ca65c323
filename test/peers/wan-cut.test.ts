/**
 * The WAN is cut in three ways, and phones go on calling: how long from the cut until the gateway has each call's ACK,
 * and how long from the repair until calls go up again.
 *
 *   phone              branchline            upstream
 *     │── INVITE ─────────▶│── INVITE ────╳                ┐ fr_timer (4 s) where datagrams vanish; nothing where
 *     │◀─ 181 ─────────────│                               ┘ the kernel says that it can't send, or that nobody listens
 *     │◀─ 302 to gateway ──│                                 notice_hold later
 *     │── INVITE ─────────▶│── INVITE ───▶ gateway
 *     │◀─ 200 ─────────────│◀─ 200 ───────
 *     │── ACK ────────────────────────────▶                  complete
 *
 * Where nobody waits for fr_timer, all that a caller waits for is notice_hold, which is there for the phone's display.
 * "A second in all" can thus be promised for a notice_hold of less; with the default the 181 is what comes at once.
 *
 * With BRANCHLINE_LONG=1 probes and hold are the defaults, and calls go up again after more than a minute.
 */
import { expect, test } from "vitest";
import { MACHINE_TOLERANCE_MS } from "../support/machine.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { pause } from "./support/clock.ts";
import type { AnsweredCall, DeskPhone } from "./support/desk-phone.ts";
import { describeWith } from "./support/peers.ts";
import { takePrecedence } from "./support/priority.ts";
import { expectNear, FAR_MS } from "./support/promised-times.ts";
import { upstreamResults } from "./support/upstream-results.ts";
import {
  type Completed,
  completed,
  DOWN_INTERVAL_MS,
  dialWithOnly100,
  FR_TIMER_MS,
  HOLD_MS,
  inSeconds,
  NUMBER,
  officeBefore,
  PROBE_TIMEOUT_MS,
  TEST_LIMIT_MS,
  UPSTREAM,
} from "./support/wan-cut-lab.ts";
import type { Cut, WanLab } from "./support/wan-lab.ts";

const SUSPECT_INTERVAL_MS = 1_000;
const REDIAL_MS = 250;
/** From the repair, for calls to go up: a probe that is on its way may still fail. */
const UP_LIMIT_MS = PROBE_TIMEOUT_MS + DOWN_INTERVAL_MS + 2 * SUSPECT_INTERVAL_MS + HOLD_MS + MACHINE_TOLERANCE_MS;

interface Case {
  readonly cut: Cut;
  readonly answer: 302 | "relay";
  readonly hold_ms: number;
}

const silent = { cut: "silent drop", hold_ms: 1_000 } as const;
const cases: readonly Case[] = [
  { ...silent, answer: 302 },
  { ...silent, answer: "relay" },
  ...(["link down", "process dead"] as const).flatMap((cut): Case[] => [
    { cut, answer: 302, hold_ms: 500 },
    { cut, answer: "relay", hold_ms: 500 },
    { cut, answer: 302, hold_ms: 1_000 },
  ]),
];

takePrecedence();
cleanUpAfterEach();

/** What has been measured; times from the cut or the repair, or for later callers from their INVITE. */
interface Figures {
  readonly notice_ms: number;
  readonly first_ms: number;
  /** Dialled when the state wasn't known yet; where it is known at once, at the same time as the first. */
  readonly second_ms: number;
  readonly later_ms: readonly number[];
  /** What branchline says that upstream made of them: "silent", "unreachable", or "not asked". */
  readonly firstResult: string;
  readonly secondResult: string;
  readonly laterResults: readonly string[];
  readonly only100_ms: number;
  readonly up_ms: number;
  readonly calls: number;
}

/** A call that is lost ends it with an error. */
async function liveThrough({ cut, answer, hold_ms }: Case): Promise<Figures> {
  const fr_timer = `${cut === "silent drop" ? FR_TIMER_MS : FAR_MS}ms`;
  const { lab, branchline, first, second, third } = await officeBefore(answer, hold_ms, { ...UPSTREAM, fr_timer });
  const only100 = await dialWithOnly100(lab, second, first);
  const cutAt_ms = await lab.cut(cut);
  const early = [first.call(NUMBER), second.answered(only100)];
  if (cut === "silent drop") await pause(1_000);
  early.push(third.call(NUMBER));
  await branchline.upstreamIs("down");
  const late = lab.phones.map((phone) => phone.call(NUMBER));
  const all = await Promise.all([...early, ...late].map((call) => completed(lab, call)));
  const [firstDone, only100Done, secondDone, ...laterDone] = all as [Completed, Completed, Completed, ...Completed[]];

  const results = await upstreamResults(branchline);
  const resultOf = ({ callId }: Completed) => results.get(callId) ?? "not asked";

  const repairedAt_ms = await lab.repair(cut);
  const { up, calls } = await firstCallUp(lab, first);
  return {
    notice_ms: (firstDone.noticedAt_ms ?? Number.NaN) - firstDone.dialledAt_ms,
    first_ms: firstDone.completeAt_ms - cutAt_ms,
    second_ms: duration_ms(secondDone),
    later_ms: laterDone.map(duration_ms),
    firstResult: resultOf(firstDone),
    secondResult: resultOf(secondDone),
    laterResults: laterDone.map(resultOf),
    only100_ms: only100Done.completeAt_ms - cutAt_ms,
    up_ms: up.dialledAt_ms - repairedAt_ms,
    calls: all.length + calls,
  };
}

const duration_ms = (call: Completed) => call.completeAt_ms - call.dialledAt_ms;

/** Dials again and again until a call is answered by upstream; none of the others may be lost. */
async function firstCallUp(lab: WanLab, phone: DeskPhone): Promise<{ up: AnsweredCall; calls: number }> {
  const made: Promise<AnsweredCall>[] = [];
  let up: AnsweredCall | undefined;
  for (let waited_ms = 0; up === undefined && waited_ms < UP_LIMIT_MS; waited_ms += REDIAL_MS) {
    const call = phone.call(NUMBER);
    made.push(call);
    const look = (answered: AnsweredCall) => {
      if (answered.by === lab.upstream.agent.endpoint.host) up ??= answered;
    };
    // What goes wrong shows when all are awaited.
    call.then(look, () => {});
    await pause(REDIAL_MS);
  }
  const { length } = await Promise.all(made);
  if (up === undefined) throw new Error(`none of ${length} calls went up within ${UP_LIMIT_MS} ms`);
  return { up, calls: length };
}

/** From the cut: until the first caller's ACK, and until the state turns down. */
function promisedFor({ cut, hold_ms }: Case): { wait_ms: number; first_ms: number; edge_ms: number } {
  const wait_ms = cut === "silent drop" ? FR_TIMER_MS : 0;
  const edge_ms = cut === "silent drop" ? FR_TIMER_MS + PROBE_TIMEOUT_MS : 0;
  return { wait_ms, first_ms: wait_ms + hold_ms, edge_ms };
}

function print(title: string, one: Case, figures: Figures): void {
  const { cut, hold_ms } = one;
  const { first_ms } = promisedFor(one);
  console.log(
    `${title}: first caller 181 after ${inSeconds(figures.notice_ms)}, complete ${inSeconds(figures.first_ms)} after ` +
      `the cut (promised ${inSeconds(first_ms)}, ${inSeconds(hold_ms)} of it notice_hold)`,
  );
  const when = cut === "silent drop" ? "1 s later, before the state is known" : "at the same time";
  console.log(
    `${title}: dialled ${when}: ${inSeconds(figures.second_ms)}; later callers ${inSeconds(...figures.later_ms)} ` +
      `(promised ${inSeconds(hold_ms)})`,
  );
  console.log(
    `${title}: only a 100 at the cut: complete ${inSeconds(figures.only100_ms)} after it; repaired, calls go up after ` +
      `${inSeconds(figures.up_ms)}; 0 of ${figures.calls} calls lost`,
  );
}

describeWith(["namespaces", "nft", "sysctl"], "WAN cut", () => {
  for (const one of cases) {
    const { cut, answer, hold_ms } = one;
    const title = `WAN cut: ${cut}, answer ${answer}, notice_hold ${hold_ms} ms`;
    const run = async () => {
      const figures = await liveThrough(one);
      print(title, one, figures);
      const { wait_ms, first_ms, edge_ms } = promisedFor(one);
      if (cut === "silent drop") expect(figures.firstResult).toBe("silent");
      // Of two calls at once the one whose INVITE is read first finds it out for both.
      else expect([figures.firstResult, figures.secondResult]).toContain("unreachable");
      expectNear("the first caller's 181", figures.notice_ms, wait_ms);
      expectNear("the first caller's ACK", figures.first_ms, first_ms);
      expect(figures.second_ms).toBeLessThanOrEqual(first_ms + MACHINE_TOLERANCE_MS);
      // They wait for notice_hold alone: fr_timer is no longer than what a busy machine may take, but they aren't sent up.
      expect(figures.laterResults.filter((result) => result !== "not asked")).toEqual([]);
      for (const later_ms of figures.later_ms) expectNear("a later caller's ACK", later_ms, hold_ms);
      // Rescued when the state turns down.
      expect(figures.only100_ms).toBeLessThanOrEqual(edge_ms + hold_ms + MACHINE_TOLERANCE_MS);
    };
    test(`${title}: every call gets through`, run, TEST_LIMIT_MS);
  }
});
