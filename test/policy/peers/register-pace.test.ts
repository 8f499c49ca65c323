/** How fast REGISTERs go up to a target that has returned, answer by answer. */
import { describe, expect, it } from "vitest";
import { RegisterPace } from "../../../src/policy/peers/register-pace.ts";

const MOST = 10;
/** Longer than a turn takes at the least pace. */
const TURN_ms = 15_000;

class Lab {
  readonly pace = new RegisterPace();
  now_ms = 1_000;

  constructor() {
    this.ask(1);
  }

  /** How many of `count` that ask now go up. @param isUnreachable upstream's calls can't reach them */
  ask(count: number, isUnreachable = false): number {
    let up = 0;
    for (let turn = 0; turn < count; turn++) if (this.pace.take(MOST, this.now_ms, isUnreachable)) up += 1;
    return up;
  }

  /** One goes up, and ends so long afterwards. @param status 0: without an answer */
  one(took_ms: number, status = 200): void {
    this.pace.onSent();
    this.now_ms += took_ms;
    this.pace.onEnd(status === 0 ? undefined : { status, took_ms }, this.now_ms);
    this.now_ms += 1_000;
  }

  /** How many go up in a thousand seconds. */
  rate(): number {
    this.ask(100);
    let up = 0;
    for (let step = 0; step < 100_000; step++) {
      this.now_ms += 10;
      up += this.ask(1);
    }
    return up;
  }

  several(count: number, took_ms: number): void {
    for (let turn = 0; turn < count; turn++) this.one(took_ms);
  }
}

/** In good times, then fallen, then up. */
function returned(usual: readonly number[] = [30]): Lab {
  const lab = new Lab();
  for (let turn = 0; turn < 64; turn++) lab.one(usual[turn % usual.length] ?? 0);
  lab.pace.onDown();
  lab.now_ms += 600_000;
  return lab;
}

describe("before any outage", () => {
  it("the file's pace holds: a second's worth at once", () => {
    const lab = new Lab();
    lab.now_ms += 60_000;
    expect(lab.ask(50)).toBe(MOST);
    lab.now_ms += 100;
    expect(lab.ask(50)).toBe(1);
    expect(lab.pace.isCareful).toBe(false);
  });
});

describe("after an outage", () => {
  it("what is told: the pace of now, that of the file, and those without an answer yet", () => {
    const lab = returned();
    expect(lab.pace.status(MOST)).toEqual({ per_s: 0.3, most_per_s: 10, unanswered: 0 });
    lab.pace.onSent();
    expect(lab.pace.status(MOST)).toMatchObject({ unanswered: 1 });
    lab.pace.onEnd({ status: 200, took_ms: 30 }, lab.now_ms);
    expect(lab.pace.status(MOST)).toEqual({ per_s: 0.36, most_per_s: 10, unanswered: 0 });
    expect(new Lab().pace.status(MOST)).toEqual({ per_s: 10, most_per_s: 10, unanswered: 0 });
  });

  it("it begins with one, and the next 3.3 s later", () => {
    const lab = returned();
    expect(lab.ask(50)).toBe(1);
    lab.now_ms += 3_300;
    expect(lab.ask(50)).toBe(0);
    lab.now_ms += 100;
    expect(lab.ask(50)).toBe(1);
    expect(lab.pace.isCareful).toBe(true);
  });

  it("time alone makes it no faster", () => {
    const lab = returned();
    lab.now_ms += 3_600_000;
    expect(lab.ask(50)).toBe(1);
  });

  it("quick answers make it faster, until it is what the file allows: a branch of 50 phones is enough", () => {
    const lab = returned();
    const rates = [lab.rate()];
    let answers = 0;
    for (; lab.pace.isCareful; answers++) {
      lab.one(30);
      if (answers % 10 === 0) rates.push(lab.rate());
    }
    expect(rates).toEqual([...rates].sort((a, b) => a - b));
    expect(answers).toBeLessThan(50);
    expect(Math.abs(lab.rate() - 1_000 * MOST)).toBeLessThan(2);
  });

  it("an answer makes it faster by less than a quarter, so that the first late one comes before hundreds are far beyond the limit", () => {
    const lab = returned();
    for (let answer = 0; answer < 20; answer++) {
      const before = lab.rate();
      lab.one(30);
      expect(lab.rate() / before).toBeLessThan(1.25);
    }
  });

  it.each([
    ["503", 30, 503],
    ["silence", 3_000, 0],
    ["an answer that is much later than usual", 300, 200],
  ])("%s halves it", (_, took_ms, status) => {
    const lab = returned();
    lab.several(20, 30);
    const before = lab.rate();
    lab.one(took_ms, status);
    expect(lab.rate() / before).toBeCloseTo(0.5, 1);
  });

  it("an answer that is a little late takes a little", () => {
    const lab = returned();
    lab.several(20, 30);
    const before = lab.rate();
    lab.one(52);
    expect(lab.rate() / before).toBeLessThan(0.95);
    expect(lab.rate() / before).toBeGreaterThan(0.6);
  });

  it("late answers that come together are one sign", () => {
    const one = returned();
    const three = returned();
    for (const lab of [one, three]) lab.several(20, 30);
    for (const lab of [one, three, three, three]) {
      lab.pace.onSent();
      lab.pace.onEnd({ status: 503, took_ms: 30 }, lab.now_ms);
    }
    expect(three.rate()).toBe(one.rate());
  });

  it("it is never slower than 8 in 100 s", () => {
    const lab = returned();
    for (let turn = 0; turn < 100; turn++) lab.one(3_000, 0);
    expect(lab.rate()).toBe(80);
  });

  it("nobody goes up while an answer is waited for", () => {
    const lab = returned();
    lab.pace.onSent();
    lab.now_ms += TURN_ms;
    expect(lab.ask(1)).toBe(0);
    lab.pace.onEnd({ status: 200, took_ms: 30 }, lab.now_ms);
    expect(lab.ask(1)).toBe(1);
  });

  it("the answer to a challenge goes up at once, and the next phone waits the longer", () => {
    const lab = returned();
    lab.ask(1);
    lab.pace.charge(MOST, lab.now_ms);
    lab.now_ms += 6_600;
    expect(lab.ask(1)).toBe(0);
    lab.now_ms += 100;
    expect(lab.ask(1)).toBe(1);
  });

  it("a phone with a wrong password makes the others wait for two turns at the most", () => {
    const lab = returned();
    for (let turn = 0; turn < 50; turn++) lab.pace.charge(MOST, lab.now_ms);
    lab.now_ms += 6_700;
    expect(lab.ask(1)).toBe(1);
  });

  it("an outage amid the return makes it no faster", () => {
    const lab = returned();
    for (let turn = 0; turn < 3; turn++) lab.one(3_000, 0);
    const before = lab.rate();
    lab.pace.onDown();
    expect(lab.rate()).toBe(before);
  });
});

describe("phones that upstream's calls can't reach, since upstream doesn't know their Contacts", () => {
  it("of several that come at once two go up, and the others wait until the time has caught up", () => {
    const lab = returned();
    expect(lab.ask(50, true)).toBe(2);
    lab.now_ms += 3_300;
    expect(lab.ask(50, true)).toBe(0);
    lab.now_ms += 100;
    expect(lab.ask(50, true)).toBe(1);
  });

  it("they go before phones that upstream knows", () => {
    const lab = returned();
    lab.ask(2, true);
    lab.now_ms += 3_400;
    expect(lab.ask(50)).toBe(0);
    expect(lab.ask(50, true)).toBe(1);
    lab.now_ms += 3_400;
    expect(lab.ask(50)).toBe(0);
    lab.now_ms += 3_400;
    expect(lab.ask(50)).toBe(1);
  });

  it("in a long time no more go up than others would", () => {
    const lab = returned();
    let up = 0;
    for (let step = 0; step < 100_000; step++) {
      lab.now_ms += 10;
      up += lab.ask(1, true);
    }
    expect(Math.abs(up - 300)).toBeLessThanOrEqual(2);
  });

  it("answers to the challenges of both are paid for", () => {
    const lab = returned();
    lab.ask(2, true);
    for (let phone = 0; phone < 2; phone++) lab.pace.charge(MOST, lab.now_ms);
    lab.now_ms += 13_300;
    expect(lab.ask(1)).toBe(0);
    lab.now_ms += 100;
    expect(lab.ask(1)).toBe(1);
  });

  it("a second one goes up while an answer is waited for, a third doesn't", () => {
    const lab = returned();
    const sent = [1, 2, 3].map(() => {
      lab.now_ms += TURN_ms;
      const goes = lab.ask(1, true) === 1;
      if (goes) lab.pace.onSent();
      return goes;
    });
    expect(sent).toEqual([true, true, false]);
  });

  it("before any outage the file's pace holds for them", () => {
    const lab = new Lab();
    lab.now_ms += 60_000;
    expect(lab.ask(50, true)).toBe(MOST);
  });
});

describe("what is late", () => {
  it("a challenge that comes quicker than the rest says nothing of the rest", () => {
    const lab = new Lab();
    lab.pace.onDown();
    for (let turn = 0; turn < 25; turn++) {
      lab.one(10, 401);
      lab.one(200);
    }
    expect(lab.pace.isCareful).toBe(false);
  });

  it("a way on which answers always vary slows nothing", () => {
    const lab = returned([40, 60, 95, 50, 80]);
    for (let turn = 0; turn < 100; turn++) lab.one([45, 90, 60, 80, 95][turn % 5] ?? 0);
    expect(lab.pace.isCareful).toBe(false);
  });

  it("a target that has been overloaded before the outage doesn't hide that it is so again", () => {
    const lab = returned([30, 1_500, 2_000, 900]);
    lab.several(20, 30);
    const before = lab.rate();
    lab.one(700);
    expect(lab.rate()).toBeLessThan(before);
  });

  it("a target that takes longer since the outage is believed once the least pace has changed nothing", () => {
    const lab = returned();
    lab.several(20, 300);
    lab.several(60, 300);
    expect(lab.pace.isCareful).toBe(false);
  });
});
