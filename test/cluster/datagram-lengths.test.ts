/** Which lengths of datagrams reach the other member: on ways that carry all, that have a small MTU, and that change. */
import { describe, expect, test } from "vitest";
import { Timers } from "../../src/base/timers.ts";
import { DatagramLengths, LENGTHS_octets } from "../../src/cluster/datagram-lengths.ts";
import { PART_MAX_OCTETS } from "../../src/cluster/packing.ts";
import type { Part } from "../../src/cluster/ports.ts";

const [SHORT = 0, PACKET = 0, LONG = 0] = LENGTHS_octets;

/** Two members; datagrams from left longer than `longest` are lost, and all those that `loses` says. */
class Line {
  longest = Number.POSITIVE_INFINITY;
  loses: () => boolean = () => false;
  isOld = false;
  sent: number[] = [];
  private now_ms = 0;
  private readonly timers = new Timers();
  readonly left: DatagramLengths;
  private readonly right: DatagramLengths;
  private live: readonly string[] = [];

  constructor() {
    this.left = this.end(
      (part) => this.toRight(part),
      () => this.live,
    );
    this.right = this.end(
      (part) => this.left.take("right", part),
      () => [],
    );
  }

  meet(): this {
    this.live = ["right"];
    this.left.onAlive("right", this.now_ms);
    return this;
  }

  part(): void {
    this.live = [];
    this.left.onDead("right");
  }

  pass(s: number): this {
    for (const end_ms = this.now_ms + s * 1_000; this.now_ms < end_ms; this.now_ms += 100) this.timers.run(this.now_ms);
    return this;
  }

  get arrives(): (boolean | undefined)[] {
    return this.left.status("right").map(({ arrives }) => arrives);
  }

  private toRight(part: Part): void {
    const octets = JSON.stringify(part).length;
    this.sent.push(octets);
    if (octets <= this.longest && !this.loses() && !this.isOld) this.right.take("left", part);
  }

  private end(tell: (part: Part) => void, live: () => readonly string[]): DatagramLengths {
    const speaker = { tell: (_: string, parts: readonly Part[]) => parts.forEach(tell), tellAll: () => {} };
    return new DatagramLengths({ speaker, timers: this.timers, live });
  }
}

describe("lengths of datagrams that reach the other member", () => {
  test("a way that carries all: known at once, and asked again after half a minute", () => {
    const line = new Line().meet();
    expect(line.arrives).toEqual([true, true, true]);
    line.pass(65);
    expect(line.arrives).toEqual([true, true, true]);
    expect(line.sent).toHaveLength(3 * LENGTHS_octets.length);
  });

  test("each is as long as it says, within the envelope's few octets, and none is too long to be sent", () => {
    const { sent } = new Line().meet();
    sent.forEach((octets, index) => {
      expect(Math.abs(octets - (LENGTHS_octets[index] ?? 0))).toBeLessThan(160);
    });
    expect(Math.max(...sent)).toBeLessThan(PART_MAX_OCTETS);
  });

  test.each([
    ["fragments are lost", PACKET, [true, true, false]],
    ["the MTU is small", SHORT, [true, false, false]],
  ] as const)("%s: known after a few seconds, and no sooner", (_, longest, expected) => {
    const line = new Line();
    line.longest = longest;
    line.meet();
    expect(line.arrives).toEqual(expected.map((one) => one || undefined));
    expect(line.pass(6).arrives).toEqual(expected);
  });

  test("a way that is mended is seen to carry long ones again; one that breaks, too", () => {
    const line = new Line();
    line.longest = PACKET;
    line.meet().pass(10);
    line.longest = LONG;
    expect(line.pass(35).arrives).toEqual([true, true, true]);
    line.longest = PACKET;
    expect(line.pass(40).arrives).toEqual([true, true, false]);
  });

  test("every other datagram is lost: nothing is said to get lost for good", () => {
    const line = new Line();
    let count = 0;
    line.loses = () => count++ % 2 === 0;
    line.meet();
    for (let s = 0; s < 120; s++) expect(line.pass(1).arrives).not.toContain(false);
  });

  test("of a member of a version that doesn't answer, and of one that is dead, nothing is known", () => {
    const old = new Line();
    old.isOld = true;
    expect(old.meet().pass(60).arrives).toEqual([undefined, undefined, undefined]);
    const line = new Line().meet().pass(2);
    line.part();
    expect(line.arrives).toEqual([undefined, undefined, undefined]);
    const before = line.sent.length;
    line.pass(120);
    expect(line.sent).toHaveLength(before);
  });

  test("parts in other shapes are passed over", () => {
    const line = new Line().meet();
    for (const value of [null, 7, "x", [], {}, { octets: "256" }, { octets: 77 }])
      for (const kind of ["length", "arrived"]) line.left.take("right", [kind, value]);
    line.left.take("stranger", ["arrived", { octets: SHORT }]);
    expect(line.arrives).toEqual([true, true, true]);
    expect(line.left.status("stranger").map(({ arrives }) => arrives)).toEqual([undefined, undefined, undefined]);
  });
});
