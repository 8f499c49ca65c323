/** What `branchline registered` says. */
import { describe, expect, test } from "vitest";
import type { RegisteredContact } from "../../src/app/control.ts";
import { compareNames, registeredFacts, registeredText } from "../../src/app/words/registered-words.ts";
import { withoutInk } from "../../src/base/ink.ts";
import { READER } from "./reader.ts";

const MEMBERS = [
  { group: "default", member: "201", registered: "201@pbx" },
  { group: "default", member: "203", registered: null },
  { group: "night", member: "201", registered: "201@pbx" },
  { group: "night", member: "203", registered: null },
];
const USUAL: RegisteredContact = {
  name: "201@pbx",
  contact: "sip:201@10.0.0.7",
  from: "10.0.0.7:5060",
  transport: "udp",
  left_s: 35,
};

function words(
  contacts: readonly RegisteredContact[],
  extension?: string,
  status: Parameters<typeof registeredFacts>[1] = { members: MEMBERS },
  gateways: Parameters<typeof registeredText>[1] = [],
): string[] {
  const facts = registeredFacts(contacts, status, extension);
  return withoutInk(registeredText(facts, gateways, READER, extension))
    .trimEnd()
    .split("\n");
}

const THREE: readonly RegisteredContact[] = [
  { ...USUAL, name: "1001@pbx", transport: "tls", left_s: 3_599, connected: true },
  { ...USUAL, contact: "sip:201@b", transport: "tcp", left_s: -16, connected: false },
  USUAL,
];

test("phones that were refused in upstream's place, of one extension only its own", () => {
  const refused = [
    { name: "103@pbx", from: "10.0.0.20", status: 503, is_known: false },
    { name: "104@pbx", from: "10.0.0.21", status: 400, is_known: true },
  ];
  expect(words([USUAL], undefined, { refused }).slice(2).join(" ").replace(/ +/g, " ")).toBe(
    "REFUSED in upstream's place: 103 at 10.0.0.20 (503, unknown here) and 104 at 10.0.0.21 (400). registration.unknown says which phones are let in",
  );
  expect(words([], "104", { refused }).slice(1)).toEqual(["REFUSED in upstream's place: 104 at 10.0.0.21 (400)"]);
});

test("columns, sorted by extension, then the members of hunt groups that aren't there", () => {
  expect(words(THREE)).toEqual([
    "EXTENSION  FROM                      EXPIRES           GROUPS",
    "201        10.0.0.7:5060  tcp, gone  expired 16 s ago  default, night",
    "201        10.0.0.7:5060  udp        in 35 s           default, night",
    "1001       10.0.0.7:5060  tls        in 59 min 59 s",
    "NOT REGISTERED: 203 (groups default, night)",
  ]);
});

test("only one extension: its contacts in full, its groups, and nothing of others", () => {
  expect(words(THREE, "1001")).toEqual([
    "EXTENSION  FROM                EXPIRES         GROUPS",
    "1001       10.0.0.7:5060  tls  in 59 min 59 s",
    "Contact: sip:201@10.0.0.7",
  ]);
  expect(words(THREE, "203")).toEqual([
    "No phone is registered as 203.",
    "NOT REGISTERED: 203 (groups default, night)",
  ]);
  expect(words(THREE, "201@pbx")).toHaveLength(5);
  expect(words(THREE, "20")).toEqual(["No phone is registered as 20."]);
  expect(registeredFacts(THREE, { members: MEMBERS }, "201").members.map(({ group }) => group)).toEqual([
    "default",
    "night",
  ]);
});

test("no phone, and what keeps calls from all of them", () => {
  expect(words([], undefined, {})).toEqual(["No phone is registered."]);
  const path = [{ upstream: "pbx", path: "ignored", text: "pbx ignores Path", cures: ["one"] }] as const;
  const conflict = { address: "198.51.100.10", text: "it is registered from …", cure: "give …" };
  const conflicts = [
    { ...conflict, with: "phone" as const },
    { ...conflict, with: "gateway" as const, text: "another" },
  ];
  expect(words([], undefined, { path, conflicts })).toEqual([
    "No phone is registered.",
    "FAULT: pbx ignores Path",
    "  one",
    "WARNING: it is registered from …",
    "  give …",
  ]);
});

test("facts: the groups of each contact", () => {
  expect(registeredFacts([USUAL], { members: MEMBERS })).toEqual({
    contacts: [{ ...USUAL, groups: ["default", "night"] }],
    members: MEMBERS,
    refused: [],
    path: [],
    conflicts: [],
  });
});

test("phones of two domains are told apart", () => {
  expect(words([USUAL, { ...USUAL, name: "201@other" }]).map((line) => line.split(" ")[0])).toEqual([
    "EXTENSION",
    "201@other",
    "201@pbx",
    "NOT",
  ]);
});

describe("80 columns", () => {
  test("groups that don't fit go on below", () => {
    const groups = ["default", "night-and-weekend", "reception-and-warehouse", "sales"];
    const members = groups.map((group) => ({ group, member: "201", registered: "201@pbx" }));
    const lines = words([USUAL], undefined, { members });
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.join(" ").replace(/ +/g, " ")).toContain(groups.join(", "));
  });

  test("the longest address of IPv6 and a transport that is gone leave room for the group", () => {
    const from = "[2001:db8:1234:5678:9abc:def0:1234:5678]:65535";
    const members = [{ group: "reception-and-warehouse", member: "201", registered: "201@pbx" }];
    const lines = words([{ ...USUAL, from, transport: "tcp", connected: false, left_s: -100 }], undefined, { members });
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.join("\n")).toContain("reception-and-warehouse");
  });
});

test("a phone at a gateway's address is told from the gateway", () => {
  const gateways = [
    { name: "pstn", state: "up", observed: "up", calls: 0, channels: 2, addresses: ["fd00::3", "10.0.0.3"] },
  ];
  const told = (from: string, change: Partial<RegisteredContact> = {}) =>
    words([{ ...USUAL, name: "205@x", from, ...change }], undefined, {}, gateways)
      .slice(2)
      .join(" ");
  expect(told("10.0.0.3:5062")).toBe("205 is at the address of gateway pstn");
  expect(told("[fd00::3]:5062", { accepted: false })).toMatch(
    /^205 is at the address of gateway pstn; its calls count as the gateway's until +upstream +has accepted it$/,
  );
  expect(told("10.0.0.33:5062", { accepted: false })).toBe("");
});

test("extensions are sorted by their value, names behind them", () => {
  const names = ["bob@x", "1001@x", "99@x", "0201@x", "201@y", "201@x", "alice@x", "+49301@x", "007@x"];
  expect([...names].sort(compareNames)).toEqual([
    "007@x",
    "99@x",
    "0201@x",
    "201@x",
    "201@y",
    "1001@x",
    "+49301@x",
    "alice@x",
    "bob@x",
  ]);
});
