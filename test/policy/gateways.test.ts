/** Which gateway gets a call, under which number, and when the next one is tried. */

import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { Timers } from "../../src/base/timers.ts";
import { parseSipUri } from "../../src/message/uri.ts";
import { Calls } from "../../src/policy/gateways/calls.ts";
import { channelKey, Gateways } from "../../src/policy/gateways/gateways.ts";
import { rewrite } from "../../src/policy/gateways/rewriting.ts";
import type { GatewayTargets, GatewayWatch } from "../../src/policy/named.ts";
import { Peers } from "../../src/policy/peers/peers.ts";
import type { RequestFacts } from "../../src/policy/request-facts.ts";
import { OwnAddresses } from "../../src/proxy/own-addresses.ts";
import { meets } from "../../src/proxy/plan/condition.ts";
import type { ForkStage, RoutedRequest, Target } from "../../src/proxy/router.ts";
import { TRANSPORTS } from "../../src/transport/flow.ts";
import { hopOf } from "../../src/transport/locator.ts";
import { request, response } from "../support/messages.ts";

const LISTENER = {
  index: 0,
  protocol: "udp",
  transport: TRANSPORTS.udp,
  address: "10.222.237.1",
  port: 5060,
  sentBy: "10.222.237.1",
} as const;
const OWN = new OwnAddresses([LISTENER]);
const THREE = "[{uri: sip:10.10.1.3, name: a}, {uri: sip:10.10.1.4, name: b}, {uri: sip:10.10.1.5, name: c}]";

/** Gateways as a file describes them; chance says `fraction`. */
function gateways(list: string, more = "", fraction = 0) {
  const listen =
    "listen: [udp:10.222.237.1, tcp:10.222.237.1, tls:10.222.237.1]\ntls: {certificate: c.pem, key: k.pem}\n";
  const yaml = `${listen}localnet: [10.222.237.0/24]\ngateways: ${list}\n${more}`;
  const { config, problems } = loadConfig(yaml, (path) => path);
  expect(problems).toEqual([]);
  const { site } = config;
  const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
  const world = {
    prober: { probe: () => {} },
    locator: { locate: () => [], names: { lackOf: () => undefined } },
    timers: new Timers(),
    log,
  };
  const peers = new Peers(world as never);
  const random = { token: () => "x", fraction: () => fraction };
  const all = new Gateways(peers, random, new Calls(3_600_000), OWN, site);
  const names = (number = "5551234", routed = call()) => all.order(number, routed, 0).map(({ name }) => name);
  const watched = peers.name(
    "gateway",
    site.gateways.map(({ uri }) => ({ hop: hopOf(uri), settings: { ...site.upstream } })),
  );
  const kill = (...dead: number[]) => {
    for (const index of dead) for (let probe = 0; probe < 3; probe++) watched[index]?.onProbeFailure("silence", 0);
  };
  return { all, site, names, kill };
}

function call(callId = "1", from = "<sip:201@pbx.example.com>;tag=1"): RoutedRequest {
  const message = request({ callId, from });
  const routes = { changed: false, remaining: [], requestUri: message.requestUri, tokens: [], top: undefined };
  return {
    request: message,
    source: { listener: LISTENER, address: "10.222.237.21", port: 5060 },
    routes,
    uri: undefined,
    emergency: undefined,
  };
}

function uri(text: string) {
  const parsed = parseSipUri(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

/** The targets of a stage for an ordinary call. */
function targetsOf(all: Gateways, stage: unknown, routed = call()): readonly Target[] {
  const found = { origin: "localnet", host: "home", number: "", belongs: "nothing", isInDrill: false } as const;
  const facts: RequestFacts = { ...routed, ...found };
  return all.targets((stage as ForkStage).targets as GatewayTargets, facts, 0);
}

describe("who is named", () => {
  const { all } = gateways("[sip:10.10.1.3, {uri: sip:10.10.1.4:5070, name: b}]");

  it.each([
    ["sip:5551234@10.10.1.3", "10.10.1.3"],
    ["sip:10.10.1.3:5060", "10.10.1.3"],
    ["sip:10.10.1.3:5061", undefined],
    ["sip:x@10.10.1.4:5070;transport=udp", "b"],
    ["sip:x@10.10.1.4", undefined],
    ["sip:x@10.10.1.5", undefined],
  ])("%s is %s", (text, name) => {
    expect(all.find(uri(text))?.name).toBe(name);
  });

  it("who sends is known by the address alone", () => {
    expect([all.findAddress("10.10.1.4")?.name, all.findAddress("10.10.1.40")?.name]).toEqual(["b", undefined]);
  });
});

describe("the order", () => {
  it("lower priorities first, whatever the file's order", () => {
    const list = THREE.replace("name: a", "name: a, priority: 3").replace("name: c", "name: c, priority: 2");
    expect(gateways(list).names()).toEqual(["b", "c", "a"]);
  });

  it.each([
    [0, ["a", "b", "c"]],
    [0.499, ["a", "b", "c"]],
    [0.5, ["b", "c", "a"]],
    [0.749, ["b", "c", "a"]],
    [0.75, ["c", "a", "b"]],
    [0.999, ["c", "a", "b"]],
  ])("weights 2, 1, 1, and chance says %d", (fraction, wanted) => {
    expect(gateways(THREE.replace("name: a", "name: a, weight: 2"), "", fraction).names()).toEqual(wanted);
  });

  it("round-robin begins one further each time", () => {
    const { names } = gateways(THREE, "gateway_choice: round-robin\n");
    expect([names(), names(), names(), names()].map(([first]) => first)).toEqual(["a", "b", "c", "a"]);
  });

  it("fewest-calls: the lowest share of calls for its weight, until calls end", () => {
    const list = THREE.replace("name: a", "name: a, weight: 2");
    const { all, names } = gateways(list, "gateway_choice: fewest-calls\n");
    const begun = Array.from({ length: 8 }, (_, id) => {
      const routed = call(`${id}`);
      const gateway = all.named(names("1", routed)[0] ?? "");
      if (gateway === undefined) throw new Error("no gateway");
      all.calls.begin(routed.request, channelKey(gateway), false, { refuse: () => {} }, 0);
      return gateway.name;
    });
    expect(begun).toEqual(["a", "b", "c", "a", "a", "b", "c", "a"]);
    all.calls.leave("2", "10.10.1.5 5060", 1);
    expect(names()).toEqual(["c", "a", "b"]);
  });

  it("longest-idle: the one whose last call ended longest ago, those with calls last", () => {
    const { all, names } = gateways(THREE, "gateway_choice: longest-idle\n");
    const begin = (id: string) => {
      const gateway = all.named(names("1", call(id))[0] ?? "");
      if (gateway === undefined) throw new Error("no gateway");
      all.calls.begin(call(id).request, channelKey(gateway), false, { refuse: () => {} }, 0);
      return gateway.name;
    };
    const keys = ["10.10.1.3 5060", "10.10.1.4 5060", "10.10.1.5 5060"] as const;
    expect(["1", "2", "3"].map(begin)).toEqual(["a", "b", "c"]);
    all.calls.leave("2", keys[1], 10);
    all.calls.leave("1", keys[0], 20);
    expect(names()).toEqual(["b", "c", "a"]);
    expect([begin("4"), begin("5")]).toEqual(["b", "a"]);
    // All have calls now: c has never seen one end.
    expect(names()).toEqual(["c", "a", "b"]);
    all.calls.leave("3", keys[2], 30);
    expect(names()).toEqual(["c", "a", "b"]);
  });

  it.each([
    ["hash-call-id", call("x"), call("x", "<sip:9@pbx.example.com>;tag=1"), (id: number) => call(`${id}`)],
    ["hash-from", call("x"), call("y"), (id: number) => call("x", `<sip:${id}@pbx.example.com>;tag=1`)],
  ])("%s: the same again for the same, all of them for others", (choice, one, same, other) => {
    const { names } = gateways(THREE, `gateway_choice: ${choice}\n`);
    expect(names("1", same)).toEqual(names("1", one));
    expect(new Set(Array.from({ length: 50 }, (_, id) => names("1", other(id))[0]))).toEqual(new Set(["a", "b", "c"]));
  });

  it("carriers: the longest prefix, its gateways in its order, and no others", () => {
    const carriers =
      'carriers: {all: {prefixes: ["0"], gateways: [c]}, mobile: {prefixes: ["06", "07"], gateways: [b, a]}}\n';
    const { names } = gateways(THREE, carriers);
    expect(["0612", "07", "0512", "1"].map((number) => names(number))).toEqual([
      ["b", "a"],
      ["b", "a"],
      ["c"],
      ["a", "b", "c"],
    ]);
  });

  it("of carriers with the same prefix the first", () => {
    const carriers = 'carriers: {one: {prefixes: ["0"], gateways: [c]}, two: {prefixes: ["0"], gateways: [b]}}\n';
    expect(gateways(THREE, carriers).names("01")).toEqual(["c"]);
  });

  it("who seems dead comes last, but is tried; all dead: as if all lived", () => {
    const { names, kill } = gateways(THREE);
    kill(0);
    expect(names()).toEqual(["b", "c", "a"]);
    kill(1, 2);
    expect(names()).toEqual(["a", "b", "c"]);
  });
});

describe("numbers", () => {
  it.each([
    ["sip:10.10.1.3", "sip:0301@10.10.1.3"],
    ["sip:trunk@10.10.1.3:5070", "sip:0301@10.10.1.3:5070"],
  ])("at %s: %s", (text, wanted) => {
    const { all, site } = gateways(`["${text}"]`);
    expect(site.gateways.map((gateway) => all.uriOf(gateway, "0301"))).toEqual([wanted]);
  });

  it("the first rule that matches, and only that, and only where it matches", () => {
    const rules = [
      { match: /^00/, replace: "+" },
      { match: /^0(\d)/, replace: "+49$1" },
      { match: /5/, replace: "x" },
    ];
    expect(["0044", "030", "1", "555"].map((number) => rewrite(number, rules))).toEqual(["+44", "+4930", "1", "x55"]);
  });

  it("the caller's number is asserted where a rule rewrites it, otherwise left alone", () => {
    const { all, site } = gateways(
      '[{uri: sip:10.10.1.3, rewrite: {calling: [{match: "^2", replace: "5552"}, {match: "^4", replace: ""}]}}]',
    );
    const asserted = (from: string) =>
      targetsOf(all, all.stages(site.gateways, "1")[0], call("1", `<sip:${from}@pbx.example.com>;tag=1`))[0]
        ?.assertedIdentity;
    expect([asserted("201"), asserted("301")]).toEqual(["sip:555201@10.10.1.3", undefined]);
  });
});

describe("the stages", () => {
  it("one for each gateway, then 480 with a Reason", () => {
    const { all, site } = gateways(THREE);
    const stages = all.stages(site.gateways, "1");
    expect(stages.map(({ kind }) => kind)).toEqual(["fork", "fork", "fork", "reply"]);
    expect(stages.slice(0, 3).map((stage) => targetsOf(all, stage)[0]?.requestUri)).toEqual([
      "sip:1@10.10.1.3",
      "sip:1@10.10.1.4",
      "sip:1@10.10.1.5",
    ]);
    expect(targetsOf(all, stages[0])[0]).toMatchObject({ nextHop: { host: "10.10.1.3" }, touchesGateway: true });
    expect(all.stages([], "1")).toEqual([
      {
        kind: "reply",
        what: "answer 480",
        reply: { status: 480, headers: 'Reason: SIP;cause=503;text="No gateway"\r\n' },
      },
    ]);
  });

  it.each([
    ["silence", true, 408, true],
    ["a 408 that was said", false, 408, false],
    ["499", false, 499, false],
    ["500", false, 500, true],
    ["503", false, 503, true],
    ["600", false, 600, false],
    ["603", false, 603, false],
    ["604", false, 604, true],
  ])("%s: the next one is tried or not", (_, isSilent, status, wanted) => {
    const { all, site } = gateways(THREE);
    const [stage] = all.stages(site.gateways, "1") as ForkStage[];
    const outcome = { isSilent, best: { status, response: undefined } };
    expect(stage?.on?.map(({ when, go }) => [meets(outcome, when), go])).toEqual([[wanted, "next"]]);
  });

  it("a channel is taken as the stage begins, kept by a 2xx, freed by a failure; a full gateway has no target", () => {
    const { all, site } = gateways("[{uri: sip:10.10.1.3, channels: 2}]");
    const [stage] = all.stages(site.gateways, "1");
    const [target] = targetsOf(all, stage);
    const running = { refuse: () => {} };
    const waiting = (callId: string) => ({ callId, routed: call(callId), running, rescue: () => {} });
    const watch = (observer = target?.observer) => all.observer(observer as GatewayWatch, undefined);
    for (const callId of ["x", "y"]) watch()?.onStart(waiting(callId), 0);
    expect(targetsOf(all, stage)).toEqual([]);
    watch()?.onEnd(waiting("x"), { final: { status: 200, response: response(200) }, isSilent: false }, 10);
    expect(targetsOf(all, stage)).toEqual([]);
    watch()?.onEnd(waiting("y"), { final: { status: 486, response: response(486) }, isSilent: false }, 10);
    expect(targetsOf(all, stage)).toHaveLength(1);
    expect(all.calls.has("x")).toBe(true);
  });
});

describe("the places of gateways (RFC 3261 §19.1.2)", () => {
  const TLS = '{uri: "sip:10.10.1.3;transport=tls", name: tls}';
  const called = (list: string, uri: string) => {
    const parsed = parseSipUri(uri);
    return parsed && gateways(list).all.find(parsed)?.name;
  };

  it.each([
    ["sip:1@10.10.1.3", "udp"],
    ["sip:1@10.10.1.3:5060", "udp"],
    ["sip:1@10.10.1.3;transport=tls", "tls"],
    ["sip:1@10.10.1.3:5061", "tls"],
    ["sips:1@10.10.1.3", "tls"],
    ["sip:1@10.10.1.3:5062", undefined],
  ])("of one by UDP and one by TLS at the same address %s means %s", (uri, name) => {
    expect(called(`[{uri: sip:10.10.1.3, name: udp}, ${TLS}]`, uri)).toBe(name);
    expect(called(`[${TLS}, {uri: sip:10.10.1.3, name: udp}]`, uri)).toBe(name);
  });

  it("the port that TLS has anyway makes no other gateway", () => {
    const twice = `gateways: ["sip:10.10.1.3:5061;transport=tls", "sip:10.10.1.3;transport=tls"]\n`;
    const messages = loadConfig(twice, (path) => path).problems.map(({ message }) => message);
    expect(messages).toContain("sip:10.10.1.3;transport=tls is listed twice; remove one");
  });

  it("one by TLS alone is meant by its plain address too", () => {
    expect(called(`[${TLS}]`, "sip:1@10.10.1.3")).toBe("tls");
  });

  it("a connection that its box has opened may be the gateway's where it is reached by such ones, and only there", () => {
    const { all } = gateways(`[{uri: "sip:10.10.1.3;transport=tcp", name: a}, {uri: sip:10.10.1.4, name: b}]`);
    const listener = { ...LISTENER, protocol: "tcp", transport: TRANSPORTS.tcp } as const;
    const isAt = (address: string, port: number) => all.isAt({ listener, address, port, isAccepted: true });
    expect([isAt("10.10.1.3", 40_001), isAt("10.10.1.4", 40_001), isAt("10.10.1.5", 40_001)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(all.isAt({ listener: LISTENER, address: "10.10.1.3", port: 40_001 })).toBe(false);
    expect(all.isAt({ address: "10.10.1.3", port: 5060 })).toBe(true);
  });
});
