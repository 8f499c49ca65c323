/** Whether upstream lives: each edge of the machine with the evidence for it, and the numbers of the defaults. */
import { describe, expect, test } from "vitest";
import {
  type Evidence,
  initialState,
  nameOf,
  type Observation,
  observe,
  type PeerState,
  type PeerStateName,
} from "../../../src/policy/peers/peer-state.ts";
import { DEFAULTS, down, recovering, Target, up } from "./target.ts";

const EVIDENCE: readonly Evidence[] = [
  "probe answered",
  "probe failed",
  "request answered",
  "call answered",
  "request unanswered",
  "request undeliverable",
  "hold over",
  "own address gone",
  "own address missing",
  "own address here",
  "up at another member",
  "down before restart",
];

/** The next state for each state and evidence, nothing seen before in that state. */
const EDGES: Readonly<Record<PeerStateName, Readonly<Record<Evidence, PeerStateName>>>> = {
  up: {
    "probe answered": "up",
    "probe failed": "suspect",
    "request answered": "up",
    "call answered": "up",
    "request unanswered": "suspect",
    "request undeliverable": "suspect",
    "hold over": "up",
    "own address gone": "down",
    "own address missing": "down",
    "own address here": "up",
    "up at another member": "up",
    "down before restart": "up",
  },
  suspect: {
    "probe answered": "up",
    "probe failed": "suspect",
    "request answered": "up",
    "call answered": "up",
    "request unanswered": "suspect",
    "request undeliverable": "suspect",
    "hold over": "suspect",
    "own address gone": "down",
    "own address missing": "down",
    "own address here": "suspect",
    "up at another member": "suspect",
    "down before restart": "down",
  },
  down: {
    "probe answered": "down",
    "probe failed": "down",
    "request answered": "down",
    "call answered": "up",
    "request unanswered": "down",
    "request undeliverable": "down",
    "hold over": "down",
    "own address gone": "down",
    "own address missing": "down",
    "own address here": "down",
    "up at another member": "down",
    "down before restart": "down",
  },
  recovering: {
    "probe answered": "recovering",
    "probe failed": "down",
    "request answered": "recovering",
    "call answered": "recovering",
    "request unanswered": "down",
    "request undeliverable": "down",
    "hold over": "up",
    "own address gone": "recovering",
    "own address missing": "recovering",
    "own address here": "recovering",
    "up at another member": "up",
    "down before restart": "recovering",
  },
};

describe("every state × every evidence", () => {
  const start: Readonly<Record<PeerStateName, () => Target>> = {
    up,
    suspect: () => new Target(),
    down,
    recovering,
  };
  for (const [name, row] of Object.entries(EDGES) as [PeerStateName, Record<Evidence, PeerStateName>][]) {
    for (const evidence of EVIDENCE) {
      test(`${name} × ${evidence} → ${row[evidence]}`, () => {
        const target = start[name]();
        expect(nameOf(target.state)).toBe(name);
        expect(target.see(evidence)).toBe(row[evidence]);
      });
    }
  }
});

describe("from the start", () => {
  test("nothing is known: suspect, so calls go up", () => {
    expect(nameOf(initialState(DEFAULTS))).toBe("suspect");
    expect(initialState(DEFAULTS)).toEqual({
      now: { place: "unknown" },
      past: { hold_ms: 60_000, up_since_ms: 0, hasLived: false, returns: 0, returned_ms: 0 },
    });
  });

  test("an upstream that never answers is down after three probes", () => {
    expect(new Target().see("probe failed", "probe failed")).toBe("suspect");
    expect(new Target().see("probe failed", "probe failed", "probe failed")).toBe("down");
  });
});

describe("up → suspect → down", () => {
  test("three failed probes in all, the second and third after 1 s each", () => {
    const target = up();
    expect(target.see("probe failed")).toBe("suspect");
    expect(target.last.probeIn_ms).toBe(1_000);
    expect(target.see("probe failed")).toBe("suspect");
    expect(target.last.probeIn_ms).toBe(1_000);
    expect(target.see("probe failed")).toBe("down");
    expect(target.last.probeIn_ms).toBe(5_000);
  });

  test.each<Evidence>(["request unanswered", "request undeliverable"])(
    "one %s and one failed immediate probe",
    (evidence) => {
      const target = up();
      expect(target.see(evidence)).toBe("suspect");
      expect(target.last.probeIn_ms).toBe(0);
      expect(target.see("probe failed")).toBe("down");
    },
  );

  test("a failed probe and then a request without an answer", () => {
    expect(up().see("probe failed", "request unanswered")).toBe("down");
  });

  test("a hundred requests without an answer are one sign: the probe decides", () => {
    const target = up();
    for (let count = 0; count < 100; count++) expect(target.see("request unanswered")).toBe("suspect");
    expect(target.see("probe answered")).toBe("up");
  });

  test.each<Evidence>(["probe answered", "request answered"])(
    "any %s is life, and all doubts are forgotten",
    (evidence) => {
      const target = up();
      expect(target.see("probe failed", "probe failed", evidence)).toBe("up");
      expect(target.last.probeIn_ms).toBe(10_000);
      expect(target.see("probe failed", "probe failed")).toBe("suspect");
      expect(up().see("request unanswered", evidence, "probe failed")).toBe("suspect");
    },
  );

  test("while up a probe leaves every 10 s", () => {
    const target = up();
    expect(target.last.probeIn_ms).toBe(10_000);
    target.see("probe answered");
    expect(target.last.probeIn_ms).toBe(10_000);
  });
});

describe("down → recovering", () => {
  test("three good probes in a row, each 1 s after the last", () => {
    const target = down();
    expect(target.see("probe answered")).toBe("down");
    expect(target.last.probeIn_ms).toBe(1_000);
    expect(target.see("probe answered")).toBe("down");
    expect(target.see("probe answered")).toBe("recovering");
    expect(target.last).toMatchObject({ holdFor_ms: 60_000, probeIn_ms: 1_000 });
  });

  test("a failed probe in between starts the count anew, and the next comes after 5 s", () => {
    const target = down();
    target.see("probe answered", "probe answered", "probe failed");
    expect(target.last.probeIn_ms).toBe(5_000);
    expect(target.see("probe answered", "probe answered")).toBe("down");
    expect(target.see("probe answered")).toBe("recovering");
  });

  test("nothing but a probe brings it back", () => {
    const target = down();
    expect(target.see("request answered", "request answered", "request answered", "hold over")).toBe("down");
  });
});

describe("recovering → up", () => {
  test("after the hold, and the next probe is an ordinary one", () => {
    const target = recovering();
    expect(target.see("probe answered", "hold over")).toBe("up");
    expect(target.last.probeIn_ms).toBe(10_000);
    expect(target.last.holdFor_ms).toBeUndefined();
  });

  test("good probes don't prolong the hold", () => {
    const target = recovering();
    target.see("probe answered");
    expect(target.last.holdFor_ms).toBeUndefined();
  });

  test.each<Evidence>(["probe failed", "request unanswered", "request undeliverable"])(
    "one %s is enough to fall, and the count of good probes begins again",
    (evidence) => {
      const target = recovering();
      expect(target.see(evidence)).toBe("down");
      expect(target.last.probeIn_ms).toBe(5_000);
      expect(target.see("probe answered", "probe answered")).toBe("down");
    },
  );
});

describe("flaps", () => {
  test("the hold doubles at each, up to ten minutes", () => {
    const target = recovering();
    const holds = [target.last.holdFor_ms];
    for (let flap = 0; flap < 6; flap++) {
      target.see("probe failed", "probe answered", "probe answered", "probe answered");
      holds.push(target.last.holdFor_ms);
    }
    expect(holds).toEqual([60_000, 120_000, 240_000, 480_000, 600_000, 600_000, 600_000]);
  });

  test("a fall soon after the last rise is one too", () => {
    const target = down().at(1_000);
    target.recover();
    expect(target.state).toMatchObject({ now: { place: "up" }, past: { up_since_ms: 61_000 } });
    target.at(61_000 + DEFAULTS.hold_max_ms - 1).see("request unanswered", "probe failed");
    expect(target.state).toMatchObject({ now: { place: "down" }, past: { hold_ms: 120_000 } });
  });

  test("after ten calm minutes the hold is the first again", () => {
    const target = recovering().at(500_000);
    target.see("probe failed", "probe answered", "probe answered", "probe answered", "hold over");
    expect(target.state).toMatchObject({ now: { place: "up" }, past: { hold_ms: 120_000, up_since_ms: 500_000 } });
    target.at(500_000 + DEFAULTS.hold_max_ms).see("request unanswered", "probe failed");
    expect(target.state).toMatchObject({ now: { place: "down" }, past: { hold_ms: 60_000 } });
  });

  test("a mere suspicion is no flap", () => {
    const target = down().at(1_000);
    target.recover();
    const { up_since_ms } = target.state.past;
    for (let count = 0; count < 5; count++) target.at(target.now_ms + 1_000).see("probe failed", "probe answered");
    expect(target.state).toMatchObject({ now: { place: "up" }, past: { up_since_ms, hold_ms: 60_000 } });
  });

  test("the first fall after the start is none", () => {
    const target = new Target().at(5_000);
    target.see("probe answered", "request unanswered", "probe failed");
    expect(target.state).toMatchObject({ now: { place: "down" }, past: { hold_ms: 60_000 } });
  });

  test("a hold of none brings it up with the first event of its timer", () => {
    const settings = { ...DEFAULTS, hold_ms: 0, hold_max_ms: 0 };
    let state: PeerState = { ...initialState(settings), now: { place: "down", answers: 0, since_ms: 0 } };
    let last: Observation = { state };
    for (let count = 0; count < 3; count++) {
      last = observe(state, "probe answered", settings, 0);
      state = last.state;
    }
    expect(last.holdFor_ms).toBe(0);
    expect(nameOf(observe(state, "hold over", settings, 0).state)).toBe("up");
  });
});

test("evidence that says nothing new leaves the very same state", () => {
  for (const [target, evidence] of [
    [up(), "request answered"],
    [up(), "probe answered"],
    [down(), "request unanswered"],
    [down(), "probe failed"],
    [recovering(), "request answered"],
  ] as const) {
    const before = target.state;
    target.see(evidence);
    expect(target.state).toBe(before);
  }
});
