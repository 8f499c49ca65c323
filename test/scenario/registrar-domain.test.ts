/** The domain in which phones register goes by a name of ours as well, in a file without upstream. */
import { describe, expect, it } from "vitest";
import { statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { Site } from "../support/site.ts";

const DOMAIN = "voice.example.com";
const FILE = `
listen: [udp:192.0.2.1:5060, tls:192.0.2.1:5061]
localnet: [192.0.2.0/24]
tls: {certificate: c.pem, key: k.pem}
`;
const OWN = { address: "192.0.2.1", port: 5060 };
const PBX = { address: "192.0.2.9", port: 5060 };

function office() {
  const site = new Site(FILE, {}, undefined, [DOMAIN]);
  site.routes = () => OWN.address;
  const phone = site.actor("phone", { address: "192.0.2.21", port: 5060 }, OWN);
  const pbx = site.actor("pbx", PBX, OWN);
  pbx.answers("REGISTER", { status: 200 });
  return { site, phone, pbx };
}

function finalsOf(phone: Actor): number[] {
  return phone.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
}

describe("the name in our certificate is the phones' domain", () => {
  it("a REGISTER goes to the registrar where DNS leads that name to it", () => {
    const { site, phone, pbx } = office();
    site.names.set(DOMAIN, [PBX]);
    phone.request("REGISTER", `sip:${DOMAIN}`);
    site.run(1_000);
    expect(pbx.requests("REGISTER")).toHaveLength(1);
    expect(finalsOf(phone)).toEqual([200]);
  });

  it("where DNS leads it to this router, the router asks nobody and doesn't take itself for upstream", () => {
    const { site, phone } = office();
    site.names.set(DOMAIN, [OWN]);
    phone.request("INVITE", "sip:5551234@pbx.example.com", [`Route: <sip:${DOMAIN};lr>`]);
    site.run(1_000);
    phone.request("REGISTER", `sip:${DOMAIN}`);
    site.run(10_000);
    expect(finalsOf(phone)).toContain(503);
    expect(site.status().upstream.map(({ name }) => name)).not.toContain(DOMAIN);
  });
});
