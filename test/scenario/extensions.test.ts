/** Extensions call each other in an outage, by the bindings that were learned before it. */
import { describe, expect, it } from "vitest";
import { requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "pbx.example.com";

/** Two phones that have registered, a gateway, and upstream known to be down. */
function dark(yaml = "", second = "202") {
  const site = new Site(`${yaml.startsWith("hunt") ? SITE_YAML.replace(/hunt_groups.*\n/, "") : SITE_YAML}${yaml}`);
  const caller = site.actor("201", PHONE);
  const callee = site.actor(second, PHONE_2);
  const gateway = site.actor("gateway", GATEWAY);
  site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
  callee.answers("INVITE", { status: 180, after_ms: 20 }, { status: 200, after_ms: 500 });
  gateway.answers("INVITE", { status: 200, after_ms: 100 });
  for (const phone of [caller, callee]) phone.request("REGISTER", `sip:${DOMAIN}`);
  site.run(100);
  site.simulation.silence(PBX);
  site.run(60_000);
  site.simulation.sightings.length = 0;
  return { site, caller, callee, gateway };
}

const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
const dial = (actor: Actor, number: string) => actor.invite(`sip:${number}@${DOMAIN}`);

describe("extension to extension", () => {
  it("rings the phone at once: no notice, no gateway", () => {
    const { site, caller, callee } = dark();
    dial(caller, "202");
    site.run(1_000);
    caller.inDialog("BYE", caller.got(200, "INVITE"), 2);
    site.run(500);
    expect(requestUriOf(callee.seen("INVITE"))).toBe("sip:202@10.222.237.22:5060");
    expectLadder("extension-call", site.ladder());
  });

  it.each(["<sip:202@10.222.237.22:5060?Route=%3Csip:192.0.2.66%3E>", "sip:202@10.222.237.22:5060?Route=x"])(
    "RFC 3261 §16.6 item 2: %s becomes a Request-URI without headers, and no Route",
    (contact) => {
      const { site, caller, callee } = dark();
      callee.request("REGISTER", `sip:${DOMAIN}`, [`Contact: ${contact}`], "again", 2, false);
      site.run(100);
      callee.request(
        "REGISTER",
        `sip:${DOMAIN}`,
        ["Contact: <sip:202@10.222.237.22:5060>;expires=0"],
        "away",
        3,
        false,
      );
      site.run(100);
      dial(caller, "202");
      site.run(1_000);
      expect(requestUriOf(callee.seen("INVITE"))).toBe("sip:202@10.222.237.22:5060");
      expect(callee.seen("INVITE").headers.has("route")).toBe(false);
    },
  );

  it("on the first call of the outage: after fr_timer, without the notice", () => {
    const { site, caller, callee } = dark();
    site.simulation.silence(PBX, false);
    site.run(80_000);
    site.simulation.silence(PBX);
    callee.received.length = 0;
    dial(caller, "202");
    site.run(6_000);
    expect(caller.responses(181)).toEqual([]);
    expect(callee.requests("INVITE")).toHaveLength(1);
  });

  it.each([
    ["an alias", 'extensions: {aliases: {"5550100": "202"}}\n', "202", "5550100"],
    ["a prefix", 'extensions: {prefixes: ["5550"]}\n', "202", "5550202"],
    ["the suffix of a longer number", "extensions: {suffix_digits: 3}\n", "15550202", "202"],
    ["a longer number that ends so", "extensions: {suffix_digits: 3}\n", "202", "5550202"],
  ])("by %s", (_, yaml, registered, dialled) => {
    const { site, caller, callee } = dark(yaml, registered);
    dial(caller, dialled);
    site.run(1_000);
    expect(callee.requests("INVITE")).toHaveLength(1);
    expect(finals(caller)).toContain(200);
  });

  it("two phones whose numbers end alike: neither is guessed, the call goes out", () => {
    const { site, caller } = dark("extensions: {suffix_digits: 3}\n", "15550209");
    const other = site.actor("25550209", PHONE_3);
    site.bindings.put("25550209@x", {
      contact: "sip:25550209@10.222.237.23",
      parameters: "",
      instance: "",
      flow: { ...[...site.bindings.all()][0]?.bindings[0]?.flow, address: "10.222.237.23", port: 5060 } as never,
      callId: "x",
      cseq: 1,
      expires_ms: Number.MAX_SAFE_INTEGER,
      heard_ms: 0,
      isAccepted: true,
    });
    dial(caller, "209");
    site.run(3_000);
    expect(other.requests("INVITE")).toEqual([]);
    expect(caller.responses(302)).toHaveLength(1);
  });

  it.each([
    ["112 isn't 4112", "4112", "112", DOMAIN],
    ["an outside number that ends with an extension", "202", "+49305550202", DOMAIN],
    ["202 of another company", "202", "202", "partner.example.org"],
  ])("%s", (_, registered, dialled, domain) => {
    const { site, caller, callee } = dark("", registered);
    caller.invite(`sip:${dialled}@${domain}`);
    site.run(3_000);
    expect(callee.requests("INVITE")).toEqual([]);
    expect(caller.responses(302)).toHaveLength(1);
  });

  it("a number that is nobody's goes to the gateway", () => {
    const { site, caller } = dark();
    dial(caller, "5559999");
    site.run(3_000);
    expect(caller.responses(302)).toHaveLength(1);
  });

  it("busy: forwarded to an outside number; no answer: to another extension", () => {
    const yaml = 'extensions: {ring: 10s, forward: {"202": {busy: "5550999", no_answer: "201"}}}\n';
    const { site, caller, callee, gateway } = dark(yaml);
    callee.answers("INVITE", { status: 180 }, { status: 486, after_ms: 300 });
    dial(caller, "202");
    site.run(2_000);
    expect(requestUriOf(gateway.seen("INVITE"))).toBe("sip:5550999@10.10.1.3");
    expect(finals(caller)).toContain(200);
    expectLadder("forward-busy", site.ladder());

    site.simulation.sightings.length = 0;
    callee.answers("INVITE", { status: 180 });
    caller.answers("INVITE", { status: 200 });
    const third = site.actor("third", PHONE_3);
    dial(third, "202");
    site.run(12_000);
    expect(callee.requests("CANCEL")).toHaveLength(1);
    expect(requestUriOf(caller.seen("INVITE"))).toBe("sip:201@10.222.237.21:5060");
    expect(third.responses(200, "INVITE")).toHaveLength(1);
    expectLadder("forward-no-answer", site.ladder());
  });

  it("no answer counts for an extension that no phone has registered, too", () => {
    const { site, caller, gateway } = dark('extensions: {forward: {"207": {no_answer: "5550999"}}}\n');
    dial(caller, "207");
    site.run(2_000);
    expect(requestUriOf(gateway.seen("INVITE"))).toBe("sip:5550999@10.10.1.3");
    expect(caller.responses(302)).toEqual([]);
  });

  it("a blind transfer: REFER and NOTIFY pass within the call, and the new call goes where any would", () => {
    const { site, caller, callee, gateway } = dark("survival: {answer: relay, notice_hold: 0s}\n");
    callee.answers("INVITE", { status: 200 }).answers("REFER", { status: 202, reason: "Whatever" });
    caller.answers("NOTIFY", { status: 200 });
    gateway.answers("INVITE", { status: 200 });
    dial(caller, "202");
    site.run(500);
    site.simulation.sightings.length = 0;
    caller.inDialog("REFER", caller.got(200, "INVITE"), 2);
    site.run(100);
    dial(callee, "5551234");
    site.run(500);
    callee.inDialogAsCallee("NOTIFY", callee.seen("INVITE"), 1);
    site.run(100);
    caller.inDialog("BYE", caller.got(200, "INVITE"), 3);
    site.run(100);
    expect(caller.responses(202, "REFER")).toHaveLength(1);
    expect(callee.responses(200, "NOTIFY")).toHaveLength(1);
    expect(callee.responses(200, "INVITE")).toHaveLength(1);
    expectLadder("blind-transfer", site.ladder());
  });

  it("without a forward, busy is busy", () => {
    const { site, caller, callee } = dark();
    callee.answers("INVITE", { status: 486 });
    dial(caller, "202");
    site.run(1_000);
    expect(finals(caller)).toContain(486);
  });

  it("hunt groups ring extensions where they are registered", () => {
    const groups = 'hunt_groups: {default: {members: ["202", "204"]}}\n';
    const { site, callee, gateway } = dark(groups);
    gateway.invite("sip:5550100@10.222.237.1");
    site.run(1_000);
    expect(callee.requests("INVITE")).toHaveLength(1);
  });
});

describe("a power cut that takes router and line together", () => {
  it("200 phones: after the restart, with upstream dead, every one can be called at once", () => {
    const before = new Site();
    before.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
    const addresses = Array.from({ length: 200 }, (_, index) => ({ address: `10.222.237.${30 + index}`, port: 5060 }));
    addresses.forEach((at, index) => {
      before.actor(`7${100 + index}`, at).request("REGISTER", `sip:${DOMAIN}`);
    });
    before.run(1_000);
    const kept = before.saved();

    const site = new Site(SITE_YAML, { seed: 2 });
    site.restore(kept, 7_200_000);
    site.simulation.silence(PBX);
    site.run(30_000);
    const phones = addresses.map((at, index) => site.actor(`7${100 + index}`, at));
    for (const phone of phones) phone.answers("INVITE", { status: 200 });
    const caller = site.actor("caller", PHONE);
    const start_ms = site.simulation.now_ms;
    phones.forEach((_, index) => {
      dial(caller, `7${100 + index}`);
    });
    site.run(1_000);
    expect(caller.responses(200, "INVITE")).toHaveLength(200);
    expect(Math.max(...caller.responses(200, "INVITE").map(({ at_ms }) => at_ms)) - start_ms).toBeLessThanOrEqual(50);
    expect(phones.filter((phone) => phone.requests("INVITE").length !== 1)).toEqual([]);
  });
});
