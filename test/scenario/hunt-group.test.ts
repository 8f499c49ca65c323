/** A call from the PSTN rings all members of its hunt group (RFC 3261 §16.7). */
import { describe, expect, it } from "vitest";
import { header, requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor, Habit } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, SITE_YAML, Site } from "../support/site.ts";

const DID = "sip:5550100@10.222.237.1";

/** A hunt group of as many phones as there are habits. */
function group(habits: readonly Habit[], ring = "30s") {
  const members = habits.map((_, index) => `"sip:20${index}@10.222.237.${20 + index}"`);
  const yaml = SITE_YAML.replace(
    /hunt_groups.*\n/,
    `hunt_groups: {default: {members: [${members.join()}], ring: ${ring}}}\n`,
  );
  const site = new Site(yaml);
  const gateway = site.actor("gateway", GATEWAY);
  const phones = habits.map((habit, index) => {
    const phone = site.actor(`20${index}`, { address: `10.222.237.${20 + index}`, port: 5060 });
    phone.habits.set("INVITE", habit);
    return phone;
  });
  site.run(100);
  return { site, gateway, phones };
}

const rings: Habit = [{ status: 180, after_ms: 20 }];
const answers = (after_ms: number): Habit => [...rings, { status: 200, after_ms }];
const refuses = (status: number, after_ms: number): Habit => [...rings, { status, after_ms }];
const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);

describe("hunt group", () => {
  it("five ring, one answers, four see CANCEL with a Reason", () => {
    const { site, gateway, phones } = group([rings, rings, answers(2_000), rings, rings]);
    gateway.invite(DID);
    site.run(10_000);
    expect(finals(gateway)).toEqual([200]);
    for (const [index, phone] of phones.entries()) {
      const cancels = phone.requests("CANCEL");
      expect(cancels).toHaveLength(index === 2 ? 0 : 1);
      if (index !== 2) {
        expect(header(phone.seen("CANCEL"), "reason")).toBe('SIP;cause=200;text="Call completed elsewhere"');
      }
      expect(requestUriOf(phone.seen("INVITE"))).toBe(`sip:20${index}@10.222.237.${20 + index}`);
    }
    expectLadder("hunt-five", site.ladder());
  });

  it("one main phone is a group of one", () => {
    const { site, gateway } = group([answers(300)]);
    gateway.invite(DID);
    site.run(2_000);
    gateway.inDialog("BYE", gateway.got(200, "INVITE"), 2);
    site.run(1_000);
    expectLadder("hunt-one", site.ladder());
  });

  it("all busy: the caller gets 486", () => {
    const { site, gateway } = group([refuses(486, 300), refuses(486, 400), refuses(486, 500)]);
    gateway.invite(DID);
    site.run(5_000);
    expect(finals(gateway)).toEqual([486]);
  });

  it("busy and silent phones: what was said counts, not what was not", () => {
    const { site, gateway } = group([refuses(486, 300), []]);
    gateway.invite(DID);
    site.run(40_000);
    expect(finals(gateway)).toEqual([486]);
  });

  it("RFC 3261 §16.7 item 6: a phone's 503 is none of the trunk's: the caller gets 500", () => {
    const { site, gateway } = group([[{ status: 503, extra: ["Retry-After: 3600"] }]]);
    gateway.invite(DID);
    site.run(500);
    expect(finals(gateway)).toEqual([500]);
    expect(header(gateway.got(500), "retry-after")).toBe("");
  });

  it("two decline in the same moment: the third gets one CANCEL, not twelve", () => {
    const { site, gateway, phones } = group([refuses(603, 500), refuses(603, 500), rings]);
    phones[2]?.habits.set("CANCEL", []);
    gateway.invite(DID);
    site.run(40_000);
    const branches = new Set(phones[2]?.requests("CANCEL").map(({ message }) => header(message, "via")));
    expect(branches.size).toBe(1);
    expect(phones[2]?.requests("CANCEL").length).toBeLessThanOrEqual(11); // §17.1.2.2: one, and its retransmissions
    expect(site.core.transactions.size).toBeLessThanOrEqual(2);
  });

  it("RFC 3261 §16.7 item 5: a 600 ends it; ringing phones get CANCEL, silent ones aren't waited for", () => {
    const { site, gateway, phones } = group([rings, refuses(600, 1_000), []]);
    gateway.invite(DID);
    site.run(1_200);
    expect(finals(gateway)).toEqual([600]);
    expect(phones.map((phone) => phone.requests("CANCEL").length)).toEqual([1, 0, 0]);
  });

  it("nobody answers: 480 at the end of the ring time, all get CANCEL", () => {
    const { site, gateway, phones } = group([rings, rings], "12s");
    const start_ms = site.simulation.now_ms;
    gateway.invite(DID);
    site.run(15_000);
    expect(gateway.responses(480).map(({ at_ms }) => at_ms - start_ms)).toEqual([12_010]);
    for (const phone of phones) expect(phone.requests("CANCEL")).toHaveLength(1);
  });

  it("the caller hangs up: all get CANCEL, the caller 487", () => {
    const { site, gateway, phones } = group([rings, rings, []]);
    const invite = gateway.invite(DID);
    site.at(3_000, () => gateway.cancel(invite));
    site.run(40_000);
    expect(finals(gateway).sort()).toEqual([200, 487]);
    for (const phone of phones.slice(0, 2)) expect(phone.requests("CANCEL")).toHaveLength(1);
  });

  it("two answer in the same moment: both 200 reach the caller (RFC 6026 §7.1)", () => {
    const { site, gateway } = group([answers(1_000), answers(1_001)]);
    gateway.invite(DID);
    site.run(5_000);
    expect(finals(gateway)).toEqual([200, 200]);
  });

  it("a group for the called number goes before the default", () => {
    const yaml = SITE_YAML.replace(
      /hunt_groups.*\n/,
      'hunt_groups: {"5550100": {members: ["sip:1@10.222.237.50"]}, default: {members: ["sip:2@10.222.237.51"]}}\n',
    );
    const site = new Site(yaml);
    const gateway = site.actor("gateway", GATEWAY);
    const special = site.actor("special", { address: "10.222.237.50", port: 5060 });
    const usual = site.actor("usual", { address: "10.222.237.51", port: 5060 });
    gateway.invite(DID);
    gateway.invite("sip:5550199@10.222.237.1");
    site.run(200);
    expect([special, usual].map((actor) => actor.requests("INVITE").length)).toEqual([1, 1]);
  });

  it("without hunt groups the caller gets 404", () => {
    const site = new Site(SITE_YAML.replace(/hunt_groups.*\n/, ""));
    const gateway = site.actor("gateway", GATEWAY);
    gateway.invite(DID);
    site.run(200);
    expect(finals(gateway)).toEqual([404]);
  });

  it("IPv6 members ring too", () => {
    const yaml = SITE_YAML.replace("listen: [", 'listen: ["udp:[fd00::1]:5060", ')
      .replace("localnet: [", 'localnet: ["fd00::/64", ')
      .replace(/hunt_groups.*\n/, 'hunt_groups: {default: {members: ["sip:6@[fd00::6]", "sip:4@10.222.237.50"]}}\n');
    const site = new Site(yaml);
    const gateway = site.actor("gateway", GATEWAY);
    const six = site.actor("six", { address: "fd00::6", port: 5060 }, { address: "fd00::1", port: 5060 });
    site.actor("four", { address: "10.222.237.50", port: 5060 }).answers("INVITE", { status: 180 });
    six.answers("INVITE", { status: 180 }, { status: 200, after_ms: 1_000 });
    gateway.invite(DID);
    site.run(3_000);
    expect(finals(gateway)).toEqual([200]);
    expect(header(six.seen("INVITE"), "via")).toContain("UDP [fd00::1]:5060;");
  });

  it("under 20 % loss, jitter and duplicates every call still ends with one answer", () => {
    for (let seed = 1; seed <= 25; seed++) {
      const site = new Site(SITE_YAML, { seed, loss: 0.2, jitter_ms: 30, duplication: 0.1 });
      const gateway = site.actor("gateway", GATEWAY);
      const phone = site.actor("201", { address: "10.222.237.21", port: 5060 });
      phone.answers("INVITE", { status: 180, after_ms: 50 }, ...repeat(200, 1_000));
      const invite = gateway.invite(DID);
      for (const at_ms of [500, 1_500, 3_500, 7_500]) {
        site.at(at_ms, () => {
          if (gateway.responses(100).length === 0) gateway.resend(invite);
        });
      }
      site.run(60_000);
      expect(new Set(finals(gateway)), `seed ${seed}`).toEqual(new Set([200]));
    }
  });
});

/** A user agent sends its 2xx again until the ACK comes (§13.3.1.4). */
function repeat(status: number, from_ms: number): Habit {
  return [0, 500, 1_500, 3_500, 7_500, 11_500].map((delay_ms) => ({ status, after_ms: from_ms + delay_ms }));
}
