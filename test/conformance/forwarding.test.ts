/** RFC 3261 §16.3 to §16.7, §18: what the other tests don't show of what a proxy must do. */
import { describe, expect, it } from "vitest";
import { responseText, write } from "../sip/build.ts";
import { headers, requestUriOf } from "../sip/message.ts";
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
    const wire = responseText(pbx.seen("INVITE"), 486, { toTag: "b" });
    pbx.send(wire.replace(/Via: .*/, change));
    site.run(50);
    expect(phone.responses(486)).toHaveLength(passed);
    expect(site.core.meter.dropped["false_response"]).toBe(passed === 1 ? undefined : 1);
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

describe("RFC 3261 §16.6 item 2: what a Request-URI must not contain", () => {
  it("the method and the headers of a phone's Contact are left out when it is called by it", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("REGISTER", { status: 200, extra: ["Expires: 300"] });
    const contact = `sip:phone@${PHONE.address};method=INVITE;line=1;transport=udp?Subject=x&Priority=urgent`;
    phone.request("REGISTER", "sip:pbx.example.com", [`Contact: <${contact}>`], undefined, 1, false);
    site.run(100);
    site.simulation.silence(PBX);
    site.run(30_000);
    const caller = site.actor("caller", PHONE_2);
    caller.invite("sip:phone@pbx.example.com");
    site.run(100);
    expect(requestUriOf(phone.seen("INVITE"))).toBe(`sip:phone@${PHONE.address};line=1;transport=udp`);
  });
});

describe("RFC 3261 §16.6 item 7, RFC 3263 §4: maddr", () => {
  it("a Contact's maddr is where requests within the dialog go", () => {
    const { site, phone, pbx } = cast();
    const other = site.actor("other", { address: "198.51.100.77", port: 5060 }, WAN);
    pbx.answers("INVITE", { status: 200, extra: [] });
    phone.invite(NUMBER);
    site.run(100);
    const answer = phone.got(200, "INVITE");
    const moved = new Map(answer.headers).set("contact", ["<sip:pbx@198.51.100.10;maddr=198.51.100.77>"]);
    phone.inDialog("BYE", { ...answer, headers: moved }, 2);
    site.run(100);
    expect(other.requests("BYE")).toHaveLength(1);
    expect(requestUriOf(other.seen("BYE"))).toBe("sip:pbx@198.51.100.10;maddr=198.51.100.77");
    expect(pbx.requests("BYE")).toEqual([]);
  });
});

describe("RFC 3263 §4: a maddr that is no host, or one that only some resolvers take for an address", () => {
  it.each(["", "a%20b", "10.10.259", "168427779"])("%j: 404, and nothing is sent", (maddr) => {
    const { site, phone } = cast();
    phone.send(
      write(`BYE sip:x@198.51.100.10;maddr=${maddr} SIP/2.0`, [
        `Via: SIP/2.0/UDP ${phone.hostPort};branch=z9hG4bK-bad`,
        "From: <sip:phone@pbx.example.com>;tag=1",
        "To: <sip:5551234@pbx.example.com>;tag=2",
        "Call-ID: bad",
        "CSeq: 2 BYE",
      ]),
    );
    site.run(1_000);
    expect(phone.responses(404, "BYE")).toHaveLength(1);
    expect(site.simulation.sightings.filter(({ wire }) => wire.startsWith("BYE"))).toHaveLength(1);
  });
});

describe("RFC 3261 §16.4: maddr in the Request-URI", () => {
  it.each([
    ["that is ours is taken off, with the port that belongs to it", `${NUMBER};maddr=10.222.237.1`, NUMBER],
    ["and the port", `sip:5551234@pbx.example.com:5060;maddr=10.222.237.1;x=y`, `${NUMBER};x=y`],
    ["of somebody else stays", `${NUMBER};maddr=198.51.100.77`, `${NUMBER};maddr=198.51.100.77`],
    ["at another port of ours stays", `sip:1@pbx.example.com:99;maddr=10.222.237.1`, undefined],
  ])("%s", (_, uri, seen) => {
    const { site, phone, pbx } = cast();
    phone.invite(uri);
    site.run(50);
    expect(requestUriOf(pbx.seen("INVITE"))).toBe(seen ?? uri);
  });
});

describe("RFC 6665 §4.3: subscriptions", () => {
  it("NOTIFY gets Record-Route, as SUBSCRIBE does: the subscriber may learn the route set from either", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("SUBSCRIBE", { status: 200, extra: ["Expires: 600"] });
    phone.answers("NOTIFY", { status: 200 });
    phone.request("SUBSCRIBE", "sip:202@pbx.example.com", ["Event: dialog"]);
    site.run(100);
    pbx.inDialogAsCallee("NOTIFY", pbx.seen("SUBSCRIBE"), 1);
    site.run(100);
    const places = (values: readonly string[]) => values.map((value) => value.replace(/^<sip:[^@]*@/, ""));
    expect(places(headers(pbx.seen("SUBSCRIBE"), "record-route"))).toEqual([
      "203.0.113.2:5060;lr>",
      "10.222.237.1:5060;lr>",
    ]);
    expect(places(headers(phone.seen("NOTIFY"), "record-route"))).toEqual([
      "10.222.237.1:5060;lr>",
      "203.0.113.2:5060;lr>",
    ]);
  });
});
