/** Members behind one anycast address in `status`, and what drain and join say there. */
import { describe, expect, test } from "vitest";
import type { ClusterFacts, MemberFacts } from "../../src/app/cluster-facts.ts";
import { clusterLines, drainNote, drainText, joinText } from "../../src/app/words/cluster-words.ts";
import { withoutInk } from "../../src/base/ink.ts";
import { ANYCAST, NODE2, NODE3 } from "./anycast-facts.ts";
import { READER } from "./reader.ts";
import { STATUS, words } from "./status-sample.ts";

const WIDE = { ...READER, width: 400 };

const lines = (own: Partial<ClusterFacts> = {}, other: Partial<MemberFacts> = {}) => {
  const cluster = { ...ANYCAST, members: [{ ...NODE2, ...other }, NODE3], ...own };
  return clusterLines({ ...STATUS, cluster }, WIDE).map(withoutInk);
};

const FOREIGN = /VRRP|keepalived|shared address|other router|\bpair\b/i;

describe("status tells of members behind an anycast address", () => {
  test("this member with its route and its calls, and each other one with its calls", () => {
    expect(lines()).toEqual([
      "Anycast: node1 is active for 1 h (since 13:30:05, its records are equal to those of node2); its route is announced; 12 calls now, 340 since its start",
      "Member node2 at 10.205.205.12:5059: active, alive for 1 h (since 13:30:05, it is heard, and hears us); 1 call now, 338 since its start; version 0.3.0",
      "Member node3 at 10.205.205.13:5059: active, alive for 1 h (since 13:30:05, it is heard, and hears us); 11 calls now, 322 since its start; version 0.3.0",
    ]);
  });

  test("a file without commands for the route, and an older version that doesn't count calls", () => {
    const [own, other] = lines({ route: undefined }, { calls: undefined });
    expect(own).not.toContain("route");
    expect(other).toMatch(/hears us\); version 0\.3\.0$/);
  });

  test("a member that others hear, and one that nobody hears", () => {
    const silent = { life: "dead", why: "four of its beats were missing", calls: undefined } as const;
    expect(lines({}, { ...silent, heard_by: ["node3"] })[1]).toBe(
      "Member node2 at 10.205.205.12:5059: NOT HEARD here for 1 h (since 13:30:05, four of its beats were missing); node3 hears it: what is for it goes that way",
    );
    expect(lines({}, { ...silent, heard_by: ["node3", "node4"] })[1]).toContain("; node3 and node4 hear it: ");
    expect(lines({}, silent)[1]).toBe(
      "Member node2 at 10.205.205.12:5059: DEAD for 1 h (since 13:30:05, four of its beats were missing)",
    );
  });

  test("what is left while it drains, its route being withdrawn", () => {
    const left = { ringing: 2, requests: 1, addresses: [] };
    const found = lines({
      state: "draining",
      why: "it was told to drain",
      left,
      route: { wish: "withdraw", is_done: true },
    });
    expect(found[0]).toContain("node1 is DRAINING for 1 h");
    expect(found[0]).toContain("; its route is withdrawn; 12 calls now");
    expect(found.at(-1)).toBe("Still here: 2 calls that ring and 1 other request");
  });

  test.each([
    [
      "the route can't be announced",
      { route: { wish: "announce", is_done: false, error: "birdc: exit status 1" } },
      {},
      "FAULT: the route can't be announced (birdc: exit status 1): no packets come to node1",
    ],
    [
      "the route can't be withdrawn",
      { state: "draining", route: { wish: "withdraw", is_done: false, error: "no answer within 5 s" } },
      {},
      "FAULT: the route can't be withdrawn (no answer within 5 s): packets go on coming to node1, which passes them on",
    ],
    [
      "files differ",
      {},
      { differs: ["gateways", "secret"] },
      "WARNING: the files of node1 and node2 differ in gateways and secret",
    ],
    [
      "upstream answers another one",
      { upstream_at: "node3" },
      {},
      "WARNING: upstream is silent here and answers node3; is the way from node1 to upstream cut?",
    ],
    [
      "a message is too long to be sent on",
      { untold: { too_long: 1, too_many: 0 } },
      {},
      "WARNING: 1 message stayed here that is another member's, being too long to be sent on: let the router balance by flow",
    ],
    [
      "several are",
      { untold: { too_long: 12, too_many: 0 } },
      {},
      "WARNING: 12 messages stayed here that are another member's,",
    ],
    [
      "the health file can't be written",
      { health_error: "no such folder" },
      {},
      "FAULT: /var/run/branchline/node1.healthy can't be written (no such folder): a watchdog that reads it takes node1 for a member that hangs",
    ],
  ] as const)("what is wrong: %s", (_, own, other, expected) => {
    expect(lines(own, other).join("\n")).toContain(expected);
    expect(lines().join("\n")).not.toMatch(/FAULT|WARNING/);
  });

  test("in no words of a pair", () => {
    const all = [
      lines(),
      lines({ state: "draining", left: { ringing: 1, requests: 0, addresses: [] } }),
      lines({ state: "syncing", upstream_at: "node2", health_error: "EACCES", is_healthy: false }),
      [drainText({ ...ANYCAST, state: "draining" }, WIDE), joinText(ANYCAST, WIDE)],
      [joinText({ ...ANYCAST, state: "syncing" }, WIDE)],
    ].flat();
    expect(all.filter((line) => FOREIGN.test(line))).toEqual([]);
  });
});

test("drain says where new calls go, and at which members upstream is silent", () => {
  const left = { ringing: 1, requests: 0, addresses: [] };
  expect(withoutInk(drainText({ ...ANYCAST, state: "draining", left }, WIDE))).toBe(
    "node1 is DRAINING: new calls go to the other members. Still here: 1 call that rings\n",
  );
  const silent = { upstream: { answers: false, for_s: 20 } };
  const members = [
    { ...NODE2, ...silent },
    { ...NODE3, ...silent },
  ];
  expect(drainNote({ members: ANYCAST.members }, WIDE)).toBeUndefined();
  expect(withoutInk(drainNote({ members }, WIDE) ?? "")).toBe(
    "WARNING: upstream doesn't answer node2 and node3: there, calls find the gateways alone",
  );
});

test.each([
  [{}, "node1 is active (its records are equal to those of node2): it takes calls\n"],
  [
    { route: { wish: "announce", is_done: false } },
    "node1 is active (its records are equal to those of node2): it takes calls, and its route isn't announced yet\n",
  ],
  [{ state: "syncing", why: "it was told to join" }, "node1 is SYNCING (it was told to join): it takes no calls yet\n"],
] as const)("join says whether it takes calls: %o", (change, expected) => {
  expect(withoutInk(joinText({ ...ANYCAST, ...change }, WIDE))).toBe(expected);
});

test("an anycast address that isn't on this machine is an absence", () => {
  const listen = [{ name: "udp:10.206.206.1:5060", address: null }];
  expect(words({ cluster: ANYCAST, listen })).toContain(
    "WARNING: the address of udp:10.206.206.1:5060 is not on this router now",
  );
});
