/** doctor on a member behind an anycast address: the other members, the address, the filter, the health file, the route's command. */
import { describe, expect, test } from "vitest";
import type { ClusterFacts, MemberFacts } from "../../src/app/cluster-facts.ts";
import { CHECKS } from "../../src/setup/doctor/checks.ts";
import type { Facts } from "../../src/setup/doctor/facts.ts";
import { commandsFor, filterOf, NETSTAT, programLine, VRRP_RUNS } from "../../src/setup/doctor/families.ts";
import { sidesOf } from "../../src/setup/doctor/sides.ts";
import { ANYCAST, ANYCAST_YAML, HEALTH, inAnycast, onMachine } from "./anycast-machine.ts";
import { configOf, findings, healthy, LAN, peer, status, told, WAN, YAML } from "./healthy.ts";
import { PAIR_YAML } from "./pair-facts.ts";

/** What isn't well, "severity text" each. */
function bad(check: string, change: Partial<Facts>, yaml = ANYCAST_YAML): string[] {
  const found = findings(check, change, yaml).filter(({ severity }) => severity !== "ok");
  return found.map(({ severity, text }) => `${severity} ${text}`);
}

test("doctor: without an anycast address there is nothing to look at, and with one nothing of a pair", () => {
  for (const check of ["members", "anycast"]) {
    expect(told(check)).toBe("ok the file has no cluster");
    expect(told(check, {}, PAIR_YAML)).toBe("ok the file has no anycast address");
  }
  for (const check of ["pair", "vrrp"]) {
    expect(told(check, inAnycast(), ANYCAST_YAML)).toBe(
      "ok the file has mode anycast: all members have the address at the same time",
    );
  }
  expect(commandsFor("debian", configOf(ANYCAST_YAML))).not.toContain(VRRP_RUNS);
  expect(commandsFor("debian", configOf(PAIR_YAML))).toContain(VRRP_RUNS);
});

test("doctor: no finding of a member speaks of a pair", () => {
  const silent = { life: "dead", why: "four of its beats were missing" } as const;
  const changes = [onMachine(), onMachine(inAnycast({}, silent)), onMachine(inAnycast({ state: "draining" }))];
  const texts = changes.flatMap((change) => Object.keys(CHECKS).map((check) => told(check, change, ANYCAST_YAML)));
  expect(texts.filter((text) => /VRRP|keepalived|shared address|other router|both members/i.test(text))).toEqual([]);
});

describe("doctor: members", () => {
  const members = (own: Partial<ClusterFacts>, other: Partial<MemberFacts> = {}) =>
    bad("members", inAnycast(own, other));

  test("a cluster that is well", () => {
    expect(members({})).toEqual([]);
    expect(told("members", inAnycast(), ANYCAST_YAML)).toContain("ok node3 (10.10.9.3:5059) is alive and active");
  });

  test("files that differ: what helps is for all members, and a restart where a reload doesn't take the key over", () => {
    const cureOf = (differs: readonly string[]) => told("members", inAnycast({}, { differs }), ANYCAST_YAML);
    const begin = "# make these keys equal in the files of all members, then";
    expect(cureOf(["gateways"])).toContain(`${begin} branchline reload on each`);
    for (const key of ["listen", "cluster.members", "secret"]) {
      expect(cureOf([key, "gateways"])).toContain(
        `${begin} restart branchline where you have changed its file, one member after the other`,
      );
    }
  });

  test("nothing is said to be well of a branchline that doesn't run, or was started with another file", () => {
    expect(bad("members", {})).toEqual(["skipped seen only while branchline runs"]);
    expect(bad("members", { isRunning: true, status: status() })).toEqual([
      "warning the branchline that runs has no anycast address: it was started with another file",
    ]);
  });

  test.each([
    [
      "dead",
      { life: "dead", why: "four of its beats were missing" },
      /^warning node2 .* is dead \(four of .*\): one member fewer goes on/,
    ],
    [
      "heard by another one",
      { life: "dead", heard_by: ["node3"] },
      /^warning node2 .* isn't heard here, and node3 hears it: the way from here to it is cut$/,
    ],
    ["never heard", { life: "unheard" }, /^warning node2 .* hasn't been heard yet: one member fewer/],
    ["drained", { state: "drained" }, /^warning node2 is drained/],
    ["of another version", { version: "0.0.9" }, /^warning node2 runs branchline 0\.0\.9/],
    [
      "without a way to upstream",
      { upstream: { answers: false, for_s: 90 } },
      /^warning upstream has been silent at node2/,
    ],
    ["blind to upstream", { upstream: undefined }, /^skipped whether upstream answers node2 isn't known$/],
    [
      "with another file",
      { differs: ["gateways"] },
      /^warning the file of node2 has another gateways: a call goes another/,
    ],
    ["in the future", { clock_ahead_s: 3_600 }, /^warning the clock of node2 is 3600 s ahead of/],
    [
      "behind a small MTU",
      {
        lengths: [
          { octets: 256, arrives: true },
          { octets: 1_200, arrives: false },
        ],
      },
      /^fault datagrams of 1200/,
    ],
  ] as const)("another member is %s", (_, other, expected) => {
    expect(members({}, other)).toEqual([expect.stringMatching(expected)]);
  });

  test("the way between two members: which port, and what may be in it", () => {
    const text = told("members", inAnycast({ dropped: { forged: 2 } }, { life: "unheard" }), ANYCAST_YAML);
    expect(text).toMatch(/ping -c 3 10\.10\.9\.2\n.*another secret.*\n.*accept UDP to port 5059\?/);
  });

  test("nobody else is there", () => {
    const all = ANYCAST.members.map((one) => ({ ...one, life: "dead" as const }));
    for (const text of members({ members: all })) expect(text).toMatch(/: no other member goes on if this one fails$/);
  });

  test("upstream is silent here alone", () => {
    const down = [{ name: "198.51.100.10", state: "down" as const, observed: "down" as const }];
    const change = inAnycast();
    const found = bad("members", { ...change, status: { ...status(), ...change.status, upstream: down } });
    expect(found).toEqual([expect.stringMatching(/^warning upstream is silent here and answers node2, node3: /)]);
  });

  test.each([
    [{ state: "draining" as const }, /^warning node1, this member, is draining/],
    [{ state: "syncing" as const }, /^warning node1, this member, is syncing \(.*\): it takes no calls yet/],
  ])("this member: %o", (own, expected) => {
    expect(members(own)).toEqual([expect.stringMatching(expected)]);
  });
});

describe("doctor: anycast", () => {
  test("a machine that is well", () => {
    expect(bad("anycast", onMachine())).toEqual([]);
    expect(told("anycast", onMachine(), ANYCAST_YAML).split("\n")).toEqual([
      "ok 10.206.206.1 is on lo",
      "ok the filter of switch0 (rp_filter) drops nothing that the routers send by it",
      `ok ${HEALTH} is 1 s old`,
      "ok birdc is there, to announce and withdraw the route",
    ]);
  });

  test.each([
    [undefined, /^fault 10\.206\.206\.1 isn't on this machine/],
    [{ device: "switch0", cidr: "10.206.206.1/32" }, /^warning 10\.206\.206\.1 is on switch0: all members answer ARP/],
    [
      { device: "lo", cidr: "10.206.206.1/24" },
      /^warning 10\.206\.206\.1\/24 is on lo: this machine takes all addresses/,
    ],
  ])("the address is at %o", (place, expected) => {
    const addresses = healthy().addresses.concat(place === undefined ? [] : [{ address: "10.206.206.1", ...place }]);
    expect(bad("anycast", { ...onMachine(), addresses })).toEqual([expect.stringMatching(expected)]);
  });

  test("a dummy interface is as good as lo, and no side from which strangers come", () => {
    const addresses = [...healthy().addresses, { address: "10.206.206.1", device: "dummy0", cidr: "10.206.206.1/32" }];
    expect(bad("anycast", { ...onMachine(), addresses })).toEqual([]);
    const sides = sidesOf(healthy({ ...onMachine(), addresses }), configOf(ANYCAST_YAML));
    expect(sides.map(({ device }) => device)).not.toContain("dummy0");
  });

  test("a strict filter where the way back is another one than that by which routers send", () => {
    const files = {
      [filterOf("all")]: "0\n",
      [filterOf("switch0")]: "1\n",
      [NETSTAT]: "TcpExt: IPReversePathFilter\nTcpExt: 7\n",
    };
    const change = onMachine({ peers: [peer({ local: WAN })] });
    expect(bad("anycast", { ...change, files })).toEqual([
      "warning switch0 drops packets of upstream 198.51.100.10 that a router sends by it (rp_filter is strict): the way back to them is eth0; it has dropped 7 packets since this machine started",
    ]);
    expect(bad("anycast", { ...change, files: { ...files, [filterOf("switch0")]: "2\n" } })).toEqual([]);
    expect(bad("anycast", { ...onMachine({ peers: [peer({ local: LAN })] }), files })).toEqual([]);
  });

  test.each([
    [
      { stamp: { mode: 0o644, owner: 110, changed_at: "", age_s: 40 }, error: "" },
      /^fault .* was written 40 s ago: branchline hangs/,
    ],
    [{ stamp: undefined, error: "ENOENT" }, /^fault .* isn't there \(ENOENT\): a watchdog that reads it/],
    [{ stamp: undefined, error: "EACCES" }, /^skipped .* can't be seen \(EACCES\)/],
  ])("the health file: %o", (found, expected) => {
    expect(bad("anycast", onMachine({ health: { file: HEALTH, ...found } }))).toEqual([
      expect.stringMatching(expected),
    ]);
    const stopped = onMachine({ health: { file: HEALTH, ...found }, isRunning: false, status: undefined });
    expect(bad("anycast", stopped)).toEqual([expect.stringMatching(/^skipped whether .* is fresh is seen only while/)]);
  });

  test("the program of the route isn't there, or its command fails; a file without one", () => {
    const said = { [programLine("birdc")]: undefined };
    expect(bad("anycast", { ...onMachine(), said })).toEqual([
      "fault birdc isn't on this machine: cluster.route can't announce or withdraw the route",
    ]);
    const failing = inAnycast({ route: { wish: "announce", is_done: false, error: "birdc: exit status 1" } });
    expect(bad("anycast", onMachine(failing))).toEqual([
      "fault the route can't be announced (birdc: exit status 1): no packets come to node1",
    ]);
    const yaml = ANYCAST_YAML.replace(/ {2}route:.*\n/, "");
    expect(told("anycast", onMachine(), yaml)).toContain(
      `ok the file has no cluster.route: whoever announces the route follows ${HEALTH}`,
    );
  });

  test("the health file can't be written: told once, with its cure", () => {
    const change = onMachine(inAnycast({ health_error: "EACCES" }));
    expect(bad("anycast", change)).toEqual([
      expect.stringMatching(/^fault .*node1\.healthy can't be written \(EACCES\)/),
    ]);
  });
});

test("doctor: mtu of a member says nothing of lengths: an answer to doctor may have come to another member", () => {
  const [short, one, two] = peer().lengths;
  for (const isAnswered of [true, false]) {
    const lengths = [short, one, { ...two, isAnswered }] as ReturnType<typeof peer>["lengths"];
    expect(told("mtu", { ...onMachine(), peers: [peer({ lengths })] }, ANYCAST_YAML)).toMatch(
      /^skipped .*another member/,
    );
  }
});

test("a word with a quote stays one word for the shell", () => {
  expect(programLine("it's")).toBe("command -v 'it'\\''s'");
  expect(YAML).not.toContain("cluster");
});
