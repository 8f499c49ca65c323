/** A drill: chosen phones live through an outage while upstream is well, and nobody else notices. */
import { describe, expect, it } from "vitest";
import { type DrillReport, wait_ms } from "../../src/app/drill-report.ts";
import { Drills } from "../../src/app/drills.ts";
import type { DrillPhones } from "../../src/policy/drilling.ts";
import { header, requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "sip:pbx.example.com";
const NUMBER = "sip:5551234@pbx.example.com";
const MINUTE_ms = 60_000;
const YAML = `${SITE_YAML}emergency: ["112"]\n`;
const TALK = { status: 200, after_ms: 50 };
const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
const invites = (actor: Actor) => actor.requests("INVITE").map(({ message }) => requestUriOf(message));

/** Three phones, 201 to 203, that the PBX has registered. @param granted_s for how long */
function office(yaml = YAML, granted_s = 3_600) {
  const site = new Site(yaml);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", TALK);
  pbx.answers("REGISTER", { status: 200, extra: [`Expires: ${granted_s}`] });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", TALK);
  const phones = [PHONE, PHONE_2, PHONE_3].map((at, index) => site.actor(`${201 + index}`, at).answers("INVITE", TALK));
  const [first, second, third] = phones as [Actor, Actor, Actor];
  site.run(1_000);
  let cseq = 0;
  const register = (phone: Actor, extra = "Expires: 3600") => {
    cseq += 1;
    phone.request("REGISTER", DOMAIN, [extra], `registration-${phone.name}`, cseq);
    site.run(200);
  };
  for (const phone of phones) register(phone);
  const reports: DrillReport[] = [];
  const ends: [id: number, lasted_ms: number][] = [];
  const pair: { trouble: string | undefined } = { trouble: undefined };
  const drills = new Drills(site.engine, {
    log: site.engine.host.log,
    timeOf: (at_ms) => `${Math.round(at_ms)} ms`,
    trouble: () => pair.trouble,
    keep: (report) => void reports.push(report),
    ended: ({ id }, since_ms, until_ms) => void ends.push([id, until_ms - since_ms]),
    nextId: () => 7,
  });
  for (const actor of [pbx, ...phones]) actor.received.length = 0;
  site.simulation.sightings.length = 0;
  const start = (drilled: DrillPhones = ["201"], for_ms = 10 * MINUTE_ms) =>
    drills.start({ phones: drilled, for_ms, by: "command" }, site.simulation.now_ms);
  const look = () => drills.look(site.simulation.now_ms);
  const last = () => reports.at(-1);
  return { site, pbx, gateway, first, second, third, register, reports, drills, start, look, last, pair, ends };
}

describe("calls", () => {
  it("of a chosen phone are answered as in an outage, and those of others go to upstream", () => {
    const { site, pbx, first, second, start } = office();
    expect(start()).toBeUndefined();
    first.invite(NUMBER);
    site.run(3_000);
    second.invite(NUMBER);
    site.run(1_000);
    expectLadder("drill", site.ladder());
    expect(finals(first)).toEqual([302]);
    expect(header(first.got(302), "contact")).toBe("<sip:5551234@10.10.1.3>");
    expect(finals(second)).toEqual([200]);
    expect(pbx.requests("INVITE")).toHaveLength(1);
    expect(site.callLog.legs.map(({ why }) => why)).toEqual(["a drill: upstream counts as down", "to 198.51.100.10"]);
  });

  it("ring another phone of the site directly, be that in the drill or not", () => {
    const { site, pbx, second, third, first, start } = office();
    start(["201", "202"]);
    first.invite("sip:202@pbx.example.com");
    second.invite("sip:203@pbx.example.com");
    site.run(1_000);
    expect([finals(first), finals(second)]).toEqual([[200], [200]]);
    expect([second, third].map((phone) => phone.requests("INVITE").length)).toEqual([1, 1]);
    expect(pbx.requests("INVITE")).toHaveLength(0);
  });

  it("to a chosen phone come from upstream all the while", () => {
    const { site, pbx, first, start } = office();
    start();
    pbx.request("INVITE", `sip:201@${PHONE.address}`);
    site.run(1_000);
    expect(first.requests("INVITE")).toHaveLength(1);
    expect(finals(pbx)).toContain(200);
  });

  it("are known by the way that they come where From names nobody", () => {
    const { site, first, second, start } = office();
    start();
    first.as("anonymous").invite(NUMBER);
    second.as("anonymous").invite(NUMBER);
    site.run(3_000);
    expect([finals(first), finals(second)]).toEqual([[302], [200]]);
  });

  it("all: each phone's", () => {
    const { site, pbx, first, second, third, start, drills } = office();
    expect(start("all")).toBeUndefined();
    for (const phone of [first, second, third]) phone.invite(NUMBER);
    site.run(3_000);
    expect([first, second, third].map(finals)).toEqual([[302], [302], [302]]);
    expect(pbx.requests("INVITE")).toHaveLength(0);
    expect(drills.report(site.simulation.now_ms)?.drilled.map(({ phone }) => phone)).toEqual(["201", "202", "203"]);
  });

  it("go to upstream again as soon as the drill is over; what is up stays up", () => {
    const { site, pbx, gateway, first, start, last, ends } = office(`${YAML}survival: {answer: relay}\n`);
    start(["201"], MINUTE_ms);
    first.invite(NUMBER);
    site.run(MINUTE_ms - 1);
    expect(last()?.end).toBe("running");
    site.run(1_100);
    expect(last()).toMatchObject({ end: "time", lasted_s: 60, counts: { made: 1, answered: 1, failed: 0 } });
    expect(ends).toEqual([[7, MINUTE_ms]]);
    first.inDialog("BYE", first.got(200, "INVITE"), 2);
    site.run(500);
    expect(gateway.requests("BYE")).toHaveLength(1);
    first.invite(NUMBER);
    site.run(500);
    expect(pbx.requests("INVITE")).toHaveLength(1);
  });
});

describe("a call for help", () => {
  it("of a chosen phone goes its usual way, and ends the drill", () => {
    const { site, gateway, pbx, first, start, last } = office();
    start();
    first.invite("sip:112@pbx.example.com");
    site.run(500);
    expect(invites(gateway)).toEqual(["sip:112@10.10.1.3"]);
    expect(last()).toMatchObject({ end: "aborted", why: "an emergency call: 201 has called 112" });
    first.invite(NUMBER);
    site.run(500);
    expect(invites(pbx)).toEqual([NUMBER]);
  });

  it("goes to upstream at once where no gateway takes it, and is neither held nor redirected", () => {
    const { site, gateway, pbx, first, start } = office();
    gateway.answers("INVITE", { status: 503 });
    start("all");
    const start_ms = site.simulation.now_ms;
    first.invite("sip:112@pbx.example.com");
    site.run(2_000);
    expect(invites(pbx)).toEqual(["sip:112@pbx.example.com"]);
    expect(finals(first)).toEqual([200]);
    expect(first.responses(181)).toHaveLength(0);
    expect(first.responses(200)[0]?.at_ms).toBeLessThan(start_ms + 200);
  });

  it("of any other phone ends it too: the gateway's lines are needed", () => {
    const { site, third, start, last } = office();
    start();
    third.invite("sip:112@pbx.example.com");
    site.run(100);
    expect(last()).toMatchObject({ end: "aborted", why: "an emergency call: 203 has called 112" });
  });
});

describe("REGISTER of a chosen phone", () => {
  it("is answered here like in an outage, and the PBX's registration is untouched after the drill", () => {
    const { site, pbx, first, second, register, start, drills } = office();
    start();
    register(first);
    register(second);
    expectLadder("drill-register", site.ladder());
    expect(pbx.requests("REGISTER")).toHaveLength(1);
    expect(Number(/expires=(\d+)/.exec(header(first.got(200), "contact"))?.[1])).toBeLessThanOrEqual(60);
    drills.stop(site.simulation.now_ms);
    expect(site.engine.site.status(site.simulation.now_ms).phones).toMatchObject({ addresses: 3, not_back: 0 });
    expect([...site.bindings.all()].every(({ stale }) => stale.size === 0)).toBe(true);
    register(first);
    expect(pbx.requests("REGISTER")).toHaveLength(2);
  });

  it("goes up before the PBX's registration runs out, so that its calls reach the phone", () => {
    const { site, pbx, first, register, start, drills } = office(YAML, 300);
    start(["201"], 20 * MINUTE_ms);
    for (let minute = 0; minute < 20; minute++) {
      site.run(50_000);
      register(first);
    }
    const { drilled } = drills.report(site.simulation.now_ms) ?? {};
    const [{ registers_here, registers_up } = { registers_here: 0, registers_up: 0 }] = drilled ?? [];
    expect(registers_here).toBeGreaterThan(registers_up);
    expect(registers_here + registers_up).toBe(20);
    const times = pbx.requests("REGISTER").map(({ at_ms }) => at_ms);
    expect(times).toHaveLength(registers_up);
    const gaps = times.map((at_ms, index) => at_ms - (times[index - 1] ?? 1_000));
    expect(Math.max(...gaps)).toBeLessThan(300_000);
  });

  it.each([
    ["with another Contact", [`Contact: <sip:201@${PHONE.address}:5070>`, "Expires: 3600"]],
    ["that takes the phone away", [`Contact: <sip:201@${PHONE.address}:5060>`, "Expires: 0"]],
  ])("%s goes up: upstream must know", (_, extra) => {
    const { site, pbx, first, start } = office();
    start();
    first.request("REGISTER", DOMAIN, extra, "registration-201", 9, false);
    site.run(200);
    expect(pbx.requests("REGISTER")).toHaveLength(1);
  });

  it("that an outage would refuse goes up, and the report says so", () => {
    const { site, pbx, first, register, start, drills } = office(`${YAML}registration: {unknown: none}\n`);
    start();
    register(first);
    expect(pbx.requests("REGISTER")).toHaveLength(1);
    expect(finals(first)).toEqual([200]);
    expect(drills.report(site.simulation.now_ms)?.drilled).toEqual([
      { phone: "201", calls: 0, registers_here: 0, registers_up: 0, registers_refused: 1 },
    ]);
  });

  it("changes nothing for other requests: subscriptions go up", () => {
    const { site, pbx, first, start } = office();
    start();
    first.request("SUBSCRIBE", "sip:201@pbx.example.com", ["Event: message-summary"]);
    site.run(200);
    expect(pbx.requests("SUBSCRIBE")).toHaveLength(1);
  });
});

describe("it aborts by itself", () => {
  it("in a real outage, which the chosen phones don't notice", () => {
    const { site, first, start, last } = office();
    start();
    site.simulation.silence(PBX);
    site.run(MINUTE_ms);
    expect(last()).toMatchObject({ end: "aborted", why: "a real outage: upstream is down" });
    first.invite(NUMBER);
    site.run(3_000);
    expect(finals(first)).toEqual([302]);
  });

  it("when the last gateway is down", () => {
    const { site, start, last } = office();
    start();
    site.simulation.silence(GATEWAY);
    site.run(5 * MINUTE_ms);
    expect(last()).toMatchObject({ end: "aborted", why: "gateway 10.10.1.3 is down" });
  });

  it("when upstream is forced", () => {
    const { site, start, last } = office();
    start();
    site.engine.force("down");
    site.run(1_100);
    expect(last()).toMatchObject({ end: "aborted", why: "upstream's state is forced" });
  });

  it("at a reload that takes phones away, at once", () => {
    const { site, start, look, last } = office();
    start(["201", "202"]);
    site.reload(YAML.replace("localnet: [10.222.237.0/24]", "localnet: [10.222.237.22/32]"));
    look();
    expect(last()).toMatchObject({ end: "aborted", why: "201 isn't registered in localnet" });
  });

  it("at a reload without an emergency number; any other reload leaves it alone", () => {
    const { site, first, start, look, last } = office();
    start();
    site.reload(`${YAML}survival: {answer: 380}\n`);
    look();
    first.invite(NUMBER);
    site.run(3_000);
    expect(finals(first)).toEqual([380]);
    site.reload(SITE_YAML);
    look();
    expect(last()?.why).toBe("the file has no emergency number: an emergency call couldn't end the drill");
  });

  it("when its phone is gone", () => {
    const { site, first, start, register, last } = office();
    start();
    register(first, "Expires: 0");
    site.run(1_100);
    expect(last()?.why).toBe("201 isn't registered in localnet");
  });

  it("when the pair says so", () => {
    const { site, start, last, pair } = office();
    start();
    pair.trouble = "this router of the pair is draining";
    site.run(1_100);
    expect(last()).toMatchObject({ end: "aborted", why: "this router of the pair is draining" });
  });
});

describe("it doesn't begin", () => {
  it("while another one runs", () => {
    const { start } = office();
    start();
    expect(start(["202"])).toBe("a drill runs already");
  });

  it("for a phone that nobody has", () => {
    expect(office().start(["201", "299"])).toBe("299 isn't registered in localnet");
  });

  it("without an emergency number in the file", () => {
    expect(office(SITE_YAML).start()).toMatch(/^the file has no emergency number/);
  });

  it("while upstream's state is forced", () => {
    const { site, start } = office();
    site.engine.force("up");
    expect(start()).toBe("upstream's state is forced");
  });

  it("while all gateways are down; with one of two it begins", () => {
    const two = YAML.replace("[sip:10.10.1.3]", "[sip:10.10.1.3, sip:10.10.1.4]");
    const { site, start } = office(two);
    site.simulation.silence(GATEWAY);
    site.run(5 * MINUTE_ms);
    expect(start()).toBe("all gateways are down: 10.10.1.3, 10.10.1.4");
    site.simulation.silence(GATEWAY, false);
    site.run(5 * MINUTE_ms);
    expect(start()).toBeUndefined();
  });

  it("while upstream is down", () => {
    const { site, start, reports } = office();
    site.simulation.silence(PBX);
    site.run(MINUTE_ms);
    expect(start()).toBe("a real outage: upstream is down");
    expect(reports).toEqual([]);
  });
});

describe("the report", () => {
  it("has each call of the chosen phones with its way and its wait, and counts those of others", () => {
    const { site, gateway, first, second, start, drills, last } = office();
    start(["201", "202"]);
    const began_ms = site.simulation.now_ms;
    first.invite(NUMBER);
    site.run(2_000);
    first.request("INVITE", "sip:5551234@10.10.1.3", [], "followed", 2);
    site.run(1_000);
    gateway.answers("INVITE", { status: 486, after_ms: 20 });
    first.request("INVITE", "sip:5551235@10.10.1.3", [], "busy");
    site.run(1_000);
    site.actor("204", { address: "10.222.237.24", port: 5060 }).invite(NUMBER);
    site.run(1_000);
    drills.stop(site.simulation.now_ms);
    const report = last();
    expect(report).toMatchObject({
      id: 7,
      by: "command",
      phones: ["201", "202"],
      started: `${Math.round(began_ms)} ms`,
      planned_s: 600,
      lasted_s: 5,
      end: "stopped",
      counts: { made: 2, answered: 1, not_taken: 1, failed: 0 },
      other_calls: 1,
      calls_left_out: 0,
    });
    expect(report?.drilled.map(({ phone, calls }) => [phone, calls])).toEqual([
      ["201", 2],
      ["202", 0],
    ]);
    expect(second.received).toEqual([]);
    const [followed] = report?.calls ?? [];
    expect(followed?.legs.map(({ status }) => status)).toEqual([302, 200]);
    expect(followed === undefined ? 0 : wait_ms(followed)).toBeGreaterThanOrEqual(2_000);
    expect(report?.counts.longest_wait_ms).toBeGreaterThanOrEqual(2_000);
  });

  it("keeps what has become of a call, though the log of calls is written anew meanwhile", () => {
    const { site, first, start, drills } = office(`${YAML}survival: {answer: relay}\n`);
    start();
    first.invite(NUMBER);
    site.run(3_000);
    site.engine.onCalm();
    first.inDialog("BYE", first.got(200, "INVITE"), 2);
    site.run(500);
    expect(drills.report(site.simulation.now_ms)?.calls.map(({ state }) => state)).toEqual(["ended"]);
  });

  it("is bounded: more calls than it has room for are counted", () => {
    const { site, first, start, drills } = office();
    start();
    for (let call = 0; call < 120; call++) {
      first.invite(NUMBER);
      site.run(3_000);
    }
    const report = drills.report(site.simulation.now_ms);
    expect(report?.counts.made).toBe(120);
    expect(report?.calls_left_out).toBeGreaterThan(0);
    expect((report?.calls.length ?? 0) + (report?.calls_left_out ?? 0)).toBe(120);
    expect(JSON.stringify(report).length).toBeLessThan(65_536);
  });
});
