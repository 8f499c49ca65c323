/** Several addresses (RFC 3263 §4.3), of which the last one refuses while an earlier one is only slow: that one is waited for. */
import { describe, expect, it } from "vitest";
import type { Flow } from "../../src/transport/flow.ts";
import { responseText } from "../sip/build.ts";
import { readSip, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "pbx.example.com";
const NUMBER = `sip:5551234@${DOMAIN}`;
const ADDRESSES = ["198.51.100.11", "198.51.100.12", "198.51.100.13"].map((address) => ({ address, port: 5070 }));
const YAML = SITE_YAML.replace("sip:198.51.100.10", `sip:${DOMAIN}`);

/** A site whose upstream has so many servers, the first of which is preferred. */
function cast(servers_n = 2) {
  const site = new Site(YAML);
  const addresses = ADDRESSES.slice(0, servers_n);
  site.names.set(DOMAIN, addresses);
  const phone = site.actor("phone", PHONE);
  const servers = addresses.map((at, index) => site.actor(`server${index + 1}`, at, WAN));
  site.actor("gateway", GATEWAY);
  for (const server of servers) server.answers("REGISTER", { status: 100 }, { status: 200, after_ms: 100 });
  site.run(100);
  const silence = (index: number) => site.simulation.silence(ADDRESSES[index] ?? PHONE);
  return { site, phone, servers, silence };
}

/** What has come to each, OPTIONS aside. */
const counts = (servers: readonly Actor[]) => servers.map((server) => server.requests("INVITE").length);
const finals = (actor: Actor) =>
  actor.received.flatMap(({ at_ms, message }) => (statusOf(message) >= 200 ? [[statusOf(message), at_ms]] : []));

describe("a call whose last server refuses while an earlier one has said nothing yet", () => {
  const REFUSALS = [
    ["ICMP", (site: Site) => site.simulation.detach(ADDRESSES[1] ?? PHONE)],
    ["503", (_: Site, second?: Actor) => second?.answers("INVITE", { status: 503 })],
    [
      "100, then 503",
      (_: Site, second?: Actor) => second?.answers("INVITE", { status: 100 }, { status: 503, after_ms: 99 }),
    ],
  ] as const;

  it.each(REFUSALS)("%s: the slow one has the call", (_, refuse) => {
    const { site, phone, servers } = cast();
    servers[0]?.answers("INVITE", { status: 180, after_ms: 3_500 }, { status: 200, after_ms: 8_000 });
    refuse(site, servers[1]);
    phone.invite(NUMBER);
    site.run(20_000);
    expect(phone.received.map(({ message }) => statusOf(message))).toEqual([100, 180, 200]);
    expect(servers.map((server) => server.requests("CANCEL").length)).toEqual([0, 0]);
    expect(servers[0]?.requests("ACK")).toHaveLength(1);
    expect(site.edges(DOMAIN).map(({ to }) => to)).toEqual(["up"]);
    site.run(60_000);
    expect(site.core.transactions.size).toBeLessThan(3); // probes
  });

  it.each(REFUSALS)("%s: nobody answers: survival after fr_timer, not before and not later", (_, refuse) => {
    const { site, phone, servers, silence } = cast();
    silence(0);
    refuse(site, servers[1]);
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.run(10_000);
    const [{ at_ms } = { at_ms: Number.NaN }] = phone.responses(181);
    expect(Math.round((at_ms - start_ms) / 100)).toBe(40);
    expect(finals(phone).map(([status]) => status)).toEqual([302]);
    const asked = () => site.simulation.sightings.filter(({ wire, to }) => /^INVITE/.test(wire) && to.port === 5070);
    const before = asked().length;
    site.run(60_000);
    expect(asked()).toHaveLength(before);
  });

  it("nobody answers a probe either, which leaves at once: the next call needn't wait", () => {
    const { site, phone, silence } = cast();
    silence(0);
    site.simulation.detach(ADDRESSES[1] ?? PHONE);
    const start_ms = site.simulation.now_ms;
    phone.invite(NUMBER);
    site.run(4_100);
    expect(site.edges(DOMAIN).map(({ to }) => to)).toEqual(["up", "suspect", "down"]);
    expect(phone.responses(181)[0]?.at_ms).toBeGreaterThan(start_ms + 3_990);
  });

  it.each([486, 500])("its %i is the call's", (status) => {
    const { site, phone, servers } = cast();
    servers[0]?.answers("INVITE", { status, after_ms: 3_000 });
    site.simulation.detach(ADDRESSES[1] ?? PHONE);
    phone.invite(NUMBER);
    site.run(20_000);
    expect(finals(phone).map(([final]) => final)).toEqual([status]);
  });

  it("but not while another is asked that may do better", () => {
    const { site, phone, servers } = cast();
    servers[0]?.answers("INVITE", { status: 500, after_ms: 2_300 });
    servers[1]?.answers("INVITE", { status: 200, after_ms: 1_000 });
    phone.invite(NUMBER);
    site.run(20_000);
    expect(finals(phone).map(([final]) => final)).toEqual([200]);
  });

  it("it has got its CANCEL, for another had answered: it isn't turned to any more", () => {
    const { site, phone, servers } = cast(3);
    const [first = PHONE] = ADDRESSES;
    site.simulation.attach(first, {
      onDatagram: (wire) => {
        if (!wire.startsWith("INVITE")) return;
        for (const [after_ms, status] of [
          [2_300, 180],
          [2_600, 183],
        ] as const) {
          site.at(after_ms, () =>
            site.simulation.send(first, WAN, responseText(readSip(wire), status, { reason: "x", toTag: "1" })),
          );
        }
      },
    });
    servers[1]?.answers("INVITE", { status: 100, after_ms: 100 }, { status: 503, after_ms: 500 });
    servers[2]?.answers("INVITE", { status: 200, after_ms: 500 });
    phone.invite(NUMBER);
    site.run(20_000);
    expect(finals(phone).map(([final]) => final)).toEqual([200]);
    expect(phone.responses(183)).toEqual([]);
  });

  it("its bare 503, or ICMP, leaves nobody: survival at once", () => {
    for (const isRefused of [false, true]) {
      const { site, phone, servers, silence } = cast();
      if (isRefused) {
        silence(0);
        site.at(2_200, () => {
          site.simulation.silence(ADDRESSES[0] ?? PHONE, false);
          site.simulation.detach(ADDRESSES[0] ?? PHONE);
        });
      } else servers[0]?.answers("INVITE", { status: 503, after_ms: 2_500 });
      site.simulation.detach(ADDRESSES[1] ?? PHONE);
      const start_ms = site.simulation.now_ms;
      phone.invite(NUMBER);
      site.run(20_000);
      const [{ at_ms } = { at_ms: Number.NaN }] = phone.responses(181);
      expect(at_ms - start_ms).toBeGreaterThan(2_490);
      expect(at_ms - start_ms).toBeLessThan(2_600);
      expect(finals(phone).map(([status]) => status)).toEqual([302]);
    }
  });

  it("of two slow ones that are waited for, one refuses with 503: the other has the call", () => {
    const { site, phone, servers } = cast(3);
    servers[0]?.answers("INVITE", { status: 180, after_ms: 3_600 }, { status: 200, after_ms: 5_000 });
    servers[1]?.answers("INVITE", { status: 503, after_ms: 1_300 });
    site.simulation.detach(ADDRESSES[2] ?? PHONE);
    phone.invite(NUMBER);
    site.run(20_000);
    expect(finals(phone).map(([final]) => final)).toEqual([200]);
    expect(servers[0]?.requests("ACK")).toHaveLength(1);
  });

  it("it is asked again, in case it was the line that had lost the INVITE", () => {
    const { site, phone, servers, silence } = cast();
    silence(0);
    site.at(2_200, () => site.simulation.silence(ADDRESSES[0] ?? PHONE, false));
    servers[0]?.answers("INVITE", { status: 200, after_ms: 100 });
    site.simulation.detach(ADDRESSES[1] ?? PHONE);
    phone.invite(NUMBER);
    site.run(20_000);
    expect(finals(phone).map(([status]) => status)).toEqual([200]);
    expect(counts(servers)).toEqual([1, 0]);
  });

  it("two of them are waited for: the first that rings has the call, the other one gets CANCEL", () => {
    const { site, phone, servers } = cast(3);
    servers[0]?.answers("INVITE", { status: 180, after_ms: 3_700 }, { status: 200, after_ms: 3_800 });
    servers[1]?.answers("INVITE", { status: 180, after_ms: 600 }, { status: 200, after_ms: 5_000 });
    site.simulation.detach(ADDRESSES[2] ?? PHONE);
    site.at(2_900, () => servers[1]?.answers("INVITE"));
    phone.invite(NUMBER);
    site.run(20_000);
    expect(finals(phone).map(([status]) => status)).toEqual([200]);
    expect(servers.map((server) => server.requests("CANCEL").length)).toEqual([1, 0, 0]);
  });

  it("the caller hangs up meanwhile: 487 at once, and who rings late gets CANCEL", () => {
    const { site, phone, servers } = cast();
    servers[0]?.answers("INVITE", { status: 180, after_ms: 3_500 });
    site.simulation.detach(ADDRESSES[1] ?? PHONE);
    const invite = phone.invite(NUMBER);
    site.run(2_500);
    phone.cancel(invite);
    site.run(100);
    expect(phone.responses(487)).toHaveLength(1);
    site.run(60_000);
    expect(servers[0]?.requests("CANCEL")).toHaveLength(1);
    expect(servers[0]?.requests("INVITE")).toHaveLength(4); // §9.1: it is sent on until it rings
    expect(site.core.transactions.size).toBeLessThan(3); // probes
  });

  it("it answers after survival has decided: it is acknowledged and hung up", () => {
    const { site, phone, servers } = cast();
    servers[0]?.answers("INVITE", { status: 200, after_ms: 7_000 });
    site.simulation.detach(ADDRESSES[1] ?? PHONE);
    phone.invite(NUMBER);
    site.run(20_000);
    expect(finals(phone).map(([status]) => status)).toEqual([302]);
    expect(["ACK", "BYE"].map((method) => servers[0]?.requests(method).length)).toEqual([1, 1]);
  });

  it("the refused one has had the INVITE and answers too: there is one call, whoever is first", () => {
    for (const [after_ms, cancelled] of [
      [600, [1, 0]],
      [1_500, [0, 1]],
    ] as const) {
      const { site, phone, servers } = cast();
      servers[0]?.answers("INVITE", { status: 180, after_ms: 3_000 }, { status: 200, after_ms: 6_000 });
      servers[1]?.answers("INVITE", { status: 180, after_ms }, { status: 200, after_ms: 3_000 });
      phone.invite(NUMBER);
      site.run(2_100);
      const flow = { listener: site.listeners[1] ?? site.listeners[0], ...ADDRESSES[1] } as Flow;
      site.core.receiveUnreachable(flow, site.simulation.now_ms);
      site.run(20_000);
      expect(finals(phone).map(([status]) => status)).toEqual([200]);
      expect(servers.map((server) => server.requests("CANCEL").length)).toEqual(cancelled);
    }
  });

  it("a server that has been passed over rings while the next one says nothing: it has the call, and the other gets CANCEL", () => {
    const { site, phone, servers } = cast();
    servers[0]?.answers("INVITE", { status: 180, after_ms: 2_300 }, { status: 200, after_ms: 6_000 });
    servers[1]?.answers("INVITE", { status: 180, after_ms: 1_000 }, { status: 200, after_ms: 2_000 });
    phone.invite(NUMBER);
    site.run(20_000);
    expect(finals(phone).map(([status]) => status)).toEqual([200]);
    expect(servers.map((server) => server.requests("CANCEL").length)).toEqual([0, 1]);
  });
});

it("a REGISTER has its 200 after a 100", () => {
  const { site, phone } = cast();
  phone.request("REGISTER", `sip:${DOMAIN}`);
  site.run(2_000);
  expect(phone.responses(200, "REGISTER")).toHaveLength(1);
});
