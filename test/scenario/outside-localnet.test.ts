/** A phone whose network has been forgotten in localnet: the log says so, and nobody can fill it with that. */
import { describe, expect, it } from "vitest";
import type { LogFields } from "../../src/base/ports.ts";
import { PHONE, SITE_YAML, Site, STRANGER, WAN } from "../support/site.ts";

const HOUR_ms = 3_600_000;
const lines = (site: Site) =>
  site.events.filter(({ event }) => event === "outside_localnet").map(({ level, fields }) => ({ level, ...fields }));

function register(site: Site, address: string, proxy?: typeof WAN, headers: readonly string[] = []): void {
  site.actor(`p${address}`, { address, port: 5060 }, proxy).request("REGISTER", "sip:pbx.example.com", headers);
  site.run(100);
}

describe("outside localnet", () => {
  it("a phone of a voice VLAN is told, with the cure, and what it got", () => {
    const site = new Site();
    register(site, "10.20.0.15");
    register(site, "10.20.0.16", WAN);
    expect(lines(site)).toEqual([
      { level: "warn", from: "10.20.0.15", method: "REGISTER", answer: 403, cure: expect.stringContaining("localnet") },
      {
        level: "warn",
        from: "10.20.0.16",
        method: "REGISTER",
        answer: "none",
        cure: expect.stringContaining("localnet"),
      },
    ]);
  });

  it("phones, people from the Internet and scanners are none of those", () => {
    const site = new Site();
    register(site, PHONE.address);
    register(site, STRANGER.address, WAN);
    register(site, "10.20.0.17", WAN, ["User-Agent: friendly-scanner"]);
    expect(lines(site)).toEqual([]);
  });

  it("one that tries again and again is told once an hour", () => {
    const site = new Site();
    for (let time_ms = 0; time_ms < 2 * HOUR_ms; time_ms += 30_000) {
      register(site, "10.20.0.15");
      site.run(29_900);
    }
    expect(lines(site)).toHaveLength(2);
  });

  it("whoever forges a new address each time gets ten lines, and then one in five minutes", () => {
    const site = new Site();
    let count = 0;
    const forge = () => register(site, `172.16.${count >> 8}.${count++ & 255}`);
    for (let time = 0; time < 100; time++) forge();
    expect(lines(site)).toHaveLength(10);
    for (let time_ms = 0; time_ms < HOUR_ms; time_ms += 5_000) {
      forge();
      site.run(4_900);
    }
    expect(lines(site).length).toBeLessThanOrEqual(10 + 13);
  });

  it("after a reload it is told at once who is still outside", () => {
    const site = new Site();
    register(site, "10.20.0.15");
    register(site, "10.30.0.15");
    site.reload(SITE_YAML.replace("[10.222.237.0/24]", "[10.222.237.0/24, 10.20.0.0/24]"));
    register(site, "10.20.0.15");
    register(site, "10.30.0.15");
    expect(lines(site).map((line: LogFields) => line["from"])).toEqual(["10.20.0.15", "10.30.0.15", "10.30.0.15"]);
  });
});

describe("upstream by name", () => {
  const NAMED = SITE_YAML.replace("sip:198.51.100.10", "sip:pbx.example.com");
  const CURE_OF_UPSTREAM =
    "it is an address of upstream pbx.example.com: name it in upstream too, and never in localnet";
  const HERE = { address: "10.40.0.10", port: 5060 };
  const THERE = { address: "10.40.1.10", port: 5060 };
  const cures = (site: Site) => lines(site).map((line: LogFields) => line["cure"]);
  const callFrom = (site: Site, { address }: typeof HERE) => register(site, address, WAN);

  it("isn't resolved: whoever sends may be upstream, and localnet isn't proposed", () => {
    const site = new Site(NAMED);
    site.run(1_000);
    callFrom(site, HERE);
    expect(cures(site)).toEqual([expect.stringContaining("pbx.example.com has no address as yet")]);
    expect(cures(site).join()).not.toContain("localnet");
  });

  it("what its name resolves to, though calls go elsewhere (SRV)", () => {
    const site = new Site(NAMED);
    site.names.set("pbx.example.com", [HERE]);
    site.names.set("sip1.example.com", [THERE]);
    const servers = [{ priority: 1, weight: 1, port: 5060, target: "sip1.example.com" }];
    site.records.set("SRV _sip._udp.pbx.example.com", { records: servers, lifetime_ms: 60_000 });
    site.run(1_000);
    callFrom(site, HERE);
    expect(cures(site)).toEqual([CURE_OF_UPSTREAM]);
    callFrom(site, { address: "10.50.0.1", port: 5060 });
    expect(cures(site)[1]).toContain("add its network to localnet");
  });

  it("a domain that only a phone has named, and that there isn't, keeps nobody from the cure", () => {
    const site = new Site(SITE_YAML.replace("upstream: sip:198.51.100.10\n", ""));
    register(site, PHONE.address);
    site.run(10_000);
    expect(site.status().upstream).toMatchObject([{ name: "pbx.example.com", addresses: [] }]);
    callFrom(site, { address: "10.50.0.1", port: 5060 });
    expect(cures(site)).toEqual(["if it is a phone, add its network to localnet"]);
  });

  it("an address that it had before", () => {
    const site = new Site(NAMED);
    site.names.set("pbx.example.com", [HERE]);
    site.actor("pbx", HERE, WAN);
    site.run(1_000);
    expect(site.status().upstream).toMatchObject([{ addresses: [HERE.address] }]);
    site.names.set("pbx.example.com", [THERE]);
    site.actor("new", THERE, WAN);
    site.run(2 * HOUR_ms);
    expect(site.status().upstream).toMatchObject([{ addresses: [THERE.address] }]);
    callFrom(site, HERE);
    expect(cures(site)).toEqual([CURE_OF_UPSTREAM]);
  });
});
