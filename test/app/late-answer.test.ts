/** A pair makes a serial call, and a phone that was cancelled long ago answers late: the call goes on, and the next phone's answer counts. */
import { expect, test } from "vitest";
import { statusOf } from "../sip/message.ts";
import { GATEWAY, PHONE, PHONE_2 } from "../support/site.ts";
import { NodePair } from "./pair-of-nodes.ts";

const yamlOf = (name: string) => `
listen: [udp:10.222.237.1:5060, udp:203.0.113.1:5060, udp:203.0.113.${name === "a" ? 2 : 3}:5060]
localnet: [10.222.237.0/24]
upstream: {targets: ["sip:198.51.100.10"], probe: {interval: 1s, timeout: 500ms}}
gateways: [sip:10.10.1.3]
hunt_groups: {default: {members: ["sip:201@10.222.237.21", "sip:202@10.222.237.22"], strategy: serial, ring: 45s}}
cluster:
  name: ${name}
  members: {a: 10.222.237.2, b: 10.222.237.3}
  secret: cluster-secret
  shared: [10.222.237.1, 203.0.113.1]
  health_file: /run/healthy
`;

test("a 200 to a branch that is over, of this router's own, doesn't end the call", async () => {
  const nodes = new NodePair(yamlOf);
  await nodes.start();
  const { site } = nodes.a;
  site.run(2_000);
  const gateway = site.actor("gateway", GATEWAY);
  const [first, second] = [site.actor("201", PHONE), site.actor("202", PHONE_2)];
  const rings = { status: 180, after_ms: 20 };
  first.habits.set("INVITE", [rings, { status: 200, after_ms: 85_000 }]);
  second.habits.set("INVITE", [rings, { status: 200, after_ms: 43_000 }]);
  gateway.invite("sip:0301@10.222.237.1");
  // The CANCEL is lost, as often as it is repeated.
  site.run(40_000);
  site.simulation.silence(PHONE);
  site.run(44_000);
  site.simulation.silence(PHONE, false);
  site.run(46_000);
  expect(gateway.received.map(({ message }) => statusOf(message))).toContain(200);
});
