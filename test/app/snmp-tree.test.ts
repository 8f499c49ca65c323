/** What branchline says by SNMP: the objects of its MIB, in their order, and the protocol by which snmpd asks for them. */

import { describe, expect, test } from "vitest";
import { compareOids, type Oid, oidOf, oidText } from "../../src/app/observe/oid.ts";
import { type PassRequest, passAnswer, passRequest } from "../../src/app/observe/pass-persist.ts";
import { type Leaf, type SnmpFacts, silentTree, snmpTree } from "../../src/app/observe/snmp-tree.ts";
import { MEMBER_STATES, PEER_STATES, ROLES } from "../../src/app/observe/told-states.ts";
import { MIB_OBJECTS } from "../support/mib.ts";
import fc from "../support/properties.ts";
import { ALL_FACTS, factsOf } from "./metric-facts.ts";
import { DOWN, GATEWAY, NOW, OUTAGE, UP } from "./status-sample.ts";

/** Leaves by the names of the MIB, with their index: "branchlinePhones.0". */
function named(leaves: readonly Leaf[]): Record<string, string> {
  const entries = leaves.map(({ oid, value }): [string, string] => {
    const found = MIB_OBJECTS.find((one) => one.oid.join(".") === oid.slice(0, -1).join("."));
    return [`${found?.name ?? oid.slice(0, -1).join(".")}.${oid[oid.length - 1]}`, value];
  });
  return Object.fromEntries(entries);
}

/** Something for each object. */
const FULL: SnmpFacts = {
  ...ALL_FACTS,
  status: { ...ALL_FACTS.status, forced: undefined, reload_refused: undefined },
};
const TYPES: Readonly<Record<string, string>> = {
  DisplayString: "string",
  TruthValue: "integer",
  Integer32: "integer",
  Gauge32: "gauge",
  Counter32: "counter",
  TimeTicks: "timeticks",
};

describe("the tree", () => {
  test("has each object of the MIB and no other, with its type", () => {
    const told = snmpTree(FULL).map(({ oid, type }) => `${oid.slice(0, -1).join(".")} ${type}`);
    const wanted = MIB_OBJECTS.map(({ oid, syntax }) => `${oid.join(".")} ${TYPES[syntax] ?? "integer"}`);
    expect(MIB_OBJECTS.length).toBeGreaterThan(30);
    expect([...new Set(told)].sort()).toEqual([...wanted].sort());
  });

  test("has the words of states in the order of the MIB", () => {
    const words = (name: string) => MIB_OBJECTS.find((one) => one.name === name)?.words;
    expect(words("branchlineUpstreamState")).toEqual(PEER_STATES);
    expect(words("branchlineGatewayState")).toEqual(PEER_STATES);
    expect(words("branchlineCallsGoTo")).toEqual(ROLES);
    expect(words("branchlinePairState")).toEqual(MEMBER_STATES);
    expect(words("branchlineReadiness")).toEqual(["ready", "readyWithWarnings", "notReady"]);
  });

  test("is in lexicographic order, with twelve gateways too", () => {
    const gateways = Array.from({ length: 12 }, (_, index) => ({ ...GATEWAY, name: `10.10.1.${index}` }));
    const leaves = snmpTree(factsOf({ gateways }));
    for (const [index, { oid }] of leaves.entries()) {
      const next = leaves[index + 1];
      if (next !== undefined) expect(compareOids(oid, next.oid)).toBeLessThan(0);
    }
    expect(named(leaves)).toMatchObject({
      "branchlineGatewayName.2": "10.10.1.1",
      "branchlineGatewayName.12": "10.10.1.11",
    });
  });

  test("tells an outage", () => {
    const told = named(snmpTree(factsOf({ ...OUTAGE, gateways: [{ ...GATEWAY, channels: 8 }], now: NOW })));
    expect(told).toMatchObject({
      "branchlineRunning.0": "1",
      "branchlineProblem.0": "",
      "branchlineSurvival.0": "1",
      "branchlineSurvivalSeconds.0": `${DOWN.since_s}`,
      "branchlineCallsGoTo.0": "2",
      "branchlineUpstreamState.1": "3",
      "branchlineUpstreamStateSeconds.1": "52183",
      "branchlineUpstreamSince.1": "2026-11-28T23:00:22.000Z",
      "branchlineUpstreamEvidence.1": "probe failed",
      "branchlineGatewayCalls.1": "1",
      "branchlineGatewayChannels.1": "8",
      "branchlineReadiness.0": "1",
      "branchlineEmergencyCalls.0": "1",
      "branchlineSurvivedCalls.0": "57",
    });
  });

  test("tells no survival while calls go to upstream, and lacks what isn't known", () => {
    const told = named(snmpTree(factsOf({})));
    expect(told).toMatchObject({ "branchlineSurvival.0": "2", "branchlineSurvivalSeconds.0": "0" });
    for (const name of ["CertificateDays.0", "PairState.0", "GatewayChannels.1", "PhonesNotBack.0"]) {
      expect(told).not.toHaveProperty([`branchline${name}`]);
    }
  });

  test("keeps to one line of ASCII, and to the limits of its types", () => {
    const name = `sip:r\u00e9sum\u00e9\n${"x".repeat(300)}`;
    const status = { up_s: 50_000_000, upstream: [{ ...UP, name, since_s: 2 ** 40 }] };
    const told = named(snmpTree(factsOf(status)));
    expect(told["branchlineUpstreamName.1"]).toBe(`sip:r?sum??${"x".repeat(244)}`);
    expect(told["branchlineUpstreamStateSeconds.1"]).toBe("4294967295");
    // TimeTicks begin anew after 497 days.
    expect(told["branchlineUptime.0"]).toBe(`${5_000_000_000 - 2 ** 32}`);
  });

  test("says where none runs that none does, and nothing else", () => {
    expect(named(silentTree("branchline isn't running"))).toEqual({
      "branchlineRunning.0": "2",
      "branchlineProblem.0": "branchline isn't running",
    });
  });
});

describe("object identifiers", () => {
  test.each([
    [".1.3.6", [1, 3, 6]],
    ["1.3.6.4294967295", [1, 3, 6, 4_294_967_295]],
    ["1.3.6.4294967296", undefined],
    ["", undefined],
    [".", undefined],
    ["1..3", undefined],
    ["1.3.x", undefined],
    ["iso.3", undefined],
    [`1${".1".repeat(127)}`, Array.from({ length: 128 }, () => 1)],
    [`1${".1".repeat(128)}`, undefined],
  ])("%s", (text, oid) => {
    expect(oidOf(text)).toEqual(oid);
  });

  test("are ordered as RFC 3416 has it: part by part, the shorter one first", () => {
    const oid = fc.array(fc.nat(300), { minLength: 1, maxLength: 6 });
    // Parts of equal width: then the order of texts is that of the parts.
    const text = (parts: Oid) => parts.map((part) => String.fromCharCode(0x4e00 + part)).join("");
    fc.assert(
      fc.property(oid, oid, (one, other) => {
        const order = text(one) < text(other) ? -1 : text(one) > text(other) ? 1 : 0;
        expect(Math.sign(compareOids(one, other))).toBe(order);
        expect(oidOf(oidText(one))).toEqual(one);
      }),
    );
  });
});

describe("pass_persist", () => {
  const BASE = [1, 3, 6, 1];
  const LEAVES = snmpTree(FULL);
  const ask = (...lines: readonly string[]) => passAnswer(passRequest(lines) as PassRequest, BASE, LEAVES);

  test("a request is complete with its last line", () => {
    expect(passRequest(["PING"])).toEqual({ is: "ping" });
    expect(passRequest(["get"])).toBeUndefined();
    expect(passRequest(["get", ".1.3"])).toEqual({ is: "get", oid: [1, 3] });
    expect(passRequest(["getnext"])).toBeUndefined();
    expect(passRequest(["set", ".1.3"])).toBeUndefined();
    expect(passRequest(["set", ".1.3", "integer 5"])).toEqual({ is: "set" });
    expect(passRequest([""])).toEqual({ is: "end" });
  });

  test("answers", () => {
    expect(ask("PING")).toBe("PONG\n");
    expect(ask("get", ".1.3.6.1.1.1.0")).toBe(".1.3.6.1.1.1.0\ninteger\n1\n");
    expect(ask("get", ".1.3.6.1.1.1")).toBe("NONE\n");
    expect(ask("get", ".1.3.6.1.1.99.0")).toBe("NONE\n");
    expect(ask("get", "branchlineRunning")).toBe("NONE\n");
    expect(ask("getnext", ".1.3.6.1.1.1")).toBe(".1.3.6.1.1.1.0\ninteger\n1\n");
    expect(ask("getnext", ".1.3.6.1.1.1.0")).toBe(".1.3.6.1.1.2.0\nstring\n\n");
    expect(ask("set", ".1.3.6.1.1.1.0", "integer 5")).toBe("not-writable\n");
    expect(ask("hello")).toBe("NONE\n");
  });

  test("a walk from anywhere before goes through all leaves once, and ends", () => {
    for (const start of [".1", ".1.3.6.1", ".1.3.6.1.1"]) {
      const walked: string[] = [];
      for (let at = start; ; ) {
        const [oid = "", , value = ""] = ask("getnext", at).split("\n");
        if (oid === "NONE") break;
        walked.push(`${oid} ${value}`);
        at = oid;
      }
      expect(walked).toEqual(LEAVES.map(({ oid, value }) => `${oidText([...BASE, ...oid])} ${value}`));
    }
    expect(ask("getnext", ".1.3.6.2")).toBe("NONE\n");
  });
});
