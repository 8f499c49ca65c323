/** Groups, overflows, forwards and phones' own redirects that lead to each other: a call rings each of them once, and has its end. */
import { describe, expect, it } from "vitest";
import { statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "pbx.example.com";

const file = (groups: string, more = "") =>
  `${SITE_YAML.replace(/hunt_groups.*\n/, "")}\nhunt_groups: {${groups}}\n${more}`;
const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
const rings = (...actors: readonly Actor[]) => actors.map((actor) => actor.requests("INVITE").length);

/** Upstream is silent, and phones 201 to 203 are registered. */
function outage(yaml: string) {
  const site = new Site(yaml);
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200, after_ms: 100 });
  site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
  const [first, second, third] = [PHONE, PHONE_2, PHONE_3].map((at, index) => site.actor(`20${index + 1}`, at)) as [
    Actor,
    Actor,
    Actor,
  ];
  for (const phone of [first, second, third]) phone.request("REGISTER", `sip:${DOMAIN}`);
  site.run(100);
  site.simulation.silence(PBX);
  site.run(60_000);
  for (const actor of [first, second, third, gateway]) actor.received.length = 0;
  return { site, gateway, first, second, third };
}

describe("an overflow whose phone redirects back to the group", () => {
  it.each([
    ["the phone is called, and the member is busy", "202", "203", 486, [1, 1]],
    ["the phone is called, and no member is registered", "208", "203", 480, [0, 1]],
    ["the group is called, and the member is busy", "202", "200", 486, [1, 1]],
  ])("%s: one round, and the caller has an answer", (_what, member, called, status, times) => {
    const { site, gateway, second, third } = outage(file(`"200": {members: ["${member}"], overflow: "203"}`));
    third.habits.set("INVITE", [{ status: 302, extra: [`Contact: <sip:200@${DOMAIN}>`] }]);
    second.habits.set("INVITE", [{ status: 486 }]);
    gateway.invite(`sip:${called}@10.222.237.1`);
    site.run(30_000);
    expect(finals(gateway)).toEqual([status]);
    expect(rings(second, third)).toEqual(times);
  });

  it("two groups, with forwards between them: one round", () => {
    const groups = '"200": {members: ["202"], overflow: "204"}, "300": {members: ["202"], overflow: "203"}';
    const { site, gateway, second, third } = outage(file(groups, 'extensions: {forward: {"204": {no_answer: "300"}}}'));
    third.habits.set("INVITE", [{ status: 302, extra: [`Contact: <sip:200@${DOMAIN}>`] }]);
    second.habits.set("INVITE", [{ status: 486 }]);
    gateway.invite("sip:203@10.222.237.1");
    site.run(30_000);
    expect(finals(gateway)).toHaveLength(1);
    expect(rings(third)).toEqual([1]);
  });
});

describe("a group doesn't ring the phone that calls it", () => {
  it.each([
    ["<sip:201@pbx.example.com>"],
    ["<sip:201@10.222.237.1>"],
    ["<sip:anonymous@anonymous.invalid>"],
    ["<tel:201>"],
  ])("whatever its From says: %s", (from) => {
    const { site, first, second } = outage(file('"200": {members: ["201", "202"]}'));
    for (const phone of [first, second]) phone.habits.set("INVITE", [{ status: 180 }]);
    const lines = [
      `INVITE sip:200@${DOMAIN} SIP/2.0`,
      `Via: SIP/2.0/UDP ${PHONE.address};branch=z9hG4bKgroup;rport`,
      "Max-Forwards: 70",
      `From: ${from};tag=1`,
      `To: <sip:200@${DOMAIN}>`,
      "Call-ID: group-call",
      "CSeq: 1 INVITE",
      `Contact: <sip:201@${PHONE.address}:5060>`,
      "Content-Length: 0",
    ];
    site.simulation.send(PHONE, { address: "10.222.237.1", port: 5060 }, `${lines.join("\r\n")}\r\n\r\n`);
    site.run(2_000);
    expect(rings(first, second)).toEqual([0, 1]);
  });
});
