/** Upstream closes an idle connection at the moment at which something is written to it: once more, over a fresh one. */
import { describe, expect, it } from "vitest";
import { header, methodOf } from "../sip/message.ts";
import { GATEWAY, PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";
const SERVER = { ...PBX, protocol: "tcp" } as const;
const SECOND = { address: "198.51.100.20", port: 5060, protocol: "tcp" } as const;
const YAML = SITE_YAML.replace("udp:203", "tcp:203").replace("sip:198.51.100.10", "sip:198.51.100.10;transport=tcp");
/** How long it takes until we hear of it. */
const NEWS_ms = 20;

/** A site whose upstream has taken a connection, and has been quiet since. */
function cast(yaml = YAML) {
  const site = new Site(yaml);
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", SERVER, WAN);
  site.actor("gateway", GATEWAY);
  for (const method of ["INVITE", "REGISTER", "SUBSCRIBE"]) pbx.answers(method, { status: 200, after_ms: 10 });
  site.run(1_000);
  phone.invite(NUMBER);
  site.run(1_000);
  const asked = pbx.requests("OPTIONS").length;
  return { site, phone, pbx, asked };
}

/** The copies of a phone's requests of this method that have left for upstream, those lost included. */
function copies(site: Site, method: string, call: string) {
  return site.simulation.sightings.filter(({ wire, to }) => {
    return to.port === 5060 && to.protocol === "tcp" && wire.startsWith(`${method} `) && wire.includes(`: ${call}\r\n`);
  });
}

const branchOf = (wire: string) => /branch=([^;\r]+)/.exec(wire)?.[1];

describe("a request that meets the end of an idle connection", () => {
  it.each(["INVITE", "REGISTER", "SUBSCRIBE"])(
    "%s: it goes once more, with the same branch, and is answered",
    (method) => {
      const { site, phone, pbx } = cast();
      site.closes(SERVER, NEWS_ms);
      const request = phone.request(method, NUMBER);
      site.run(1_000);
      const left = copies(site, method, header(request, "call-id"));
      expect(left.map(({ fate }) => fate)).toEqual(["lost", "delivered"]);
      expect(new Set(left.map(({ wire }) => wire)).size).toBe(1);
      expect(phone.responses(200, method).length).toBeGreaterThan(0);
      expect(phone.responses(302)).toEqual([]);
      expect(site.edges("198.51.100.10;transport=tcp").map(({ to }) => to)).toEqual(["up"]);
      expect(pbx.received.filter(({ message }) => methodOf(message) === "CANCEL")).toEqual([]);
    },
  );

  it("upstream has got it all the same: the copy is a repetition to it, and there is one call", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("INVITE", { status: 180, after_ms: 200 }, { status: 200, after_ms: 500 });
    const request = phone.invite(NUMBER);
    site.run(20);
    site.closes(SERVER, 0);
    site.run(2_000);
    const left = copies(site, "INVITE", header(request, "call-id"));
    expect(left.map(({ fate }) => fate)).toEqual(["delivered", "delivered"]);
    expect(new Set(left.map(({ wire }) => branchOf(wire))).size).toBe(1);
    expect([phone.responses(180).length, phone.responses(302).length]).toEqual([1, 0]);
    expect(pbx.requests("BYE")).toEqual([]);
  });

  it("once: who ends the fresh one too is as good as gone", () => {
    const { site, phone } = cast();
    site.closes(SERVER, NEWS_ms);
    site.at(NEWS_ms + 1, () => site.closes(SERVER, NEWS_ms));
    const start_ms = site.simulation.now_ms;
    const request = phone.invite(NUMBER);
    site.run(2_000);
    expect(copies(site, "INVITE", header(request, "call-id"))).toHaveLength(2);
    expect((phone.responses(181)[0]?.at_ms ?? Number.NaN) - start_ms).toBeLessThan(100);
    expect(phone.responses(302)).toHaveLength(1);
  });

  it("nobody listens any more: survival at once, and upstream is suspected", () => {
    const { site, phone } = cast();
    site.closes(SERVER, NEWS_ms);
    site.at(NEWS_ms - 1, () => site.simulation.detach(SERVER));
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.run(2_000);
    expect((phone.responses(181)[0]?.at_ms ?? Number.NaN) - start_ms).toBeLessThan(100);
    expect(phone.responses(302)).toHaveLength(1);
    expect(site.edges("198.51.100.10;transport=tcp").map(({ to }) => to)).toEqual(["up", "suspect", "down"]);
  });

  it("nobody listens any more, and there is a second upstream: that has the call at once", () => {
    const targets = "{targets: [sip:198.51.100.10;transport=tcp, sip:198.51.100.20;transport=tcp]}";
    const { site, phone } = cast(YAML.replace("sip:198.51.100.10;transport=tcp", targets));
    const second = site.actor("second", SECOND, WAN).answers("INVITE", { status: 200 });
    site.closes(SERVER, NEWS_ms);
    site.at(NEWS_ms - 1, () => site.simulation.detach(SERVER));
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.run(2_000);
    expect((second.requests("INVITE")[0]?.at_ms ?? Number.NaN) - start_ms).toBeLessThan(100);
    expect(phone.responses(200, "INVITE").length).toBeGreaterThan(1);
  });

  it("a line that is cut just then costs the caller fr_timer, not more", () => {
    const { site, phone } = cast();
    site.closes(SERVER, NEWS_ms);
    site.at(NEWS_ms, () => site.simulation.silence(SERVER));
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.run(10_000);
    const [{ at_ms } = { at_ms: Number.NaN }] = phone.responses(181);
    expect(Math.round((at_ms - start_ms) / 100)).toBe(40);
  });

  it("a call that has had its 100 isn't asked for again", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("INVITE", { status: 100 });
    const request = phone.invite(NUMBER);
    site.run(100);
    site.closes(SERVER, 0);
    site.run(1_000);
    expect(copies(site, "INVITE", header(request, "call-id"))).toHaveLength(1);
  });

  it("a connection made for the request, which ends unused: survival at once, as before", () => {
    const { site, phone } = cast();
    site.closes(SERVER, 0);
    site.run(1_000);
    const request = phone.invite(NUMBER);
    site.run(7);
    site.closes(SERVER, 0);
    site.run(100);
    expect(copies(site, "INVITE", header(request, "call-id"))).toHaveLength(1);
    expect(phone.responses(181)).toHaveLength(1);
  });
});

it("a probe that meets the end of an idle connection is no sign of death", () => {
  const { site, pbx, asked } = cast();
  for (let minute = 0; minute < 5; minute++) {
    while (pbx.requests("OPTIONS").length === asked + minute) site.run(100);
    // The next one leaves ten seconds after this one was answered.
    site.run(9_880);
    site.closes(SERVER, 200);
    site.run(1_000);
  }
  expect(pbx.requests("OPTIONS").length).toBeGreaterThan(asked + 4);
  expect(site.edges("198.51.100.10;transport=tcp").map(({ to }) => to)).toEqual(["up"]);
});
