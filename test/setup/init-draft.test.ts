/** The file that `branchline init` writes, the questions that lead to it, and what it says about phones. */

import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/app/config/load-config.ts";
import type { Draft, Given } from "../../src/setup/init/answers.ts";
import { answer, missingFlags, promptOf, type Stand, settle } from "../../src/setup/init/dialogue.ts";
import { faultsOf, yamlOf } from "../../src/setup/init/draft.ts";
import { readNetwork } from "../../src/setup/init/network.ts";
import { guideText, makerGuides, phonesText, proxyAddresses } from "../../src/setup/init/phones.ts";
import type { Facts } from "../../src/setup/init/proposal.ts";
import fc from "../support/properties.ts";
import { EDGEROUTER_4, OPENWRT, settleOn, waysOn } from "./routers.ts";

const NOTHING_MORE = { state: undefined, isBehindNat: false };
const load = (text: string) => loadConfig(text, (path) => path);

describe("the file", () => {
  const octet = fc.integer({ min: 1, max: 254 });
  const host = (network: number) => octet.map((last) => `10.${network}.0.${last}`);
  const some = <T extends string>(one: fc.Arbitrary<T>) => fc.uniqueArray(one, { minLength: 1, maxLength: 4 });
  const orNone = (list: fc.Arbitrary<string[]>) => fc.oneof(list, fc.constant([]));
  const answers: fc.Arbitrary<Draft> = fc.record({
    listen: fc
      .tuple(some(host(1)), orNone(some(host(1))))
      .map(([udp, tcp]) => [...udp.map((address) => `udp:${address}:5060`), ...tcp.map((address) => `tcp:${address}`)]),
    localnet: some(octet.map((third) => `10.2.${third}.0/24`)),
    upstream: orNone(
      some(fc.oneof(host(3), fc.constantFrom("pbx.example.com", "[2001:db8::1]:5070")).map((at) => `sip:${at}`)),
    ),
    gateways: orNone(some(host(4).map((address) => `sip:${address}`))),
    members: orNone(
      some(
        fc.oneof(
          fc.nat(9999).map(String),
          host(2).map((address) => `sip:201@${address}`),
        ),
      ),
    ),
    emergency: orNone(some(fc.constantFrom("112", "911", "0110"))),
  });
  const extras = fc.record({ state: fc.constantFrom(undefined, "/var/lib/branchline"), isBehindNat: fc.boolean() });

  test("is loaded without a fault, whatever has been answered, and says just that", () => {
    fc.assert(
      fc.property(answers, extras, (draft, more) => {
        const text = yamlOf(draft, more);
        const { config, problems } = load(text);
        expect(problems).toEqual([]);
        expect(config.listeners).toHaveLength(draft.listen?.length ?? 0);
        expect(config.site.localnet.ranges.map((range) => range.text)).toEqual(draft.localnet);
        expect(config.site.upstream.targets.map((uri) => uri.text)).toEqual(draft.upstream);
        expect(config.site.gateways.map(({ uri }) => uri.text)).toEqual(draft.gateways);
        expect(config.site.emergency.numbers).toEqual(draft.emergency);
        const members = config.site.huntGroups.flatMap((group) => group.members);
        expect(members.map((member) => (typeof member === "string" ? member : member.text))).toEqual(draft.members);
        expect(config.state.folder).toBe(more.state ?? "state");
      }),
      { numRuns: 300 },
    );
  });

  test("odd answers stay values: no quote, colon or line end makes another key of them", () => {
    const odd = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom(
        'a"b',
        "a: b",
        "x\nstrangers: drop",
        "]",
        "#",
        "'",
        "- a",
        "*a",
        "&a",
        "!!js",
        "\\",
        "null",
        "~",
        "\u2028",
        "%",
      ),
    );
    const lists = fc.array(odd, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.record({ localnet: lists, upstream: lists, members: lists }), odd, (draft, state) => {
        const { hunt_groups, ...rest } = parse(yamlOf(draft, { state, isBehindNat: false }));
        expect(rest).toEqual({ localnet: draft.localnet, upstream: draft.upstream, state });
        expect(hunt_groups).toEqual({ default: { members: draft.members } });
      }),
      { numRuns: 500 },
    );
  });

  test("what hasn't been answered stands there as an example that is good", () => {
    const text = yamlOf({}, NOTHING_MORE).replace(
      /^# (?=(listen|localnet|upstream|gateways|emergency|hunt_groups|survival|state):)/gm,
      "",
    );
    expect(load(text).problems).toEqual([]);
    expect(load(text).config.site.emergency.numbers).toEqual(["112", "911"]);
  });

  test("so is the cure for NAT", () => {
    const draft = { listen: ["udp:192.168.1.2"], localnet: ["10.0.0.0/24"] };
    expect(yamlOf(draft, NOTHING_MORE)).not.toContain("NAT");
    const text = yamlOf(draft, { ...NOTHING_MORE, isBehindNat: true })
      .replace(/^listen.*\n/m, "")
      .replace(/^# (?=listen)/m, "");
    expect(load(text).problems).toEqual([]);
    expect(load(text).config.listeners[0]?.sentBy).toBe("203.0.113.2:5060");
  });

  test("what is missing yet is no fault, what is there may be", () => {
    expect(faultsOf({ localnet: ["10.0.0.0/24"] })).toEqual([]);
    expect(faultsOf({ localnet: ["10.0.0.0/33"] })).toHaveLength(1);
    expect(faultsOf({ upstream: ["sip:10.9.9.9"], gateways: ["sip:10.9.9.9"] })[0]).toContain("is upstream too");
  });
});

describe("the dialogue", () => {
  const facts: Facts = {
    network: readNetwork(OPENWRT),
    heard: [{ address: "192.168.1.21", user: "201", domain: "pbx.example.com", agent: "Snom D735" }],
    ways: waysOn(OPENWRT, ["sip:pbx.example.com", "sip:pbx.example.org", "sip:192.168.1.3"]),
  };

  /** Types one line after the other; what is answered wrongly is listed. */
  function talk(
    lines: readonly string[],
    given: Given = {},
    about = facts,
  ): Stand & { faults: string[]; asked: string[] } {
    let stand = settle({}, about, given, false);
    const faults: string[] = [];
    const asked: string[] = [];
    for (const line of lines) {
      if (stand.question === undefined) throw new Error(`nobody has asked for ${line}`);
      asked.push(stand.question.flag);
      const outcome = answer(stand.draft, stand.question, line);
      if ("fault" in outcome) faults.push(outcome.fault);
      else stand = settle(outcome.draft, about, given, false);
    }
    return { ...stand, faults, asked };
  }

  test("an empty line takes what is proposed, and names are completed", () => {
    const { draft, question, faults } = talk(["", "", "192.168.1.3", "", "112,911", "udp:192.168.1.1 198.51.100.20"]);
    expect({ question, faults }).toEqual({ question: undefined, faults: [] });
    expect(draft).toEqual({
      localnet: ["192.168.1.0/24"],
      upstream: ["sip:pbx.example.com"],
      gateways: ["sip:192.168.1.3"],
      members: ["201"],
      emergency: ["112", "911"],
      listen: ["udp:192.168.1.1", "udp:198.51.100.20"],
    });
  });

  test("a wrong answer is explained, and asked for again", () => {
    const { faults, asked } = talk(["192.168.1.0/40", "192.168.1.0/24", "none", "gw.example.com", "192.168.1.3"]);
    expect(faults).toEqual([expect.stringContaining("is not a network"), expect.stringContaining("by its IP address")]);
    expect(asked).toEqual(["--localnet", "--localnet", "--upstream", "--gateway", "--gateway"]);
  });

  test("without a gateway nobody is asked who rings, nor whom to call in need", () => {
    const { asked, draft } = talk(["", "", "none", "192.168.1.1"]);
    expect(asked).toEqual(["--localnet", "--upstream", "--gateway", "--listen"]);
    expect(draft.gateways).toEqual([]);
  });

  test("where nothing is known, an empty answer is none; but not for networks and addresses", () => {
    const { faults } = talk(["", "none"], {}, { network: readNetwork(EDGEROUTER_4), heard: [] });
    expect(faults).toEqual([
      "name at least one, such as 10.222.237.0/24",
      "name at least one, such as 10.222.237.0/24",
    ]);
  });

  test("the gateway must not be upstream, whichever comes first", () => {
    expect(talk(["", "192.168.1.3", "192.168.1.3"]).faults).toEqual([expect.stringContaining("is upstream too")]);
  });

  test("nor any of them branchline itself", () => {
    const { faults } = talk(["", "", "192.168.1.3", "", "", "192.168.1.3:5060"]);
    expect(faults).toEqual([expect.stringContaining("is branchline itself")]);
  });

  test("what flags say isn't asked, and is checked just so", () => {
    const { asked } = talk([""], { upstream: "pbx.example.org", gateways: "none", listen: "192.168.1.1" });
    expect(asked).toEqual(["--localnet"]);
    expect(settle({}, facts, { localnet: "nonsense" }, true)).toMatchObject({
      fault: expect.stringMatching(/^--localnet: "nonsense" is not a network/),
    });
  });

  test("with --yes nothing is asked, and an interface whose address changes is good enough for the file", () => {
    const { draft, fault } = settle({}, facts, { gateways: "192.168.1.3" }, true);
    expect(fault).toBeUndefined();
    expect(draft.listen).toEqual(["udp:192.168.1.1:5060", "udp:eth1:5060"]);
    expect(load(yamlOf(draft, NOTHING_MORE)).problems).toEqual([]);
  });

  test("with --yes and a flag, the rest is as it was found", () => {
    expect(settle({}, facts, { listen: "192.168.1.1", gateways: "none" }, true)).toEqual({
      draft: {
        localnet: ["192.168.1.0/24"],
        upstream: ["sip:pbx.example.com"],
        gateways: [],
        listen: ["udp:192.168.1.1"],
      },
    });
  });

  test("with --yes nothing is guessed: each flag that is missing is named, with what is known", () => {
    const heard = [{ address: "10.10.1.3", user: undefined, domain: undefined, agent: "" }];
    const { fault } = settleOn(EDGEROUTER_4, {}, { heard });
    expect(fault).toBe(`not found, and --yes guesses nothing; give
  --localnet NETWORKS     Phones' networks
      No phone was seen in 10.1.10.0/24, 10.1.20.0/24, 10.1.30.0/24.
      Not known to be phones, in 10.10.1.0/24: 10.10.1.3.
  --upstream URIS|none    PBX
  --gateway ADDRESS|none  Gateway
      10.10.1.3: speaks SIP, doesn't say what it is.`);
    const given = { localnet: "10.1.20.0/24", upstream: "none", gateways: "none" };
    const { draft } = settleOn(EDGEROUTER_4, given);
    expect(draft).toMatchObject({ upstream: [], gateways: [], listen: ["udp:10.1.20.1:5060", "udp:203.0.113.2:5060"] });
  });

  test("what speaks SIP without being known is told by name, each once", () => {
    const at = (address: string, agent: string) => ({ address, user: undefined, domain: undefined, agent });
    const heard = [
      at("10.10.1.3", ""),
      at("10.10.1.5", "Acme 1"),
      at("10.10.1.4", ""),
      at("10.10.1.6", "baresip v1.0.0"),
    ];
    expect(settleOn(EDGEROUTER_4, {}, { heard }).fault).toContain(`Gateway
      10.10.1.3, 10.10.1.4: speak SIP, don't say what they are.
      10.10.1.5: speaks SIP, Acme 1; a gateway?`);
  });

  test("with --yes phones that register at two domains: both are named", () => {
    const heard = ["pbx.example.com", "provider.example.net"].map((domain, index) => {
      return { address: `10.1.20.2${index}`, user: `20${index}`, domain, agent: "" };
    });
    const { fault } = settleOn(EDGEROUTER_4, { gateways: "none" }, { heard });
    expect(fault).toContain("PBX\n      Phones register with pbx.example.com, provider.example.net.");
  });

  test("with --yes a PBX whose name isn't known: --listen is asked for, and why", () => {
    const given = { localnet: "10.1.20.0/24", upstream: "pbx.example.com", gateways: "10.10.1.3" };
    const { fault } = settleOn(EDGEROUTER_4, given, { names: { "pbx.example.com": [] } });
    expect(fault).toBe(`not found, and --yes guesses nothing; give
  --listen ADDRESSES      This router
      Not known: neither DNS nor /etc/hosts has an address of pbx.example.com.
      Only if the PBX pbx.example.com is behind the default route: udp:10.1.20.1:5060 udp:203.0.113.2:5060 udp:10.10.1.1:5060`);
  });

  test("a prompt shows what was found, and the flag that spares it", () => {
    const { question } = talk([]);
    expect(question === undefined ? "" : promptOf(question)).toBe(
      "  192.168.1.0/24: taken for phones: 201 at 192.168.1.21.\nThe phones' networks (--localnet) [192.168.1.0/24]: ",
    );
  });

  test("flags that are missing", () => {
    expect(missingFlags({})).toEqual(["--localnet", "--upstream", "--gateway", "--members", "--listen"]);
    expect(missingFlags({ localnet: "a", upstream: "b", gateways: "none", listen: "c" })).toEqual([]);
  });
});

describe("phones", () => {
  const interfaces = new Map([["br-lan", ["10.222.237.1"]]]);
  const proxiesOf = (listen: string) =>
    proxyAddresses(load(`listen: [${listen}]\nlocalnet: [10.222.237.0/24]\n`).config, interfaces);
  const guide = (listen: string, maker?: string) => {
    const guides = makerGuides(proxiesOf(listen), maker);
    return "fault" in guides ? guides.fault : guides.map(guideText).join("");
  };

  test("each maker's fields have our address on the phones' side", () => {
    const text = guide("udp:203.0.113.2, udp:10.222.237.1:5070");
    expect(text).not.toContain("203.0.113.2");
    for (const field of [
      "account.1.outbound_proxy_enable = 1",
      "account.1.outbound_proxy.1.address = 10.222.237.1",
      "account.1.outbound_proxy.1.port = 5070",
      "<Outbound_Proxy_1_>10.222.237.1:5070</Outbound_Proxy_1_>",
      "<Use_Outbound_Proxy_1_>Yes</Use_Outbound_Proxy_1_>",
      "P48=10.222.237.1:5070",
      '<user_outbound idx="1">10.222.237.1:5070;transport=udp</user_outbound>',
      'voIpProt.SIP.outboundProxy.address="10.222.237.1"',
      'voIpProt.SIP.outboundProxy.port="5070"',
      'voIpProt.SIP.outboundProxy.transport="UDPOnly"',
    ]) {
      expect(text).toContain(field);
    }
  });

  test("an interface has the address of the moment, or none yet", () => {
    expect(guide("udp:wan, udp:br-lan:5062")).toContain("P48=10.222.237.1:5062");
    expect(guide("udp:ppp0")).toContain("P48=(the address of ppp0):5060");
  });

  test("by the first transport, the others are named", () => {
    const text = guide("tls:10.222.237.1, udp:10.222.237.1");
    expect(phonesText(proxiesOf("tls:10.222.237.1, udp:10.222.237.1"))).toContain(
      "10.222.237.1:5061, TLS or udp:10.222.237.1:5060",
    );
    expect(text).toContain("transport_type = 2");
    expect(text).toContain("P130=2");
    expect(text).toContain('transport="TLS"');
  });

  test("an address of a transport that desk phones don't have isn't told", () => {
    const { config } = load("listen: [tls:10.222.237.1, udp:10.222.237.1]\nlocalnet: [10.222.237.0/24]\n");
    const proxies = (...transports: ("udp" | "tls")[]) => {
      const listeners = config.listeners.map((one) => {
        const isOnDeskPhones = transports.some((transport) => transport === one.protocol);
        return Object.assign(Object.create(one), { transport: { ...one.transport, isOnDeskPhones } });
      });
      return proxyAddresses({ ...config, listeners }, interfaces);
    };
    expect(proxies("udp").map(({ transport }) => transport)).toEqual(["udp"]);
    expect(phonesText(proxies())).toBe(
      'Outbound proxy: none: desk phones have the transport of no address in "listen".\n',
    );
  });

  test.each([
    ["yealink", "Yealink: Account > Register"],
    ["SNOM", "Snom: Setup > Identity 1"],
    ["poly", "Polycom, Poly: Settings > SIP"],
    ["spa", "Cisco SPA, MPP: Voice > Ext 1"],
  ])("%s: that maker alone", (maker, begin) => {
    const text = guide("udp:10.222.237.1", maker);
    expect(text.startsWith(begin)).toBe(true);
    expect(text.split("\n").filter((line) => /^\S/.test(line))).toHaveLength(1);
  });

  test.each([
    ["yaelink", "yaelink: unknown maker; did you mean yealink?"],
    ["nokia", "nokia: unknown maker; known makers: yealink, cisco, grandstream, audiocodes, snom, polycom"],
  ])("%s: unknown, with what may be meant", (maker, fault) => {
    const each = "On each phone, set the outbound proxy 10.222.237.1:5060, UDP.";
    expect(guide("udp:10.222.237.1", maker)).toBe(`${fault}\n${each}`);
  });

  test("without a maker: the outbound proxy, and the makers, on a few lines", () => {
    const text = phonesText(proxiesOf("udp:10.222.237.1"));
    expect(text).toMatch(/^On each phone, set the outbound proxy 10\.222\.237\.1:5060, UDP\.\n/);
    expect(text).toMatch(/phones MAKER\n {2}yealink, cisco, grandstream, audiocodes, snom, polycom\n$/);
  });
});
