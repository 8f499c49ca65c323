/** An emergency call takes the channel of an ordinary one, whichever members make the two. */
import { describe, expect, test } from "vitest";
import { header } from "../sip/message.ts";
import type { AnycastGroup } from "./support/anycast.ts";
import { anycastScene, errors, finals, PHONE } from "./support/anycast-scene.ts";

const SEEDS = Array.from({ length: 5 }, (_, index) => 501 + index);
const KEY = "10.10.1.3 5060";
const SECOND_ms = 1_000;
const TALK = [
  { status: 180, after_ms: 50 },
  { status: 200, after_ms: 200 },
];
const YAML = `
listen: [udp:10.206.206.1:5060]
localnet: [10.204.204.0/24]
gateways: [{uri: "sip:10.10.1.3", channels: 1}]
emergency: {numbers: ["112"], preempt: true}
`;

/** A Call-ID whose call this member makes. */
function callIdFor({ nodes }: AnycastGroup, name: string, what: string): string {
  const placement = nodes.get(name)?.node["calls"]["placement"];
  for (let number = 0; ; number++) {
    if (placement?.order(`${what}-${number}`)[0] === name) return `${what}-${number}`;
  }
}

/** The gateway's one channel is taken by a call at one member, and an emergency call comes to another one. */
async function scene(seed: number) {
  const made = await anycastScene(seed, 3, YAML);
  const { group, phone, actor } = made;
  const other = actor("202", { ...PHONE, address: "10.204.204.12" });
  const ordinary = () => {
    phone.request("INVITE", "sip:5550123@10.10.1.3", [], callIdFor(group, "node1", "ordinary"));
    group.run(SECOND_ms);
  };
  const emergency = () => {
    other.request("INVITE", "sip:112@10.206.206.1", [], callIdFor(group, "node2", "emergency"));
    group.run(2 * SECOND_ms);
  };
  const counts = () => group.living.map(({ site }) => site.engine.calls.count(KEY, group.network.now_ms));
  return { ...made, other, ordinary, emergency, counts };
}

describe.each(SEEDS)("seed %i:", (seed) => {
  test("of a call that rings at another member: that one cancels it, and tells its caller why", async () => {
    const { group, phone, gateway, other, ordinary, emergency, counts } = await scene(seed);
    gateway.answers("INVITE", { status: 180, after_ms: 50 });
    ordinary();
    gateway.answers("INVITE", ...TALK);
    emergency();
    expect([finals(phone), finals(other), gateway.requests("CANCEL").length]).toEqual([[480], [200], 1]);
    expect(header(phone.got(480), "reason")).toContain("preemption");
    expect(counts()).toEqual([1, 1, 1]);
    expect(errors(group)).toEqual([]);
  });

  test("of a call that is up at another member: its BYEs are above what has passed there", async () => {
    const { phone, gateway, other, ordinary, emergency, counts } = await scene(seed);
    gateway.answers("INVITE", ...TALK);
    ordinary();
    phone.inDialog("INFO", phone.got(200, "INVITE"), 7);
    gateway.inDialogAsCallee("INFO", gateway.seen("INVITE"), 30);
    emergency();
    expect([finals(phone), finals(other)]).toEqual([[200], [200]]);
    const cseqs = [gateway, phone].map((one) => Number.parseInt(header(one.seen("BYE"), "cseq"), 10));
    expect([(cseqs[0] ?? 0) > 7, (cseqs[1] ?? 0) > 30]).toEqual([true, true]);
    expect(counts()).toEqual([1, 1, 1]);
  });
});
