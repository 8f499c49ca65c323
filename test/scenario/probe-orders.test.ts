/** Probes to order: what the OPTIONS looks like that a peer answers, and which answers are a sign of life. */
import { describe, expect, it } from "vitest";
import { header, methodOf, requestUriOf } from "../sip/message.ts";
import { GATEWAY, PBX, SITE_YAML, Site, WAN } from "../support/site.ts";

const PBX_2 = { address: "198.51.100.11", port: 5060 };

/** A site whose upstream is written so, with more keys behind it; after half a second. */
function office(upstream: string, more = "") {
  const site = new Site(`${SITE_YAML.replace("upstream: sip:198.51.100.10", `upstream: ${upstream}`)}${more}`);
  const pbx = site.actor("pbx", PBX, WAN);
  const second = site.actor("second", PBX_2, WAN);
  const gateway = site.actor("gateway", GATEWAY);
  site.run(500);
  return { site, pbx, second, gateway };
}

const target = (probe: string) => `{targets: [sip:198.51.100.10], probe: ${probe}}`;
const octetsOf = (wire: string | undefined) => wire?.length;

/** What has arrived at an address, as wire text. */
function arrived(site: Site, address: string): string[] {
  return site.simulation.sightings.flatMap(({ to, wire }) => (to.address === address ? [wire] : []));
}

describe("probes to order", () => {
  it("without orders: no user, our own address in From, 70 hops, no padding", () => {
    const { site, pbx } = office("sip:198.51.100.10");
    const options = pbx.seen("OPTIONS");
    expect(requestUriOf(options)).toBe("sip:198.51.100.10");
    expect(header(options, "from")).toMatch(/^<sip:branchline@203\.0\.113\.2:5060>;tag=/);
    expect(header(options, "max-forwards")).toBe("70");
    expect(arrived(site, PBX.address)[0]).not.toContain("Padding");
  });

  it("from, user and max_forwards are written as they are ordered", () => {
    const { pbx } = office(target("{from: sip:branch7@example.com, user: ping, max_forwards: 0}"));
    const options = pbx.seen("OPTIONS");
    expect(requestUriOf(options)).toBe("sip:ping@198.51.100.10");
    expect(header(options, "to")).toBe("<sip:ping@198.51.100.10>");
    expect(header(options, "from")).toMatch(/^<sip:branch7@example\.com>;tag=/);
    expect(header(options, "max-forwards")).toBe("0");
  });

  it.each([500, 619, 1_400, 2_000, 8_000])(
    "octets: the request is %i octets long, all of it in the one datagram",
    (octets) => {
      const { site, pbx } = office(target(`{octets: ${octets}}`));
      expect(octetsOf(arrived(site, PBX.address)[0])).toBe(octets);
      expect(methodOf(pbx.seen("OPTIONS"))).toBe("OPTIONS");
      expect(site.status().upstream).toMatchObject([{ state: "up" }]);
    },
  );

  it("a target's own probe stands above that of all, key by key", () => {
    const { pbx, second } = office(
      "{targets: [{uri: sip:198.51.100.10, probe: {user: one}}, sip:198.51.100.11], probe: {user: all, max_forwards: 1}}",
    );
    expect([requestUriOf(pbx.seen("OPTIONS")), header(pbx.seen("OPTIONS"), "max-forwards")]).toEqual([
      "sip:one@198.51.100.10",
      "1",
    ]);
    expect(requestUriOf(second.seen("OPTIONS"))).toBe("sip:all@198.51.100.11");
  });

  it("upstream as a list takes mappings too", () => {
    const { pbx, second } = office("[sip:198.51.100.10, {uri: sip:198.51.100.11, probe: {user: two}}]");
    expect(requestUriOf(pbx.seen("OPTIONS"))).toBe("sip:198.51.100.10");
    expect(requestUriOf(second.seen("OPTIONS"))).toBe("sip:two@198.51.100.11");
  });

  it("a gateway's own probe stands above gateway_probe", () => {
    const yaml = `gateway_probe: {user: all, interval: 3s}\n`;
    const site = new Site(
      `${SITE_YAML.replace("[sip:10.10.1.3]", "[{uri: sip:10.10.1.3, probe: {from: sip:gw@example.com, interval: 1s}}, sip:10.10.1.4]")}${yaml}`,
    );
    const first = site.actor("first", GATEWAY);
    const second = site.actor("second", { address: "10.10.1.4", port: 5060 });
    site.run(6_500);
    expect(header(first.seen("OPTIONS"), "from")).toMatch(/^<sip:gw@example\.com>/);
    expect(requestUriOf(first.seen("OPTIONS"))).toBe("sip:all@10.10.1.3");
    expect(header(second.seen("OPTIONS"), "from")).toMatch(/^<sip:branchline@/);
    expect([first.requests("OPTIONS").length, second.requests("OPTIONS").length]).toEqual([7, 3]);
  });

  it.each([
    ["[200]", 404, "down"],
    ["[200]", 200, "up"],
    ["[404]", 404, "up"],
    ["2xx", 202, "up"],
    ["[2xx, 405]", 405, "up"],
    ["[2xx, 405]", 401, "down"],
    ["[2xx, 5xx]", 500, "up"],
    ["[2xx, 5xx]", 503, "down"],
  ])("alive_codes %s: an answer %i leaves upstream %s", (codes, status, state) => {
    const site = new Site(
      SITE_YAML.replace("upstream: sip:198.51.100.10", `upstream: ${target(`{alive_codes: ${codes}}`)}`),
    );
    site.actor("pbx", PBX, WAN).answers("OPTIONS", { status });
    site.run(30_000);
    expect(site.status().upstream).toMatchObject([{ state, probe_failure: state === "up" ? undefined : status }]);
  });

  it("alive_codes of a gateway: others leave it down, and it is tried last", () => {
    const site = new Site(`${SITE_YAML}gateway_probe: {alive_codes: 200}\n`);
    site.actor("pbx", PBX, WAN);
    site.actor("gateway", GATEWAY).answers("OPTIONS", { status: 404 });
    site.run(90_000);
    expect(site.status().gateways).toMatchObject([{ state: "down", probe_failure: 404 }]);
  });

  it("alive_codes: a 100 is no answer yet, the final response is; a 100 that nothing follows is silence", () => {
    const { site, pbx } = office(target("{alive_codes: [200]}"));
    pbx.answers("OPTIONS", { status: 100 }, { status: 200, after_ms: 300 });
    site.run(30_000);
    expect(site.status().upstream).toMatchObject([{ state: "up", probe_failure: undefined }]);
    pbx.answers("OPTIONS", { status: 100 });
    site.run(30_000);
    expect(site.status().upstream).toMatchObject([{ state: "down", probe_failure: "silence" }]);
  });

  it("a reload keeps what is known of upstream, and the next probe leaves at once by the new orders", () => {
    const { site, pbx } = office("{targets: [sip:198.51.100.10], probe: {interval: 1h}}");
    site.run(60_000);
    const before = pbx.requests("OPTIONS").length;
    site.reload(SITE_YAML.replace("upstream: sip:198.51.100.10", `upstream: ${target("{user: ping, interval: 5s}")}`));
    expect(site.status().upstream).toMatchObject([{ state: "up" }]);
    site.run(11_000);
    const uris = pbx.requests("OPTIONS").map(({ message }) => requestUriOf(message));
    expect(uris.slice(before)).toEqual(Array.from({ length: 3 }, () => "sip:ping@198.51.100.10"));
  });

  it("a reload that changes nothing of the probes sends none", () => {
    const { site, pbx } = office("{targets: [sip:198.51.100.10], probe: {interval: 1h}}");
    const before = pbx.requests("OPTIONS").length;
    site.reload(
      SITE_YAML.replace(
        "upstream: sip:198.51.100.10",
        "upstream: {targets: [sip:198.51.100.10], probe: {interval: 1h}}",
      ),
    );
    site.run(10_000);
    expect(pbx.requests("OPTIONS").length).toBe(before);
  });
});
