/** Mode anycast of the file: what it becomes, what is a fault of it, what `check` says, and what all members must have alike. */
import { describe, expect, test } from "vitest";
import { subjectsOf } from "../../src/app/cluster-agreement.ts";
import { describe as describeConfig } from "../../src/app/config/describe.ts";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { faults, hints, load } from "./files.ts";

const CLUSTER: Readonly<Record<string, unknown>> = {
  mode: "anycast",
  name: "node1",
  members: { node1: "10.205.205.11", node2: "10.205.205.12", node3: "10.205.205.13:6000" },
  secret: "state/cluster-secret",
};
const LISTEN = [{ address: "udp:10.206.206.1", anycast: true }];

/** A file of a member with some of its keys otherwise. */
function file(changes: Readonly<Record<string, unknown>> = {}, top: Readonly<Record<string, unknown>> = {}): string {
  const cluster = { ...CLUSTER, ...changes };
  return JSON.stringify({
    listen: LISTEN,
    localnet: ["10.204.204.0/24"],
    upstream: "sip:198.51.100.10",
    ...top,
    cluster,
  });
}

/** Without line and column. */
const faultsOf = (changes: Readonly<Record<string, unknown>>, top?: Readonly<Record<string, unknown>>) =>
  faults(file(changes, top)).map((fault) => fault.replace(/^\S+ /, ""));

describe("members behind one address", () => {
  test("are what the file says, with defaults for the rest", () => {
    const { config, problems } = load(file());
    expect(problems).toEqual([]);
    expect(config.cluster).toEqual({
      mode: "anycast",
      name: "node1",
      members: [
        { name: "node1", address: "10.205.205.11", port: 5059 },
        { name: "node2", address: "10.205.205.12", port: 5059 },
        { name: "node3", address: "10.205.205.13", port: 6000 },
      ],
      secret: { file: "at state/cluster-secret" },
      second_secret: undefined,
      shared: [],
      health_file: "/var/run/branchline-pair/node1.healthy",
      hand_over: "none",
      route: undefined,
      log_calls_ms: undefined,
    });
    expect(config.listeners.map(({ settings }) => [settings.at, settings.isAnycast])).toEqual([["10.206.206.1", true]]);
  });

  test("may name the commands for the route, with a program by its path, and words with blanks in a list", () => {
    const route = {
      announce: "birdc  enable anycast",
      withdraw: ["bin/vtysh", "-c", "configure terminal", "-c", "router bgp 65001", ""],
    };
    const { config, problems } = load(file({ route, log_calls: "30s" }));
    expect(problems).toEqual([]);
    expect(config.cluster?.route).toEqual({
      announce: ["birdc", "enable", "anycast"],
      withdraw: ["at bin/vtysh", "-c", "configure terminal", "-c", "router bgp 65001", ""],
    });
    expect(config.cluster?.log_calls_ms).toBe(30_000);
  });

  const members = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`node${index + 1}`, `10.205.205.${index + 1}`]));

  test.each([2, 16])("may be %i", (count) => {
    expect(faultsOf({ members: members(count) })).toEqual([]);
  });

  test.each([
    [1, "has 1 member"],
    [17, "has 17 members"],
  ])("may not be %i", (count, words) => {
    expect(faultsOf({ members: members(count) })).toEqual([
      `cluster.members: ${words}; write from 2 to 16, such as {node1: 10.205.205.11, node2: 10.205.205.12, node3: 10.205.205.13}`,
    ]);
  });
});

describe("a fault is", () => {
  test.each([
    [
      "an own name that no member has",
      faultsOf({ name: "node4" }),
      ['cluster.name: "node4" is none of the members node1, node2 and node3'],
    ],
    [
      "a route that can't be withdrawn",
      faultsOf({ route: { announce: "birdc enable anycast" } }),
      ['cluster.route: lacks withdraw; add "withdraw: birdc disable anycast"'],
    ],
    [
      "a command without words",
      faultsOf({ route: { announce: [], withdraw: ["birdc", ["disable"]] } }),
      [
        "cluster.route.announce: is empty; name a command, such as birdc enable anycast",
        "cluster.route.withdraw[1]: must be a text, such as one word of the command",
      ],
    ],
    [
      "a word of a command that no program can get",
      faultsOf({ route: { announce: ["birdc", "en\0able"], withdraw: "birdc disable anycast" } }),
      ["cluster.route.announce[1]: has the character U+0000, which no command can have; remove it"],
    ],
    [
      "an address of the members at which SIP is",
      faultsOf({ members: { node1: "10.206.206.1:5060", node2: "10.205.205.12" } }),
      [
        "cluster: member node1 is at 10.206.206.1:5060, where listen has SIP; give it another port",
        "cluster: member node1 is at 10.206.206.1, which all members have: it needs an address of its own",
      ],
    ],
    [
      "no secret, with whatever else there is",
      faultsOf({ secret: undefined, shared: ["10.206.206.1"] }),
      [
        'cluster: lacks secret; add "secret: state/cluster-secret"',
        "cluster.shared: is for mode pair: in mode anycast, all members have the address of listen at the same time; remove it",
      ],
    ],
  ])("%s", (_, found, expected) => {
    expect(found).toEqual(expected);
  });

  test("neither true nor false for a listener, once", () => {
    const listen = [{ address: "udp:10.206.206.1", anycast: "yes" }];
    expect(faultsOf({}, { listen })).toEqual(["listen[0].anycast: must be true or false; did you mean true?"]);
  });

  test("copies of REGISTERs from elsewhere", () => {
    expect(faultsOf({}, { registration: { copies: { from: "10.204.204.9" } } })).toEqual([
      expect.stringMatching(/^registration: has copies, which are for the two halves of a pair: .*; remove copies$/),
    ]);
  });

  test("not that the page of a member is at its own address", () => {
    expect(faultsOf({}, { http: { listen: "10.205.205.11:8080" } })).toEqual([]);
  });

  test("not `hand_over: none`, which is the default", () => {
    expect(faultsOf({ hand_over: "none" })).toEqual([]);
  });

  test("TLS for its packets alone, in a build without TLS", () => {
    const told = loadConfig(
      file({}, { tls: { certificate: "a.pem", key: "a.key" } }),
      String,
      undefined,
      undefined,
      undefined,
      false,
    );
    expect(told.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      "tls: is never used: mode anycast is UDP only, since the packets of one connection would come to different members; remove it",
    ]);
  });
});

describe("a hint is", () => {
  const here = (addresses: readonly string[]) => hints(file(), ["eth0"], addresses);

  test("that the anycast address isn't on a router that is a member", () => {
    expect(here(["10.205.205.11", "192.168.1.2"])).toEqual([
      "1:12 listen[0]: names 10.206.206.1, which isn't here now; each member needs it: ip addr add 10.206.206.1/32 dev lo",
    ]);
    expect(here(["10.205.205.11", "10.206.206.1"])).toEqual([]);
  });

  test("not on a machine that is no member", () => {
    expect(here(["192.168.1.2"])).toEqual([]);
    expect(here(["10.206.206.2"])).toEqual([]);
    expect(here([])).toEqual([]);
  });

  test("that the file is another member's", () => {
    expect(here(["10.205.205.13", "10.206.206.1"])).toEqual([
      expect.stringMatching(
        / cluster\.name: is node1, and this router has the address of node3; did you mean node3\?$/,
      ),
    ]);
  });
});

describe("check says", () => {
  /** The sentences about the members. */
  function said(changes: Readonly<Record<string, unknown>> = {}): string[] {
    const { config, problems } = load(file(changes));
    expect(problems).toEqual([]);
    const without = describeConfig({ ...config, cluster: undefined }).split("\n");
    return describeConfig(config)
      .split("\n")
      .filter((line) => !without.includes(line));
  }

  test("the mode, who is a member, and what announces the route", () => {
    const route = { announce: "birdc enable anycast", withdraw: "birdc disable anycast" };
    expect(said({ route, log_calls: "30s", second_secret: "new" })).toEqual([
      "Is node1 of 3 members behind one anycast address: hears the others at 10.205.205.11:5059; the others are node2 at 10.205.205.12:5059, node3 at 10.205.205.13:6000.",
      "Has 10.206.206.1 at the same time as the others: a message may come to any member, which sends it on to the one that has its call.",
      'Runs "birdc enable anycast" once it takes calls, and "birdc disable anycast" once it takes none; /var/run/branchline-pair/node1.healthy says the same.',
      "Logs how many calls each member has every 30 s.",
      "Believes a second secret too, until all members have the new one.",
    ]);
  });

  test("that something else must announce the route, and that members need a tunnel through the Internet", () => {
    const lines = said({ members: { node1: "10.205.205.11", node2: "203.0.113.9" } });
    expect(lines).toContain(
      "Announces no route to it: what does must look at /var/run/branchline-pair/node1.healthy, which says 1 while this member takes calls.",
    );
    expect(lines.filter((line) => line.startsWith("Warning"))).toEqual([
      expect.stringContaining("member node2 is at 203.0.113.9, which isn't private"),
    ]);
  });
});

describe("members compare", () => {
  const subjects = (text: string) => subjectsOf(load(text).config, (one) => one);
  const differing = (one: string, other: string) => {
    const [a, b] = [subjects(one), subjects(other)];
    return Object.keys(a).filter((key) => key in b && a[key] !== b[key]);
  };

  test("the mode, `listen` and the members, in whatever order and words", () => {
    expect(differing(file(), file({ mode: "anycast", name: "node2", log_calls: "30s" }))).toEqual([]);
    expect(differing(file(), file({}, { listen: [{ address: "udp:10.206.206.1:5060", anycast: true }] }))).toEqual([]);
    const { members } = CLUSTER as { members: object };
    const turned = Object.fromEntries(Object.entries(members).reverse());
    expect(differing(file(), file({ members: turned }))).toEqual([]);
    expect(differing(file(), file({}, { listen: [{ address: "udp:10.206.206.2", anycast: true }] }))).toEqual([
      "listen",
    ]);
    expect(differing(file(), file({ members: { ...members, node4: "10.205.205.14" } }))).toEqual(["cluster.members"]);
    expect(differing(file(), file({}, { strangers: "drop" }))).toEqual(["strangers"]);
  });

  test("the mode with that of a pair", () => {
    const pair = {
      mode: "pair",
      members: { node1: "10.205.205.11", node2: "10.205.205.12" },
      shared: ["10.206.206.1"],
    };
    const other = file(pair, { listen: ["udp:10.206.206.1"] });
    expect(differing(file(), other)).toEqual(["cluster.mode", "cluster.shared", "cluster.members"]);
  });

  test("neither where each has its page nor what each calls itself", () => {
    const own = { http: { listen: "10.205.205.11:8080" }, server_header: "branchline-01" };
    expect(differing(file({}, own), file())).toEqual([]);
  });

  test("no more than a member reads", () => {
    expect(Object.keys(subjects(file())).length).toBeLessThanOrEqual(32);
  });
});
