/** One upstream whose name has several addresses (RFC 3263 §4.3): the next one is tried within the same call. */
import { describe, expect, it } from "vitest";
import { statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "pbx.example.com";
const NUMBER = `sip:5551234@${DOMAIN}`;
const ADDRESSES = ["198.51.100.11", "198.51.100.12", "198.51.100.13"].map((address) => ({ address, port: 5070 }));
const YAML = SITE_YAML.replace("sip:198.51.100.10", `sip:${DOMAIN}`);

/** A site whose upstream has three servers, the first of which is preferred; all live, and it knows where they are. */
function cast() {
  const site = new Site(YAML);
  site.names.set(DOMAIN, ADDRESSES);
  const phone = site.actor("phone", PHONE);
  const servers = ADDRESSES.map((at, index) => site.actor(`server${index + 1}`, at, WAN));
  site.actor("gateway", GATEWAY);
  for (const server of servers) server.answers("INVITE", { status: 486 }).answers("REGISTER", { status: 200 });
  site.run(100);
  const silence = (...which: number[]) => {
    for (const index of which) site.simulation.silence(ADDRESSES[index] ?? PHONE);
  };
  return { site, phone, servers, silence };
}

/** What has come to each, OPTIONS aside. */
const counts = (servers: readonly Actor[]) => servers.map((server) => server.requests("INVITE").length);
const finals = (actor: Actor) =>
  actor.received.flatMap(({ at_ms, message }) => (statusOf(message) >= 200 ? [[statusOf(message), at_ms]] : []));

describe("a call", () => {
  it("goes to the preferred server, and to nobody else, while that lives", () => {
    const { site, phone, servers } = cast();
    phone.invite(NUMBER);
    site.run(10_000);
    expect(counts(servers)).toEqual([1, 0, 0]);
  });

  it.each([
    ["the first is silent", [0], [2_000], 486],
    ["the first two are", [0, 1], [2_000, 3_000], 486],
    ["all are: survival at fr_timer, as with one", [0, 1, 2], [2_000, 3_000], 302],
  ])("%s: the next gets it within fr_timer", (_, silent, tries_ms, status) => {
    const { site, phone, servers, silence } = cast();
    silence(...silent);
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.run(6_000);
    const [[final, at_ms] = []] = finals(phone);
    expect(final).toBe(status);
    if (status === 302) expect((at_ms ?? 0) - start_ms).toBeLessThan(5_050);
    const left = site.simulation.sightings.filter(
      ({ wire, from }) => wire.startsWith("INVITE") && from.address === WAN.address,
    );
    const first = new Map<string, number>();
    for (const one of left) if (!first.has(one.to.address)) first.set(one.to.address, one.at_ms - start_ms);
    const offsets = [...first.values()].map((offset) => Math.round(offset / 100) * 100);
    expect(offsets).toEqual([0, ...tries_ms]);
    expect(counts(servers).at(-1)).toBe(status === 302 ? 0 : tries_ms.length === 2 ? 1 : 0);
  });

  it("only the first call waits for a dead server", () => {
    const { site, phone, servers, silence } = cast();
    silence(0);
    phone.invite(NUMBER);
    site.run(6_000);
    for (let minute = 0; minute < 5; minute++) {
      const start_ms = site.simulation.now_ms;
      const before = counts(servers)[1] ?? 0;
      phone.invite(NUMBER);
      site.run(500);
      expect(counts(servers)[1]).toBe(before + 1);
      expect((servers[1]?.requests("INVITE").at(-1)?.at_ms ?? 0) - start_ms).toBeLessThan(100);
      site.run(59_500);
    }
    expect(site.edges(DOMAIN).map(({ to }) => to)).toEqual(["up"]);
  });

  it("the dead server lives again: calls are back with it after the next probe", () => {
    const { site, phone, servers, silence } = cast();
    silence(0);
    phone.invite(NUMBER);
    site.run(6_000);
    site.simulation.silence(ADDRESSES[0] ?? PHONE, false);
    site.run(11_000);
    phone.invite(NUMBER);
    site.run(500);
    expect(counts(servers)).toEqual([1, 1, 0]);
  });

  it("the first refuses (ICMP): the next gets it at once", () => {
    const { site, phone, servers } = cast();
    site.simulation.detach(ADDRESSES[0] ?? PHONE);
    phone.invite(NUMBER);
    site.run(500);
    expect(counts(servers)).toEqual([0, 1, 0]);
    expect(finals(phone).map(([status]) => status)).toEqual([486]);
  });

  it("a bare 503, after its 100 too, leads to the next; the last one's is the answer", () => {
    const { site, phone, servers } = cast();
    for (const server of servers) server.answers("INVITE", { status: 100 }, { status: 503, after_ms: 300 });
    phone.invite(NUMBER);
    site.run(3_000);
    expect(counts(servers)).toEqual([1, 1, 1]);
    expect(finals(phone).map(([status]) => status)).toEqual([302]);
    const [second] = servers.slice(1);
    second?.answers("INVITE", { status: 486 });
    phone.invite(NUMBER);
    site.run(3_000);
    expect(finals(phone).map(([status]) => status)).toEqual([302, 486]);
  });

  it("a 503 of a phone that has rung already is the call's", () => {
    const { site, phone, servers } = cast();
    servers[0]?.answers("INVITE", { status: 180 }, { status: 503, after_ms: 300 });
    phone.invite(NUMBER);
    site.run(1_000);
    expect(counts(servers)).toEqual([1, 0, 0]);
  });

  it("a server that has been passed over and rings late gets CANCEL; one that answers late has the call", () => {
    const { site, phone, servers } = cast();
    const late = [100, 180, 183].map((status, index) => ({ status, after_ms: 2_300 + index * 2 }));
    servers[0]?.answers("INVITE", ...late, { status: 200, after_ms: 9_000 });
    servers[1]?.answers("INVITE", { status: 180, after_ms: 100 }, { status: 200, after_ms: 3_000 });
    phone.invite(NUMBER);
    site.run(8_000);
    expect(servers[0]?.requests("CANCEL")).toHaveLength(1);
    expect(phone.responses(200, "INVITE").length).toBeGreaterThan(0);
    expect(servers[1]?.requests("CANCEL")).toHaveLength(0);
  });

  it("a server that has been passed over answers at once and late: the one that rings meanwhile gets CANCEL", () => {
    const { site, phone, servers } = cast();
    servers[0]?.answers("INVITE", { status: 200, after_ms: 2_300 });
    servers[1]?.answers("INVITE", { status: 180, after_ms: 100 });
    phone.invite(NUMBER);
    site.run(8_000);
    expect(phone.responses(200, "INVITE").length).toBeGreaterThan(0);
    expect(servers[1]?.requests("CANCEL")).toHaveLength(1);
    site.run(60_000);
    expect(site.core.transactions.size).toBe(0);
  });

  it("a server that dies after its 100 is passed over; one that is only slow keeps the call", () => {
    const { site, phone, servers, silence } = cast();
    servers[0]?.answers("INVITE", { status: 100 });
    servers[1]?.answers("INVITE", { status: 180, after_ms: 100 }, { status: 200, after_ms: 500 });
    phone.invite(NUMBER);
    site.run(60_000);
    expect(counts(servers)).toEqual([1, 0, 0]);

    phone.invite(NUMBER);
    site.run(1_000);
    silence(0);
    site.run(14_000);
    expect(counts(servers)).toEqual([2, 1, 0]);
    expect(phone.responses(200, "INVITE")).toHaveLength(1);
    site.run(240_000);
    expect(site.core.transactions.size).toBeLessThan(10);
  });

  it("the caller hangs up while the second is asked: nobody else is", () => {
    const { site, phone, servers, silence } = cast();
    silence(0, 1, 2);
    const invite = phone.invite(NUMBER);
    site.run(2_500);
    phone.cancel(invite);
    site.run(10_000);
    expect(finals(phone).map(([status]) => status)).toContain(487);
    expect(counts(servers)[2]).toBe(0);
  });
});

describe("upstream", () => {
  it("is up while any of its servers answers probes, and down when none does", () => {
    const { site, silence } = cast();
    silence(0, 1);
    site.run(120_000);
    expect(site.edges(DOMAIN).map(({ to }) => to)).toEqual(["up"]);
    silence(2);
    site.run(60_000);
    expect(site.edges(DOMAIN).map(({ to }) => to)).toEqual(["up", "suspect", "down"]);
  });

  it("is found dead nearly as soon as one with a single address", () => {
    const { site, silence } = cast();
    site.run(5_000);
    silence(0, 1, 2);
    const cut_ms = site.simulation.now_ms;
    site.run(60_000);
    const down = site.edges(DOMAIN).find(({ to }) => to === "down");
    expect((down?.at_ms ?? Number.NaN) - cut_ms).toBeLessThan(20_000);
  });

  it("a REGISTER that has got 100 waits for that server's answer, and goes on to no other", () => {
    const { site, phone, servers } = cast();
    servers[0]?.answers("REGISTER", { status: 100 }, { status: 200, after_ms: 3_500 });
    phone.request("REGISTER", `sip:${DOMAIN}`);
    site.run(10_000);
    expect(servers.slice(1).map((server) => server.requests("REGISTER").length)).toEqual([0, 0]);
    expect(phone.responses(200, "REGISTER")).toHaveLength(1);
  });

  it("a REGISTER goes on to the next server too", () => {
    const { site, phone, servers, silence } = cast();
    silence(0);
    phone.request("REGISTER", `sip:${DOMAIN}`);
    site.run(3_000);
    expect(servers[1]?.requests("REGISTER")).toHaveLength(1);
    expect(phone.responses(200, "REGISTER")).toHaveLength(1);
  });

  it("its servers' own ports count within dialogs: when it is down, phones clear the line at once", () => {
    const { site, phone, servers, silence } = cast();
    servers[0]?.answers("INVITE", { status: 200, extra: ["Record-Route: <sip:198.51.100.11:5070;lr>"] });
    phone.invite(NUMBER);
    site.run(1_000);
    silence(0, 1, 2);
    site.run(60_000);
    phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
    site.run(100);
    expect(phone.responses(481, "BYE")).toHaveLength(1);
  });

  it("DNS is dead from now on: calls and failover go on for hours", () => {
    const { site, phone, servers, silence } = cast();
    for (const type of ["NAPTR", "SRV", "A"]) {
      for (const name of [DOMAIN, `_sip._udp.${DOMAIN}`]) site.records.set(`${type} ${name}`, undefined);
    }
    silence(0);
    site.run(14_400_000);
    phone.invite(NUMBER);
    site.run(500);
    expect(counts(servers)).toEqual([0, 1, 0]);
  });
});
