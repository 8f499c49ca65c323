/** A restart in the middle of an outage: what was kept on disk is all that is left, and the branch goes on. */
import { describe, expect, it } from "vitest";
import { expectLadder } from "../support/ladder.ts";
import { header, requestUriOf, type SipText, statusOf } from "../support/sip-text.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "sip:pbx.example.com";

function office(site: Site) {
  const first = site.actor("201", PHONE).answers("INVITE", { status: 180 }, { status: 200, after_ms: 300 });
  const second = site.actor("202", PHONE_2).answers("INVITE", { status: 180 }, { status: 200, after_ms: 300 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200, after_ms: 100 });
  const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 }).answers("INVITE", { status: 486 });
  return { site, first, second, gateway, pbx };
}

/** An office in an outage of a minute. */
function dark(yaml = "") {
  const all = office(new Site(`${SITE_YAML}${yaml}`));
  for (const phone of [all.first, all.second]) phone.request("REGISTER", DOMAIN);
  all.site.run(100);
  all.site.simulation.silence(PBX);
  all.site.run(60_000);
  return all;
}

/** The same installation, started anew `away_ms` later from what it had on disk; upstream is still gone. */
function restarted(before: Site, away_ms = 30_000, yaml = "") {
  const site = new Site(`${SITE_YAML}${yaml}`, { seed: 2 });
  site.restore(before.saved(), away_ms);
  site.simulation.silence(PBX);
  return office(site);
}

describe("a restart in the middle of an outage", () => {
  it("a call between extensions, made before upstream is found dead: it rings after fr_timer", () => {
    const { site, first, second } = restarted(dark().site);
    first.invite("sip:202@pbx.example.com");
    site.run(6_000);
    expect(first.responses(200, "INVITE")).toHaveLength(1);
    expect(requestUriOf(second.seen("INVITE"))).toBe("sip:202@10.222.237.22:5060");
    expectLadder("restart-first-call", site.ladder());
  });

  it("phones that were known are known still, and nobody else", () => {
    const { site, first } = restarted(dark().site);
    const stranger = site.actor("203", { address: "10.222.237.23", port: 5060 });
    site.run(10_000);
    for (const phone of [first, stranger]) phone.request("REGISTER", DOMAIN, ["Expires: 3600"]);
    site.run(100);
    expect(header(first.got(200), "contact")).toMatch(/^<sip:201@10\.222\.237\.21:5060>;expires=5\d$/);
    expect(stranger.responses(503)).toHaveLength(1);
  });

  it("a call through the gateway that was up ends as it should", () => {
    const before = dark();
    before.first.invite("sip:5551234@10.10.1.3");
    before.site.run(1_000);
    const answer: SipText = before.first.got(200, "INVITE");
    const { site, first, gateway } = restarted(before.site);
    site.run(100);
    first.inDialog("BYE", answer, 2);
    site.run(100);
    expect(gateway.requests("BYE")).toHaveLength(1);
    expect(first.responses(200, "BYE")).toHaveLength(1);
  });

  it("a phone that doesn't follow redirects is relayed still", () => {
    const yaml = "survival: {answer: auto, notice_hold: 0s}\n";
    const before = dark(yaml);
    before.first.invite("sip:5551234@pbx.example.com");
    before.site.run(5_000);
    const { site, first, gateway } = restarted(before.site, 0, yaml);
    site.run(30_000);
    first.invite("sip:5551234@pbx.example.com");
    site.run(1_000);
    expect(first.received.map(({ message }) => statusOf(message))).toEqual([100, 181, 200]);
    expect(gateway.requests("INVITE")).toHaveLength(1);
  });

  it("upstream returns: every phone goes up again, paced, since upstream may have lost them all", () => {
    const { site, first, second, pbx } = restarted(dark().site, 0, "registration: {pace: 1}\n");
    site.run(30_000);
    site.simulation.silence(PBX, false);
    site.run(10_000);
    pbx.received.length = 0;
    for (const phone of [first, second]) phone.request("REGISTER", DOMAIN);
    site.run(100);
    expect(pbx.requests("REGISTER")).toHaveLength(1);
    expect([first, second].map((phone) => phone.responses(200).length)).toEqual([1, 1]);
    site.run(1_000);
    second.request("REGISTER", DOMAIN);
    site.run(100);
    expect(pbx.requests("REGISTER")).toHaveLength(2);
    expect(site.bindings.find("202@pbx.example.com")?.stale).toEqual(new Set());
  });

  it("without a file there is nobody to call, but calls to the outside are made", () => {
    const { site, first, gateway } = office(new Site(SITE_YAML, { seed: 2 }));
    site.simulation.silence(PBX);
    site.run(30_000);
    first.invite("sip:202@pbx.example.com");
    site.run(2_000);
    expect(header(first.got(302), "contact")).toBe("<sip:202@10.10.1.3>");
    first.invite("sip:5551234@10.10.1.3");
    site.run(500);
    expect(gateway.requests("INVITE")).toHaveLength(1);
  });
});
