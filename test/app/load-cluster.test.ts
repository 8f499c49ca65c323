/** The file's `cluster`: what it becomes, what is a fault of it, and what `check` says. */
import { describe, expect, test } from "vitest";
import { describe as describeConfig } from "../../src/app/config/describe.ts";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { otherMembers, ownMember } from "../../src/cluster/settings.ts";
import { faults, hints, load } from "./files.ts";

const PAIR: Readonly<Record<string, unknown>> = {
  name: "left",
  members: { left: "10.10.9.1", right: "10.10.9.2:6000" },
  secret: "state/cluster-secret",
  shared: ["10.222.237.1"],
};
const LISTEN = ["udp:10.222.237.1", "udp:192.168.1.2"];

/** A file of a pair with some of its keys otherwise. */
function file(changes: Readonly<Record<string, unknown>> = {}, listen: readonly string[] = LISTEN): string {
  return JSON.stringify({
    listen,
    localnet: ["10.222.237.0/24"],
    upstream: "sip:198.51.100.10",
    ...(listen.some((one) => one.startsWith("tls:")) && { tls: { certificate: "cert.pem", key: "key.pem" } }),
    cluster: { ...PAIR, ...changes },
  });
}

/** Without line and column. */
const faultsOf = (changes: Readonly<Record<string, unknown>>, listen?: readonly string[]) =>
  faults(file(changes, listen)).map((fault) => fault.replace(/^\S+ /, ""));

/** The sentences about the pair. */
function said(changes: Readonly<Record<string, unknown>> = {}, listen?: readonly string[]): string[] {
  const { config, problems } = load(file(changes, listen));
  expect(problems).toEqual([]);
  const lines = describeConfig(config).split("\n");
  const without = describeConfig({ ...config, cluster: undefined }).split("\n");
  return lines.filter((line) => !without.includes(line));
}

describe("a pair", () => {
  test("is what the file says, with defaults for the rest", () => {
    const { config, problems } = load(file());
    expect(problems).toEqual([]);
    expect(config.cluster).toEqual({
      mode: "pair",
      name: "left",
      members: [
        { name: "left", address: "10.10.9.1", port: 5059 },
        { name: "right", address: "10.10.9.2", port: 6000 },
      ],
      secret: { file: "at state/cluster-secret" },
      second_secret: undefined,
      shared: [{ address: "10.222.237.1", interface: undefined, prefix_bits: undefined }],
      health_file: "/var/run/branchline-pair/left.healthy",
      hand_over: "none",
    });
  });

  test("may have IPv6 addresses, secrets of the environment and an interface for each address", () => {
    const changes = {
      members: { left: "fd00::1", right: "[FD00::0002]:5060" },
      secret: { env: "PAIR" },
      second_secret: "new",
      shared: ["10.222.237.1/24", { address: "[2001:db8::1]/64", interface: "eth1.20" }],
      health_file: "healthy",
      hand_over: "wan",
    };
    const { config, problems } = load(file(changes, [...LISTEN, "udp:[2001:db8:0::1]"]));
    expect(problems).toEqual([]);
    expect(config.cluster).toMatchObject({
      members: [
        { address: "fd00::1", port: 5059 },
        { address: "fd00::2", port: 5060 },
      ],
      secret: { env: "PAIR" },
      second_secret: { file: "at new" },
      shared: [
        { address: "10.222.237.1", prefix_bits: 24 },
        { address: "2001:db8::1", interface: "eth1.20", prefix_bits: 64 },
      ],
      health_file: "at healthy",
      hand_over: "wan",
    });
  });

  test("knows which member is this one", () => {
    const { cluster } = load(file({ name: "right" })).config;
    if (cluster === undefined) throw new Error("no cluster");
    expect([ownMember(cluster).name, otherMembers(cluster).map(({ name }) => name)]).toEqual(["right", ["left"]]);
  });

  test("is none where the file has no such key", () => {
    expect(load("listen: [udp:10.222.237.1]\nlocalnet: [10.222.237.0/24]\n").config.cluster).toBeUndefined();
  });
});

describe("a fault is", () => {
  const members = (all: object) => faultsOf({ members: all });

  test.each([
    [
      "an own name that no member has",
      faultsOf({ name: "middle" }),
      'cluster.name: "middle" is none of the members left and right',
    ],
    [
      "a name of other characters",
      faultsOf({ name: "Left 1" }),
      'cluster.name: "Left 1" must be 1 to 32 small letters, digits and hyphens, such as left',
    ],
    [
      "one member only",
      members({ left: "10.10.9.1" }),
      "cluster.members: has 1 of the two members of a pair; write both, such as {left: 10.10.9.1, right: 10.10.9.2}",
    ],
    [
      "a third member",
      members({ left: "10.10.9.1", right: "10.10.9.2", top: "10.10.9.3" }),
      "cluster.members: has 3 of the two members of a pair; write both, such as {left: 10.10.9.1, right: 10.10.9.2}; more than two need mode: anycast",
    ],
    [
      "two members at one address",
      members({ left: "10.10.9.1", right: "10.10.9.1:5059" }),
      "cluster.members.right: has the address of left; each member has its own",
    ],
    [
      "a member's name in place of its address",
      members({ left: "10.10.9.1", right: "right.example.com" }),
      'cluster.members.right: "right.example.com" must be an IP address of this member alone, such as 10.10.9.1 or 10.10.9.1:5059',
    ],
    [
      "every address",
      members({ left: "10.10.9.1", right: "0.0.0.0" }),
      'cluster.members.right: "0.0.0.0" must be an IP address of this member alone, such as 10.10.9.1 or 10.10.9.1:5059',
    ],
    [
      "an address that is shared, of a member",
      members({ left: "10.222.237.1", right: "10.10.9.2" }),
      "cluster: member left is at 10.222.237.1, which is shared: it needs an address that never moves",
    ],
    [
      "the address and port of SIP, of a member",
      members({ left: "192.168.1.2:5060", right: "10.10.9.2" }),
      "cluster: member left is at 192.168.1.2:5060, where listen has SIP; give it another port",
    ],
    [
      "a shared address on which nothing listens",
      faultsOf({ shared: ["10.222.237.7"] }),
      "cluster: shares 10.222.237.7, which is no address of listen; add udp:10.222.237.7 there",
    ],
    [
      "no shared address",
      faultsOf({ shared: [] }),
      "cluster.shared: is empty; name the addresses of listen that move between the members, such as [10.222.237.1]",
    ],
    [
      "no word of shared addresses",
      faultsOf({ shared: undefined }),
      'cluster: lacks shared; add "shared: [10.222.237.1]"',
    ],
    ["no secret", faultsOf({ secret: undefined }), 'cluster: lacks secret; add "secret: state/cluster-secret"'],
    ["a secret of neither kind", faultsOf({ secret: {} }), 'cluster.secret: lacks env; add "env: BRANCHLINE_SECRET"'],
    ["another mode", faultsOf({ mode: "vrrp", shared: undefined }), "cluster.mode: must be pair or anycast"],
    [
      "a command for a route",
      faultsOf({ route: { announce: "birdc enable anycast", withdraw: "birdc disable anycast" } }),
      "cluster.route: is for mode anycast: in a pair, VRRP moves the shared addresses; remove it, or write mode: anycast",
    ],
    [
      "the calls of members in the log",
      faultsOf({ log_calls: "30s" }),
      "cluster.log_calls: is for mode anycast: in a pair, one router has all calls; remove it, or write mode: anycast",
    ],
  ])("%s", (_, found, fault) => {
    expect(found).toEqual([fault]);
  });

  test("a port of TCP on the members' port is none", () => {
    expect(
      faultsOf({ members: { left: "192.168.1.2:5060", right: "10.10.9.2" } }, ["udp:10.222.237.1", "tcp:192.168.1.2"]),
    ).toEqual([]);
  });

  test("a secret that can't serve, at the key that names it", () => {
    const told = loadConfig(
      file({ second_secret: { env: "NEXT" } }),
      String,
      undefined,
      undefined,
      undefined,
      true,
      (source) => ("env" in source ? { message: "isn't set", isHint: true } : { message: "is empty", isHint: false }),
    );
    expect(told.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual(["cluster.secret: is empty"]);
    expect(told.hints.map(({ path, message }) => `${path}: ${message}`)).toEqual(["cluster.second_secret: isn't set"]);
  });
});

test("a file that has been copied from the other member without its name is warned of", () => {
  const addresses = ["10.222.237.1", "192.168.1.2"];
  expect(hints(file(), ["eth0"], [...addresses, "10.10.9.1"])).toEqual([]);
  expect(hints(file(), ["eth0"], [...addresses, "10.10.9.1", "10.10.9.2"])).toEqual([]);
  expect(hints(file(), ["eth0"], addresses)).toEqual([]);
  expect(hints(file(), ["eth0"], [...addresses, "10.10.9.2"])).toEqual([
    expect.stringMatching(/ cluster\.name: is left, and this router has the address of right; did you mean right\?$/),
  ]);
});

test("that a shared address isn't here now is no reason for a hint", () => {
  const text = file().replace("udp:192.168.1.2", "udp:192.168.1.9");
  expect(hints(text, ["eth0"], ["10.222.237.2", "192.168.1.2"])).toEqual([
    "1:31 listen[1]: names 192.168.1.9, which isn't here now; did you mean 192.168.1.2?",
  ]);
});

const ALONE =
  "Warning: no shared address is on upstream's side: 192.168.1.2 is this router's alone. When this router dies, upstream's requests within its calls and its answers to calls in the making are lost, and its calls to phones until they register again; share an address towards upstream as well, if the router has one that can move.";

describe("check says", () => {
  test("who is in the pair, what moves, and who moves it", () => {
    expect(said()).toEqual([
      "Is left of a pair: hears the other member at 10.10.9.1:5059; the other one is right at 10.10.9.2:6000.",
      "Shares 10.222.237.1 with it: keepalived or the router's VRRP moves that address, to a member whose /var/run/branchline-pair/left.healthy says 1.",
      "Keeps them when upstream is silent here and answers the other member, and says so in the log and in status.",
      ALONE,
    ]);
  });

  const isAlone = (listen: readonly string[], shared: readonly string[]) => said({ shared }, listen).includes(ALONE);
  const OWN = "udp:192.168.1.2";
  test.each([
    ["is shared as well", ["udp:10.222.237.1", "udp:192.168.1.1", OWN], ["10.222.237.1", "192.168.1.1"], false],
    ["is the phones', which is shared", ["udp:10.222.237.1", "udp:10.222.237.2"], ["10.222.237.1"], false],
    ["isn't shared", ["udp:10.222.237.1", "udp:10.222.237.2", OWN], ["10.222.237.1"], true],
    ["isn't shared, and loopback is no way there", [OWN, "udp:127.0.0.1", "udp:10.222.237.1"], ["10.222.237.1"], true],
  ])("what is lost with a router whose address towards upstream %s", (_, listen, shared, expected) => {
    expect(isAlone(listen, shared)).toBe(expected);
  });

  test("that addresses of two lines stay, and that one IP version is no help to the other", () => {
    const lines = said({}, [...LISTEN, "udp:192.168.2.2"]);
    expect(lines.join()).toContain("192.168.1.2 and 192.168.2.2 are this router's alone");
    const mixed = said({ shared: ["10.222.237.1", "192.168.1.2"] }, [...LISTEN, "udp:[2001:db8::2]"]);
    expect(mixed.join()).toContain("2001:db8::2 is this router's alone");
  });

  test.each([
    ["through the phones' network", { left: "10.222.237.2", right: "10.222.237.3" }, "tls:10.222.237.1", true],
    ["through a network of their own", { left: "10.10.9.1", right: "10.10.9.2" }, "tls:10.222.237.1", false],
    ["where no phone has TLS", { left: "10.222.237.2", right: "10.222.237.3" }, "tcp:10.222.237.1", false],
  ])("whether keys of TLS calls pass between the members in clear: %s", (_, members, listener, expected) => {
    const warning = said({ members }, [...LISTEN, listener]).find((line) => line.includes("SDES"));
    expect(warning?.startsWith("Warning: listen has TLS, and the members reach each other through localnet")).toBe(
      expected ? true : undefined,
    );
  });

  test("of a pair that is tried on one machine, that no VRRP moves its address", () => {
    const lines = said({ shared: ["127.0.20.1"] }, ["udp:127.0.20.1", "udp:127.0.20.2"]);
    expect(lines).toContain(
      "Shares 127.0.20.1 with it: both members run on this machine, and the first one that is active takes that address.",
    );
    expect(lines.filter((line) => line.startsWith("Warning"))).toEqual([]);
  });

  test("that the addresses go where upstream answers", () => {
    expect(said({ hand_over: "wan" })).toContain(
      "Gives them away when upstream is silent here and answers the other member.",
    );
  });

  test("that connections don't move with the addresses", () => {
    expect(said({}, [...LISTEN, "tcp:10.222.237.1"])).toContain(
      "Phones that are connected over TCP connect again when the addresses move; calls that are up go on.",
    );
  });

  test("that the way between members with public addresses should be a tunnel", () => {
    expect(said({ members: { left: "10.10.9.1", right: "203.0.113.9" } })).toContain(
      "Warning: member right is at 203.0.113.9, which isn't private; lead the way between the members through a tunnel, such as WireGuard: what they tell each other is signed, and not encrypted.",
    );
  });

  test("that a standby without an address of its own can't see upstream", () => {
    expect(said({}, ["udp:10.222.237.1"])).toContain(
      "Warning: all addresses of listen are shared: the member that doesn't hold them can't see whether upstream answers; add this router's own address towards upstream.",
    );
  });
});
