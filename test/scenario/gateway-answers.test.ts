/** What a gateway's answers to calls tell of it: that it lives though OPTIONS stay unanswered, and whether it copies Record-Route. */
import { describe, expect, it } from "vitest";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const SECOND = { address: "10.10.1.4", port: 5060 };

function office(yaml = SITE_YAML) {
  const site = new Site(yaml);
  site.actor("pbx", PBX, WAN);
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 180 }, { status: 200, after_ms: 500 });
  const phone = site.actor("201", PHONE);
  const dials = (to = GATEWAY.address) => {
    phone.invite(`sip:5551234@${to}`);
    site.run(2_000);
  };
  const states = () =>
    site.events
      .filter(({ event }) => event === "gateway_state")
      .map(({ fields }) => `${fields["from"]} > ${fields["to"]}: ${fields["evidence"]}`);
  const seen = () => site.status().gateways[0];
  return { site, gateway, phone, dials, states, seen };
}

/** It says nothing to OPTIONS. */
function forgetOptions(gateway: Actor): void {
  gateway.habits.delete("OPTIONS");
}

describe("a gateway that doesn't answer OPTIONS", () => {
  function silent() {
    const all = office();
    forgetOptions(all.gateway);
    all.site.run(60_000);
    return all;
  }

  it("is down until it answers a call; from then on calls alone decide", () => {
    const { site, dials, states, seen } = silent();
    expect(seen()).toMatchObject({ state: "down" });
    expect(seen()?.answers_options).toBeUndefined();
    dials();
    const call_answered_ms = seen()?.call_answered_ms;
    expect(site.simulation.now_ms - (call_answered_ms ?? 0)).toBeLessThan(2_000);
    site.run(3_600_000);
    expect(seen()).toMatchObject({
      state: "up",
      evidence: "call answered",
      answers_options: false,
      probe_failure: "silence",
      call_answered_ms,
    });
    expect(states()).toEqual(["suspect > down: probe failed: silence", "down > up: call answered"]);
  });

  it.each([[180], [486], [503]])("%d to a call is an answer", (status) => {
    const { gateway, dials, seen } = silent();
    gateway.answers("INVITE", { status });
    dials();
    expect(seen()).toMatchObject({ state: "up", answers_options: false });
  });

  it("100 to a call is none: it says only that the INVITE has come", () => {
    const { gateway, dials, seen } = silent();
    gateway.answers("INVITE", { status: 100 });
    dials();
    expect(seen()).toMatchObject({ state: "down" });
    expect(seen()?.call_answered_ms).toBeUndefined();
  });

  it("is down once it leaves a call unanswered, and up again by the next that it answers", () => {
    const { site, dials, states, seen } = silent();
    dials();
    site.simulation.silence(GATEWAY);
    dials();
    site.run(6_000);
    expect(seen()).toMatchObject({ state: "down", evidence: "request unanswered" });
    site.simulation.silence(GATEWAY, false);
    dials();
    expect(states().slice(1)).toEqual([
      "down > up: call answered",
      "up > down: request unanswered",
      "down > up: call answered",
    ]);
  });

  it("answers OPTIONS after all: they count again", () => {
    const { site, gateway, dials, states, seen } = silent();
    dials();
    gateway.answers("OPTIONS", { status: 200 });
    site.run(60_000);
    expect(seen()).toMatchObject({ state: "up", probe_failure: undefined });
    expect(seen()?.answers_options).toBeUndefined();
    site.simulation.silence(GATEWAY);
    site.run(60_000);
    expect(seen()).toMatchObject({ state: "down" });
    expect(states().slice(2)).toEqual(["up > suspect: probe failed: silence", "suspect > down: probe failed: silence"]);
  });

  it("is tried in its turn, not after all others", () => {
    const { site, gateway, phone, dials } = office(
      `${SITE_YAML.replace("[sip:10.10.1.3]", "[sip:10.10.1.3, {uri: sip:10.10.1.4, priority: 2}]")}survival: {answer: relay}\n`,
    );
    const second = site.actor("second", SECOND).answers("INVITE", { status: 200 });
    forgetOptions(gateway);
    site.engine.force("down");
    site.run(60_000);
    dials();
    phone.invite("sip:5551234@pbx.example.com");
    site.run(2_000);
    expect(gateway.requests("INVITE")).toHaveLength(2);
    expect(second.requests("INVITE")).toHaveLength(0);
  });
});

it("one that answers a call and is switched off then is down by OPTIONS, as before", () => {
  const { site, dials, seen } = office();
  dials();
  site.simulation.silence(GATEWAY);
  site.run(60_000);
  expect(seen()).toMatchObject({ state: "down", evidence: "probe failed" });
});

it("an upstream that leaves OPTIONS unanswered is down by them, whatever it answers to calls", () => {
  const { site, phone } = office();
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 486 });
  forgetOptions(pbx);
  site.run(60_000);
  phone.invite("sip:5551234@pbx.example.com");
  site.run(60_000);
  expect(site.status().upstream).toMatchObject([{ state: "down" }]);
});

describe("a gateway's 2xx to a call", () => {
  const logged = (site: Site) =>
    site.events
      .filter(({ event }) => event.startsWith("record_route_"))
      .map(({ event, fields }) => [event, fields["gateway"]]);

  it("without our Record-Route: the status says so, and the log once, however many calls come", () => {
    const { site, gateway, dials, seen } = office();
    gateway.copiesRoutes = false;
    for (let call = 0; call < 3; call++) dials();
    expect(seen()).toMatchObject({ record_route: "missing" });
    expect(logged(site)).toEqual([["record_route_missing", "10.10.1.3"]]);
  });

  it("with it: nothing to say; and one without after that is logged once, however often it changes", () => {
    const { site, gateway, dials, seen } = office();
    dials();
    expect(seen()).toMatchObject({ record_route: "copied" });
    expect(logged(site)).toEqual([]);
    for (let call = 0; call < 6; call++) {
      gateway.copiesRoutes = call % 2 === 1;
      dials();
    }
    expect(seen()).toMatchObject({ record_route: "copied" });
    expect(logged(site)).toEqual([["record_route_missing", "10.10.1.3"]]);
  });

  it("outlives a reload", () => {
    const { site, gateway, dials, seen } = office();
    gateway.copiesRoutes = false;
    dials();
    site.reload(SITE_YAML);
    expect(seen()).toMatchObject({ record_route: "missing" });
  });

  it.each([[180], [486]])("is what counts: %d without it says nothing", (status) => {
    const { gateway, dials, seen } = office();
    gateway.copiesRoutes = false;
    gateway.answers("INVITE", { status });
    dials();
    expect(seen()?.record_route).toBeUndefined();
  });

  it("an emergency call's counts too", () => {
    const { site, gateway, phone, seen } = office(`${SITE_YAML}emergency: {numbers: ["112"]}\n`);
    gateway.copiesRoutes = false;
    phone.invite("sip:112@pbx.example.com");
    site.run(2_000);
    expect(seen()).toMatchObject({ record_route: "missing" });
  });

  it("upstream's 2xx without it is no gateway's", () => {
    const { site, phone } = office();
    const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 200 });
    pbx.copiesRoutes = false;
    phone.invite("sip:5551234@pbx.example.com");
    site.run(2_000);
    expect(logged(site)).toEqual([]);
  });
});
