/** Callers that require reliable provisional responses, in an outage: RFC 3262 §3. */
import { describe, expect, it } from "vitest";
import { header, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, PBX, PHONE, SITE_YAML, Site } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";
const LATENCY_ms = 10;

/** A site whose upstream is known to be down. */
function darkSite(survival = "") {
  const site = new Site(`${SITE_YAML}${survival}`);
  const phone = site.actor("phone", PHONE);
  const gateway = site.actor("gateway", GATEWAY);
  site.actor("pbx", PBX);
  site.run(100);
  site.simulation.silence(PBX);
  site.run(60_000);
  return { site, phone, gateway };
}

const statuses = (actor: Actor) => actor.received.map(({ message }) => statusOf(message));

describe("an INVITE that requires 100rel, in an outage", () => {
  it.each([
    ["alone", ["Require: 100rel"]],
    ["in another case, without white space", ["REQUIRE:100REL"]],
    ["in a list", ["Require: timer , 100Rel,replaces"]],
    ["in the second line", ["Require: timer", "Supported: path", "Require: 100rel"]],
    ["folded", ["Require: timer,\r\n 100rel"]],
  ])("%s: no 181, and the 302 at once", (_, extra) => {
    const { site, phone } = darkSite();
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER, extra);
    site.run(5_000);
    expect(statuses(phone)).toEqual([100, 302]);
    expect(phone.responses(302)[0]?.at_ms).toBe(start_ms + LATENCY_ms);
    expect(header(phone.got(302), "contact")).toBe("<sip:5551234@10.10.1.3>");
    expect(site.core.transactions.unanswered.size).toBe(0);
  });

  it("is relayed without a 181; what the gateway says reliably passes", () => {
    const { site, phone, gateway } = darkSite("survival: {answer: relay}");
    const reliable = ["Require: 100rel", "RSeq: 4711"];
    gateway.answers("INVITE", { status: 183, after_ms: 20, extra: reliable }, { status: 200, after_ms: 500 });
    phone.invite(NUMBER, ["Require: 100rel"]);
    site.run(2_000);
    expect(statuses(phone)).toEqual([100, 183, 200]);
    expect(header(phone.got(183), "rseq")).toBe("4711");
    expect(header(gateway.seen("INVITE"), "require")).toBe("100rel");
  });

  it("whose upstream falls silent during the call gets none either", () => {
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    site.actor("pbx", PBX);
    site.run(100);
    site.simulation.silence(PBX);
    phone.invite(NUMBER, ["Require: 100rel"]);
    site.run(10_000);
    expect(statuses(phone)).toEqual([100, 302]);
  });

  it.each([
    ["it supports 100rel only", ["Supported: 100rel"]],
    ["it requires something else", ["Require: timer", "Require: 100rels"]],
    ["it is Proxy-Require's neighbour that looks alike", ["X-Require: 100rel"]],
  ])("gets the 181 where %s", (_, extra) => {
    const { site, phone } = darkSite();
    phone.invite(NUMBER, extra);
    site.run(5_000);
    expect(statuses(phone)).toEqual([100, 181, 302]);
  });
});
