/** The origin of a request, where a gateway's address has phones too. */
import { describe, expect, it } from "vitest";
import { GATEWAY, PBX, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";

const GROUP = SITE_YAML.replace(/hunt_groups.*\n/, 'hunt_groups: {default: {members: ["202"]}}\n');

/** The gateway's box has registered as 205 from the gateway's own port; its INVITE has this Contact. */
function callFrom(contact: string) {
  const site = new Site(GROUP);
  const box = site.actor("205", GATEWAY);
  const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 }).answers("INVITE", { status: 200 });
  const group = site.actor("202", PHONE_2).answers("INVITE", { status: 180 });
  group.request("REGISTER", "sip:pbx.example.com");
  box.request("REGISTER", "sip:pbx.example.com", ["Contact: <sip:205@10.10.1.3:5060>"], "box", 1, false);
  site.run(100);
  box.request("INVITE", "sip:5551234@pbx.example.com", [`Contact: ${contact}`], "call", 1, false);
  site.run(100);
  return { upstream: pbx.requests("INVITE").length, group: group.requests("INVITE").length };
}

describe("a phone and the gateway at one address and port", () => {
  it.each([
    "<sip:205@10.10.1.3:5060;line=7>",
    "<sip:205@10.10.1.3>",
    '"FXS" <sip:205@10.10.1.3:5060;transport=udp>;q=1',
  ])("the Contact %s is the one that has registered: the phone calls out", (contact) => {
    expect(callFrom(contact)).toEqual({ upstream: 1, group: 0 });
  });

  it.each([
    "<sip:0301234@10.10.1.3:5060>",
    "<sip:205@10.10.1.3:5070>",
    "<sip:205@10.10.1.4>",
    "<sip:10.10.1.3>",
    "nonsense <",
  ])("the Contact %s is another one: a call of the gateway's", (contact) => {
    expect(callFrom(contact)).toEqual({ upstream: 0, group: 1 });
  });
});
