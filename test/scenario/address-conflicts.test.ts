/** A gateway or a phone at an address that upstream's name resolves to: the status says so, with the cure. */
import { describe, expect, it } from "vitest";
import { GATEWAY, PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const NAMED = SITE_YAML.replace("sip:198.51.100.10", "sip:pbx.example.com");

describe("upstream's addresses", () => {
  it("are nobody else's: nothing is told", () => {
    const site = new Site(NAMED);
    site.names.set("pbx.example.com", [PBX]);
    site.actor("pbx", PBX, WAN);
    site.run(1_000);
    expect(site.status()).toMatchObject({ upstream: [{ addresses: [PBX.address] }], conflicts: [] });
  });

  it("a gateway's", () => {
    const site = new Site(NAMED);
    site.names.set("pbx.example.com", [PBX, GATEWAY]);
    site.run(1_000);
    expect(site.status().conflicts).toEqual([
      {
        with: "gateway",
        address: GATEWAY.address,
        text: "gateway 10.10.1.3 is at 10.10.1.3, an address of upstream pbx.example.com: upstream's calls count as the gateway's",
        cure: "give the gateway an address of its own, or correct what pbx.example.com resolves to (branchline doctor: dns)",
      },
    ]);
  });

  it("a registered phone's", () => {
    const before = new Site(NAMED);
    before.names.set("pbx.example.com", [PBX]);
    before.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
    before.actor("201", PHONE).request("REGISTER", "sip:pbx.example.com");
    before.run(1_000);
    expect(before.status().conflicts).toEqual([]);
    const site = new Site(NAMED);
    site.names.set("pbx.example.com", [PBX, PHONE]);
    site.restore(before.saved(), 0);
    site.run(1_000);
    expect(site.status().conflicts).toMatchObject([
      {
        with: "phone",
        address: PHONE.address,
        text: "201@pbx.example.com is registered from 10.222.237.21, an address of upstream pbx.example.com: its calls count as upstream's",
        cure: expect.stringContaining("give the phone an address of its own"),
      },
    ]);
  });
});

describe("a phone at a gateway's address", () => {
  const registeredAt = (port: number, gateways = "sip:10.10.1.3") => {
    const site = new Site(SITE_YAML.replace("sip:10.10.1.3", gateways));
    site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
    site.actor("205", { address: GATEWAY.address, port }).request("REGISTER", "sip:pbx.example.com");
    site.run(1_000);
    return site.status();
  };

  it("at the gateway's own port: a warning, with the cure", () => {
    const { conflicts, phones } = registeredAt(5060);
    expect(phones.at_gateways).toBe(1);
    expect(conflicts).toEqual([
      {
        with: "phone",
        address: GATEWAY.address,
        text: "205@pbx.example.com is registered from 10.10.1.3:5060, the very address and port of gateway 10.10.1.3: its calls count as the gateway's unless they carry the Contact that upstream has accepted",
        cure: "give the phone, or the analogue port of the same box, another SIP port than 5060",
      },
    ]);
  });

  it("at another port it is told apart, and counted", () => {
    expect(registeredAt(5062)).toMatchObject({ conflicts: [], phones: { contacts: 1, at_gateways: 1 } });
    expect(registeredAt(5060, "sip:10.10.1.3:5061")).toMatchObject({ conflicts: [], phones: { at_gateways: 1 } });
  });

  it("a phone elsewhere is none", () => {
    const site = new Site();
    site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
    site.actor("201", PHONE).request("REGISTER", "sip:pbx.example.com");
    site.run(1_000);
    expect(site.status()).toMatchObject({ conflicts: [], phones: { contacts: 1, at_gateways: 0 } });
  });
});
