/** `force`: upstream's state as an administrator wants it; reloads that lose nothing that is known. */
import { describe, expect, it } from "vitest";
import { statusOf } from "../sip/message.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, PBX, PHONE, SITE_YAML, Site } from "../support/site.ts";

function office(yaml = SITE_YAML) {
  const site = new Site(yaml);
  const pbx = site.actor("pbx", PBX).answers("INVITE", { status: 100 }, { status: 200, after_ms: 50 });
  const phone = site.actor("phone", PHONE);
  site.actor("gateway", GATEWAY);
  site.run(1_000);
  const call = () => {
    phone.invite("sip:5551234@pbx.example.com");
    site.run(3_000);
    return phone.received
      .map(({ message }) => statusOf(message))
      .filter((status) => status >= 200)
      .at(-1);
  };
  return { site, pbx, phone, call };
}

describe("force", () => {
  it("down: calls stay here although upstream lives; auto: they go up again at once", () => {
    const { site, pbx, call } = office();
    expect(call()).toBe(200);
    site.simulation.sightings.length = 0;
    site.peers.force("down", site.simulation.now_ms);
    expect(call()).toBe(302);
    expectLadder("force-down", site.ladder());
    expect(pbx.requests("INVITE")).toHaveLength(1);
    site.peers.force("auto", site.simulation.now_ms);
    expect(call()).toBe(200);
  });

  it("down rescues the calls that wait", () => {
    const { site, pbx, phone } = office();
    pbx.answers("INVITE", { status: 100 });
    phone.invite("sip:5551234@pbx.example.com");
    site.run(500);
    site.peers.force("down", site.simulation.now_ms);
    site.run(1_100);
    expect(phone.responses(302)).toHaveLength(1);
  });

  it("up: calls are sent to an upstream that seems dead, each behind its own fr_timer", () => {
    const { site, pbx, phone, call } = office();
    site.simulation.silence(PBX);
    site.run(60_000);
    site.peers.force("up", site.simulation.now_ms);
    phone.invite("sip:5551234@pbx.example.com");
    site.run(3_900);
    expect(phone.responses(181)).toHaveLength(0);
    site.run(1_200);
    expect(phone.responses(302)).toHaveLength(1);
    site.simulation.silence(PBX, false);
    expect(call()).toBe(200);
    expect(pbx.requests("INVITE")).toHaveLength(1);
  });

  it("the file's force holds from the start; the command overrides it, auto goes back to it", () => {
    const { site, call } = office(SITE_YAML.replace(/upstream: (.*)/, "upstream: {targets: [$1], force: down}"));
    expect(call()).toBe(302);
    site.peers.force("up", site.simulation.now_ms);
    expect(call()).toBe(200);
    site.peers.force("auto", site.simulation.now_ms);
    expect(call()).toBe(302);
  });

  it("the history has each edge with its evidence, forced ones too", () => {
    const { site } = office();
    site.peers.force("down", site.simulation.now_ms);
    site.run(60_000);
    site.peers.force("auto", site.simulation.now_ms);
    const edges = site.peers.history.all
      .filter(({ role }) => role === "upstream")
      .map(({ from, to, evidence }) => `${from} ${to}: ${evidence}`);
    expect(edges).toEqual(["suspect up: probe answered", "up down: forced", "down up: no longer forced"]);
  });
});

describe("force for some time", () => {
  const pin = (site: Site) => site.engine.site.status(site.simulation.now_ms).force;
  const told = (site: Site) => site.events.filter(({ event }) => event === "force_ended").map(({ fields }) => fields);

  it("ends by itself: calls go up again, and the log says so", () => {
    const { site, call } = office();
    const until_ms = site.simulation.now_ms + 600_000;
    site.peers.force("down", site.simulation.now_ms, 600_000);
    expect(call()).toBe(302);
    site.run(590_000);
    expect(pin(site)).toBe("down");
    expect(site.engine.site.status(site.simulation.now_ms).forced).toMatchObject({ by: "command", until_ms });
    expect(told(site)).toEqual([]);
    site.run(8_000);
    expect(pin(site)).toBe("auto");
    expect(site.engine.site.status(site.simulation.now_ms).forced).toBeUndefined();
    expect(told(site)).toEqual([{ upstream: "down", now: "auto" }]);
    expect(call()).toBe(200);
  });

  it("another command counts from then on: without a time, with another one, and auto", () => {
    const { site } = office();
    const { now_ms } = site.simulation;
    site.peers.force("down", now_ms, 10_000);
    site.peers.force("down", now_ms);
    site.run(20_000);
    expect(pin(site)).toBe("down");
    site.peers.force("up", site.simulation.now_ms, 10_000);
    site.run(5_000);
    site.peers.force("up", site.simulation.now_ms, 10_000);
    site.run(8_000);
    expect(pin(site)).toBe("up");
    site.peers.force("auto", site.simulation.now_ms);
    site.run(20_000);
    expect(told(site)).toEqual([]);
  });

  it("goes back to what the file says, and outlives a reload", () => {
    const forced = SITE_YAML.replace(/upstream: (.*)/, "upstream: {targets: [$1], force: down}");
    const { site } = office(forced);
    expect(site.engine.site.status(site.simulation.now_ms).forced).toMatchObject({ by: "file" });
    site.peers.force("up", site.simulation.now_ms, 60_000);
    site.reload(forced);
    expect(pin(site)).toBe("up");
    site.run(61_000);
    expect(pin(site)).toBe("down");
    expect(told(site)).toEqual([{ upstream: "up", now: "down" }]);
  });

  it("keeps nothing awake once the proxy is stopped", () => {
    const { site } = office();
    site.peers.force("down", site.simulation.now_ms, 60_000);
    site.engine.stop();
    site.run(120_000);
    expect(told(site)).toEqual([]);
  });
});

describe("where calls go", () => {
  const to = (site: Site) => site.engine.site.status(site.simulation.now_ms).calls_go_to;
  const peer = (site: Site) => site.engine.site.status(site.simulation.now_ms).upstream[0];

  it("follows upstream, and since when it is seen so, and why", () => {
    const { site } = office();
    expect(to(site)).toEqual({ role: "upstream", peers: ["198.51.100.10"] });
    expect(peer(site)).toMatchObject({ observed: "up", evidence: "probe answered" });
    site.simulation.silence(PBX);
    const before_ms = site.simulation.now_ms;
    site.run(60_000);
    expect(to(site)).toEqual({ role: "gateway", peers: ["10.10.1.3"] });
    const fallen = peer(site);
    expect(fallen).toMatchObject({ observed: "down", evidence: "probe failed", probe_failure: "silence" });
    expect(fallen?.since_ms).toBeGreaterThan(before_ms);
    site.run(60_000);
    expect(peer(site)?.since_ms).toBe(fallen?.since_ms);
    site.simulation.silence(PBX, false);
    site.run(40_000);
    const { observed, hold_left_ms = 0 } = peer(site) ?? {};
    expect(observed).toBe("recovering");
    expect(hold_left_ms).toBeGreaterThan(0);
    expect(to(site)?.role).toBe("gateway");
    site.run(hold_left_ms);
    expect(to(site)?.role).toBe("upstream");
    expect(peer(site)?.hold_left_ms).toBeUndefined();
  });

  it("no way out while all gateways are down too, and as soon as one is back it is a gateway", () => {
    const { site } = office(SITE_YAML.replace("[sip:10.10.1.3]", "[sip:10.10.1.3, sip:10.10.1.4]"));
    site.simulation.silence(PBX);
    site.run(5 * 60_000);
    expect(to(site)).toEqual({ role: "gateway", peers: ["10.10.1.3"] });
    site.simulation.silence(GATEWAY);
    site.run(5 * 60_000);
    expect(to(site)).toEqual({ role: "none", peers: [] });
    site.simulation.silence(GATEWAY, false);
    site.run(5 * 60_000);
    expect(to(site)).toEqual({ role: "gateway", peers: ["10.10.1.3"] });
  });

  it("a change of a gateway has the name that the file gives it", () => {
    const { site } = office(SITE_YAML.replace("[sip:10.10.1.3]", "[{uri: sip:10.10.1.3, name: pstn}]"));
    const { history, gateways } = site.engine.site.status(site.simulation.now_ms);
    expect(history.filter(({ role }) => role === "gateway")).toMatchObject([
      { name: "pstn", from: "suspect", to: "up" },
    ]);
    expect(gateways).toMatchObject([{ name: "pstn" }]);
  });

  it("what is seen goes on under a forced state", () => {
    const { site } = office();
    site.peers.force("down", site.simulation.now_ms);
    expect(to(site)?.role).toBe("gateway");
    expect(peer(site)).toMatchObject({ state: "down", observed: "up", evidence: "probe answered" });
  });

  it("without a gateway, nowhere; without an upstream in the file, to the domain that each call names", () => {
    const { site } = office(SITE_YAML.replace(/gateways.*\n/, ""));
    site.peers.force("down", site.simulation.now_ms);
    expect(to(site)).toEqual({ role: "none", peers: [] });
    const other = office(SITE_YAML.replace(/upstream.*\n/, "")).site;
    expect(to(other)).toEqual({ role: "upstream", peers: [] });
    other.peers.force("down", other.simulation.now_ms);
    expect(to(other)).toEqual({ role: "gateway", peers: ["10.10.1.3"] });
  });
});

describe("reload", () => {
  it("in an outage nobody waits again: what is known of a peer stays known", () => {
    const { site, phone } = office();
    site.simulation.silence(PBX);
    site.run(60_000);
    site.reload(`${SITE_YAML}survival: {notice_hold: 0s}\n`);
    phone.invite("sip:5551234@pbx.example.com");
    site.run(100);
    expect(phone.responses(302)).toHaveLength(1);
  });

  it("calls that wait for upstream are still rescued at the edge", () => {
    const { site, pbx, phone } = office();
    pbx.answers("INVITE", { status: 100 });
    phone.invite("sip:5551234@pbx.example.com");
    site.run(500);
    site.reload(SITE_YAML);
    site.simulation.silence(PBX);
    site.run(20_000);
    expect(phone.responses(302)).toHaveLength(1);
  });

  it("an upstream that the file names no longer is forgotten", () => {
    const { site, call } = office();
    site.reload(SITE_YAML.replace("198.51.100.10", "198.51.100.11"));
    const asked = () => site.simulation.sightings.filter(({ to }) => to.address === PBX.address).length;
    const before = asked();
    call();
    site.run(60_000);
    expect(asked()).toBe(before);
  });
});
