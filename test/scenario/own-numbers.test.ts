/** A number that the file names as an extension means a phone of this site: no gateway is given it, whoever is registered. */
import { describe, expect, it } from "vitest";
import { requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "pbx.example.com";
const FILE = `${SITE_YAML.replace(/hunt_groups.*\n/, "")}
hunt_groups: {default: {members: [21, 22], overflow: 26}, "5550150": {members: ["23"], overflow: "5550199"}}
extensions:
  aliases: {"5550124": "24"}
  prefixes: ["5550"]
  forward: {"25": {busy: "27", no_answer: "0171555"}, "28": {busy: "0172555"}}
`;

/** What a phone 29 has registered. */
const AT_29 = { contact: "sip:29@10.222.237.22:5060", callId: "29" };

/** A phone 21 that has registered, a gateway, and upstream known to be down. */
function dark(yaml = FILE) {
  const site = new Site(yaml);
  const caller = site.actor("21", PHONE);
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200, after_ms: 100 });
  site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
  caller.request("REGISTER", `sip:${DOMAIN}`);
  site.run(100);
  site.simulation.silence(PBX);
  site.run(60_000);
  site.simulation.sightings.length = 0;
  return { site, caller, gateway };
}

const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);

/** The final answers to a call, without that to the REGISTER. */
function dials(number: string, yaml = FILE) {
  const { site, caller, gateway } = dark(yaml);
  caller.received.length = 0;
  caller.invite(`sip:${number}@${DOMAIN}`);
  site.run(3_000);
  return { site, caller, gateway, answers: finals(caller) };
}

describe("a phone calls an extension that no phone has, in an outage", () => {
  it("480 at once, with the reason: no notice, no gateway", () => {
    const { site, answers } = dials("22");
    expect(answers).toEqual([480]);
    expectLadder("extension-absent", site.ladder());
  });

  it.each([
    ["a member of a named group", "23"],
    ["the extension of an alias", "24"],
    ["an alias", "5550124"],
    ["an extension behind a prefix", "555022"],
    ["an extension with a forward for busy alone", "28"],
    ["the extension to which another is forwarded", "27"],
    ["the extension to which a group overflows", "26"],
  ])("%s: %s", (_, number) => {
    const { gateway, answers } = dials(number);
    expect(answers).toEqual([480]);
    expect(gateway.requests("INVITE")).toEqual([]);
  });

  it.each([
    ["a number that the file doesn't name", "29"],
    ["where a group overflows to an outside number", "5550199"],
    ["where a forward leads outside", "0171555"],
    ["a number that begins like an extension", "2255501"],
  ])("%s goes out: %s", (_, number) => {
    expect(dials(number).answers).toEqual([302]);
  });

  it.each([
    ["at an address of localnet", "31", 480],
    ["at upstream's host", "32", 480],
    ["at a name of this router", "33", 480],
    ["behind a prefix", "555031", 480],
    ["written with an escape", "34", 480],
    ["at a gateway, though it is in localnet", "35", 302],
    ["at an address of others", "36", 302],
    ["at a domain of others", "37", 302],
  ])("a member that the file names by its URI, %s: %s gets %i", (_, number, status) => {
    const members = [
      ...[
        "sip:31@10.222.237.31",
        `sip:32@${PBX.address}`,
        "sip:33@branch.example.com",
        "sip:%33%34@10.222.237.34:5070",
      ],
      ...["sip:35@10.222.237.9", "sip:36@198.51.100.99", "sip:37@mobile.example.net"],
    ];
    const more = `names: [branch.example.com]\ngateways: [sip:10.10.1.3, sip:10.222.237.9]\n`;
    const yaml = FILE.replace(/gateways: .*\n/, more).replace("[21, 22]", JSON.stringify(members));
    const { gateway, answers } = dials(number, yaml);
    expect(answers).toEqual([status]);
    expect(gateway.requests("INVITE")).toEqual([]);
  });

  it("a forward leads outside also where a member's URI has a user of as many digits", () => {
    const yaml = FILE.replace("[21, 22]", '["sip:0171201@10.222.237.31"]');
    expect(["0171555", "0171201"].map((number) => dials(number, yaml).answers)).toEqual([[302], [480]]);
  });

  it("the file may say otherwise: by a forward, or by a carrier for this very number", () => {
    const forwarded = dials("25");
    expect(requestUriOf(forwarded.gateway.seen("INVITE"))).toBe("sip:0171555@10.10.1.3");
    const yaml = `${FILE}carriers: {lift: {prefixes: ["22"], gateways: ["10.10.1.3"]}}\n`;
    expect(dials("22", yaml).answers).toEqual([302]);
    expect(dials("23", yaml).answers).toEqual([480]);
  });

  it("a carrier for all numbers that begin so isn't enough", () => {
    const yaml = `${FILE}carriers: {town: {prefixes: ["2"], gateways: ["10.10.1.3"]}}\n`;
    expect(dials("22", yaml).answers).toEqual([480]);
  });

  it("a forward to an extension that no phone has is none: 480", () => {
    const { gateway, answers } = dials("25", FILE.replace("0171555", "22"));
    expect(answers).toEqual([480]);
    expect(gateway.requests("INVITE")).toEqual([]);
  });

  it("a busy phone's answer stands when the extension behind it has no phone", () => {
    const { site, caller, gateway } = dark(FILE.replace('"28": {busy: "0172555"}', '"29": {busy: "22"}'));
    const busy = site.actor("29", PHONE_2).answers("INVITE", { status: 486 });
    const own = [...site.bindings.all()][0]?.bindings[0];
    const flow = { ...own?.flow, ...PHONE_2 };
    site.bindings.put(`29@${DOMAIN}`, { ...own, ...AT_29, flow } as never);
    caller.received.length = 0;
    caller.invite(`sip:29@${DOMAIN}`);
    site.run(3_000);
    expect(busy.requests("INVITE")).toHaveLength(1);
    expect(finals(caller)).toEqual([486]);
    expect(gateway.requests("INVITE")).toEqual([]);
  });
});

describe("a gateway calls", () => {
  it("an extension that no phone has: the default group rings, and its overflow doesn't go back out", () => {
    const { site, caller, gateway } = dark();
    caller.answers("INVITE", { status: 486 });
    gateway.received.length = 0;
    gateway.invite("sip:22@10.222.237.1");
    site.run(3_000);
    expect(caller.requests("INVITE")).toHaveLength(1);
    expect(finals(gateway)).toEqual([486]);
    expect(gateway.requests("INVITE")).toEqual([]);
  });

  it("a group without phones, whose overflow is an extension without a phone, is answered 480", () => {
    const { site, gateway } = dark(FILE.replace('"5550199"', '"22"'));
    gateway.received.length = 0;
    gateway.invite("sip:5550150@10.222.237.1");
    site.run(3_000);
    expect(finals(gateway)).toEqual([480]);
    expect(gateway.requests("INVITE")).toEqual([]);
  });
});
