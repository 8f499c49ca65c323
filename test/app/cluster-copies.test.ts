/** A pair of branchlines beside a third router of another make, which gets copies of REGISTERs and sends some. */
import { beforeEach, expect, test } from "vitest";
import { header, requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import type { Address } from "../support/simulation.ts";
import { PBX, PHONE, PHONE_2, WAN } from "../support/site.ts";
import { type Member, NodePair } from "./pair-of-nodes.ts";

const THIRD: Address = { address: "10.222.237.4", port: 5060 };
const DOMAIN = "sip:pbx.example.com";
const SECOND_MS = 1_000;

const yamlOf = (name: string) => `
listen: [udp:10.222.237.1:5060, udp:203.0.113.1:5060, udp:203.0.113.${name === "a" ? 2 : 3}:5060]
localnet: [10.222.237.0/24]
upstream: {targets: ["sip:198.51.100.10"], probe: {interval: 1s, timeout: 500ms}}
registration: {copies: {to: "sip:10.222.237.4", from: 10.222.237.4}}
cluster:
  name: ${name}
  members: {a: 10.222.237.2, b: 10.222.237.3}
  secret: cluster-secret
  shared: [10.222.237.1, 203.0.113.1]
  health_file: /run/healthy
`;

let a: Member;
let b: Member;
let third: Actor;
let pbx: Actor;

beforeEach(async () => {
  const nodes = new NodePair(yamlOf);
  ({ a, b } = nodes);
  await nodes.start();
  third = a.site.actor("third", THIRD).as("202");
  third.answers("REGISTER", { status: 200 });
  pbx = a.site.actor("pbx", PBX, WAN);
  pbx.answers("OPTIONS", { status: 200 });
  pbx.answers("REGISTER", { status: 200 });
  a.site.run(3 * SECOND_MS);
});

function moveToB(): void {
  a.die();
  b.holds(true);
  b.site.run(SECOND_MS);
}

test("the third gets one copy of each REGISTER, from the member that has had it", () => {
  const phone = a.site.actor("201", PHONE);
  phone.request("REGISTER", DOMAIN, ["Expires: 600"], "one");
  a.site.run(SECOND_MS);
  expect(b.site.bindings.size).toBe(1);
  expect(third.requests("REGISTER")).toHaveLength(1);
  moveToB();
  phone.request("REGISTER", DOMAIN, ["Expires: 600"], "one", 2);
  b.site.run(SECOND_MS);
  expect(third.requests("REGISTER").map(({ message }) => header(message, "cseq"))).toEqual([
    "1 REGISTER",
    "2 REGISTER",
  ]);
});

test("a phone of the third is known to both members, and is called by the one that has the addresses", () => {
  const far = a.site.actor("202", PHONE_2);
  far.answers("INVITE", { status: 180 }, { status: 200 });
  const lines = ["Contact: <sip:202@10.222.237.22:5060>", "Expires: 600", "Sock-Info: udp:10.222.237.1:5060"];
  third.request("REGISTER", DOMAIN, lines, "far", 1, false);
  a.site.run(SECOND_MS);
  expect(third.responses(200, "REGISTER")).toHaveLength(1);
  for (const { site } of [a, b]) expect(site.bindings.find("202@pbx.example.com")?.bindings).toHaveLength(1);
  // Neither tells the third of its own phones.
  expect(third.requests("REGISTER")).toHaveLength(0);
  moveToB();
  pbx.answers("OPTIONS");
  b.site.run(30 * SECOND_MS);
  const near = a.site.actor("201", PHONE);
  near.invite("sip:202@pbx.example.com");
  b.site.run(SECOND_MS);
  expect(near.received.map(({ message }) => statusOf(message))).toContain(200);
  expect(requestUriOf(far.seen("INVITE"))).toBe("sip:202@10.222.237.22:5060");
});
