/** Timers as data: order, ties, stopping and restarting, in numbers instead of seconds. */
import { describe, expect, test } from "vitest";
import { Timer, type TimerOwner, Timers } from "../../src/base/timers.ts";

/** Notes which timers fired and when. */
class Recorder implements TimerOwner {
  readonly fired: string[] = [];

  onTimer(kind: string, now_ms: number): void {
    this.fired.push(`${kind}@${now_ms}`);
  }
}

function setUp(...kinds: string[]) {
  const recorder = new Recorder();
  const timers = new Timers();
  const made = kinds.map((kind) => new Timer(recorder, kind));
  const timer = (index: number): Timer => {
    const found = made[index];
    if (found === undefined) throw new Error(`no timer ${index}`);
    return found;
  };
  return { recorder, timers, timer };
}

describe("Timers", () => {
  test("a timer fires once, in the first run at or after its deadline", () => {
    const { recorder, timers, timer } = setUp("a");
    timers.start(timer(0), 500, 1_000);
    expect(timers.nextDeadline_ms()).toBe(1_500);
    timers.run(1_499);
    expect(recorder.fired).toEqual([]);
    timers.run(1_500);
    timers.run(9_999);
    expect(recorder.fired).toEqual(["a@1500"]);
    expect(timers.nextDeadline_ms()).toBeUndefined();
  });

  test("the host is woken on time for short timers, and once for long ones that end close together", () => {
    const { recorder, timers, timer } = setUp("long", "longer", "short", "another");
    expect(timers.nextWake_ms()).toBeUndefined();
    timers.start(timer(0), 5_000, 0);
    timers.start(timer(1), 32_000, -26_950);
    expect(timers.nextWake_ms()).toBe(5_100);
    timers.start(timer(2), 4_999, 0);
    expect(timers.nextWake_ms()).toBe(4_999);
    timers.start(timer(3), 500, 4_530);
    timers.stop(timer(2));
    // A timer that is due by then leaves with it.
    expect(timers.nextWake_ms()).toBe(5_030);
    timers.run(5_030);
    expect(recorder.fired).toEqual(["long@5030", "another@5030"]);
    expect(timers.nextWake_ms()).toBe(5_150);
  });

  test("a late run fires all that is due, by deadline and not by start", () => {
    const { recorder, timers, timer } = setUp("late", "early", "middle", "future");
    timers.start(timer(0), 300, 0);
    timers.start(timer(1), 100, 50);
    timers.start(timer(2), 200, 60);
    timers.start(timer(3), 5_000, 0);
    timers.run(1_000);
    expect(recorder.fired).toEqual(["early@1000", "middle@1000", "late@1000"]);
    expect(timers.count).toBe(1);
  });

  test("equal deadlines fire in the order of their starts, whichever their durations", () => {
    const { recorder, timers, timer } = setUp("first", "second", "third");
    timers.start(timer(0), 1_000, 0);
    timers.start(timer(1), 400, 600);
    timers.start(timer(2), 1_000, 0);
    timers.run(1_000);
    expect(recorder.fired).toEqual(["first@1000", "second@1000", "third@1000"]);
  });

  test("a stopped timer doesn't fire, and its neighbours in the queue do", () => {
    for (const stopped of [0, 1, 2]) {
      const { recorder, timers, timer } = setUp("0", "1", "2");
      for (const index of [0, 1, 2]) timers.start(timer(index), 500, index);
      timers.stop(timer(stopped));
      expect(timer(stopped).isRunning).toBe(false);
      expect(timers.count).toBe(2);
      timers.run(1_000);
      expect(recorder.fired).toEqual([0, 1, 2].filter((index) => index !== stopped).map((index) => `${index}@1000`));
    }
  });

  test("stopping twice, or before any start, changes nothing", () => {
    const { timers, timer } = setUp("a");
    timers.stop(timer(0));
    timers.start(timer(0), 10, 0);
    timers.stop(timer(0));
    timers.stop(timer(0));
    expect(timers.count).toBe(0);
    expect(timers.nextDeadline_ms()).toBeUndefined();
  });

  test("starting again replaces the deadline, to an earlier or a later one", () => {
    const { recorder, timers, timer } = setUp("a", "b");
    timers.start(timer(0), 100, 0);
    timers.start(timer(0), 500, 0);
    timers.start(timer(1), 500, 0);
    timers.start(timer(1), 100, 0);
    expect(timers.count).toBe(2);
    timers.run(100);
    timers.run(500);
    expect(recorder.fired).toEqual(["b@100", "a@500"]);
  });

  test("a timer of no delay fires in the next run", () => {
    const { recorder, timers, timer } = setUp("now");
    timers.start(timer(0), 0, 42);
    timers.run(42);
    expect(recorder.fired).toEqual(["now@42"]);
  });

  test("an owner may start and stop timers while it is told", () => {
    const timers = new Timers();
    const fired: string[] = [];
    const owner: TimerOwner = {
      onTimer(kind, now_ms) {
        fired.push(`${kind}@${now_ms}`);
        if (kind !== "starter") return;
        timers.stop(victim);
        timers.start(child, 0, now_ms);
        if (fired.length === 1) timers.start(starter, 50, now_ms);
      },
    };
    const starter = new Timer(owner, "starter");
    const victim = new Timer(owner, "victim");
    const child = new Timer(owner, "child");
    timers.start(starter, 100, 0);
    timers.start(victim, 100, 0);
    timers.run(100);
    expect(fired).toEqual(["starter@100", "child@100"]);
    timers.run(150);
    expect(fired).toEqual(["starter@100", "child@100", "starter@150", "child@150"]);
    expect(timers.count).toBe(0);
  });

  test("more durations than queues are kept: none is lost", () => {
    const { recorder, timers } = setUp();
    for (let duration = 1; duration <= 500; duration++) {
      timers.start(new Timer(recorder, String(duration)), duration, 0);
    }
    const short = new Timer(recorder, "short");
    for (let round = 0; round < 200; round++) {
      timers.start(short, 0.1 + round / 1_000, 0);
      timers.stop(short);
    }
    timers.run(1_000);
    expect(recorder.fired).toEqual(Array.from({ length: 500 }, (_, index) => `${index + 1}@1000`));
  });

  test("10,000 timers: every second one stopped, the rest fires in order", () => {
    const { recorder, timers } = setUp();
    const durations = [500, 1_000, 4_000, 32_000];
    const all = Array.from({ length: 10_000 }, (_, index) => new Timer(recorder, String(index)));
    for (const [index, timer] of all.entries()) timers.start(timer, durations[index % 4] ?? 0, index);
    for (const [index, timer] of all.entries()) if (index % 2 === 1) timers.stop(timer);
    expect(timers.count).toBe(5_000);
    const expected = all.filter((timer) => timer.isRunning).sort((a, b) => a.deadline_ms - b.deadline_ms);
    const order = expected.map((timer) => timer.kind);
    timers.run(100_000);
    expect(recorder.fired.map((entry) => entry.split("@")[0])).toEqual(order);
    expect(timers.count).toBe(0);
  });
});
