/** Each member may call itself otherwise in its own responses (`server_header`), also while it goes on with a call of another one. */
import { expect, test } from "vitest";
import {
  anycastScene,
  errors,
  finals,
  NUMBER,
  ownerOf,
  repeats,
  transactions,
} from "../cluster/support/anycast-scene.ts";
import { cseqMethodOf, header, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";

/** The field Server of all responses with this status, without repetitions. */
function serversOf({ received }: Actor, status: number, method: string): string[] {
  const found = received.filter(({ message }) => statusOf(message) === status && cseqMethodOf(message) === method);
  return [...new Set(found.map(({ message }) => header(message, "server")))];
}

test.each([1, 2, 3])(
  "a caller sees who has answered, before and after the death of that member (seed %i)",
  async (seed) => {
    const { group, phone, pbx } = await anycastScene(seed);
    for (const { name, site } of group.living) site.engine.core.transactions.serverLine = `Server: ${name}\r\n`;
    pbx.answers("INVITE", { status: 180, extra: ["Server: pbx"] });
    const invite = phone.invite(NUMBER);
    group.run(300);
    const { name } = ownerOf(group);
    expect(serversOf(phone, 100, "INVITE")).toEqual([name]);
    expect(serversOf(phone, 180, "INVITE")).toEqual(["pbx"]);
    group.kill(name);
    group.run(2_000);
    const heir = ownerOf(group).name;
    expect(heir).not.toBe(name);
    repeats(
      group,
      () => phone.cancel(invite),
      () => serversOf(phone, 200, "CANCEL").length > 0,
    );
    group.run(10_000);
    expect(serversOf(phone, 200, "CANCEL")).toEqual([heir]);
    expect([finals(phone)[0], transactions(pbx), errors(group)]).toEqual([487, 1, []]);
  },
);
