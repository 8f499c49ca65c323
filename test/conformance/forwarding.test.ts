/** RFC 3261 §16.3 to §16.7, §18: what the other tests don't show of what a proxy must do. */
import { describe, expect, it } from "vitest";
import { headers, requestUriOf, respond, write } from "../support/sip-text.ts";
import { PBX, PHONE, PHONE_2, Site, WAN } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";

function cast() {
  const site = new Site();
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX, WAN);
  site.run(100);
  return { site, phone, pbx };
}

describe("RFC 3261 §18.1.2: responses whose sent-by isn't ours", () => {
  it.each([
    ["as we wrote it: passed on", (via: string) => via, 1],
    ["without the usual port: passed on", (via: string) => via.replace(":5060", ""), 1],
    ["another host: dropped", (via: string) => via.replace("203.0.113.2", "203.0.113.9"), 0],
    ["another port: dropped", (via: string) => via.replace(":5060", ":5070"), 0],
    ["a name that we never give: dropped", (via: string) => via.replace("203.0.113.2", "proxy.example.com"), 0],
  ])("%s", (_, change, passed) => {
    const { site, phone, pbx } = cast();
    phone.invite(NUMBER);
    site.run(50);
    const wire = respond(pbx.seen("INVITE"), 486, "Busy Here", [], "b");
    pbx.send(wire.replace(/Via: .*/, change));
    site.run(50);
    expect(phone.responses(486)).toHaveLength(passed);
  });
});

describe("RFC 3261 §20.29: Proxy-Require in a CANCEL", () => {
  it("is ignored: a CANCEL after a restart goes on", () => {
    const { site, phone, pbx } = cast();
    phone.cancel(phone.request("OPTIONS", NUMBER), ["Proxy-Require: foo"]);
    site.run(50);
    expect(phone.responses(420, "CANCEL")).toEqual([]);
    expect(pbx.requests("CANCEL")).toHaveLength(1);
  });
});

