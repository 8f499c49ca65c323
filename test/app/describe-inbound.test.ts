/** Where calls from gateways go, in the words of `branchline check`. */
import { expect, test } from "vitest";
import { describe } from "../../src/app/config/describe.ts";
import { LEAST, load } from "./files.ts";

const GATEWAY = "gateways: [sip:10.0.0.3]\n";
const GROUP = 'hunt_groups: {default: {members: ["21", "22"]}, "30": {members: ["23"]}}\n';

function lines(more: string): string[] {
  const all = describe(load(`${LEAST}${more}`).config).split("\n");
  return all.filter((line) => /from a gateway|^Then a call|^Calls to|phone's call/.test(line));
}

test("upstream first: what rings afterwards is told as what comes then, in the order in which numbers are looked for", () => {
  const more = 'inbound: upstream-first\nextensions: {prefixes: ["0301234"], aliases: {"5550100": "21"}}\n';
  expect(lines(GATEWAY + GROUP + more)).toEqual([
    "Calls from a gateway go to upstream first. They ring here if upstream is down, doesn't answer within 4 s, or has nobody for them (401, 403, 407, 408, 480, 503, 3xx).",
    "Then a call to 30 rings 23 at once, for 30 s.",
    "Then a call to a registered extension, also behind 0301234 or by an alias (5550100 for 21), rings that extension.",
    "In an outage, a phone's call to 30 rings that group too.",
    "Then a call to any other number rings 21, 22 at once, for 30 s.",
  ]);
});

test("no order is named: that the PBX isn't asked while it is up is said, with the key that asks it", () => {
  expect(lines(GATEWAY + GROUP)[0]).toBe(
    "Calls from a gateway ring here at once, even while upstream is up; inbound: upstream-first asks upstream first.",
  );
});

test("forced down: nothing of upstream", () => {
  const forced =
    "upstream: {targets: sip:192.0.2.1, force: down}\nregistration: {unknown: localnet}\ninbound: upstream-first\n";
  expect(lines(GATEWAY + forced)).toEqual([
    "A call from a gateway to a registered extension rings that extension.",
    "A call from a gateway to any other number gets 404.",
  ]);
});

test("forced down: a phone's call to a group rings it at all times", () => {
  const forced = "upstream: {targets: sip:192.0.2.1, force: down}\nregistration: {unknown: localnet}\n";
  expect(lines(GATEWAY + GROUP + forced)).toContain("A phone's call to 30 rings that group too.");
});

test("no gateway: nothing of its calls", () => {
  expect(lines("")).toEqual([]);
});

test.each([
  ["hunt", /also ring the phone that made it\.$/],
  ["upstream-first", /also ring the phone that made it, and don't go to upstream first\.$/],
])("a call back after an emergency call, inbound: %s", (order, words) => {
  const [emergency = ""] = lines(`${GATEWAY}emergency: ["112"]\ninbound: ${order}\n`).filter((line) =>
    line.startsWith("Calls to"),
  );
  expect(emergency).toMatch(words);
});

test("upstream first with two targets: the second has a second more", () => {
  const more = "upstream: [sip:192.0.2.1, sip:192.0.2.2]\ninbound: upstream-first\n";
  expect(lines(GATEWAY + more)[0]).toContain("doesn't answer within 4 s (1 s more for its further targets), or has");
});

test.each([
  ["another group", "second", "; a call that none of them takes goes on to group second."],
  ["a number", "0172", "; a call that none of them takes goes on to 0172."],
  ["itself, which isn't rung again", "default", "at once, for 15 s."],
])("overflow to %s", (_, overflow, words) => {
  const groups = `hunt_groups: {default: {members: ["21", "22"], ring: 15s, overflow: "${overflow}"}, second: {members: ["23"]}}\n`;
  const found = lines(GATEWAY + groups).find((line) => line.includes("any other number"));
  expect(found?.endsWith(words)).toBe(true);
  expect(describe(load(`${LEAST}${groups}`).config)).toContain("\nGroup second rings 23 at once, for 30 s.\n");
});

test("carriers: which numbers leave by which gateways, and that these get all other numbers too", () => {
  const gateways = `gateways:
  - {uri: sip:10.0.0.5, name: berlin, priority: 9}
  - {uri: sip:10.0.0.3, name: fxo}
  - {uri: sip:10.0.0.4, name: gsm}
`;
  const carriers =
    "carriers: {mobile: {prefixes: ['01', '06'], gateways: [gsm, fxo]}, site: {prefixes: ['7'], gateways: berlin}}\n";
  const told = (more: string) => describe(load(`${LEAST}${gateways}${more}`).config).split("\n");
  expect(told(`${carriers}emergency: ["112"]\n`)).toEqual(
    expect.arrayContaining([
      "Numbers that begin with 01 or 06 leave by gsm, then fxo alone (carrier mobile).",
      "Numbers that begin with 7 leave by berlin alone (carrier site).",
      "All other outside numbers, and emergency calls that these don't take, may leave by each gateway: fxo, gsm, berlin.",
    ]),
  );
  expect(told(carriers)).toContain("All other outside numbers may leave by each gateway: fxo, gsm, berlin.");
  expect(told("").join("\n")).not.toContain("may leave by each gateway");
});
