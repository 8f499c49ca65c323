/** What `branchline status` says. */
import { expect, test } from "vitest";
import { registeredText, statusText } from "../../src/app/status-text.ts";

const STATUS = {
  version: "1",
  up_s: 60,
  listen: [{ name: "udp:10.0.0.1:5060", address: "10.0.0.1" }],
  force: "auto" as const,
  upstream: [],
  gateways: [],
  phones: { addresses: 1, contacts: 2 },
  dropped: { stranger: 7, over_quota: 90 },
  tables: [
    { name: "bindings", size: 1, limit: 2_000, hits: 0 },
    { name: "strangers", size: 1_024, limit: 1_024, hits: 5 },
  ],
  history: [],
};

test("what was dropped, and how full the tables are", () => {
  expect(statusText(STATUS).split("\n").slice(2)).toEqual([
    "Phones: 1 addresses-of-record with 2 contacts.",
    "Messages dropped:",
    "  stranger 7",
    "  over_quota 90",
    "Tables:",
    "  bindings 1 of 2000, full 0 times",
    "  strangers 1024 of 1024, full 5 times",
    "",
  ]);
});

test("an address that isn't here is told, one that is needn't be", () => {
  const listen = [...STATUS.listen, { name: "udp:pppoe0:5060", address: null }];
  expect(statusText({ ...STATUS, listen }).split("\n")[1]).toBe("udp:pppoe0:5060 has no address on this router now.");
});

test("of a peer whose last probe has failed, why", () => {
  const name = "192.0.2.1";
  const upstream = [{ name, state: "up", observed: "down", probe_failure: "refused" }];
  const gateways = [{ name, state: "down", observed: "down", probe_failure: 503, calls: 1, channels: 2 }];
  expect(
    statusText({ ...STATUS, upstream, gateways })
      .split("\n")
      .slice(1, 3),
  ).toEqual([
    "Upstream 192.0.2.1: up (seen: down), last probe failed: refused.",
    "Gateway 192.0.2.1: down, last probe failed: 503, 1 of 2 calls.",
  ]);
});

const MEMBERS = [
  { group: "default", member: "201", registered: "201@pbx" },
  { group: "default", member: "203", registered: null },
  { group: "night", member: "201", registered: "201@pbx" },
  { group: "night", member: "203", registered: null },
];

test("members of hunt groups who aren't registered stand out", () => {
  expect(
    statusText({ ...STATUS, members: MEMBERS })
      .split("\n")
      .slice(2, 5),
  ).toEqual([
    "Phones: 1 addresses-of-record with 2 contacts.",
    "NOT REGISTERED: 203, group default",
    "NOT REGISTERED: 203, group night",
  ]);
});

test("one line for each contact, then who is missing", () => {
  const usual = { name: "201@pbx", contact: "sip:a@b", from: "10.0.0.7:5060", transport: "udp" } as const;
  const contacts = [
    { ...usual, left_s: 35 },
    { ...usual, contact: "sip:a@c", transport: "tcp" as const, left_s: -15, connected: false },
    { ...usual, name: "202@pbx", transport: "tls" as const, left_s: 1, connected: true },
  ];
  expect(registeredText(contacts, MEMBERS).split("\n")).toEqual([
    "201@pbx  sip:a@b  from 10.0.0.7:5060 udp, 35 s left, group default, group night",
    "201@pbx  sip:a@c  from 10.0.0.7:5060 tcp, connection gone, ran out 15 s ago, group default, group night",
    "202@pbx  sip:a@b  from 10.0.0.7:5060 tls, 1 s left",
    "NOT REGISTERED: 203, group default",
    "NOT REGISTERED: 203, group night",
    "",
  ]);
  expect(registeredText([], [])).toBe("No phone is registered.\n");
  const path = [{ upstream: "pbx", path: "ignored", text: "pbx ignores Path", cures: ["one", "or two"] }] as const;
  expect(registeredText([], [], path)).toBe("No phone is registered.\nFAULT: pbx ignores Path.\n  one\n  or two\n");
  expect(statusText({ ...STATUS, path })).toContain("\nFAULT: pbx ignores Path.\n  one\n  or two\n");
});

test("nothing was dropped", () => {
  expect(statusText({ ...STATUS, dropped: {} })).toContain("\nMessages dropped: none.\nTables:\n");
});

test("of a peer that long INVITEs don't reach, which lengths, and what helps", () => {
  const peer = { name: "192.0.2.1", state: "up", observed: "up" };
  const upstream = [{ ...peer, long_invites: { octets: 1_834, answered_octets: 1_102 } }];
  const gateways = [{ ...peer, long_invites: { octets: 1_700, answered_octets: 0 }, calls: 0, channels: undefined }];
  const lines = statusText({ ...STATUS, upstream, gateways }).split("\n");
  expect(lines[2]).toBe(
    "  WARNING: INVITEs of 1834 octets unanswered while probes are answered: MTU? The longest request that was answered lately had 1102.",
  );
  expect(lines[3]).toContain("branchline doctor");
  expect(lines[5]).toBe("  WARNING: INVITEs of 1700 octets unanswered while probes are answered: MTU?");
});

test("addresses of a peer that the file has by name, and who shares one with upstream", () => {
  const peer = { state: "up", observed: "up" };
  const upstream = [
    { ...peer, name: "pbx.example.com:5070", addresses: ["198.51.100.10", "2001:db8::10"] },
    { ...peer, name: "198.51.100.9:5070", addresses: ["198.51.100.9"] },
    { ...peer, name: "[2001:db8::9]", addresses: ["2001:db8::9"] },
  ];
  const conflict = {
    with: "phone" as const,
    address: "198.51.100.10",
    text: "201@a is registered from …",
    cure: "give …",
  };
  const lines = statusText({ ...STATUS, upstream, conflicts: [conflict] }).split("\n");
  expect(lines.slice(1, 6)).toEqual([
    "Upstream pbx.example.com:5070 (198.51.100.10, 2001:db8::10): up.",
    "Upstream 198.51.100.9:5070: up.",
    "Upstream [2001:db8::9]: up.",
    "WARNING: 201@a is registered from ….",
    "  give …",
  ]);
  expect(registeredText([], [], [], [conflict])).toContain("\nWARNING: 201@a is registered from ….\n  give …\n");
});

test("names that phones have as outbound proxy, and that don't mean us", () => {
  const named = { name: "b.example.com", addresses: [], from: "10.0.0.2", text: "phones at …", cure: "add it" };
  expect(statusText({ ...STATUS, proxy_names: [named] })).toContain("\nWARNING: phones at ….\n  add it\n");
});

test("phones at a gateway's address, and phones that aren't back at upstream", () => {
  const phones = { addresses: 3, contacts: 4, not_back: 2, at_gateways: 1 };
  expect(statusText({ ...STATUS, phones })).toContain(
    "\nPhones: 3 addresses-of-record with 4 contacts, 1 at a gateway's address.\n" +
      "2 phones not yet back at upstream: it can't call them before their next REGISTER.\n",
  );
  const gateways = [
    { name: "pstn", state: "up", observed: "up", calls: 0, channels: 2, addresses: ["fd00::3", "10.0.0.3"] },
  ];
  const contact = { name: "205@x", contact: "sip:205@x", transport: "udp" as const, left_s: 9 };
  const told = (from: string, more = {}) => registeredText([{ ...contact, from, ...more }], [], [], [], gateways);
  expect(told("10.0.0.3:5062")).toMatch(/, 9 s left, at the address of gateway pstn\n$/);
  expect(told("[fd00::3]:5062", { accepted: false })).toMatch(
    /, at the address of gateway pstn, its calls count as the gateway's until upstream has accepted it\n$/,
  );
  expect(told("10.0.0.33:5062", { accepted: false })).toMatch(/, 9 s left\n$/);
});
