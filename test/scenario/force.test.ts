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
