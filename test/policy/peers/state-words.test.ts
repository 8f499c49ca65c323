/** The words for a peer's state agree with where its calls go. */
import { expect, test } from "vitest";
import { PEER } from "../../../src/policy/peers/peer-machine.ts";
import { nameOf, type PeerNow } from "../../../src/policy/peers/peer-state.ts";
import { takesCalls, whereCallsGo } from "../../../src/policy/peers/state-words.ts";

const at = (state: string) => ({ state });

test("an upstream that is up or suspect takes calls, one that is down or recovering takes none", () => {
  const states = ["up", "suspect", "recovering", "down"];
  expect(states.filter(takesCalls)).toEqual(["up", "suspect"]);
});

test("calls to a suspect upstream still go there; those of a recovering one go to the gateway", () => {
  const words = (state: string) => whereCallsGo(at(state), [at(state)], 1);
  expect(words("up")).toBe("calls go there");
  expect(words("suspect")).toBe("calls still go there");
  expect(words("recovering")).toBe("calls go to the gateway");
  expect(words("down")).toBe("calls go to the gateway");
});

test("a second upstream comes before the gateway, and without either calls find no way out", () => {
  expect(whereCallsGo(at("down"), [at("down"), at("suspect")], 1)).toBe("calls go to the other upstream");
  expect(whereCallsGo(at("down"), [at("down"), at("recovering")], 0)).toBe("calls find no way out");
});

test("each place of the peer machine has words, and they say 'there' only where calls are sent", () => {
  const past = { hold_ms: 0, up_since_ms: 0, hasLived: false, returns: 0, returned_ms: 0 };
  for (const place of Object.keys(PEER)) {
    const name = nameOf({ now: { place, failures: 1, answers: 0, since_ms: 0, until_ms: 0 } as PeerNow, past });
    expect(whereCallsGo(at(name), [], 1).endsWith("there")).toBe(takesCalls(name));
  }
});
