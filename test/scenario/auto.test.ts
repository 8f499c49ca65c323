/** `answer: auto`: redirect, and relay for those who don't follow. */
import { describe, expect, it } from "vitest";
import { statusOf } from "../sip/message.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, PBX, PHONE, SITE_YAML, Site } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";

function dark() {
  const site = new Site(`${SITE_YAML}survival: {answer: auto, notice_hold: 0s}\n`);
  const phone = site.actor("phone", PHONE);
  const gateway = site.actor("gateway", GATEWAY);
  gateway.answers("INVITE", { status: 200, after_ms: 100 });
  site.simulation.silence(PBX);
  site.run(30_000);
  const finals = () => phone.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
  return { site, phone, gateway, finals };
}

describe("answer: auto", () => {
  it("a phone that comes back within 3 s goes on being redirected", () => {
    const { site, phone, finals } = dark();
    phone.invite(NUMBER);
    site.run(2_000);
    phone.invite("sip:5551234@10.10.1.3");
    site.run(5_000);
    phone.invite(NUMBER);
    site.run(1_000);
    expect(finals()).toEqual([302, 200, 302]);
  });

  it("a phone that doesn't is relayed from then on, and another phone is not", () => {
    const { site, phone, finals } = dark();
    site.simulation.sightings.length = 0;
    phone.invite(NUMBER);
    site.run(4_000);
    phone.invite(NUMBER);
    site.run(1_000);
    expect(finals()).toEqual([302, 200]);
    expectLadder("auto-ignored", site.ladder());
    expect(site.bindings.size).toBe(0); // who isn't registered takes no place in the table
    const other = site.actor("other", { address: "10.222.237.22", port: 5060 });
    other.invite(NUMBER);
    site.run(1_000);
    expect(other.responses(302)).toHaveLength(1);
  });

  it("a reload forgets nobody who is relayed", () => {
    const { site, phone, finals } = dark();
    phone.invite(NUMBER);
    site.run(4_000);
    site.reload(`${SITE_YAML}survival: {answer: auto, notice_hold: 1s}\n`);
    phone.invite(NUMBER);
    site.run(5_000);
    expect(finals()).toEqual([302, 200]);
  });

  it("a registered phone is remembered with its bindings", () => {
    const { site, phone } = dark();
    const flow = { listener: site.listeners[0] as never, ...PHONE };
    const binding = { contact: "sip:phone@10.222.237.21", parameters: "", instance: "", flow, callId: "x", cseq: 1 };
    site.bindings.put("phone@pbx.example.com", {
      ...binding,
      expires_ms: Number.MAX_SAFE_INTEGER,
      heard_ms: 0,
      isAccepted: true,
    });
    phone.invite(NUMBER);
    site.run(5_000);
    expect(site.bindings.find("phone@pbx.example.com")?.wantsRelay).toBe(true);
  });

  it("a phone that never acknowledges isn't judged", () => {
    const { site, phone } = dark();
    phone.acknowledges = false;
    phone.invite(NUMBER);
    site.run(40_000);
    expect(site.bindings.find("phone@pbx.example.com")).toBeUndefined();
  });

  it("a call that upstream refuses isn't a redirect", () => {
    const site = new Site(`${SITE_YAML}survival: {answer: auto}\n`);
    const phone = site.actor("phone", PHONE);
    site.actor("pbx", PBX).answers("INVITE", { status: 486 });
    phone.invite(NUMBER);
    site.run(10_000);
    expect(site.bindings.find("phone@pbx.example.com")).toBeUndefined();
  });
});
