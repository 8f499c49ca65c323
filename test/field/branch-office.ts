/** A branch whose phones are registered, its gateway and its PBX, for tests of what their answers mean. */
import { statusOf } from "../sip/message.ts";
import type { Actor, Habit } from "../support/actor.ts";
import { GATEWAY, PBX, SITE_YAML, Site, WAN } from "../support/site.ts";

export const DID = "sip:5550100@10.222.237.1";
export const DESK = "sip:202@10.222.237.1";
export const rings: Habit = [{ status: 180, after_ms: 20 }];
export const answers: Habit = [...rings, { status: 200, after_ms: 1_000 }];
export const refuses = (status: number, after_ms = 100): Habit => [...rings, { status, after_ms }];
export const redirects = (...contacts: string[]): Habit => [
  { status: 302, after_ms: 50, extra: contacts.map((one) => `Contact: ${one}`) },
];
export const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
export const wasCalled = (actor: Actor) => actor.requests("INVITE").length > 0;

/** Registered phones 201 to 205, of which 202 has two: one at .22, one at .32. */
export function office({
  groups = "{default: {members: [201, 202, 203]}}",
  more = "",
  pbx = answers,
  dark = false,
} = {}) {
  const yaml = SITE_YAML.replace(/hunt_groups.*\n/, `hunt_groups: ${groups}\n${more}`);
  const site = new Site(yaml);
  const gateway = site.actor("gateway", GATEWAY);
  const upstream = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200, extra: ["Expires: 300"] });
  upstream.habits.set("INVITE", pbx);
  const phone = (number: number, host = number - 180) => {
    const one = site.actor(`p${host}`, { address: `10.222.237.${host}`, port: 5060 }).as(`${number}`);
    one.habits.set("INVITE", rings);
    one.request("REGISTER", "sip:pbx.example.com", ["Expires: 300"]);
    return one;
  };
  const phones = {
    p21: phone(201),
    p22: phone(202),
    p23: phone(203),
    p24: phone(204),
    p25: phone(205),
    p32: phone(202, 32),
  };
  site.run(200);
  if (dark) {
    site.simulation.silence(PBX);
    site.run(90_000);
  }
  const teach = (habits: Partial<Record<keyof typeof phones, Habit>>) => {
    for (const [name, habit] of Object.entries(habits)) phones[name as keyof typeof phones].habits.set("INVITE", habit);
  };
  return { site, gateway, upstream, teach, ...phones };
}
