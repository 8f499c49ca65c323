/** Flows as values. */
import { describe, expect, test } from "vitest";
import { flowKey, isSameFlow } from "../../src/transport/flow.ts";
import { flowFrom, LAN, WAN } from "./flows.ts";

describe("flows", () => {
  const flow = flowFrom("10.0.0.1", 5060, LAN);

  test.each([
    [flowFrom("10.0.0.1", 5060, LAN), true],
    [flowFrom("10.0.0.2", 5060, LAN), false],
    [flowFrom("10.0.0.1", 5061, LAN), false],
    [flowFrom("10.0.0.1", 5060, WAN), false],
  ])("case %#: the same five-tuple, the same key: %s", (other, isSame) => {
    expect(isSameFlow(flow, other)).toBe(isSame);
    expect(flowKey(flow) === flowKey(other)).toBe(isSame);
  });
});
