/** What the journals of members behind one address are told of messages that fall to a member that hasn't their call. */
import { expect, test } from "vitest";
import type { Happening } from "../../src/app/tap.ts";
import { anycastScene, finals, NUMBER, ownerOf } from "../cluster/support/anycast-scene.ts";
import { header } from "../sip/message.ts";

const SEEDS = [1, 2, 3, 4, 5];

test.each(SEEDS)(
  "a message is told where it came, with the member that gets it, and there with the member that has passed it on: seed %i",
  async (seed) => {
    const { group, phone, pbx } = await anycastScene(seed);
    pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 1_000 });
    const told: { readonly at: string; readonly what: Happening }[] = [];
    for (const { name, site } of group.living) site.engine.tell = (what) => void told.push({ at: name, what });
    const invite = phone.invite(NUMBER);
    group.run(500);
    const owner = ownerOf(group).name;
    group.run(3_000);
    expect(finals(phone)).toEqual([200]);
    const passed = told.flatMap(({ at, what }) =>
      what.kind === "passed" ? [{ ...what, way: `${at} to ${what.member}` }] : [],
    );
    const came = told.flatMap(({ at, what }) => (what.kind === "in" ? [`${what.member} to ${at}`] : []));
    expect(came.sort()).toEqual(passed.map(({ way }) => way).sort());
    const ofCall = passed.filter(({ callId }) => callId === header(invite, "call-id"));
    expect(ofCall.map(({ member }) => member)).toContain(owner);
  },
);
