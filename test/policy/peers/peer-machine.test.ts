/** The machine of a peer, every state with every input; and what evidence is to it. */
import { describe, expect, test } from "vitest";
import { PEER, type PeerAction, type PeerInput, type PeerPlace } from "../../../src/policy/peers/peer-machine.ts";
import {
  type Evidence,
  initialState,
  type PeerNow,
  type PeerPast,
  weigh,
} from "../../../src/policy/peers/peer-state.ts";
import { PEER_TABLE } from "./peer-table.ts";
import { DEFAULTS } from "./target.ts";

const PLACES = Object.keys(PEER_TABLE) as PeerPlace[];

function cell(place: PeerPlace, input: PeerInput): string {
  const transition = PEER[place][input];
  return transition === undefined ? "-" : `${transition.next}: ${transition.actions.join(" ")}`.trimEnd();
}

describe("every state × every input", () => {
  for (const place of PLACES) {
    for (const [input, expected] of Object.entries(PEER_TABLE[place] ?? {})) {
      test(`${place} × ${input} → ${expected}`, () => {
        expect(cell(place, input as PeerInput)).toBe(expected);
      });
    }
  }

  test("there are no other states, and each is reached from the first", () => {
    expect(Object.keys(PEER)).toEqual(PLACES);
    const reached = new Set<PeerPlace>(["unknown"]);
    for (const place of reached)
      for (const one of Object.values(PEER[place])) if (one !== undefined) reached.add(one.next);
    expect([...reached].sort()).toEqual([...PLACES].sort());
  });

  test("each transition says when the next probe leaves, once: a peer that isn't asked would stay as it is for ever", () => {
    const isProbe = (action: PeerAction) => action.startsWith("probe");
    for (const place of PLACES) {
      for (const [input, transition] of Object.entries(PEER[place])) {
        expect([place, input, transition?.actions.filter(isProbe).length]).toEqual([place, input, 1]);
      }
    }
  });

  test("up is reached by an answer or by the end of the hold, and each fall sets the next hold", () => {
    for (const place of PLACES) {
      for (const [input, transition] of Object.entries(PEER[place])) {
        if (transition?.next === "up" && place !== "up") expect(input).toMatch(/answered|hold over/);
        const isFall = transition?.next === "down" && place !== "down";
        expect([place, input, transition?.actions.some((one) => /Hold$/.test(one) && one !== "startHold")]).toEqual([
          place,
          input,
          isFall,
        ]);
      }
    }
  });
});

describe("what evidence is to it", () => {
  const NEW = initialState(DEFAULTS).past;
  const LIVED = { ...NEW, hasLived: true };
  const FLAPPING = { ...LIVED, returns: 3, returned_ms: 99_000 };
  const AT_ms = 100_000;
  const UP = "up at another member";

  test.each<[what: string, now: PeerNow, evidence: Evidence, input: PeerInput | undefined, past?: PeerPast]>([
    ["the first of three failed probes", { place: "unknown" }, "probe failed", "probe failed"],
    ["the second", { place: "suspect", failures: 1 }, "probe failed", "probe failed"],
    ["the third", { place: "suspect", failures: 2 }, "probe failed", "enough failed"],
    ["the first of a peer that lives", { place: "up" }, "probe failed", "probe failed"],
    ["one after a failed request", { place: "accused" }, "probe failed", "probe failed"],
    [
      "the second of three answered probes",
      { place: "down", answers: 1, since_ms: 0 },
      "probe answered",
      "probe answered",
    ],
    ["the third", { place: "down", answers: 2, since_ms: 0 }, "probe answered", "enough answered"],
    ["any other answered probe", { place: "recovering" }, "probe answered", "probe answered"],
    [
      "an answer just after our address is back",
      { place: "back", answers: 0, until_ms: 100_001 },
      "probe answered",
      "answered in time",
    ],
    [
      "one after routes had time to come",
      { place: "back", answers: 0, until_ms: 100_000 },
      "probe answered",
      "probe answered",
    ],
    ["the third of these", { place: "back", answers: 2, until_ms: 100_000 }, "probe answered", "enough answered"],
    [
      "silence just after our address is back",
      { place: "back", answers: 0, until_ms: 100_001 },
      "probe failed",
      "failed in time",
    ],
    ["silence later", { place: "back", answers: 0, until_ms: 100_000 }, "probe failed", "probe failed"],
    ["a request without an answer", { place: "up" }, "request unanswered", "request failed"],
    ["one that can't be delivered", { place: "up" }, "request undeliverable", "request failed"],
    ["our address goes", { place: "up" }, "own address gone", "address gone"],
    ["none of our addresses is on the way", { place: "unknown" }, "own address missing", "address gone"],
    ["that is so too often", { place: "up" }, "own address missing", "other gone", FLAPPING],
    ["it was down before a restart", { place: "unknown" }, "down before restart", "down before restart"],
    ["the first failed probe of one that was", { place: "remembered" }, "probe failed", "probe failed"],
    ["the first answered one", { place: "remembered" }, "probe answered", "probe answered"],
    ["an address comes meanwhile", { place: "remembered" }, "own address here", "address here"],
    [
      "it goes just after the peer has fallen",
      { place: "down", answers: 0, since_ms: 95_000 },
      "own address gone",
      "address gone",
    ],
    [
      "it goes when the peer was down",
      { place: "down", answers: 0, since_ms: 94_999 },
      "own address gone",
      "other gone",
    ],
    ["it goes and comes too often", { place: "up" }, "own address gone", "other gone", FLAPPING],
    [
      "it comes, and the peer had never lived",
      { place: "down", answers: 0, since_ms: 0 },
      "own address here",
      "address here",
      NEW,
    ],
    [
      "it comes, and the peer had failed by itself",
      { place: "down", answers: 0, since_ms: 0 },
      "own address here",
      "other here",
    ],
    ["it is back", { place: "cut" }, "own address here", "address here"],
    ["the hold is over", { place: "recovering" }, "hold over", "hold over"],
    ["another member has it up, and it recovers here", { place: "recovering" }, UP, "answered elsewhere"],
    ["the same after one answer here", { place: "down", answers: 1, since_ms: 0 }, UP, "answered elsewhere"],
    ["the same later", { place: "back", answers: 1, until_ms: 100_000 }, UP, "answered elsewhere"],
    ["without an answer here", { place: "down", answers: 0, since_ms: 0 }, UP, undefined],
    ["nor later", { place: "back", answers: 0, until_ms: 100_000 }, UP, undefined],
    ["after too many returns", { place: "recovering" }, UP, undefined, FLAPPING],
  ])("%s", (_, now, evidence, input, past = LIVED) => {
    expect(weigh({ now, past }, evidence, DEFAULTS, AT_ms)).toBe(input);
  });

  test("returns count as flaps no longer than hold_max", () => {
    const state = { now: { place: "up" }, past: FLAPPING } as const;
    const later_ms = FLAPPING.returned_ms + DEFAULTS.hold_max_ms;
    expect(weigh(state, "own address gone", DEFAULTS, later_ms - 1)).toBe("other gone");
    expect(weigh(state, "own address gone", DEFAULTS, later_ms)).toBe("address gone");
  });
});
