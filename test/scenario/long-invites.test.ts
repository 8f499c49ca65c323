/** Long INVITEs are lost on the way while probes pass: one line in the log names what is likely, and the status has it. */
import { describe, expect, it } from "vitest";
import { GATEWAY, PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const HOUR_ms = 3_600_000;

/** An INVITE that is longer by so much. */
const padding = (octets: number) => [`X-Long: ${"x".repeat(octets)}`];

/** A site whose way to upstream, or to the gateway, carries no datagram of more than `mtu` octets. */
function office({ yaml = SITE_YAML, mtu = Number.POSITIVE_INFINITY } = {}) {
  const site = new Site(yaml);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 486 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 486 });
  const phone = site.actor("201", PHONE);
  const way = { mtu };
  for (const [at, actor] of [
    [PBX, pbx],
    [GATEWAY, gateway],
  ] as const) {
    site.simulation.attach(at, { onDatagram: (wire) => wire.length <= way.mtu && actor.onDatagram(wire) });
  }
  site.run(500);
  const call = (octets: number, uri = "sip:5551234@pbx.example.com") => {
    phone.invite(uri, padding(octets));
    site.run(30_000);
  };
  const lines = () => site.events.filter(({ event }) => event === "invites_unanswered");
  return { site, pbx, gateway, phone, way, call, lines };
}

describe("long INVITEs", () => {
  it("a short one is answered, a long one isn't, probes are: one line with both lengths, and the status has it", () => {
    const { site, call, lines } = office({ mtu: 1_300 });
    call(10);
    expect(lines()).toEqual([]);
    call(1_400);
    expect(lines()).toHaveLength(1);
    const { level, fields } = lines()[0] ?? {};
    expect(level).toBe("warn");
    expect(fields?.["upstream"]).toBe("198.51.100.10");
    expect(Number(fields?.["octets"])).toBeGreaterThan(1_700);
    expect(Number(fields?.["answered_octets"])).toBeLessThan(1_300);
    expect(fields?.["what"]).toBe(`INVITEs of ${fields?.["octets"]} octets unanswered while probes are answered: MTU?`);
    expect(site.status().upstream).toMatchObject([
      { state: "up", long_invites: { octets: fields?.["octets"], answered_octets: fields?.["answered_octets"] } },
    ]);
  });

  it("no short INVITE has been seen yet: what probes show is enough", () => {
    const { call, lines } = office({ mtu: 1_300 });
    call(1_400);
    expect(lines()).toHaveLength(1);
  });

  it("at most one line an hour for each peer, with the longest", () => {
    const { site, call, lines } = office({ mtu: 1_300 });
    for (let index = 0; index < 5; index++) call(1_300 + index * 100);
    expect(lines()).toHaveLength(1);
    site.run(HOUR_ms);
    call(1_200);
    expect(lines()).toHaveLength(2);
    expect(Number(lines()[1]?.fields["octets"])).toBeGreaterThan(1_600);
  });

  it("a gateway too", () => {
    const { site, call, lines } = office({ mtu: 1_300 });
    call(1_400, "sip:5551234@10.10.1.3");
    site.run(10_000);
    expect(lines()).toMatchObject([{ fields: { gateway: "10.10.1.3" } }]);
    expect(site.status().gateways).toMatchObject([{ long_invites: { octets: lines()[0]?.fields["octets"] } }]);
  });

  it("the way is mended: an answer to one as long ends it", () => {
    const { site, call, way } = office({ mtu: 1_300 });
    call(1_400);
    way.mtu = 9_000;
    call(1_400);
    expect(site.status().upstream).toMatchObject([{ long_invites: undefined }]);
  });

  it("the way has become narrower: an hour after the last long answer that is found too", () => {
    const { site, call, way, lines } = office();
    call(1_400);
    way.mtu = 1_300;
    site.run(HOUR_ms);
    call(1_300);
    expect(lines()).toHaveLength(1);
  });

  it("is shown for a day", () => {
    const { site, call } = office({ mtu: 1_300 });
    call(1_400);
    site.run(25 * HOUR_ms);
    expect(site.status().upstream).toMatchObject([{ long_invites: undefined }]);
  });
});

describe("no suspicion", () => {
  it("an outage: probes aren't answered either", () => {
    const { site, call, lines } = office();
    site.simulation.silence(PBX);
    call(1_400);
    site.simulation.silence(PBX, false);
    site.run(120_000);
    expect(lines()).toEqual([]);
  });

  it("a short INVITE that nobody answers, or a PBX that is slow now and has answered one as long lately", () => {
    const { pbx, call, lines } = office();
    call(1_400);
    pbx.answers("INVITE");
    call(1_000);
    call(10);
    expect(lines()).toEqual([]);
  });

  it("a PBX that answers long ones half a second after fr_timer", () => {
    const { pbx, call, lines } = office();
    pbx.answers("INVITE", { after_ms: 4_500, status: 486 });
    call(1_400);
    call(1_500);
    expect(lines()).toEqual([]);
  });

  it("padded probes that are as long are answered", () => {
    const yaml = SITE_YAML.replace("sip:198.51.100.10", "{targets: [sip:198.51.100.10], probe: {octets: 4000}}");
    const { pbx, call, lines } = office({ yaml });
    pbx.answers("INVITE");
    call(1_400);
    expect(lines()).toEqual([]);
  });

  it("over TCP there are no datagrams", () => {
    const yaml = SITE_YAML.replace("sip:198.51.100.10", '"sip:198.51.100.10;transport=tcp"').replace(
      "listen: [",
      "listen: [tcp:203.0.113.2:5060, ",
    );
    const site = new Site(yaml);
    const pbx = site.actor("pbx", { ...PBX, protocol: "tcp" }, WAN);
    site.actor("gateway", GATEWAY).answers("INVITE", { status: 486 });
    const phone = site.actor("201", PHONE);
    site.run(500);
    phone.invite("sip:5551234@pbx.example.com", padding(1_400));
    site.run(30_000);
    expect(pbx.requests("INVITE").length).toBeGreaterThan(0);
    expect(site.events.filter(({ event }) => event === "invites_unanswered")).toEqual([]);
  });
});
