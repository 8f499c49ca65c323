/** Several upstream targets: each has its own state, and a call or a REGISTER goes on to the next within itself. */
import { describe, expect, it } from "vitest";
import { header, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const FIRST = PBX;
const SECOND = { address: "198.51.100.20", port: 5060 };
const NUMBER = "sip:5551234@pbx.example.com";
const DOMAIN = "sip:pbx.example.com";

/** A site whose two PBXs both live. */
function cast(more = "") {
  const yaml = SITE_YAML.replace("sip:198.51.100.10", "[sip:198.51.100.10, sip:198.51.100.20]");
  const site = new Site(`${yaml}${more}`);
  const phone = site.actor("phone", PHONE);
  const first = site.actor("first", FIRST, WAN);
  const second = site.actor("second", SECOND, WAN);
  site.actor("gateway", GATEWAY);
  for (const pbx of [first, second]) pbx.answers("INVITE", { status: 486 }).answers("REGISTER", { status: 200 });
  site.run(100);
  return { site, phone, first, second };
}

/** The same, when some of them have been silent for long. */
function without(...silent: (typeof PBX)[]) {
  const all = cast();
  all.phone.request("REGISTER", DOMAIN);
  all.site.run(100);
  for (const at of silent) all.site.simulation.silence(at);
  all.site.run(60_000);
  for (const { received } of [all.phone, all.first, all.second]) received.length = 0;
  all.site.simulation.sightings.length = 0;
  return all;
}

const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
const count = (method: string, ...actors: Actor[]) => actors.map((actor) => actor.requests(method).length);

describe("a call", () => {
  it("goes to the first, and to nobody else, while that lives; its word is the last", () => {
    const { site, phone, first, second } = cast();
    phone.invite(NUMBER);
    site.run(10_000);
    expect(count("INVITE", first, second)).toEqual([1, 0]);
    expect(finals(phone)).toEqual([486]);
  });

  it("the first is silent: the second gets it after fr_timer, within the same call", () => {
    const { site, phone, second } = cast();
    second.answers("INVITE", { status: 180, after_ms: 20 }, { status: 200, after_ms: 500 });
    site.simulation.silence(FIRST);
    phone.invite(NUMBER);
    site.run(5_000);
    phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
    site.run(500);
    expect(phone.responses(181)).toEqual([]);
    expectLadder("upstreams-failover", site.ladder());
  });

  it.each([
    ["INVITE", 302],
    ["REGISTER", 200],
    ["MESSAGE", 503],
  ])("the first says 503 to %s: the next is asked; both: %d", (method, expected) => {
    const { site, phone, first, second } = cast();
    first.answers(method, { status: 503 });
    second.answers(method, { status: 200 });
    phone.request(method, method === "REGISTER" ? DOMAIN : NUMBER);
    site.run(500);
    expect(count(method, first, second)).toEqual([1, 1]);
    expect(finals(phone)).toEqual([200]);
    second.answers(method, { status: 503 });
    phone.request(method, method === "REGISTER" ? DOMAIN : NUMBER);
    site.run(1_500);
    expect(finals(phone)).toEqual([200, expected]);
  });

  it("the first can't be reached: the second gets it at once", () => {
    const { site, phone, second } = cast();
    site.simulation.detach(FIRST);
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.run(1_000);
    expect((second.requests("INVITE")[0]?.at_ms ?? Number.NaN) - start_ms).toBe(20);
  });

  it("the first is known to be down: the second gets it at once", () => {
    const { site, phone, first, second } = without(FIRST);
    phone.invite(NUMBER);
    site.run(50);
    expect(count("INVITE", first, second)).toEqual([0, 1]);
    expect(finals(phone)).toEqual([486]);
  });

  it("both are silent: survival after fr_timer and 1 s for the second; known to be down: at once", () => {
    const { site, phone } = cast();
    for (const at of [FIRST, SECOND]) site.simulation.silence(at);
    phone.invite(NUMBER);
    site.run(10_000);
    expectLadder("upstreams-both-silent", site.ladder());
    site.run(60_000);
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.run(2_000);
    expect((phone.responses(181)[1]?.at_ms ?? Number.NaN) - start_ms).toBe(10);
    expect(finals(phone)).toEqual([302, 302]);
  });

  const THIRD = { address: "198.51.100.30", port: 5060 };
  /** When survival begins, for a call of which the first two targets of three are silent, or as `make` has it; ms from its start. */
  function survivalAfter(fr_timer: string, make: (site: Site) => void): number {
    const targets = "[sip:198.51.100.10, sip:198.51.100.20, sip:198.51.100.30]";
    const yaml = SITE_YAML.replace(/upstream:.*/, `upstream: {targets: ${targets}, fr_timer: ${fr_timer}}`);
    const site = new Site(yaml);
    const phone = site.actor("phone", PHONE);
    site.run(100);
    make(site);
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.run(40_000);
    return (phone.responses(181)[0]?.at_ms ?? Number.NaN) - start_ms;
  }
  const silence = (site: Site) => {
    for (const at of [FIRST, SECOND, THIRD]) site.simulation.silence(at);
  };

  it.each([
    ["2s", 4_010],
    ["1s", 3_010],
    ["500ms", 1_510],
  ])(
    "three silent targets share fr_timer %s: each but the first has 1 s at least, and never more than fr_timer",
    (timer, ms) => {
      expect(survivalAfter(timer, silence)).toBe(ms);
    },
  );

  it("what the first leaves of fr_timer is for the others: 503 at once, the second has nearly all of it", () => {
    const after_ms = survivalAfter("4s", (site) => {
      site.actor("first", FIRST, WAN).answers("INVITE", { status: 503 });
      for (const at of [SECOND, THIRD]) site.simulation.silence(at);
    });
    expect(after_ms).toBe(4_000 + 10 + 1_000);
  });

  it("the first answers late, while the second rings: the second gets CANCEL", () => {
    const { site, phone, first, second } = cast();
    first.answers("INVITE", { status: 200, after_ms: 4_500 });
    second.answers("INVITE", { status: 180, after_ms: 20 });
    phone.invite(NUMBER);
    site.run(10_000);
    expect(finals(phone)).toEqual([200]);
    expect(header(second.seen("CANCEL"), "reason")).toContain("Call completed elsewhere");
    expect(count("ACK", first)).toEqual([1]);
    expectLadder("upstreams-late-200", site.ladder());
  });

  it("the caller hangs up while the second rings", () => {
    const { site, phone, second } = cast();
    second.answers("INVITE", { status: 180 });
    site.simulation.silence(FIRST);
    const invite = phone.invite(NUMBER);
    site.at(5_000, () => phone.cancel(invite));
    site.run(10_000);
    expect(count("CANCEL", second)).toEqual([1]);
    expect(finals(phone).sort()).toEqual([200, 487]);
  });
});

describe("each has its own state", () => {
  it("the first dies and returns: during its hold, and only of its, calls go to the second, REGISTERs to the first", () => {
    const { site, phone, first, second } = without(FIRST);
    site.simulation.silence(FIRST, false);
    site.run(10_000); // three probes
    expect(site.edges("198.51.100.10").at(-1)?.to).toBe("recovering");
    phone.invite(NUMBER);
    phone.request("REGISTER", DOMAIN);
    site.run(1_000);
    expect(count("INVITE", first, second)).toEqual([0, 1]);
    expect(count("REGISTER", first, second)).toEqual([1, 0]);
    site.run(60_000);
    phone.invite(NUMBER);
    site.run(1_000);
    expect(count("INVITE", first, second)).toEqual([1, 1]);
    expect(site.edges("198.51.100.20").map(({ to }) => to)).toEqual(["up"]);
    expectLadder("upstreams-first-returns", site.ladder());
  });

  it("both die, the second returns: nothing waits for the first", () => {
    const { site, phone, second } = without(FIRST, SECOND);
    site.simulation.silence(SECOND, false);
    site.run(80_000);
    phone.invite(NUMBER);
    site.run(100);
    expect(count("INVITE", second)).toEqual([1]);
    expect(finals(phone)).toEqual([486]);
  });

  it("both are in their hold: calls stay here, REGISTERs go to the first", () => {
    const { site, phone, first, second } = without(FIRST, SECOND);
    for (const at of [FIRST, SECOND]) site.simulation.silence(at, false);
    site.run(15_000);
    phone.invite(NUMBER);
    phone.request("REGISTER", DOMAIN);
    site.run(2_000);
    expect(count("INVITE", first, second)).toEqual([0, 0]);
    expect(count("REGISTER", first, second)).toEqual([1, 0]);
    expect(finals(phone)).toEqual([200, 302]);
  });

  it("a call that has had its 100 of the first goes on to the second when the first is found dead", () => {
    const { site, phone, first, second } = cast();
    first.answers("INVITE", { status: 100 });
    phone.invite(NUMBER);
    site.run(100);
    site.simulation.silence(FIRST);
    site.run(20_000);
    expect(count("INVITE", second)).toEqual([1]);
    expect(finals(phone)).toEqual([486]);
  });

  it("a BYE into the dead one ends at once, one into the living passes", () => {
    const { site, phone, first, second } = cast();
    for (const pbx of [first, second]) pbx.answers("INVITE", { status: 200 });
    phone.invite(NUMBER);
    site.run(1_000);
    const call = phone.got(200, "INVITE");
    site.simulation.silence(FIRST);
    site.run(60_000);
    phone.received.length = 0;
    phone.invite(NUMBER);
    site.run(100);
    phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
    phone.inDialog("BYE", call, 2);
    site.run(30);
    expect(count("BYE", second)).toEqual([1]);
    expect([phone.responses(200, "BYE").length, phone.responses(481, "BYE").length]).toEqual([1, 1]);
  });
});

describe("REGISTER", () => {
  it("a known phone whose first is silent: the second has it after local_after, and its word counts", () => {
    const { site, phone, second } = cast();
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    site.simulation.silence(FIRST);
    site.simulation.sightings.length = 0;
    phone.request("REGISTER", DOMAIN, ["Expires: 3600"]);
    site.run(4_000);
    expect(count("REGISTER", second)).toEqual([1]);
    expect(phone.responses(200)).toHaveLength(2);
    expectLadder("upstreams-register", site.ladder());
  });

  it("both silent: answered here after both; known to be down: at once", () => {
    const { site, phone } = cast();
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    for (const at of [FIRST, SECOND]) site.simulation.silence(at);
    const start_ms = site.simulation.now_ms;
    phone.request("REGISTER", DOMAIN);
    site.run(60_000);
    const again_ms = site.simulation.now_ms;
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    const [, late, prompt] = phone.responses(200);
    expect([(late?.at_ms ?? 0) - start_ms, (prompt?.at_ms ?? 0) - again_ms]).toEqual([4_010, 10]);
  });
});

describe("other requests", () => {
  it("a SUBSCRIBE goes on to the second as well; both dead: 480", () => {
    const { site, phone, second } = cast();
    second.answers("SUBSCRIBE", { status: 200 });
    site.simulation.silence(FIRST);
    phone.request("SUBSCRIBE", "sip:201@pbx.example.com", ["Event: presence"]);
    site.run(5_000);
    expect(finals(phone)).toEqual([200]);
    site.simulation.silence(SECOND);
    site.run(60_000);
    phone.request("SUBSCRIBE", "sip:201@pbx.example.com", ["Event: presence"]);
    site.run(11);
    expect(finals(phone)).toEqual([200, 480]);
  });

  it("inbound: upstream-first asks both, the second when the timer is over, and then rings here", () => {
    const site = new Site(
      `${SITE_YAML.replace("sip:198.51.100.10", "[sip:198.51.100.10, sip:198.51.100.20]")}inbound: {order: upstream-first, timer: 2s}\n`,
    );
    const gateway = site.actor("gateway", GATEWAY);
    const phone = site.actor("phone", PHONE).answers("INVITE", { status: 180 });
    const second = site.actor("second", SECOND, WAN).answers("INVITE", { status: 480, after_ms: 100 });
    site.simulation.silence(FIRST);
    gateway.invite("sip:5550100@10.222.237.1");
    site.run(3_000);
    expect(second.requests("INVITE").map(({ at_ms }) => at_ms)).toEqual([2_010]);
    expect(phone.requests("INVITE").map(({ at_ms }) => at_ms)).toEqual([2_010 + 105 + 5]);
  });
});
