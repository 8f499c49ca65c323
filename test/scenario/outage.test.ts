/** A phone's call while upstream is silent, and while it is known to be. */
import { describe, expect, it } from "vitest";
import { responseText } from "../sip/build.ts";
import { header, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML, Site, STRANGER } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";
const REDIRECTED = "sip:5551234@10.10.1.3";

interface Cast {
  readonly site: Site;
  readonly phone: Actor;
  readonly pbx: Actor;
  readonly gateway: Actor;
}

/** A site that has seen its upstream alive, and then lost it without a sound. */
function silentSite(survival = "", extra = ""): Cast {
  const site = new Site(`${SITE_YAML}${survival}${extra}`);
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX);
  const gateway = site.actor("gateway", GATEWAY);
  site.run(100);
  site.simulation.silence(PBX);
  return { site, phone, pbx, gateway };
}

/** A site whose upstream is known to be down. */
function darkSite(survival = ""): Cast {
  const cast = silentSite(survival);
  cast.site.run(60_000);
  cast.site.simulation.sightings.length = 0;
  return cast;
}

const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);

describe("outage: upstream is silent", () => {
  it("181 at fr_timer, 302 a second later, and the redirected INVITE goes to the gateway", () => {
    const { site, phone, gateway } = silentSite();
    gateway.answers("INVITE", { status: 180, after_ms: 20 }, { status: 200, after_ms: 1000 });
    phone.invite(NUMBER);
    site.run(6_000);
    const contact = header(phone.got(302), "contact");
    expect(contact).toBe(`<${REDIRECTED}>`);
    phone.request("INVITE", REDIRECTED, [], "phone-1", 2);
    site.run(2_000);
    phone.inDialog("BYE", phone.got(200, "INVITE"), 3);
    site.run(1_000);
    expectLadder("outage-302", site.ladder());
  });

  it("fr_timer and notice_hold are exact to the millisecond", () => {
    const { site, phone } = silentSite();
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.run(10_000);
    const latency_ms = 10; // there and back
    expect(phone.responses(181).map(({ at_ms }) => at_ms - start_ms)).toEqual([4_000 + latency_ms]);
    expect(phone.responses(302)[0]?.at_ms).toBe(start_ms + 5_000 + latency_ms);
  });

  it("380 when configured, with the same Contact", () => {
    const { site, phone } = silentSite("survival: {answer: 380, notice_hold: 3s, notice: Please hold the line}\n");
    phone.invite(NUMBER);
    site.run(9_000);
    expectLadder("outage-380", site.ladder());
  });

  it("relay: the gateway gets the call in the same transaction", () => {
    const { site, phone, gateway } = silentSite("survival: {answer: relay}\n");
    gateway.answers("INVITE", { status: 100 }, { status: 180, after_ms: 20 }, { status: 200, after_ms: 1_000 });
    phone.invite(NUMBER);
    site.run(7_000);
    phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
    site.run(1_000);
    expectLadder("outage-relay", site.ladder());
  });

  it("relay: a gateway that is dead too gives 480 with a Reason", () => {
    const { site, phone } = silentSite("survival: {answer: relay}\n");
    site.simulation.silence(GATEWAY);
    phone.invite(NUMBER);
    site.run(12_000);
    expectLadder("outage-relay-gateway-dead", site.ladder());
  });

  it("100 calls at once are each redirected at their own fr_timer and notice_hold, not in a queue", () => {
    const { site } = silentSite();
    const callers = Array.from({ length: 100 }, (_, index) =>
      site.actor(`phone${index}`, { address: `10.222.237.${100 + (index % 100)}`, port: 5060 }),
    );
    const start_ms = site.simulation.now_ms;
    callers.forEach((caller, index) => {
      site.at(index * 7, () => caller.invite(NUMBER));
    });
    site.run(10_000);
    callers.forEach((caller, index) => {
      expect(caller.responses(302)[0]?.at_ms).toBe(start_ms + index * 7 + 5_010);
    });
  });

  it("several gateways: 302 names the first, relay tries them in order", () => {
    const yaml = SITE_YAML.replace("gateways: [sip:10.10.1.3]", "gateways: [sip:10.10.1.3, sip:10.10.1.4]");
    const site = new Site(`${yaml}survival: {answer: relay}\n`);
    const phone = site.actor("phone", PHONE);
    const second = site.actor("gateway2", { address: "10.10.1.4", port: 5060 });
    second.answers("INVITE", { status: 200, after_ms: 500 });
    site.simulation.silence(PBX);
    phone.invite(NUMBER);
    site.run(20_000);
    expect(finals(phone)).toEqual([200]);
  });

  it("no gateway at all: 480 with a Reason", () => {
    const site = new Site(SITE_YAML.replace(/gateways.*\n/, "").replace(/hunt_groups.*\n/, ""));
    const phone = site.actor("phone", PHONE);
    site.simulation.silence(PBX);
    phone.invite(NUMBER);
    site.run(10_000);
    expect(header(phone.got(480), "reason")).toContain("Upstream does not answer");
  });
});

describe("outage: transport failures don't wait", () => {
  it("ICMP port unreachable starts survival at once", () => {
    const { site, phone } = silentSite();
    site.simulation.silence(PBX, false);
    site.simulation.detach(PBX);
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.run(3_000);
    expect((phone.responses(181)[0]?.at_ms ?? Number.NaN) - start_ms).toBeLessThanOrEqual(25);
    expectLadder("outage-icmp", site.ladder());
  });

  it("a missing route starts survival at once", () => {
    const { site, phone } = silentSite();
    site.routes = (address) => (address.startsWith("10.") ? "10.222.237.1" : undefined);
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.run(3_000);
    expect(phone.responses(181)[0]?.at_ms).toBe(start_ms + 10);
    expect(phone.responses(302)[0]?.at_ms).toBe(start_ms + 1_010);
  });
});

describe("outage: upstream is known to be down", () => {
  it("the 181 leaves at once", () => {
    const { site, phone } = darkSite();
    phone.invite(NUMBER);
    site.run(2_000);
    expectLadder("outage-known", site.ladder());
  });

  it("relay: the gateway rings after the hold", () => {
    const { site, phone, gateway } = darkSite("survival: {answer: relay, notice_hold: 0s}\n");
    gateway.answers("INVITE", { status: 180 }, { status: 486, after_ms: 700 });
    phone.invite(NUMBER);
    site.run(3_000);
    expectLadder("outage-known-relay-busy", site.ladder());
  });

  it("upstream returns: after its probes and the hold, calls go up again", () => {
    const { site, phone, pbx } = darkSite();
    pbx.answers("INVITE", { status: 180 }, { status: 200, after_ms: 500 });
    site.simulation.silence(PBX, false);
    site.run(5_000 + 2_000 + 60_000 + 200);
    phone.invite(NUMBER);
    site.run(1_000);
    expect(pbx.requests("INVITE")).toHaveLength(1);
    expect(finals(phone)).toEqual([200]);
    const edges = site.events.filter(({ event }) => event === "upstream_state").map(({ fields }) => fields["to"]);
    expect(edges).toEqual(["up", "suspect", "down", "recovering", "up"]);
  });
});

describe("outage: the moment at which upstream is found dead", () => {
  it("a lone call that has only had its 100: a probe after fr_timer tells, and the gateway has it 3 s later", () => {
    const { site, phone, pbx } = silentSite();
    site.simulation.silence(PBX, false);
    pbx.answers("INVITE", { status: 100 });
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.run(100);
    site.simulation.silence(PBX);
    site.run(9_000);
    // The 100 came after 15 ms: fr_timer, the probe's time-out, notice_hold.
    expect((phone.responses(302)[0]?.at_ms ?? Number.NaN) - start_ms).toBe(15 + 4_000 + 2_000 + 1_000 + 5);
  });

  it("a slow callee is no sign of death: the probe is answered, the call goes on, no edge", () => {
    const { site, phone, pbx } = silentSite();
    site.simulation.silence(PBX, false);
    pbx.answers("INVITE", { status: 100 }, { status: 180, after_ms: 9_000 }, { status: 200, after_ms: 10_000 });
    const edges = site.peers.history.all.length;
    phone.invite(NUMBER);
    site.run(12_000);
    expect(phone.responses(200, "INVITE")).toHaveLength(1);
    expect(site.peers.history.all).toHaveLength(edges);
  });

  it("rescues every call that doesn't ring yet, one that has had its 100 too", () => {
    const { site, phone, pbx } = silentSite();
    site.simulation.silence(PBX, false);
    pbx.answers("INVITE", { status: 100 });
    const waiting = site.actor("waiting", PHONE_2);
    waiting.invite(NUMBER);
    site.run(100);
    site.simulation.silence(PBX);
    site.run(1_000);
    phone.invite(NUMBER);
    site.run(9_000);
    expectLadder("outage-rescue-after-100", site.ladder());
  });

  it("lets a call ring that rings", () => {
    const { site, phone, pbx } = silentSite();
    site.simulation.silence(PBX, false);
    pbx.answers("INVITE", { status: 180 });
    phone.invite(NUMBER);
    site.run(100);
    site.simulation.silence(PBX);
    site.run(60_000);
    expect(phone.responses(181)).toEqual([]);
    expect(finals(phone)).toEqual([]);
  });

  it("the caller behind the first waits no longer than the first probe that fails", () => {
    const { site, phone } = silentSite();
    const second = site.actor("second", PHONE_2);
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.at(4_200, () => second.invite(NUMBER));
    site.run(12_000);
    expect(second.responses(181)[0]?.at_ms).toBe(start_ms + 4_005 + 2_000 + 5);
  });
});

describe("a reload in the middle of an outage", () => {
  it("calls in progress end as they began, and only the new description probes", () => {
    const { site, phone } = silentSite();
    phone.invite(NUMBER);
    site.run(1_000);
    site.reload(`${SITE_YAML}survival: {answer: 380}\n`);
    site.run(10_000);
    expect(finals(phone)).toEqual([302]);
    site.run(60_000);
    const probes = site.simulation.sightings.filter(
      ({ at_ms, to, wire }) => at_ms > 40_000 && to.address === PBX.address && wire.startsWith("OPTIONS"),
    );
    const starts = new Set(probes.map(({ wire }) => /Call-ID: (\S+)/.exec(wire)?.[1]));
    expect(starts.size).toBeLessThanOrEqual(Math.ceil(32_000 / 7_000));
    phone.invite(NUMBER);
    site.run(2_000);
    expect(phone.responses(380)).toHaveLength(1);
  });
});

describe("codes that count as dead", () => {
  function saying(status: number, yaml = "", extra: readonly string[] = []) {
    const site = new Site(SITE_YAML.replace(/upstream: (.*)/, `upstream: {targets: [$1]${yaml}}`));
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX).answers("INVITE", { status, after_ms: 50, extra });
    site.run(100);
    return { site, phone, pbx };
  }

  it("503 without a body: survival at once, and upstream's state stays what it is", () => {
    const { site, phone } = saying(503);
    phone.invite(NUMBER);
    site.run(1_500);
    expectLadder("outage-503", site.ladder());
    expect(site.peers.history.all.filter(({ role }) => role === "upstream")).toHaveLength(1);
  });

  it.each([
    ["none are configured", 503, ", dead_codes: []", 503],
    ["another is", 503, ", dead_codes: [500]", 503],
    ["this one is", 500, ", dead_codes: [500]", 302],
  ])("%s: %d", (_, status, yaml, expected) => {
    const { site, phone } = saying(status, yaml);
    phone.invite(NUMBER);
    site.run(1_500);
    expect(finals(phone)).toEqual([expected]);
  });

  it("503 with a body is an answer", () => {
    const { site, phone, pbx } = saying(100);
    phone.invite(NUMBER);
    site.run(100);
    const invite = pbx.seen("INVITE");
    const wire = responseText(invite, 503, {
      reason: "Closed",
      extra: ["Content-Type: text/plain"],
      toTag: "t",
    }).replace(/Content-Length: 0\r\n\r\n$/i, "Content-Length: 4\r\n\r\nhush");
    pbx.send(wire);
    site.run(1_500);
    expect(finals(phone)).toEqual([503]);
  });

  it("an upstream that answers its probes so is dead: nobody waits", () => {
    const { site, phone, pbx } = saying(100);
    pbx.answers("OPTIONS", { status: 503 });
    site.run(40_000);
    phone.invite(NUMBER);
    site.run(100);
    expect(phone.responses(181)).toHaveLength(1);
    pbx.answers("OPTIONS", { status: 404 });
    site.run(90_000);
    expect(site.peers.history.all.at(-1)?.to).toBe("up");
  });
});

describe("no survival", () => {
  it.each([404, 486, 500, 603])("upstream's own %d passes through untouched", (status) => {
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX);
    pbx.answers("INVITE", { status: 100 }, { status, after_ms: 300, extra: ["X-From: upstream", "Retry-After: 7"] });
    phone.invite(NUMBER);
    site.run(10_000);
    expect(finals(phone)).toEqual([status]);
    expect(header(phone.got(status), "x-from")).toBe("upstream");
    expect(phone.responses(181)).toHaveLength(0);
  });

  it("nor has 503 a way out without gateway and extension: upstream's own word passes", () => {
    const site = new Site(SITE_YAML.replace(/gateways.*\n/, ""));
    const phone = site.actor("phone", PHONE);
    site.actor("pbx", PBX).answers("INVITE", { status: 503, extra: ["X-From: upstream"] });
    phone.invite(NUMBER);
    site.run(1_000);
    expect(header(phone.got(503), "x-from")).toBe("upstream");
  });

  it("a call from upstream never gets it", () => {
    const site = new Site();
    const pbx = site.actor("pbx", PBX, { address: "203.0.113.2", port: 5060 });
    site.actor("phone", PHONE);
    site.simulation.silence(PHONE);
    pbx.invite("sip:201@10.222.237.21");
    site.run(40_000);
    expect(pbx.responses(181)).toHaveLength(0);
    expect(pbx.responses(408)).toHaveLength(1);
  });

  it("the redirected INVITE gets none on top: a silent gateway is the end of it", () => {
    const { site, phone } = darkSite();
    site.simulation.silence(GATEWAY);
    phone.invite(REDIRECTED);
    site.run(10_000);
    expect(phone.responses(181)).toHaveLength(0);
    expect(finals(phone)).toEqual([480]);
    expectLadder("redirected-gateway-dead", site.ladder());
  });

  it("another phone's call isn't held up by one that waits", () => {
    const { site, phone } = silentSite();
    const other = site.actor("other", PHONE_2);
    const gateway = site.actor("gateway", GATEWAY);
    gateway.answers("INVITE", { status: 200 });
    phone.invite(NUMBER);
    other.invite(REDIRECTED);
    site.run(100);
    expect(other.responses(200)).toHaveLength(1);
  });

  it("a stranger's call gets nothing, whatever it names", () => {
    const { site, gateway, pbx } = silentSite();
    const stranger = site.actor("stranger", STRANGER, { address: "203.0.113.2", port: 5060 });
    for (const uri of [NUMBER, REDIRECTED, "sip:203.0.113.2"]) stranger.invite(uri);
    stranger.request("REGISTER", "sip:pbx.example.com");
    site.run(10_000);
    expect(stranger.received).toEqual([]);
    expect(gateway.requests("INVITE")).toEqual([]);
    expect(pbx.requests("REGISTER")).toEqual([]);
  });
});
