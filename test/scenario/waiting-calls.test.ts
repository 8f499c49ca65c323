/** Calls that wait for upstream, and what else can befall them meanwhile. */
import { describe, expect, it } from "vitest";
import { statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";

/** A site that has seen its upstream alive. */
function cast() {
  const site = new Site(SITE_YAML);
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX);
  site.actor("gateway", GATEWAY);
  site.run(100);
  return { site, phone, pbx };
}

const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);

describe("calls that wait for upstream", () => {
  it("a fault of ours in one call's survival harms no other: they are rescued, and upstream is probed on", () => {
    const { site, phone, pbx } = cast();
    site.simulation.silence(PBX);
    const second = site.actor("second", PHONE_2);
    const { router } = site;
    const resolve = router.continue.bind(router);
    router.continue = (...question) => {
      if (question[0].request.callId === "second-1") throw new Error("a fault");
      return resolve(...question);
    };
    site.actor("first", PHONE_3).invite(NUMBER);
    // Both wait when the probe fails that the first one's silence has caused.
    site.at(4_500, () => second.invite(NUMBER));
    site.at(4_600, () => phone.invite(NUMBER));
    site.run(30_000);
    expect(finals(second)).toEqual([500]);
    expect(finals(phone)).toEqual([302]);
    expect(site.events.map(({ event }) => event)).not.toContain("event_failed");
    site.simulation.silence(PBX, false);
    site.run(20_000);
    expect(pbx.requests("OPTIONS").length).toBeGreaterThan(2);
    expect(site.peers.history.all.map(({ to }) => to)).toContain("recovering");
  });

  it("a server that says 100 again and again, and nothing else, has its call for timer C at the most", () => {
    const { site, phone, pbx } = cast();
    const hundreds = Array.from({ length: 100 }, (_, index) => ({ status: 100, after_ms: index * 3_000 }));
    pbx.answers("INVITE", ...hundreds);
    phone.invite(NUMBER);
    site.run(200_000);
    expect(finals(phone)).toEqual([408]);
    expect(pbx.requests("CANCEL")).toHaveLength(1);
  });
});
