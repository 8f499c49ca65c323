/** A PBX that is switched off, one whose program has died, one whose network is gone: the log and the status tell them apart. */
import { describe, expect, it } from "vitest";
import { GATEWAY, PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const NAME = "pbx.hq.example";
const NAMED = SITE_YAML.replace(PBX.address, NAME);

/** Where this is said, upstream was well before. */
function office(yaml = SITE_YAML) {
  const site = new Site(yaml);
  const pbx = site.actor("pbx", PBX, WAN);
  site.actor("gateway", GATEWAY);
  site.run(500);
  const toldOf = (to: string, role = "upstream") =>
    site.events
      .filter(({ event, fields }) => event === `${role}_state` && fields["to"] === to)
      .map(({ fields }) => fields["evidence"]);
  return { site, pbx, toldOf };
}

describe("probe failures", () => {
  it("nothing comes back: silence", () => {
    const { site, toldOf } = office();
    site.simulation.silence(PBX);
    site.run(60_000);
    expect(toldOf("suspect")).toEqual(["probe failed: silence"]);
    expect(toldOf("down")).toEqual(["probe failed: silence"]);
    expect(site.status().upstream).toMatchObject([{ state: "down", probe_failure: "silence" }]);
  });

  it("the host answers that nobody listens: refused; of a gateway too", () => {
    const { site, toldOf } = office();
    site.simulation.detach(PBX);
    site.simulation.detach(GATEWAY);
    site.run(60_000);
    expect(toldOf("down")).toEqual(["probe failed: refused"]);
    expect(toldOf("down", "gateway")).toEqual(["probe failed: refused"]);
    expect(site.status()).toMatchObject({
      upstream: [{ probe_failure: "refused" }],
      gateways: [{ probe_failure: "refused" }],
    });
  });

  it("no way there: unreachable; later, while it stays down, the status follows what is seen", () => {
    const { site, toldOf } = office();
    const { routes } = site;
    site.routes = (address) => (address === PBX.address ? undefined : routes(address));
    site.run(60_000);
    expect(toldOf("down")).toEqual(["probe failed: unreachable"]);
    site.routes = routes;
    site.simulation.detach(PBX);
    site.run(60_000);
    const [seen] = site.status().upstream;
    expect(seen).toMatchObject({ state: "down", evidence_failure: "unreachable", probe_failure: "refused" });
    const { history } = site.status();
    expect(history[history.length - 1]).toMatchObject({ to: "down", probe_failure: "unreachable" });
  });

  it("an answer that isn't life is told by its status; the next that is clears it", () => {
    const { site, pbx, toldOf } = office();
    pbx.answers("OPTIONS", { status: 503 });
    site.run(60_000);
    expect(toldOf("down")).toEqual(["probe failed: 503"]);
    pbx.answers("OPTIONS", { status: 200 });
    site.run(90_000);
    expect(site.status().upstream).toMatchObject([{ state: "up", probe_failure: undefined }]);
  });

  it("a name that no DNS server answers for: probes, calls and the status say so, until it is answered", () => {
    const site = new Site(NAMED);
    for (const type of ["NAPTR", "SRV _sip._udp.", "SRV _sip._tcp.", "A", "AAAA"]) {
      const key = type.startsWith("SRV") ? `${type}${NAME}` : `${type} ${NAME}`;
      site.records.set(key, undefined);
    }
    const phone = site.actor("phone", PHONE);
    site.actor("gateway", GATEWAY);
    site.run(50);
    phone.invite(`sip:5551234@${NAME}`);
    site.run(60_000);
    const [seen] = site.status().upstream;
    expect(seen).toMatchObject({
      state: "down",
      addresses: [],
      probe_failure: "dns_silent",
      evidence_failure: "dns_silent",
    });
    const { history } = site.status();
    expect(history[history.length - 1]).toMatchObject({ to: "down", probe_failure: "dns_silent" });
    expect(JSON.stringify(site.callLog.legs)).toContain("its name has no address: no DNS server answers");
  });

  it("a name that DNS doesn't know: no address", () => {
    const site = new Site(NAMED);
    site.run(60_000);
    expect(site.status().upstream).toMatchObject([{ state: "down", probe_failure: "no_address" }]);
    site.names.set(NAME, [{ address: PBX.address, port: 5060 }]);
    site.actor("pbx", PBX, WAN);
    site.run(60_000);
    expect(site.status().upstream).toMatchObject([{ addresses: [PBX.address], probe_failure: undefined }]);
  });
});
