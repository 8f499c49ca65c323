/** What waits for a receiver: nothing is lost while it is away, the order stays, and there is an end to everything. In virtual time. */
import { expect, test } from "vitest";
import { afterStatus, DeliveryQueue, WAITING_MAX } from "../../../src/app/observe/delivery-queue.ts";

const DAY_ms = 86_400_000;

/** A receiver that is away at times, and a queue to it, by a clock that goes from deadline to deadline. */
class Receiver {
  readonly taken: { readonly text: string; readonly at_ms: number }[] = [];
  tries: number[] = [];
  now_ms = 0;
  readonly queue: DeliveryQueue;
  private readonly isAway: (at_ms: number) => boolean;

  constructor(isAway: (at_ms: number) => boolean, limits = { most: WAITING_MAX, keep_ms: DAY_ms }) {
    this.isAway = isAway;
    this.queue = new DeliveryQueue(limits);
  }

  add(text: string): void {
    this.queue.add(text, this.now_ms);
    this.go();
  }

  /** Until then each deadline is kept. */
  runTo(to_ms: number): void {
    for (;;) {
      const { wake_ms } = this.queue;
      if (wake_ms === undefined || wake_ms > to_ms) break;
      this.now_ms = Math.max(this.now_ms, wake_ms);
      this.go();
    }
    this.now_ms = to_ms;
  }

  private go(): void {
    for (let text = this.queue.take(this.now_ms); text !== undefined; text = this.queue.take(this.now_ms)) {
      this.tries.push(this.now_ms);
      const isTaken = !this.isAway(this.now_ms);
      if (isTaken) this.taken.push({ text, at_ms: this.now_ms });
      this.queue.end(isTaken ? "taken" : "failed", this.now_ms);
    }
  }
}

test("a receiver that is away for a minute gets all that happened meanwhile, once and in order, within seconds of its return", () => {
  const receiver = new Receiver((at_ms) => at_ms >= 500 && at_ms < 60_500);
  const sent: string[] = [];
  for (let at_ms = 0; at_ms < 70_000; at_ms += 700) {
    receiver.runTo(at_ms);
    sent.push(`event at ${at_ms}`);
    receiver.add(`event at ${at_ms}`);
  }
  receiver.runTo(200_000);
  expect(receiver.taken.map(({ text }) => text)).toEqual(sent);
  expect(receiver.queue.length).toBe(0);
  expect(receiver.queue.takeLost()).toBe(0);
  const first = receiver.taken.find(({ at_ms }) => at_ms > 500);
  expect(first?.at_ms).toBeGreaterThanOrEqual(60_500);
  expect(first?.at_ms).toBeLessThan(60_500 + 32_000);
});

test("it is tried again after 1, 2, 4 … 60 seconds, and from the beginning after a success", () => {
  const receiver = new Receiver((at_ms) => at_ms < 300_000);
  receiver.add("one");
  receiver.runTo(299_999);
  expect(receiver.tries.map((at_ms) => at_ms / 1_000)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
  receiver.runTo(400_000);
  expect(receiver.taken).toEqual([{ text: "one", at_ms: 303_000 }]);
});

test("nothing is taken while one is on its way", () => {
  const queue = new DeliveryQueue({ most: 3, keep_ms: DAY_ms });
  queue.add("one", 0);
  queue.add("two", 0);
  expect(queue.take(0)).toBe("one");
  expect(queue.take(0)).toBeUndefined();
  expect(queue.wake_ms).toBeUndefined();
  queue.end("refused", 5);
  expect(queue.take(5)).toBe("two");
});

test("where there is no room the oldest is given up and counted, never the one that is on its way", () => {
  const queue = new DeliveryQueue({ most: 3, keep_ms: DAY_ms });
  queue.add("one", 0);
  expect(queue.take(0)).toBe("one");
  for (const text of ["two", "three", "four", "five"]) queue.add(text, 1);
  expect(queue.length).toBe(3);
  expect(queue.takeLost()).toBe(2);
  expect(queue.takeLost()).toBe(0);
  queue.end("taken", 2);
  expect(queue.take(2)).toBe("four");
  queue.end("taken", 2);
  expect(queue.take(2)).toBe("five");
});

test("what has waited for too long is given up and counted", () => {
  const receiver = new Receiver((at_ms) => at_ms < 100_000, { most: 9, keep_ms: 60_000 });
  receiver.add("old");
  receiver.runTo(50_000);
  receiver.add("young");
  receiver.runTo(200_000);
  expect(receiver.taken.map(({ text }) => text)).toEqual([]);
  expect(receiver.queue.takeLost()).toBe(2);
  receiver.add("new");
  expect(receiver.taken.map(({ text }) => text)).toEqual(["new"]);
});

test.each([
  [200, "taken"],
  [204, "taken"],
  [301, "refused"],
  [401, "refused"],
  [404, "refused"],
  [408, "failed"],
  [425, "failed"],
  [429, "failed"],
  [500, "failed"],
  [503, "failed"],
] as const)("a webhook's %i means %s", (status, how) => {
  expect(afterStatus(status)).toBe(how);
});
