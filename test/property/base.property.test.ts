/** Small tools against naive models of themselves. */

import { describe, expect, test } from "vitest";
import { canonicalAddress, commonPrefix_bits, IpRange } from "../../src/base/ip-range.ts";
import { Timer, Timers } from "../../src/base/timers.ts";
import { Splice } from "../../src/message/splice.ts";
import fc from "../support/properties.ts";

describe("Splice", () => {
  /** Edits that don't overlap, in any order of asking. */
  const edits = fc
    .tuple(fc.string({ maxLength: 30 }), fc.array(fc.nat({ max: 30 }), { maxLength: 10 }))
    .chain(([wire, cuts]) => {
      const places = [...new Set(cuts.filter((cut) => cut <= wire.length))].sort((a, b) => a - b);
      const ranges = places.map((start, index) => ({
        start,
        end: index % 3 === 0 ? start : (places[index + 1] ?? wire.length),
        text: "<>".repeat(index % 2) + index,
      }));
      const insertions = places.map((start) => ({ start, end: start, text: `+${start}` }));
      return fc.record({
        wire: fc.constant(wire),
        edits: fc.shuffledSubarray([...ranges, ...insertions]),
      });
    });

  function naive(wire: string, list: readonly { start: number; end: number; text: string }[]): string {
    let result = "";
    for (let position = 0; position <= wire.length; position++) {
      result += list
        .filter((one) => one.start === position)
        .map((one) => one.text)
        .join("");
      const isCut = list.some((one) => one.start <= position && position < one.end);
      if (!isCut) result += wire.slice(position, position + 1);
    }
    return result;
  }

  test("equals editing character by character", () => {
    fc.assert(
      fc.property(edits, ({ wire, edits: list }) => {
        const splice = new Splice(wire);
        for (const { start, end, text } of list) splice.replace(start, end, text);
        expect(splice.build()).toBe(naive(wire, list));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("Timers", () => {
  type Step =
    | { readonly kind: "start"; readonly index: number; readonly delay_ms: number }
    | { readonly kind: "stop"; readonly index: number }
    | { readonly kind: "run"; readonly advance_ms: number };

  const index = fc.nat({ max: 11 });
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant("start" as const),
        index,
        delay_ms: fc.oneof(fc.constantFrom(0, 500, 1_000, 4_000, 32_000), fc.nat({ max: 200 })),
      }),
      fc.record({ kind: fc.constant("stop" as const), index }),
      fc.record({ kind: fc.constant("run" as const), advance_ms: fc.nat({ max: 5_000 }) }),
    ),
    { maxLength: 120, size: "max" },
  );

  /** A list that is sorted each time anew. */
  class NaiveTimers {
    private list: { index: number; deadline_ms: number; wake_ms: number; order: number }[] = [];
    private order = 0;

    get count(): number {
      return this.list.length;
    }

    start(timer: number, deadline_ms: number, wake_ms: number): void {
      this.stop(timer);
      this.list.push({ index: timer, deadline_ms, wake_ms, order: ++this.order });
      this.list.sort((a, b) => a.deadline_ms - b.deadline_ms || a.order - b.order);
    }

    stop(timer: number): void {
      this.list = this.list.filter((one) => one.index !== timer);
    }

    next_ms(): number | undefined {
      return this.list[0]?.deadline_ms;
    }

    wake_ms(): number | undefined {
      return this.list.length === 0 ? undefined : Math.min(...this.list.map(({ wake_ms }) => wake_ms));
    }

    due(now_ms: number): string[] {
      const fired = this.list.filter((one) => one.deadline_ms <= now_ms);
      this.list = this.list.filter((one) => one.deadline_ms > now_ms);
      return fired.map((one) => `${one.index}@${now_ms}`);
    }
  }

  test("fire what a sorted list would, in its order", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const fired: string[] = [];
        const owner = { onTimer: (kind: string, now_ms: number) => void fired.push(`${kind}@${now_ms}`) };
        const all = Array.from({ length: 12 }, (_, place) => new Timer(owner, String(place)));
        const timers = new Timers();
        const naive = new NaiveTimers();
        const expected: string[] = [];
        let now_ms = 0;
        for (const step of list) {
          if (step.kind === "run") {
            now_ms += step.advance_ms;
            timers.run(now_ms);
            expected.push(...naive.due(now_ms));
          } else if (step.kind === "stop") {
            timers.stop(all[step.index] as Timer);
            naive.stop(step.index);
          } else {
            timers.start(all[step.index] as Timer, step.delay_ms, now_ms);
            const deadline_ms = now_ms + step.delay_ms;
            naive.start(step.index, deadline_ms, step.delay_ms < 5_000 ? deadline_ms : deadline_ms + 100);
          }
          expect(timers.nextDeadline_ms()).toBe(naive.next_ms());
          expect(timers.nextWake_ms()).toBe(naive.wake_ms());
          expect(timers.count).toBe(naive.count);
        }
        expect(fired).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });
});

describe("IpRange", () => {
  const v4 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n });
  const v6 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });

  function text(value: bigint, bits: 32 | 128): string {
    if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
    const groups = Array.from({ length: 8 }, (_, place) => (value >> BigInt(112 - 16 * place)) & 0xffffn);
    return groups.map((group) => group.toString(16)).join(":");
  }

  /** An address, one of which the first `shared` bits are the same, and a prefix length. */
  const cases = (bits: 32 | 128) =>
    fc
      .tuple(bits === 32 ? v4 : v6, bits === 32 ? v4 : v6, fc.nat({ max: bits }), fc.nat({ max: bits }))
      .map(([a, noise, shared, length]) => {
        const low = BigInt(bits - shared);
        return { bits, a, b: ((a >> low) << low) | (noise & ((1n << low) - 1n)), length };
      });

  test("contains what has the same first bits", () => {
    fc.assert(
      fc.property(fc.oneof(cases(32), cases(128)), ({ bits, a, b, length }) => {
        const rest = BigInt(bits - length);
        const range = IpRange.parse(`${text(a, bits)}/${length}`);
        const other = IpRange.parse(text(b, bits));
        const isInside = a >> rest === b >> rest;
        expect(range?.contains(text(b, bits))).toBe(isInside);
        expect(other !== undefined && range?.overlaps(other)).toBe(isInside);
        expect(commonPrefix_bits(text(a, bits), text(b, bits)) >= length).toBe(isInside);
      }),
      { numRuns: 500 },
    );
  });

  test("RFC 5952 §4: every spelling of an IPv6 address has the same canonical one, without leading zeros", () => {
    const sparse = fc.array(fc.constantFrom(0n, 0n, 0n, 1n, 0xdb8n, 0xffffn), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(sparse, fc.nat({ max: 7 }), fc.nat({ max: 8 }), (groups, start, end) => {
        const full = groups.map((group) => group.toString(16).toUpperCase().padStart(4, "0"));
        const canonical = canonicalAddress(full.join(":"));
        const isRun = start < end && groups.slice(start, end).every((group) => group === 0n);
        const short = isRun ? `${full.slice(0, start).join(":")}::${full.slice(end).join(":")}` : full.join(":");
        expect(canonicalAddress(short)).toBe(canonical);
        expect(canonicalAddress(canonical)).toBe(canonical);
        expect(canonical).toMatch(/^[0-9a-f:]+$/);
        expect(canonical).not.toMatch(/(^|:)0[0-9a-f]/);
        expect(canonical).not.toMatch(/::.*::|(^|:)0:0(:|$)(?!.*::)(?<!::.*)/);
      }),
      { numRuns: 500 },
    );
  });

  test("canonicalAddress never throws, and is its own canonical spelling", () => {
    const letters = fc.constantFrom(..."0123456789abcdefABCDEFg:.%[]/ ".split(""));
    fc.assert(
      fc.property(fc.string({ unit: letters, maxLength: 45 }), (any) => {
        const canonical = canonicalAddress(any);
        expect(canonicalAddress(canonical)).toBe(canonical);
      }),
      { numRuns: 2_000 },
    );
  });
});
