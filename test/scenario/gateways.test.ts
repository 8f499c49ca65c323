/** Several gateways: who gets a call, what counts as a failure, and how many calls fit. */
import { describe, expect, it } from "vitest";
import { header, headers, requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site } from "../support/site.ts";

const FIRST = { address: "10.10.1.3", port: 5060 };
const SECOND = { address: "10.10.1.4", port: 5060 };
const PHONES = [PHONE, PHONE_2, PHONE_3];

/** A site in an outage that relays to its gateways. */
function dark(gateways: string, more = "survival: {answer: relay, notice_hold: 0s}\n") {
  const site = new Site(`${SITE_YAML.replace(/gateways.*\n/, `gateways: ${gateways}\n`)}${more}`);
  const first = site.actor("first", FIRST);
  const second = site.actor("second", SECOND);
  for (const gateway of [first, second]) gateway.answers("INVITE", { status: 200, after_ms: 100 });
  const phones = PHONES.map((at, index) => site.actor(`phone${index}`, at));
  site.simulation.silence(PBX);
  site.run(30_000);
  site.simulation.sightings.length = 0;
  return { site, first, second, phones, phone: phones[0] as Actor };
}

const TWO = "[sip:10.10.1.3, {uri: sip:10.10.1.4, priority: 2}]";
const dial = (phone: Actor, number = "5551234") => phone.invite(`sip:${number}@pbx.example.com`);
const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
const calls = (actor: Actor) => actor.requests("INVITE").length;

describe("a gateway that fails", () => {
  it.each([500, 503, 604])("%d: the next one gets the call", (status) => {
    const { site, first, second, phone } = dark(TWO);
    first.answers("INVITE", { status });
    dial(phone);
    site.run(1_000);
    expect(finals(phone)).toEqual([200]);
    expect(calls(second)).toBe(1);
  });

  it.each([404, 486, 600, 603])("%d is the callee's word, and ends it", (status) => {
    const { site, first, second, phone } = dark(TWO);
    first.answers("INVITE", { status });
    dial(phone);
    site.run(1_000);
    expect(finals(phone)).toEqual([status]);
    expect(calls(second)).toBe(0);
  });

  it("silence: the next one after fr_timer; once it is known, it comes last", () => {
    const { site, first, second, phone, phones } = dark(TWO);
    site.simulation.silence(FIRST);
    dial(phone);
    site.run(6_000);
    expectLadder("gateway-silent", site.ladder());
    site.run(10_000);
    const start_ms = site.simulation.now_ms;
    dial(phones[1] as Actor);
    site.run(1_000);
    expect((second.requests("INVITE")[1]?.at_ms ?? Number.NaN) - start_ms).toBe(10);
    expect(site.events.some(({ event, fields }) => event === "gateway_state" && fields["to"] === "down")).toBe(true);
    expect(calls(first)).toBe(0);
  });

  it("refused by its host: the next one at once", () => {
    const { site, second, phone } = dark(TWO);
    site.simulation.detach(FIRST);
    const start_ms = site.simulation.now_ms;
    dial(phone);
    site.run(1_000);
    expect((second.requests("INVITE")[0]?.at_ms ?? Number.NaN) - start_ms).toBe(20);
    expect(finals(phone)).toEqual([200]);
    expectLadder("gateway-refused", site.ladder());
  });

  it("the caller hangs up while it rings: CANCEL, and no other gateway is tried", () => {
    const { site, first, second, phone } = dark(TWO);
    first.answers("INVITE", { status: 180 });
    const invite = dial(phone);
    site.at(500, () => phone.cancel(invite));
    site.run(10_000);
    expect([first.requests("CANCEL").length, calls(second)]).toEqual([1, 0]);
    expect(finals(phone).sort()).toEqual([200, 487]);
  });

  it("all of them: 480 with a Reason", () => {
    const { site, first, second, phone } = dark(TWO);
    for (const gateway of [first, second]) gateway.answers("INVITE", { status: 503 });
    dial(phone);
    site.run(1_000);
    expect(header(phone.got(480), "reason")).toContain("No gateway takes the call");
  });
});

describe("channels", () => {
  const ONE_CHANNEL = "[{uri: sip:10.10.1.3, channels: 1}, {uri: sip:10.10.1.4, priority: 2, channels: 1}]";

  it("a full gateway is passed over; when all are full the caller gets 480; a BYE frees a channel", () => {
    const { site, first, second, phones } = dark(ONE_CHANNEL);
    const [one, two, three] = phones as [Actor, Actor, Actor];
    for (const phone of phones) dial(phone);
    site.run(1_000);
    expect([calls(first), calls(second)]).toEqual([1, 1]);
    expect([finals(one), finals(two), finals(three)]).toEqual([[200], [200], [480]]);
    first.inDialogAsCallee("BYE", first.seen("INVITE"), 1);
    site.run(100);
    dial(three);
    site.run(1_000);
    expect(calls(first)).toBe(2);
  });

  it("a call that fails or is cancelled frees its channel", () => {
    const { site, first, phones } = dark("[{uri: sip:10.10.1.3, channels: 1}]");
    const [one, two] = phones as [Actor, Actor];
    first.answers("INVITE", { status: 180 });
    const invite = dial(one);
    site.run(500);
    one.cancel(invite);
    site.run(500);
    first.answers("INVITE", { status: 486 });
    dial(two);
    site.run(500);
    first.answers("INVITE", { status: 200 });
    dial(two);
    site.run(500);
    expect(finals(two)).toEqual([486, 200]);
  });

  it.each([
    ["session timers that aren't refreshed", ["Session-Expires: 90;refresher=uac"], 91_000],
    ["the longest call", [], 3_600_000 + 1_000],
  ])("a lost BYE doesn't leak a channel: %s", (_, extra, wait_ms) => {
    const more = "survival: {answer: relay, notice_hold: 0s}\nmax_call: 1h\n";
    const { site, first, phones } = dark("[{uri: sip:10.10.1.3, channels: 1}]", more);
    first.answers("INVITE", { status: 200, extra });
    const [one, two] = phones as [Actor, Actor];
    dial(one);
    site.run(wait_ms - 2_000);
    dial(two);
    site.run(2_000);
    expect(finals(two)).toEqual([480]);
    dial(two);
    site.run(500);
    expect(finals(two)).toEqual([480, 200]);
  });

  it("a gateway that had been given up and answers after all has its channel counted", () => {
    const { site, first, second, phones } = dark(
      "[{uri: sip:10.10.1.3, channels: 1}, {uri: sip:10.10.1.4, priority: 2}]",
    );
    const [one, two] = phones as [Actor, Actor];
    first.answers("INVITE", { status: 200, after_ms: 5_000 });
    second.answers("INVITE", { status: 180 });
    dial(one);
    site.run(6_000);
    expect(finals(one)).toEqual([200]);
    const before = [calls(first), calls(second)];
    dial(two);
    site.run(500);
    expect([calls(first), calls(second)]).toEqual([before[0], 1 + (before[1] ?? 0)]);
  });

  it("a call from the PSTN occupies a channel too", () => {
    const { site, first, phones } = dark("[{uri: sip:10.10.1.3, channels: 1}]");
    const [one, two] = phones as [Actor, Actor];
    one.answers("INVITE", { status: 200 });
    first.invite("sip:5550100@10.222.237.1");
    site.run(500);
    dial(two);
    site.run(500);
    expect(finals(two)).toEqual([480]);
    first.inDialog("BYE", first.got(200, "INVITE"), 2);
    site.run(100);
    dial(two);
    site.run(500);
    expect(finals(two)).toEqual([480, 200]);
  });
});

describe("numbers", () => {
  const REWRITE = `[{uri: sip:10.10.1.3, rewrite: {called: [{match: "^00(\\\\d+)$", replace: "+$1"}, {match: "^0", replace: ""}],
    calling: [{match: "^2(\\\\d\\\\d)$", replace: "55502$1"}]}}]`;

  it.each([
    ["0049301234", "+49301234"],
    ["0301234", "301234"],
    ["5551234", "5551234"],
  ])("called %s goes out as %s, by the first rule that matches", (dialled, sent) => {
    const { site, first, phone } = dark(REWRITE);
    dial(phone, dialled);
    site.run(500);
    expect(requestUriOf(first.seen("INVITE"))).toBe(`sip:${sent}@10.10.1.3`);
  });

  it.each(["0", "+"])("called %s stays where its rule would leave nothing that can be dialled", (dialled) => {
    const rules = `[{uri: sip:10.10.1.3, rewrite: {called: [{match: "^[0+]", replace: ""}]}}]`;
    const redirected = dark(rules, "");
    dial(redirected.phone, dialled);
    redirected.site.run(1_500);
    expect(headers(redirected.phone.got(302), "contact")).toEqual([`<sip:${dialled}@10.10.1.3>`]);
    const relayed = dark(rules);
    dial(relayed.phone, dialled);
    relayed.site.run(500);
    expect(requestUriOf(relayed.first.seen("INVITE"))).toBe(`sip:${dialled}@10.10.1.3`);
  });

  it("calling: a caller's number that its rule would use up is told as it was", () => {
    const rules = `[{uri: sip:10.10.1.3, rewrite: {calling: [{match: "^201$", replace: ""}]}}]`;
    const { site, first } = dark(rules);
    const phone = site.actor("201", { address: "10.222.237.50", port: 5060 });
    phone.invite("sip:5551234@pbx.example.com", ["P-Asserted-Identity: <sip:boss@pbx.example.com>"]);
    site.run(500);
    expect(headers(first.seen("INVITE"), "p-asserted-identity")).toEqual(["<sip:boss@pbx.example.com>"]);
  });

  it("calling: in P-Asserted-Identity, in place of the phone's own", () => {
    const { site, first } = dark(REWRITE);
    const phone = site.actor("201", { address: "10.222.237.50", port: 5060 });
    phone.invite("sip:5551234@pbx.example.com", ["P-Asserted-Identity: <sip:boss@pbx.example.com>"]);
    site.run(500);
    expect(headers(first.seen("INVITE"), "p-asserted-identity")).toEqual(["<sip:5550201@10.10.1.3>"]);
    expect(header(first.seen("INVITE"), "from")).toContain("sip:201@pbx.example.com");
  });

  it("302: the Contact carries the rewritten number, and it isn't rewritten again on the way back", () => {
    const { site, first, phone } = dark(REWRITE, "");
    dial(phone, "00301234");
    site.run(2_000);
    expect(header(phone.got(302), "contact")).toBe("<sip:+301234@10.10.1.3>");
    phone.invite("sip:0301234@10.10.1.3");
    site.run(500);
    expect(requestUriOf(first.seen("INVITE"))).toBe("sip:0301234@10.10.1.3");
  });
});

describe("a redirected call whose gateway fails", () => {
  it("doesn't reach another with the number rewritten for the first", () => {
    const { site, first, second, phone } = dark(
      "[{uri: sip:10.10.1.3, rewrite: {called: {match: '^0', replace: ''}}}, {uri: sip:10.10.1.4, priority: 2}]",
      "",
    );
    first.answers("INVITE", { status: 503 });
    phone.invite("sip:301234@10.10.1.3");
    site.run(1_000);
    expect(calls(second)).toBe(0);
    expect(finals(phone)).toEqual([480]);
  });
});

describe("choice", () => {
  it("302: several gateways are several Contacts with q-values, the living first", () => {
    const { site, phone } = dark(TWO, "");
    site.simulation.silence(FIRST);
    site.run(60_000);
    site.simulation.sightings.length = 0;
    dial(phone);
    site.run(2_000);
    expectLadder("redirect-several", site.ladder());
    expect(headers(phone.got(302), "contact")).toEqual([
      "<sip:5551234@10.10.1.4>;q=1.0",
      "<sip:5551234@10.10.1.3>;q=0.9",
    ]);
  });

  it("carriers: the longest prefix names the gateways", () => {
    const gateways = "[{uri: sip:10.10.1.3, name: bri}, {uri: sip:10.10.1.4, name: gsm, priority: 2}]";
    const carriers =
      "carriers: {mobile: {prefixes: ['06', '07'], gateways: [gsm, bri]}, all: {prefixes: ['0'], gateways: [bri]}}\n";
    const { site, first, second, phone } = dark(gateways, `survival: {answer: relay, notice_hold: 0s}\n${carriers}`);
    for (const number of ["0612345", "0212345", "5551234"]) dial(phone, number);
    site.run(500);
    expect([calls(first), calls(second)]).toEqual([2, 1]);
    expectLadder("carriers", site.ladder());
  });

  it.each([
    ["weighted", (first: number) => first > 250 && first < 350],
    ["round-robin", (first: number) => first === 200],
    ["hash-call-id", (first: number) => first > 150 && first < 250],
    ["hash-from", (first: number) => first === 0 || first === 400],
  ])("%s among equals", (choice, isRight) => {
    const gateways = "[{uri: sip:10.10.1.3, weight: 3}, {uri: sip:10.10.1.4, weight: 1}]";
    const more = `survival: {answer: relay, notice_hold: 0s}\ngateway_choice: ${choice}\n`;
    const { site, first, second, phone } = dark(gateways, more);
    for (let call = 0; call < 400; call++) dial(phone);
    site.run(2_000);
    expect(calls(first) + calls(second)).toBe(400);
    expect(isRight(calls(first)), `${calls(first)} of 400 went to the first`).toBe(true);
  });

  it("fewest-calls: as many for its weight as at the other one", () => {
    const gateways = "[{uri: sip:10.10.1.3, weight: 3}, {uri: sip:10.10.1.4, weight: 1}]";
    const more = "survival: {answer: relay, notice_hold: 0s}\ngateway_choice: fewest-calls\n";
    const { site, first, second, phone } = dark(gateways, more);
    dial(phone);
    site.run(10_000);
    for (let call = 1; call < 40; call++) {
      dial(phone);
      site.run(100);
    }
    expect([calls(first), calls(second)]).toEqual([30, 10]);
  });

  it("longest-idle: a busy gateway comes last, and of two idle ones that whose call ended first comes first", () => {
    const more = "survival: {answer: relay, notice_hold: 0s}\ngateway_choice: longest-idle\n";
    const { site, first, second, phone } = dark("[sip:10.10.1.3, sip:10.10.1.4]", more);
    const next = () => {
      const before = calls(first);
      dial(phone);
      site.run(500);
      return calls(first) > before ? "first" : "second";
    };
    const hangUp = (gateway: Actor) => {
      gateway.inDialogAsCallee("BYE", gateway.seen("INVITE", calls(gateway) - 1), 1);
      site.run(500);
    };
    expect([next(), next()]).toEqual(["first", "second"]);
    hangUp(second);
    hangUp(first);
    expect([next(), next()]).toEqual(["second", "first"]);
    hangUp(first);
    expect(next()).toBe("first");
  });
});

describe("how a call has ended at a gateway is known to what counts its calls", () => {
  it.each([
    ["a refusal", { status: 503 }, 0, { status: 503, isSilent: false, isAnswer: true }],
    ["an answer", { status: 200 }, 0, { status: 200, isSilent: false, isAnswer: true }],
    ["silence", undefined, 0, { status: 408, isSilent: true, isAnswer: false }],
    ["a caller who hangs up", undefined, 1_000, { status: 487, isSilent: false, isAnswer: false }],
  ] as const)("%s", (_, answer, cancel_ms, wanted) => {
    const { site, first, phone } = dark("[sip:10.10.1.3]");
    const told: object[] = [];
    const { calls: counted } = site.engine;
    const settle = counted.settle.bind(counted);
    counted.settle = (routed, gateway, ended, own, now_ms) => {
      const { status, response } = ended.final;
      told.push({ status, isSilent: ended.isSilent, isAnswer: response !== undefined });
      settle(routed, gateway, ended, own, now_ms);
    };
    if (answer === undefined) site.simulation.silence(FIRST);
    else first.answers("INVITE", answer);
    const invite = dial(phone);
    if (cancel_ms > 0) {
      site.run(cancel_ms);
      phone.cancel(invite);
    }
    site.run(40_000);
    expect(told).toEqual([wanted]);
  });
});
