/** Upstream comes and goes: the edges of its state, the hold that doubles, and what becomes of calls meanwhile. */
import { describe, expect, it } from "vitest";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, PBX, PHONE, Site, WAN } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";
const DOMAIN = "sip:pbx.example.com";
const UPSTREAM = "198.51.100.10";

function cast() {
  const site = new Site();
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX, WAN);
  site.actor("gateway", GATEWAY);
  pbx.answers("INVITE", { status: 486 }).answers("REGISTER", { status: 200 });
  phone.request("REGISTER", DOMAIN);
  site.run(1_000);
  const cut = (duration_ms: number) => {
    site.simulation.silence(PBX);
    site.run(duration_ms);
    site.simulation.silence(PBX, false);
  };
  return { site, phone, pbx, cut };
}

type Cast = ReturnType<typeof cast>;

const states = ({ site }: Cast) => site.edges(UPSTREAM).map(({ to }) => to);

/** How long each recovering lasted that ended well. */
function holds({ site }: Cast): number[] {
  const edges = site.edges(UPSTREAM);
  return edges.flatMap(({ at_ms, to }, index) => {
    const before = edges[index - 1];
    return to === "up" && before?.to === "recovering" ? [at_ms - before.at_ms] : [];
  });
}

describe("the edges", () => {
  it("a cut that lasts: suspect at the first probe that fails, down at the third, recovering at the third answered", () => {
    const all = cast();
    const { site, cut } = all;
    site.run(9_000); // at 10 s the second probe is due
    cut(40_000);
    site.run(70_000);
    const [, ...edges] = site.edges(UPSTREAM);
    expect(edges.map(({ at_ms, to }) => `${at_ms} ${to}`)).toEqual([
      "12010 suspect",
      "18010 down",
      "53040 recovering",
      "113040 up",
    ]);
  });

  it("a cut shorter than three probes starts nothing", () => {
    const all = cast();
    all.site.run(9_000);
    all.cut(4_000);
    all.site.run(20_000);
    expect(states(all)).toEqual(["up", "suspect", "up"]);
  });

  it("an hour in which one datagram of twenty is lost never makes it down", () => {
    const site = new Site(undefined, { loss: 0.05, seed: 7 });
    site.actor("pbx", PBX, WAN);
    site.run(3_600_000);
    expect(site.edges(UPSTREAM).map(({ to }) => to)).not.toContain("down");
  });
});

describe("the hold", () => {
  it("doubles with each flap: a cut during the hold, and one soon after it", () => {
    const all = cast();
    const { site, cut } = all;
    cut(40_000);
    site.run(30_000); // in the hold of 60 s
    cut(40_000);
    site.run(200_000);
    cut(40_000);
    site.run(300_000);
    expect(holds(all)).toEqual([120_000, 240_000]);
    const some = ["down", "recovering"];
    expect(states(all)).toEqual(["up", "suspect", ...some, ...some, "up", "suspect", ...some, "up"]);
  });

  it("never lasts longer than hold_max, and is itself again after a time without a flap", () => {
    const all = cast();
    const { site, cut } = all;
    for (let flap = 0; flap < 6; flap++) {
      cut(40_000);
      site.run(30_000);
    }
    site.run(700_000);
    expect(holds(all)).toEqual([600_000]);
    site.run(600_000);
    cut(40_000);
    site.run(100_000);
    expect(holds(all)).toEqual([600_000, 60_000]);
  });
});

describe("the calls", () => {
  it("stay here from the fall to the end of the hold, while REGISTERs go up already", () => {
    const all = cast();
    const { site, phone, pbx, cut } = all;
    site.simulation.sightings.length = 0;
    const call = (what: () => unknown = () => {}) => {
      phone.invite(NUMBER);
      what();
      site.run(2_000);
    };
    cut(40_000);
    site.simulation.silence(PBX);
    call(); // down
    site.simulation.silence(PBX, false);
    site.run(12_000);
    call(() => phone.request("REGISTER", DOMAIN)); // recovering
    cut(40_000);
    site.run(12_000);
    call(); // recovering once more
    site.run(120_000);
    call(); // up
    expect(states(all).slice(2)).toEqual(["down", "recovering", "down", "recovering", "up"]);
    expect([phone.responses(302).length, phone.responses(486).length]).toEqual([3, 1]);
    expect(pbx.requests("REGISTER")).toHaveLength(2);
    expectLadder("flap-calls", site.ladder());
  });

  it("one that is up lives through it: its BYE finds the PBX that is back", () => {
    const { site, phone, pbx, cut } = cast();
    pbx.answers("INVITE", { status: 200 });
    phone.invite(NUMBER);
    site.run(1_000);
    cut(60_000);
    site.run(20_000);
    phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
    site.run(100);
    expect(pbx.requests("BYE")).toHaveLength(1);
    expect(phone.responses(200, "BYE")).toHaveLength(1);
  });

  it("one that waits when upstream falls once more is rescued at the edge, not at its own fr_timer", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("INVITE", { status: 100 });
    site.run(9_000 - 100);
    phone.invite(NUMBER);
    site.run(100);
    site.simulation.silence(PBX);
    site.run(15_000);
    const down = site.edges(UPSTREAM).find(({ to }) => to === "down");
    expect(phone.responses(181).map(({ at_ms }) => at_ms)).toEqual([(down?.at_ms ?? 0) + 5]);
  });
});
