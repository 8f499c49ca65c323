/** Phones, upstream, the gateway and strangers send anything in any order: when all timers have run out nothing is left of it. */

import { describe, expect, test } from "vitest";
import type { Request } from "../../src/message/message.ts";
import { parse } from "../../src/message/parse.ts";
import { PATIENCE_ms, TIMER_C_ms } from "../../src/transaction/timers.ts";
import { watchFinals } from "../fuzz/finals.ts";
import { compose } from "../fuzz/grammar.ts";
import { Memory } from "../fuzz/memory.ts";
import { mutate } from "../fuzz/mutate.ts";
import { Rng } from "../fuzz/rng.ts";
import { ORIGIN_NAMES, ORIGINS, type Origin } from "../fuzz/sites.ts";
import { tablesOf } from "../fuzz/tables.ts";
import type { Actor } from "../support/actor.ts";
import fc from "../support/properties.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";

const YAML = `${SITE_YAML}emergency: ["112"]\nregistration: {unknown: localnet}\n`;
/** The latest response of a habit. */
const LATEST_ms = 40_000;
/** Before timer C a target may be silent, and say no more than 100, for `fr_timer` each. */
const FR_TIMER_ms = 4_000;
/** An emergency call goes to the gateway, then to upstream. No other call meets so many that may ring until timer C. */
const STAGES = 2;
/** Until the last stage has ended, and what it left has lingered at either side. */
const QUIET_ms = STAGES * (2 * FR_TIMER_ms + LATEST_ms + TIMER_C_ms) + 2 * PATIENCE_ms;
/** Bounded by the number of storms: a loaded machine takes minutes for them. */
const LIMIT_ms = 180_000;

interface Step {
  readonly wait_ms: number;
  readonly origin: Origin;
  readonly kind: "new" | "spoiled" | "again" | "cancel" | "outage" | "recovery";
  /** What chance decides about the message itself. */
  readonly seed: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  wait_ms: fc.oneof(fc.constantFrom(0, 1, 20, 500, 4_000), fc.nat({ max: 3_000 })),
  origin: fc.constantFrom(...ORIGIN_NAMES),
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant("new" as const) },
    { weight: 4, arbitrary: fc.constantFrom("spoiled", "again", "cancel" as const) },
    { weight: 1, arbitrary: fc.constantFrom("outage", "recovery" as const) },
  ),
  seed: fc.nat(),
});

const habit = fc.array(
  fc.record({
    after_ms: fc.constantFrom(0, 20, 700, 5_000, LATEST_ms),
    status: fc.constantFrom(100, 180, 200, 302, 404, 407, 486, 503, 603),
  }),
  { maxLength: 3 },
);

const network = fc.record({
  loss: fc.constantFrom(0, 0, 0.1),
  duplication: fc.constantFrom(0, 0.2),
  jitter_ms: fc.constantFrom(0, 30),
  seed: fc.nat(),
});

class Storm {
  readonly site: Site;
  readonly phone: Actor;
  private readonly memory = new Memory();
  private readonly sent: Request[] = [];
  private read = 0;

  constructor(options: { loss: number; duplication: number; jitter_ms: number; seed: number }, habits: Habits) {
    this.site = new Site(YAML, options);
    this.site.names.set("pbx.example.com", [PBX]);
    this.phone = this.site.actor("phone", PHONE);
    const cast = [
      this.phone,
      this.site.actor("phone2", PHONE_2),
      this.site.actor("pbx", PBX, WAN),
      this.site.actor("gateway", GATEWAY),
    ];
    cast.forEach((actor, index) => {
      actor
        .answers("INVITE", ...(habits[index] ?? []))
        .answers("REGISTER", { status: 200 })
        .answers("MESSAGE", { status: 202 });
    });
  }

  take({ wait_ms, origin, kind, seed }: Step): void {
    const { site } = this;
    site.run(wait_ms);
    this.overhear();
    const rng = new Rng(seed);
    if (kind === "outage" || kind === "recovery") {
      site.simulation.silence(PBX, kind === "outage");
      return;
    }
    const earlier = this.sent[seed % Math.max(1, this.sent.length)];
    let wire = compose(rng, this.memory, origin);
    if (kind === "spoiled") wire = mutate(rng, wire, wire);
    else if (kind === "again" && earlier !== undefined) wire = earlier.wire;
    else if (kind === "cancel" && earlier !== undefined) wire = asCancel(earlier);
    const message = parse(wire);
    if (message.kind === "request") this.sent.push(message);
    const { address, port, listener } = ORIGINS[origin];
    site.simulation.send({ address, port }, listener === 0 ? LAN : WAN, wire);
  }

  /** What our own side sends is what others can refer to. */
  private overhear(): void {
    const { sightings } = this.site.simulation;
    for (; this.read < sightings.length; this.read++) {
      const sighting = sightings[this.read];
      const message = sighting === undefined || !isOurs(sighting.from.address) ? undefined : parse(sighting.wire);
      if (message?.kind === "request" || message?.kind === "response") this.memory.notice(message);
    }
  }

  /** What is left, in words. */
  left(): string[] {
    const { site } = this;
    const probes = site.simulation.sightings.flatMap(({ wire }) =>
      wire.includes("User-Agent: branchline\r\n") ? [/branch=([^;\r]*)/.exec(wire)?.[1] ?? ""] : [],
    );
    return tablesOf(site.engine, probes, site.simulation.now_ms);
  }

  get bugs(): unknown[] {
    return this.site.events.filter(({ event }) =>
      /^(transaction_failed|transaction_user_failed|event_failed)$/.test(event),
    );
  }
}

type Habits = readonly (readonly { after_ms: number; status: number }[])[];

const isOurs = (address: string) => address === LAN.address || address === WAN.address;

function asCancel({ wire, method, cseqNumber }: Request): string {
  return wire.replace(method, "CANCEL").replace(`${cseqNumber} ${method}`, `${cseqNumber} CANCEL`);
}

test("the longest call: gateway and upstream say nothing but 100 to an emergency call, and each has until timer C", () => {
  const habit = [{ after_ms: 0, status: 100 }];
  const storm = new Storm({ loss: 0, duplication: 0, jitter_ms: 0, seed: 0 }, [[], [], habit, habit]);
  storm.phone.invite("sip:112@pbx.example.com");
  storm.site.run(QUIET_ms);
  expect(storm.phone.responses(480)[0]?.at_ms).toBeGreaterThan(STAGES * TIMER_C_ms);
  expect(storm.left()).toEqual([]);
});

describe("after a storm", () => {
  const storms = fc.tuple(
    network,
    fc.array(habit, { minLength: 4, maxLength: 4 }),
    fc.array(step, { maxLength: 60, size: "max" }),
  );

  test(
    "tables are empty, and nothing has failed",
    () => {
      fc.assert(
        fc.property(storms, ([options, habits, steps]) => {
          const storm = new Storm(options, habits);
          for (const one of steps) storm.take(one);
          storm.site.run(QUIET_ms);
          expect(storm.bugs).toEqual([]);
          expect(storm.left()).toEqual([]);
        }),
        { numRuns: 150 },
      );
    },
    LIMIT_ms,
  );

  test(
    "and no transaction has answered twice",
    () => {
      let finals = 0;
      fc.assert(
        fc.property(storms, ([options, habits, steps]) => {
          const storm = new Storm(options, habits);
          const twice: string[] = [];
          watchFinals(
            storm.site.core,
            () => (finals += 1),
            (what) => twice.push(what),
          );
          for (const one of steps) storm.take(one);
          storm.site.run(60_000);
          expect(twice).toEqual([]);
        }),
        { numRuns: 150 },
      );
      expect(finals).toBeGreaterThan(500);
    },
    LIMIT_ms,
  );
});
