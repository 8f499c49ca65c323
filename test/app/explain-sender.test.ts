/** `branchline explain`: a call is assumed as its sender would send it. Upstream has a Path from the REGISTER; a gateway has our address. */
import { describe, expect, test } from "vitest";
import { type CallQuestion, explainCall, type Known } from "../../src/app/explain.ts";
import { findSide } from "../../src/app/find-ways.ts";
import { explainText } from "../../src/app/words/explain-words.ts";
import type { Address } from "../support/simulation.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";
import { load } from "./files.ts";

const NOTHING: Known = { saved: undefined, status: undefined };

function explain(to: string, known: Partial<Known>, yaml = SITE_YAML, from = PBX.address) {
  const question: CallQuestion = { from, to, upstream: undefined };
  const found = explainCall(load(yaml).config, { ...NOTHING, ...known }, question);
  if (!("facts" in found)) throw new Error(JSON.stringify(found));
  return found.facts;
}

/** What a site keeps after 201 has registered from each of `phones`, and upstream has said 200. */
function saved(phones: readonly Address[], yaml = SITE_YAML): string {
  const site = new Site(yaml);
  site.actor("pbx", PBX).answers("REGISTER", { status: 200 });
  for (const [index, at] of phones.entries()) {
    const contact = `Contact: <sip:201@${at.address}:${at.port}>`;
    site.actor("201", at).request("REGISTER", "sip:pbx.example.com", [contact], `phone-${index}`, 1, false);
  }
  site.run(1_000);
  return site.saved();
}

/** The site's addresses: the gateway is on a network of its own. */
const THREE_SIDES = SITE_YAML.replace("[udp:", "[udp:203.0.113.9:5060, udp:10.10.1.1:5060, udp:");

describe("upstream calls a phone that is registered", () => {
  const known = { saved: saved([PHONE]) };

  test("it is assumed to have the Path of the phone's registration, and the call passes as in reality", () => {
    expect(explainText(explain("201", known))).toBe(
      `198.51.100.10 calls 201; branchline isn't running, so upstream is taken to be up.
Assumed: upstream sends it to sip:201@10.222.237.21:5060, with the Path of the registration of 201.
The caller is upstream; the host 10.222.237.21 is a phone's address; the number is 201.
Rule path: Path leads to 10.222.237.21.
1. asks phone at 10.222.237.21
`,
    );
  });

  test("by its address-of-record alike", () => {
    const [{ name }] = JSON.parse(known.saved).addresses;
    expect(name).toMatch(/^201@/);
    expect(explain(name, known)).toMatchObject({ rule: "path", assumed: { sent_with: "path" } });
  });

  test("registration: contact: it is assumed to have the Contact that stands for the phone", () => {
    const yaml = `${SITE_YAML}registration: contact\n`;
    const facts = explain("201", { saved: saved([PHONE], yaml) }, yaml);
    expect(facts).toMatchObject({ rule: "contact", assumed: { sent_with: "contact" }, host: { meaning: "us" } });
    expect(explainText(facts)).toContain(
      "\nAssumed: upstream sends it to the Contact of ours that 201 is registered with.\n",
    );
    expect(explainText(facts)).toContain("1. asks phone at 10.222.237.21 (sip:201@10.222.237.21:5060)");
  });

  test("at two phones: one call is shown, and that each gets its own", () => {
    const facts = explain("201", { saved: saved([PHONE, PHONE_2]) });
    expect(facts).toMatchObject({ rule: "path", assumed: { contacts: 2 } });
    expect(explainText(facts)).toContain("201 has 2 contacts: each gets its own call.");
  });

  test("the branchline that runs has seen that upstream drops the Path: that is told", () => {
    const finding = { upstream: "198.51.100.10", path: "ignored", text: "upstream x ignores Path", cures: ["a", "b"] };
    const peer = { name: "198.51.100.10", state: "up", observed: "up", addresses: [PBX.address] };
    const status = { upstream: [peer], gateways: [], path: [finding] } as unknown as NonNullable<Known["status"]>;
    expect(explainText(explain("201", { ...known, status }))).toContain("Warning: upstream x ignores Path; a; b.\n");
    expect(explainText(explain("999", { ...known, status }))).not.toContain("Warning");
  });
});

test("a file without upstream: the domain that phones have called is upstream, and its call passes", () => {
  const yaml = SITE_YAML.replace(/upstream.*\n/, "");
  const peer = { name: "pbx.example.com", state: "up", observed: "up", addresses: [PBX.address] };
  const status = { upstream: [peer], gateways: [] } as unknown as NonNullable<Known["status"]>;
  const facts = explain("201", { saved: saved([PHONE]), status }, yaml);
  expect(facts).toMatchObject({ caller: "domain", rule: "path", assumed: { sent_with: "path" } });
});

describe("upstream has been told no Path", () => {
  test("nobody is registered: that is said, and what a call without our Path gets", () => {
    expect(explainText(explain("201", {}))).toBe(
      `198.51.100.10 calls 201; branchline isn't running, so upstream is taken to be up.
Note: 201 isn't registered here, so upstream hasn't been told a way to it. Assumed: upstream sends it to sip:201@203.0.113.2:5060, without our Path.
The caller is upstream; the host 203.0.113.2 is this router; the number is 201.
Rule to-ourselves: no phone of ours has this user, and upstream may not dial out (upstream.may_dial_out).
1. answers 404 No Such Phone Here
`,
    );
  });

  test("a registration that has run out doesn't count", () => {
    const late = JSON.parse(saved([PHONE]));
    for (const address of late.addresses) for (const binding of address.bindings) binding.left_ms = -1;
    expect(explain("201", { saved: JSON.stringify(late) }).assumed).toMatchObject({
      sent_with: "nothing",
      contacts: 0,
    });
  });

  test("nor does one that upstream hasn't accepted: the phone registered in an outage", () => {
    const early = JSON.parse(saved([PHONE]));
    for (const address of early.addresses) for (const binding of address.bindings) binding.accepted = false;
    const facts = explain("201", { saved: JSON.stringify(early) });
    expect(facts.assumed).toMatchObject({ sent_with: "nothing", unaccepted: 1 });
    expect(explainText(facts)).toContain("Note: upstream hasn't accepted the registration of 201 yet, so");
  });

  test("a URI is taken as it is", () => {
    const facts = explain("sip:5551234@10.10.1.3", { saved: saved([PHONE]) });
    expect(facts).toMatchObject({ rule: "to-gateway", assumed: { sent_with: "uri" } });
    expect(explainText(facts)).toContain("Assumed: upstream sends it to sip:5551234@10.10.1.3 without our Path.");
  });

  test("an emergency number goes to a gateway", () => {
    const facts = explain("112", {}, `${SITE_YAML}emergency: ["112"]\n`);
    expect(facts).toMatchObject({ rule: "emergency", assumed: { sent_with: "nothing" } });
  });
});

describe("the host that a sender writes is our address on its side", () => {
  const host = (from: string, known: Partial<Known>, yaml = THREE_SIDES) => explain("5550100", known, yaml, from).host;

  test("of a gateway, named or by address: the address from which the kernel sends there", () => {
    for (const from of [GATEWAY.address, "trunk"]) {
      const yaml = THREE_SIDES.replace("[sip:10.10.1.3]", "[{uri: sip:10.10.1.3, name: trunk}]");
      expect(host(from, { side: "10.10.1.1" }, yaml)).toEqual({ meaning: "us", name: "10.10.1.1" });
      expect(host(from, { side: LAN.address }, yaml)).toEqual({ meaning: "us", name: LAN.address });
    }
  });

  test("where the kernel says nothing, or an address that isn't in listen: the one that looks most like the sender's", () => {
    for (const side of [undefined, "192.0.2.1"]) {
      expect(host(GATEWAY.address, { side })).toEqual({ meaning: "us", name: "10.10.1.1" });
      expect(host(PBX.address, { side })).toMatchObject({
        meaning: "us",
        name: expect.stringMatching(/^203\.0\.113\./),
      });
    }
    expect(host(PBX.address, { side: WAN.address })).toEqual({ meaning: "us", name: WAN.address });
  });

  test("of a gateway that speaks TCP: the TCP address", () => {
    const yaml = THREE_SIDES.replace("udp:10.10.1.1:5060", "udp:10.10.1.1:5060, tcp:10.10.1.2:5070").replace(
      "[sip:10.10.1.3]",
      '["sip:10.10.1.3;transport=tcp"]',
    );
    expect(host(GATEWAY.address, { side: "10.10.1.1" }, yaml)).toEqual({ meaning: "us", name: "10.10.1.2" });
  });

  test("listen names interfaces: the addresses that they have now", async () => {
    const { config } = load(THREE_SIDES.replace("udp:10.10.1.1:5060", "udp:eth2:5060"));
    const own = [{ device: "eth2", address: "10.10.1.7", cidr: "10.10.1.7/24" }];
    const asked: string[] = [];
    const findSource = async (address: string) => {
      asked.push(address);
      return "10.10.1.7";
    };
    const side = await findSide(config, GATEWAY.address, { findSource, own });
    const found = explainCall(config, { ...NOTHING, side }, { from: GATEWAY.address, to: "1", upstream: undefined });
    expect(found).toMatchObject({ facts: { rule: "from-gateway", host: { meaning: "us", name: "10.10.1.7" } } });
    expect(await findSide(config, "201", { findSource, own })).toBeUndefined();
    expect(asked).toEqual([GATEWAY.address]);
  });
});
