/** Phones follow a redirect with a call of another Call-ID, which another member makes: none is taken for one that doesn't follow. */
import { describe, expect, test } from "vitest";
import { header, uriIn } from "../sip/message.ts";
import { ANYCAST_YAML } from "./support/anycast.ts";
import { anycastScene, errors, finals, NUMBER } from "./support/anycast-scene.ts";

const SEEDS = [701, 702, 703];
const CALLS = 10;
const SECOND_ms = 1_000;
const YAML = `${ANYCAST_YAML}survival: {answer: auto, notice_hold: 0s}\n`;

/** Upstream is dark. */
async function scene(seed: number) {
  const made = await anycastScene(seed, 3, YAML);
  const { group, pbx, gateway } = made;
  pbx.habits.clear();
  gateway.answers("INVITE", { status: 180, after_ms: 50 }, { status: 486, after_ms: 100 });
  group.run(30 * SECOND_ms);
  const ignored = () =>
    group.living.flatMap(({ site }) => site.events.filter(({ event }) => event === "redirect_ignored"));
  return { ...made, ignored };
}

describe.each(SEEDS)("seed %i:", (seed) => {
  test("a phone that follows is redirected each time", async () => {
    const { group, phone, gateway, ignored } = await scene(seed);
    for (let call = 0; call < CALLS; call++) {
      phone.invite(NUMBER);
      group.run(SECOND_ms);
      const [last] = phone.responses(302).slice(-1);
      if (last !== undefined) phone.invite(uriIn(header(last.message, "contact")));
      group.run(5 * SECOND_ms);
    }
    expect(finals(phone)).toEqual(Array.from({ length: CALLS }, () => [302, 486]).flat());
    expect([gateway.requests("INVITE").length, ignored()]).toEqual([CALLS, []]);
    expect(errors(group)).toEqual([]);
  });

  test("one that doesn't is relayed from then on, at all members", async () => {
    const { group, phone, ignored } = await scene(seed);
    phone.invite(NUMBER);
    group.run(5 * SECOND_ms);
    expect(ignored()).toHaveLength(1);
    for (let call = 0; call < CALLS; call++) {
      phone.invite(NUMBER);
      group.run(SECOND_ms);
    }
    expect(finals(phone).filter((status) => status === 302)).toHaveLength(1);
    expect(errors(group)).toEqual([]);
  });
});
