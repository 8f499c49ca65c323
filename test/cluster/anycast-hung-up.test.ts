/**
 * A call that has been answered is hung up while a place where it was offered before is still silent, so that its story goes on; then its member
 * dies. The member that goes on with it knows that the call isn't up. It is counted nowhere, and occupies no channel.
 */
import { expect, test } from "vitest";
import type { AnycastGroup } from "./support/anycast.ts";
import { anycastScene, errors, finals, NUMBER, ownerOf } from "./support/anycast-scene.ts";

const SECOND_ms = 1_000;
/** Upstream is silent, and then a gateway is asked that has two channels. */
const YAML = `
listen: [udp:10.206.206.1:5060]
localnet: [10.204.204.0/24]
upstream: {targets: ["sip:198.51.100.10"]}
gateways: [{uri: "sip:10.10.1.3", channels: 2}]
survival: {answer: relay}
`;

const callsOf = ({ living, network: { now_ms } }: AnycastGroup) =>
  living.map(({ site }) => ({
    up: site.engine.callLog.countNow(now_ms),
    dialogs: site.core.dialogs.size,
    channels: site.engine.calls.count("10.10.1.3 5060", now_ms),
  }));

/** Where the one comes that is to have a new call with this Call-ID, the BYE comes to that one, and not to the one that has made the call. */
const ABSENT = ["", "node1", "node2", "node3"];
const NONE = { up: 0, dialogs: 0, channels: 0 };

async function answered(absent: string) {
  const scene = await anycastScene(1, 3, YAML);
  const { group, phone, pbx, gateway } = scene;
  pbx.answers("INVITE");
  gateway.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 500 });
  if (absent !== "") group.kill(absent);
  group.run(SECOND_ms);
  phone.invite(NUMBER);
  group.run(8 * SECOND_ms);
  expect(finals(phone)).toEqual([200]);
  if (absent !== "") await group.boot(absent);
  group.run(SECOND_ms);
  const hangUp = () => {
    for (const { message } of phone.responses(200, "INVITE")) phone.inDialog("BYE", message, 2);
    group.run(SECOND_ms);
  };
  return { ...scene, hangUp };
}

test.each(ABSENT)("which of the members comes after the answer: '%s'", async (absent) => {
  const { group, hangUp } = await answered(absent);
  const { name } = ownerOf(group);
  hangUp();
  group.kill(name);
  group.run(2 * SECOND_ms);
  // Where the call was offered first, nobody has answered yet.
  const { name: heir } = ownerOf(group);
  expect(callsOf(group)).toEqual([NONE, NONE]);
  group.kill(heir);
  group.run(2 * SECOND_ms);
  expect(callsOf(group)).toEqual([NONE]);
  expect(errors(group)).toEqual([]);
});

test.each(ABSENT)(
  "after the death of its member, which nobody knows yet; '%s' comes after the answer",
  async (absent) => {
    for (const after_ms of [10, 250, 400]) {
      const { group, hangUp } = await answered(absent);
      group.kill(ownerOf(group).name, 0);
      group.run(after_ms);
      hangUp();
      group.run(SECOND_ms);
      expect([after_ms, ...callsOf(group)]).toEqual([after_ms, NONE, NONE]);
      group.kill(ownerOf(group).name);
      group.run(2 * SECOND_ms);
      expect([after_ms, ...callsOf(group)]).toEqual([after_ms, NONE]);
      expect(errors(group)).toEqual([]);
    }
  },
);

test("one that isn't hung up is up at the member that goes on with it, until it is", async () => {
  const { group, hangUp } = await answered("");
  group.kill(ownerOf(group).name);
  group.run(2 * SECOND_ms);
  expect(
    callsOf(group)
      .map(({ up, channels }) => [up, channels])
      .sort(),
  ).toEqual([
    [0, 1],
    [1, 1],
  ]);
  hangUp();
  expect(callsOf(group)).toEqual([NONE, NONE]);
});
