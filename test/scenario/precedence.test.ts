/** Numbers that mean several things at once: which rule wins, in an outage and without. */
import { describe, expect, it } from "vitest";
import { requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "pbx.example.com";
const GSM = { address: "10.10.1.4", port: 5060 };

/** 0202 is an extension, an alias of 303, 202 behind the prefix 0, and a number that the carrier "gsm" takes. */
const EVERYTHING = `${SITE_YAML.replace("[sip:10.10.1.3]", "[sip:10.10.1.3, {uri: sip:10.10.1.4, name: gsm, priority: 2}]")}
extensions: {aliases: {"0202": "303"}, prefixes: ["0"], suffix_digits: 3}
carriers: {gsm: {prefixes: ["02"], gateways: [gsm]}}
survival: {answer: relay, notice_hold: 0s}
`;

/** @param registered extensions that have a phone, at most three */
function cast(registered: readonly string[], yaml = EVERYTHING) {
  const site = new Site(yaml);
  const caller = site.actor("100", { address: "10.222.237.20", port: 5060 });
  const places = [PHONE, PHONE_2, PHONE_3];
  const phones = registered.map((name, index) => site.actor(name, places[index] ?? PHONE));
  const gateway = site.actor("gateway", GATEWAY);
  const gsm = site.actor("gsm", GSM);
  const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
  for (const one of [...phones, gateway, gsm, pbx]) one.answers("INVITE", { status: 486 });
  for (const phone of [caller, ...phones]) phone.request("REGISTER", `sip:${DOMAIN}`);
  site.run(100);
  /** The party that gets the INVITE of a call to `uri`. */
  const takes = (uri: string, from: Actor = caller) => {
    for (const one of [...phones, gateway, gsm, pbx]) one.received.length = 0;
    from.invite(uri);
    site.run(500);
    return [...phones, gateway, gsm, pbx].filter((one) => one.requests("INVITE").length > 0).map(({ name }) => name);
  };
  const cut = () => {
    site.simulation.silence(PBX);
    site.run(60_000);
    site.simulation.sightings.length = 0;
  };
  return { site, caller, phones, gateway, gsm, pbx, takes, cut };
}

describe("a phone's call in an outage: what the number means", () => {
  it.each([
    ["an alias goes before the extension of that number", ["303", "0202", "202"], "303"],
    ["where the alias leads to no phone, the prefix counts, not the extension of that number", ["0202", "202"], "202"],
    ["then the suffix", ["50202"], "50202"],
  ])("%s", (_, registered, wanted) => {
    const { takes, cut } = cast(registered);
    cut();
    expect(takes(`sip:0202@${DOMAIN}`)).toEqual([wanted]);
  });

  it("then the carrier, before the best gateway", () => {
    const { takes, cut } = cast([], EVERYTHING.replace(/aliases: \S+ \S+, /, "").replace(/hunt_groups.*\n/, ""));
    cut();
    expect(takes(`sip:0202@${DOMAIN}`)).toEqual(["gsm"]);
  });

  it("an extension goes before the prefix and the carrier", () => {
    const { site, takes, cut } = cast(["0202", "202"], EVERYTHING.replace(/aliases: \S+ \S+, /, ""));
    cut();
    expect(takes(`sip:0202@${DOMAIN}`)).toEqual(["0202"]);
    expectLadder("precedence-extension", site.ladder());
  });

  it("the extension of another domain is none of ours", () => {
    const { takes, cut } = cast(["202"], EVERYTHING);
    cut();
    expect(takes("sip:202@partner.example.org")).toEqual(["gateway"]);
  });
});

describe("a Request-URI that names the gateway", () => {
  it("goes there, although its number is an extension's: the redirected call must not come back to us", () => {
    const { site, takes, cut } = cast(["202"]);
    expect(takes("sip:202@10.10.1.3")).toEqual(["gateway"]);
    cut();
    expect(takes("sip:202@10.10.1.3")).toEqual(["gateway"]);
    expectLadder("precedence-gateway", site.ladder());
  });

  it("at another port it is none: upstream gets it", () => {
    const { takes } = cast(["202"]);
    expect(takes("sip:202@10.10.1.3:5080")).toEqual(["pbx"]);
  });

  it("goes to the named one, although the carrier of its number is another", () => {
    const { takes, cut } = cast([]);
    cut();
    expect(takes("sip:0299@10.10.1.3")).toEqual(["gateway"]);
  });
});

describe("while upstream lives", () => {
  it.each(["0202", "202", "0299"])("%s is upstream's, whatever it means here", (number) => {
    const { takes } = cast(["202", "0202"]);
    expect(takes(`sip:${number}@${DOMAIN}`)).toEqual(["pbx"]);
  });

  it("a number at our own address is upstream's too: gateways write our address into From, and phones call back", () => {
    const { takes } = cast(["202"]);
    expect(takes("sip:202@10.222.237.1")).toEqual(["pbx"]);
  });

  it("our own address without a number is nobody's: 404", () => {
    const { caller, takes } = cast(["202"]);
    expect(takes("sip:10.222.237.1")).toEqual([]);
    expect(caller.received.map(({ message }) => statusOf(message))).toContain(404);
  });
});

describe("a call from a gateway", () => {
  const GROUPS = SITE_YAML.replace(
    /hunt_groups.*\n/,
    'hunt_groups: {"202": {members: ["303"]}, default: {members: ["404"]}}\n',
  );

  it("the group of its number goes before the extension of that number, and before the default group", () => {
    const { gateway, takes } = cast(["202", "303", "404"], GROUPS);
    expect(takes("sip:202@10.222.237.1", gateway)).toEqual(["303"]);
    expect(takes("sip:299@10.222.237.1", gateway)).toEqual(["404"]);
  });

  it("rings the group even where its Request-URI names the gateway itself or the PBX", () => {
    const { gateway, phones, takes } = cast(["202", "303", "404"], GROUPS);
    expect(takes("sip:202@10.10.1.3", gateway)).toEqual(["303"]);
    expect(takes(`sip:202@${DOMAIN}`, gateway)).toEqual(["303"]);
    expect(requestUriOf((phones[1] as Actor).seen("INVITE"))).toBe("sip:303@10.222.237.22:5060");
  });
});
