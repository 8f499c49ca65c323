/** REGISTERs that are copied to the foreign other half of a pair, such as an OpenSIPS or a Kamailio. */
import { describe, expect, it } from "vitest";
import { responseText } from "../sip/build.ts";
import { header, headers } from "../sip/message.ts";
import { BOTH_WAYS, DOMAIN, HALF, half, OUTAGE, pairSite, TO_HALF } from "../support/foreign-half.ts";
import { expectLadder } from "../support/ladder.ts";
import { LAN, PBX, PHONE, STRANGER, WAN } from "../support/site.ts";

/** A phone that upstream has registered for 300 s, and the half that hears of it. */
function registered(yaml = TO_HALF, extra: readonly string[] = ["Expires: 3600"]) {
  const site = pairSite(yaml);
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX, WAN);
  const other = half(site);
  pbx.answers("REGISTER", { status: 200, extra: [`Contact: <${phone.contactUri}>;expires=300`] });
  phone.request("REGISTER", DOMAIN, extra, "one");
  site.run(200);
  return { site, phone, pbx, other };
}

describe("a phone's REGISTER that upstream has accepted", () => {
  it("is copied with a Path that names the socket of the phone's REGISTER, that socket in Sock-Info, and upstream's expiry", () => {
    const { site, other } = registered();
    const copy = other.seen("REGISTER");
    expect(header(copy, "sock-info")).toBe("udp:10.222.237.1:5060");
    expect(header(copy, "path")).toMatch(
      /^<sip:p~u~10\.222\.237\.1~5060~10\.222\.237\.21~5060~[\w-]+@10\.222\.237\.1:5060;lr;received=sip:10\.222\.237\.21:5060>$/,
    );
    expect(headers(copy, "expires")).toEqual(["300"]);
    expect(header(copy, "contact")).toBe("<sip:phone@10.222.237.21:5060>");
    expect(header(copy, "supported")).toBe("path");
    expect(headers(copy, "via")[0]).toContain("10.222.237.2:5060");
    expectLadder("register-copied", site.ladder(["sock-info", "expires"]));
  });

  it("can be called along the Path of its copy", () => {
    const { site, phone, other } = registered();
    phone.answers("INVITE", { status: 180 }, { status: 200 });
    const [route = ""] = headers(other.seen("REGISTER"), "path");
    other.request("INVITE", "sip:phone@10.222.237.21:5060", [`Route: ${route}`], "along");
    site.run(200);
    expect(header(phone.seen("INVITE"), "route")).toBe("");
    expect(other.responses(200, "INVITE")).toHaveLength(1);
  });

  it("is copied again at each refresh, and as it is when the phone takes its binding away", () => {
    const { site, phone, pbx, other } = registered();
    pbx.answers("REGISTER", { status: 200 });
    phone.request("REGISTER", DOMAIN, ["Expires: 0"], "one", 2);
    site.run(200);
    const copy = other.seen("REGISTER", 1);
    expect(headers(copy, "expires")).toEqual(["0"]);
    expect(header(copy, "cseq")).toBe("2 REGISTER");
    phone.request("REGISTER", DOMAIN, ["Contact: *", "Expires: 0"], "one", 3, false);
    site.run(200);
    expect(header(other.seen("REGISTER", 2), "contact")).toBe("*");
  });

  it("says in the copy how long upstream keeps it, also where the Contact or nothing at all asks for a time", () => {
    const inContact = registered(TO_HALF, []);
    expect(headers(inContact.other.seen("REGISTER"), "expires")).toEqual(["300"]);
    const site = pairSite(TO_HALF);
    const phone = site.actor("phone", PHONE);
    const other = half(site);
    const contact = `Contact: "A" <${phone.contactUri}>;q=0.5`;
    site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200, extra: [`${contact};expires=120`] });
    phone.request("REGISTER", DOMAIN, [`${contact};expires=900`], "two", 1, false);
    site.run(200);
    expect(`Contact: ${header(other.seen("REGISTER"), "contact")}`).toBe(`${contact};expires=120`);
  });

  it("has our Sock-Info alone: what the phone itself has written there counts for nothing", () => {
    const { other } = registered(TO_HALF, ["Sock-Info: udp:192.0.2.1:5060", "sock-info: x"]);
    expect(headers(other.seen("REGISTER"), "sock-info")).toEqual(["udp:10.222.237.1:5060"]);
  });

  it("of a phone over TCP names that socket too, and the Path leads back over the phone's own connection", () => {
    const site = pairSite(TO_HALF.replace("udp:203", "tcp:10.222.237.1:5060, udp:203"));
    const at = { ...PHONE, protocol: "tcp" } as const;
    const phone = site.actor("phone", at, { ...LAN, protocol: "tcp" }).connects(40_001);
    const other = half(site);
    site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
    phone.request("REGISTER", DOMAIN, ["Expires: 60"], "one");
    site.run(200);
    const copy = other.seen("REGISTER");
    expect(header(copy, "sock-info")).toBe("tcp:10.222.237.1:5060");
    const [route = ""] = headers(copy, "path");
    expect(route).toContain("@10.222.237.1:5060;transport=tcp;lr;received=sip:10.222.237.21:40001%3Btransport%3Dtcp>");
    phone.answers("INVITE", { status: 200 });
    other.request("INVITE", phone.contactUri, [`Route: ${route}`], "along");
    site.run(200);
    expect(phone.requests("INVITE")).toHaveLength(1);
  });

  it("isn't copied where upstream refuses it, or where it changes nothing", () => {
    const site = pairSite(TO_HALF);
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX, WAN);
    const other = half(site);
    pbx.answers("REGISTER", { status: 403 });
    phone.request("REGISTER", DOMAIN, [], "one");
    site.run(100);
    pbx.answers("REGISTER", { status: 200 });
    phone.request("REGISTER", DOMAIN, [], "one", 2, false);
    site.run(100);
    expect(phone.responses(200)).toHaveLength(1);
    expect(other.requests("REGISTER")).toEqual([]);
  });
});

describe("a phone's REGISTER that is answered here", () => {
  it("is copied in an outage, for as long as the phone may stay", () => {
    const { site, phone, pbx, other } = registered();
    pbx.answers("REGISTER");
    pbx.answers("OPTIONS");
    site.run(OUTAGE);
    phone.request("REGISTER", DOMAIN, ["Expires: 3600"], "one", 2);
    site.run(5_000);
    expect(phone.responses(200)).toHaveLength(2);
    const [expires] = headers(other.seen("REGISTER", 1), "expires");
    expect(Number(expires)).toBeGreaterThan(40);
    expect(Number(expires)).toBeLessThanOrEqual(60);
  });

  it("is copied where upstream needn't hear of it", () => {
    const yaml = TO_HALF.replace("copies:", "throttle: true, expires_cap: 60s, copies:");
    const site = pairSite(yaml);
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX, WAN);
    const other = half(site);
    pbx.answers("REGISTER", { status: 200, extra: [`Contact: <${phone.contactUri}>;expires=3600`] });
    for (const cseq of [1, 2]) {
      phone.request("REGISTER", DOMAIN, ["Expires: 60"], "one", cseq);
      site.run(1_000);
    }
    expect(pbx.requests("REGISTER")).toHaveLength(1);
    expect(other.requests("REGISTER")).toHaveLength(2);
  });
});

describe("another half that doesn't answer", () => {
  it("costs the phone nothing, and is sent one copy in 5 s until it answers again", () => {
    const site = pairSite(TO_HALF);
    const other = half(site);
    other.answers("REGISTER");
    const phones = Array.from({ length: 20 }, (_, index) =>
      site.actor(`p${index}`, { address: `10.222.237.${30 + index}`, port: 5060 }),
    );
    const pbx = site.actor("pbx", PBX, WAN);
    pbx.answers("REGISTER", { status: 200 });
    const [first, ...others] = phones;
    first?.request("REGISTER", DOMAIN, ["Expires: 60"], "first");
    site.run(50);
    expect(first?.responses(200)).toHaveLength(1);
    site.run(4_000);
    for (const phone of others) phone.request("REGISTER", DOMAIN, ["Expires: 60"], phone.name);
    site.run(4_000);
    const copied = () => new Set(other.requests("REGISTER").map(({ message }) => header(message, "call-id"))).size;
    expect(copied()).toBe(1);
    others[0]?.request("REGISTER", DOMAIN, ["Expires: 60"], "trial");
    others[1]?.request("REGISTER", DOMAIN, ["Expires: 60"], "after the trial");
    site.run(8_000);
    expect(copied()).toBe(2);
    other.answers("REGISTER", { status: 200 });
    others[2]?.request("REGISTER", DOMAIN, ["Expires: 60"], "back");
    site.run(100);
    others[3]?.request("REGISTER", DOMAIN, ["Expires: 60"], "and on");
    site.run(100);
    expect(copied()).toBe(4);
    const told = site.events.filter(({ event }) => event.startsWith("copies_"));
    expect(told.map(({ event, fields }) => [event, fields["backup"]])).toEqual([
      ["copies_unanswered", "10.222.237.3"],
      ["copies_taken", "10.222.237.3"],
    ]);
  });

  it("is told of once where it refuses copies, or can't be reached", () => {
    const { site, phone, pbx, other } = registered();
    pbx.answers("REGISTER", { status: 200 });
    other.answers("REGISTER", { status: 403 });
    for (const cseq of [2, 3]) {
      phone.request("REGISTER", DOMAIN, [], "one", cseq);
      site.run(100);
    }
    const told = site.events.filter(({ event }) => event.startsWith("copies_"));
    expect(told.map(({ event, fields }) => [event, fields["status"]])).toEqual([["copies_refused", 403]]);
  });
});

describe("a copy that the other half has sent", () => {
  it("is answered here, and goes neither to upstream nor back", () => {
    const site = pairSite(BOTH_WAYS);
    const pbx = site.actor("pbx", PBX, WAN);
    const other = half(site);
    other.as("201").request("REGISTER", DOMAIN, ["Contact: <sip:201@10.222.237.21>", "Expires: 300"], "c", 1, false);
    site.run(1_000);
    expect(header(other.got(200), "contact")).toBe("<sip:201@10.222.237.21>;expires=300");
    expect(pbx.requests("REGISTER")).toEqual([]);
    expect(other.requests("REGISTER")).toEqual([]);
  });

  it("a response to our copy from anybody else counts for nothing", () => {
    const { site, phone, pbx, other } = registered();
    other.answers("REGISTER");
    pbx.answers("REGISTER", { status: 200 });
    phone.request("REGISTER", DOMAIN, [], "one", 2);
    site.run(100);
    const forger = site.actor("forger", STRANGER, HALF);
    forger.send(responseText(other.seen("REGISTER", 1), 200, {}), { address: "10.222.237.2", port: 5060 });
    site.run(3_000);
    expect(site.events.some(({ event }) => event === "copies_unanswered")).toBe(true);
  });
});
