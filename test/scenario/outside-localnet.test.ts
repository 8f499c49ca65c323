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
