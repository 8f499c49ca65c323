/** Call records: who decided about a call, why, whom it was offered to, and how that ended. */
import { describe, expect, it } from "vitest";
import { callsPage } from "../../src/app/recorded-calls.ts";
import { wayText } from "../../src/app/words/calls-words.ts";
import { header, requestUriOf } from "../sip/message.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";

function office(more = "") {
  const site = new Site(SITE_YAML + more);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 200, after_ms: 90 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 486, after_ms: 90 });
  const phone = site.actor("201", PHONE).answers("INVITE", { status: 200, after_ms: 90 });
  site.run(1_000);
  return { site, pbx, gateway, phone };
}

const words = ({ callLog }: Site) =>
  callLog.legs.map(({ from, to, origin, rule, why, route, status, took_ms }) => {
    return `${from} (${origin}) ${to}: ${rule}, ${why}; ${route.join(" > ")}; ${status} after ${took_ms}`;
  });

it("a call that upstream takes, and the log says nothing of it", () => {
  const { site, phone } = office();
  phone.invite("sip:5551234@pbx.example.com");
  site.run(500);
  expect(words(site)).toEqual([
    "201@pbx.example.com (localnet) 5551234: call, to 198.51.100.10; upstream 198.51.100.10; 200 after 100",
  ]);
  expect(site.events.filter(({ event, level }) => event === "call" && level === "info")).toEqual([]);
});

it("a call that survives: each step, and a line in the log with the reason", () => {
  const { site, phone } = office("survival: {answer: relay}\n");
  site.simulation.silence(PBX);
  phone.invite("sip:5551234@pbx.example.com");
  site.run(6_000);
  expect(words(site)).toEqual([
    "201@pbx.example.com (localnet) 5551234: call, to 198.51.100.10; " +
      "upstream 198.51.100.10 > notice > gateway 10.10.1.3; 486 after 5100",
  ]);
  const logged = site.events.find(({ event, level }) => event === "call" && level === "info");
  expect(logged?.fields).toMatchObject({ rule: "call", why: "to 198.51.100.10", status: 486 });
});

it("a 503 that stands, as upstream answers probes and an extension was called: its words, and a line in the log", () => {
  const { site, pbx, phone } = office('extensions: {aliases: {"5550101": "201"}}\n');
  const reason = 'Reason: Q.850;cause=27;text="Not registered"';
  pbx.answers("INVITE", { status: 503, extra: [reason] });
  phone.invite("sip:299@pbx.example.com");
  site.run(500);
  const [text] = words(site);
  expect(text).toMatch(
    /; upstream 198\.51\.100\.10 \(503 [^,]*, Q\.850;cause=27;text="Not registered"\); 503 after \d+$/,
  );
  expect(site.events.filter(({ event, level }) => event === "call" && level === "info")).toHaveLength(1);
});

it("a call that goes on after an answer: the answer stands behind who gave it", () => {
  const { site, pbx, phone } = office("survival: {answer: relay}\n");
  pbx.answers("INVITE", { status: 503 });
  phone.invite("sip:5551234@pbx.example.com");
  site.run(6_000);
  expect(words(site)[0]).toMatch(/; upstream 198\.51\.100\.10 \(503 [^)]*\) > notice > gateway 10\.10\.1\.3; 486 /);
});

it("a call from the gateway, one to it, and one that is refused", () => {
  const { site, gateway, phone } = office();
  gateway.invite("sip:5550100@10.222.237.1");
  phone.invite("sip:5551234@10.10.1.3");
  phone.invite("sip:10.222.237.1");
  site.run(500);
  expect(words(site).map((text) => text.split(": ")[1]?.split("; ").slice(0, 1).join())).toEqual([
    "from-gateway, hunt group default",
    "to-gateway, the Request-URI names gateway 10.10.1.3",
    "to-ourselves, we are nobody's registrar",
  ]);
  expect(site.callLog.legs.map(({ status }) => status)).toEqual([200, 486, 404]);
});

it("the last 200 are kept; requests within a call are none", () => {
  const { site, phone } = office();
  for (let call = 0; call < 205; call++) phone.invite(`sip:${call}@pbx.example.com`);
  site.run(500);
  phone.inDialog("INVITE", phone.got(200, "INVITE"), 2);
  site.run(500);
  expect(site.callLog.legs.map(({ to }) => to)).toEqual(Array.from({ length: 200 }, (_, index) => `${index + 5}`));
});

it("why the gateway is tried: upstream is down, or recovers and isn't trusted yet", () => {
  const { site, phone } = office("survival: {answer: relay}\n");
  site.simulation.silence(PBX);
  site.run(60_000);
  phone.invite("sip:5551234@pbx.example.com");
  site.run(5_000);
  site.simulation.silence(PBX, false);
  site.run(20_000);
  phone.invite("sip:5551234@pbx.example.com");
  site.run(5_000);
  expect(site.callLog.legs.map(({ why }) => why)).toEqual(["upstream is down", "upstream is recovering"]);
});

it("why the gateway is tried in a rehearsal: upstream is forced down", () => {
  const { site, phone } = office("survival: {answer: relay}\n");
  site.engine.force("down");
  phone.invite("sip:5551234@pbx.example.com");
  site.run(5_000);
  expect(site.callLog.legs.map(({ why }) => why)).toEqual(["upstream is forced down"]);
});

const steps = ({ callLog }: Site, call = 0) =>
  callLog.all[call]?.legs[0]?.steps.map(({ what, unasked }) => (unasked === undefined ? what : `${what} (${unasked})`));
const boxed = (emergency: string, channels = 2) =>
  new Site(
    `${SITE_YAML.replace("[sip:10.10.1.3]", `[{uri: sip:10.10.1.3, channels: ${channels}}]`)}${emergency}\n` +
      "survival: {answer: relay}\n",
  );

function busy(site: Site, channels: number) {
  site.actor("pbx", PBX, WAN);
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200, after_ms: 90 });
  const phone = site.actor("201", PHONE);
  site.run(1_000);
  for (let call = 0; call < channels; call++) phone.invite("sip:5551234@10.10.1.3");
  site.run(1_000);
  return { gateway, phone };
}

it("a gateway without a free channel wasn't asked: how many are taken, and how many reserved", () => {
  const reserved = boxed('emergency: {numbers: ["112"], reserve: 1}');
  const { phone } = busy(reserved, 1);
  reserved.simulation.silence(PBX);
  phone.invite("sip:5551234@pbx.example.com");
  reserved.run(8_000);
  expect(steps(reserved, 1)).toEqual([
    "upstream 198.51.100.10",
    "notice",
    "gateway 10.10.1.3 (full: 1 of 2 channels taken, 1 reserved)",
    "answer 480 (No gateway takes the call)",
  ]);
});

describe("a call that we refuse ourselves: the record has the reason that explain has", () => {
  /** Of the last call, or of one before it. */
  const way = ({ callLog, simulation }: Site, before = 0) => {
    const record = callsPage(callLog, {}, () => "", simulation.now_ms).calls[before];
    const legs = record?.legs ?? [];
    return { text: wayText({ legs }), results: legs[0]?.steps.map(({ result }) => result) };
  };

  it("the redirect had no gateway with a free channel to name", () => {
    const site = new Site(SITE_YAML.replace("[sip:10.10.1.3]", "[{uri: sip:10.10.1.3, channels: 1}]"));
    const { phone } = busy(site, 1);
    site.engine.force("down");
    phone.invite("sip:5551234@pbx.example.com");
    site.run(2_000);
    expect(way(site)).toEqual({
      text: "redirect to gateway 10.10.1.3 (No gateway has a free channel)",
      results: [null, "full"],
    });
  });

  it("a redirect that has left has no reason", () => {
    const { site, phone } = office();
    site.engine.force("down");
    phone.invite("sip:5551234@pbx.example.com");
    site.run(2_000);
    expect(way(site)).toEqual({ text: "redirect to gateway 10.10.1.3", results: [null, null] });
  });

  it("upstream is silent, and there is no gateway", () => {
    const site = new Site(SITE_YAML.replace("gateways: [sip:10.10.1.3]\n", ""));
    site.actor("201", PHONE).invite("sip:5551234@pbx.example.com");
    site.run(8_000);
    expect(way(site).text).toMatch(/ > answered here \(Upstream does not answer\)$/);
  });

  it("it rang, and an emergency call has taken its channel", () => {
    const site = boxed('emergency: {numbers: ["112"], preempt: true}', 1);
    const { gateway, phone } = busy(site, 0);
    gateway.answers("INVITE", { status: 180 });
    phone.invite("sip:5551234@10.10.1.3");
    site.run(500);
    site.actor("202", PHONE_2).invite("sip:112@pbx.example.com");
    site.run(2_000);
    expect(way(site, 1).text).toBe("gateway 10.10.1.3 > answered here (An emergency call needs the PSTN line)");
  });
});

it("an emergency call: a gateway that isn't asked again, and room that need not be made, are no steps", () => {
  const site = boxed('emergency: {numbers: ["112"], preempt: true}');
  const { gateway, phone } = busy(site, 0);
  gateway.answers("INVITE", { status: 404 });
  phone.invite("sip:112@pbx.example.com");
  site.run(1_000);
  expect(steps(site)).toEqual(["gateway 10.10.1.3", "upstream 198.51.100.10"]);
});

it("an emergency call: that a call was ended for it is a step", () => {
  const site = boxed('emergency: {numbers: ["112"], preempt: true}', 1);
  busy(site, 1).phone.invite("sip:112@pbx.example.com");
  site.run(2_000);
  expect(steps(site, 1)).toEqual([
    "gateway 10.10.1.3 (full: 1 of 1 channels taken)",
    "the youngest ordinary call was ended",
    "the gateway whose channel that was",
  ]);
});

/** What a phone such as baresip writes as the user of its Contact. */
const MADE_UP = "201-0x7f31c04e5d20";

it.each([
  ["down its Path", "", true],
  ["by its own address", "", false],
  ["by the Contact that stands for it", "registration: contact\n", false],
])("upstream's call to a phone %s names its extension, whatever user its Contact has", (_, more, byPath) => {
  const { site, pbx, phone } = office(more);
  pbx.answers("REGISTER", { status: 200 });
  phone.request(
    "REGISTER",
    "sip:pbx.example.com",
    [`Contact: <sip:${MADE_UP}@${PHONE.address}:${PHONE.port}>`],
    undefined,
    1,
    false,
  );
  site.run(500);
  const registered = pbx.seen("REGISTER");
  const [, contact = ""] = /<(.*?)>/.exec(header(registered, "contact") ?? "") ?? [];
  pbx.invite(contact, byPath ? [`Route: ${header(registered, "path")}`] : []);
  site.run(500);
  expect(requestUriOf(phone.seen("INVITE"))).toContain(MADE_UP);
  expect(site.callLog.legs.map(({ to }) => to)).toEqual(["201"]);
});
