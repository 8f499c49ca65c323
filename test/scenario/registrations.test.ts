/** Registrations as the field sends them: phones that boot, Contacts that can't be used, To tags, and the way back to upstream. */
import { describe, expect, it } from "vitest";
import { header, headers, requestUriOf, statusOf } from "../sip/message.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "sip:pbx.example.com";
const NAME = "201@pbx.example.com";
const GROUP = SITE_YAML.replace(/hunt_groups.*\n/, 'hunt_groups: {default: {members: ["201"]}}\n');

/** Phone 201, registered by CSeq 500 of a Call-ID that it keeps. */
function cast(yaml = "", granted_s = 300) {
  const site = new Site(`${GROUP}${yaml}`);
  const phone = site.actor("201", PHONE);
  const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200, extra: [`Expires: ${granted_s}`] });
  phone.request("REGISTER", DOMAIN, [], "kept", 500);
  site.run(100);
  return { site, phone, pbx };
}

function dark(yaml = "") {
  const all = cast(yaml);
  all.site.simulation.silence(PBX);
  all.site.run(60_000);
  all.phone.received.length = 0;
  all.pbx.received.length = 0;
  return all;
}

const kept = ({ bindings }: Site) => bindings.find(NAME)?.bindings.map(({ flow, cseq }) => [flow.port, cseq]);

describe("a phone boots, keeps its Call-ID, begins its CSeq anew and has another port", () => {
  it("upstream's 200 teaches where it is: the group rings there", () => {
    const { site } = cast();
    const booted = site.actor("201", { ...PHONE, port: 40_000 }).answers("INVITE", { status: 200 });
    const gateway = site.actor("gateway", GATEWAY);
    booted.request("REGISTER", DOMAIN, [], "kept", 1);
    site.run(100);
    gateway.invite("sip:5550100@10.222.237.1");
    site.run(1_000);
    expect(requestUriOf(booted.seen("INVITE"))).toBe("sip:201@10.222.237.21:40000");
    expect(gateway.responses(200, "INVITE")).toHaveLength(1);
  });

  it("in an outage it is taken too, and called there", () => {
    const { site } = dark();
    const booted = site.actor("201", { ...PHONE, port: 40_000 });
    booted.request("REGISTER", DOMAIN, [], "kept", 1);
    site.run(100);
    expect(header(booted.got(200), "contact")).toMatch(/^<sip:201@10\.222\.237\.21:40000>;expires=\d+$/);
    expect(kept(site)).toContainEqual([40_000, 1]);
  });

  it("in an outage a message that was overtaken gets 500 and changes nothing", () => {
    const { site, phone } = dark();
    phone.request("REGISTER", DOMAIN, [], "kept", 501);
    site.run(100);
    phone.request("REGISTER", DOMAIN, [], "kept", 499);
    phone.request("REGISTER", DOMAIN, ["Expires: 0"], "kept", 498);
    site.run(100);
    expect(phone.received.map(({ message }) => statusOf(message))).toEqual([200, 500, 500]);
    expect(kept(site)).toEqual([[5060, 501]]);
  });
});

describe("a Contact that can't be used", () => {
  const BAD = "Contact: <sip:201@10.222.237.21:5060transport=udp>";
  const ask = (all: ReturnType<typeof cast>) => {
    all.phone.received.length = 0;
    all.phone.request("REGISTER", DOMAIN, [BAD, "Contact: <sip:201@10.222.237.21:5060>"], "kept", 501, false);
    all.site.run(100);
    return all.phone.received.map(({ message }) => statusOf(message));
  };

  it("in an outage: 400, and nothing has changed", () => {
    const all = dark();
    expect(ask(all)).toEqual([400]);
    expect(kept(all.site)).toEqual([[5060, 500]]);
  });

  it("throttle: it goes up, and gets upstream's word", () => {
    const all = cast("registration: {throttle: true}\n", 3_600);
    all.phone.request("REGISTER", DOMAIN, [], "kept", 501);
    all.site.run(100);
    expect(all.pbx.requests("REGISTER")).toHaveLength(1);
    all.pbx.answers("REGISTER", { status: 400 });
    expect(ask(all)).toEqual([400]);
    expect(all.pbx.requests("REGISTER")).toHaveLength(2);
  });

  it("after the outage it isn't held back, since it would get no 200 here", () => {
    const all = dark("registration: {pace: 1}\n");
    all.phone.request("REGISTER", DOMAIN, [], "kept", 501);
    all.site.simulation.silence(PBX, false);
    all.site.run(10_000);
    all.pbx.received.length = 0;
    all.pbx.answers("REGISTER", { status: 200 });
    for (let turn = 0; turn < 3; turn++) expect(ask(all)).toEqual([200]);
    expect(all.pbx.requests("REGISTER")).toHaveLength(3);
  });
});

describe("RFC 3261 §10.2: a REGISTER that carries a To tag is one like any other", () => {
  const tagged = (all: ReturnType<typeof cast>) => {
    all.phone.received.length = 0;
    const lines = [
      "REGISTER sip:pbx.example.com SIP/2.0",
      "Via: SIP/2.0/UDP 10.222.237.21:5060;branch=z9hG4bK-tagged;rport",
      "Max-Forwards: 70",
      "From: <sip:201@pbx.example.com>;tag=mine",
      "To: <sip:201@pbx.example.com>;tag=stale",
      "Call-ID: kept",
      "CSeq: 501 REGISTER",
      "Contact: <sip:201@10.222.237.21:5060>",
      "Content-Length: 0",
    ];
    all.phone.send(`${lines.join("\r\n")}\r\n\r\n`);
    all.site.run(100);
    return all.phone.received.map(({ message }) => statusOf(message));
  };

  it("upstream gets it with our Path, and its 200 is learned", () => {
    const all = cast();
    all.pbx.received.length = 0;
    expect(tagged(all)).toEqual([200]);
    const register = all.pbx.seen("REGISTER");
    expect([headers(register, "path"), header(register, "to")]).toEqual([
      [expect.stringMatching(/^<sip:p~u~/)],
      "<sip:201@pbx.example.com>;tag=stale",
    ]);
    expect(kept(all.site)).toEqual([[5060, 501]]);
  });

  it("in an outage it is answered here", () => {
    const all = dark();
    expect(tagged(all)).toEqual([200]);
    expect(kept(all.site)).toEqual([[5060, 501]]);
  });
});

describe("upstream returns with an empty registrar", () => {
  it("refreshes that are still answered here are granted half a minute, and status counts phones until they are back", () => {
    const { site, phone, pbx } = cast("registration: {pace: 1}\n");
    const second = site.actor("202", PHONE_2);
    let cseq = 501;
    const refresh = () => {
      for (const one of [phone, second]) one.received.length = 0;
      phone.request("REGISTER", DOMAIN, [], "kept", cseq++);
      site.run(50);
      second.request("REGISTER", DOMAIN);
      site.run(50);
      return [phone, second].map((one) => Number(/expires=(\d+)/.exec(header(one.got(200), "contact"))?.[1]));
    };
    refresh();
    site.simulation.silence(PBX);
    site.run(60_000);
    for (const told of refresh()) expect(told).toBeGreaterThan(50);
    expect(site.status().phones).toMatchObject({ addresses: 2, not_back: 0 });
    site.simulation.silence(PBX, false);
    site.run(10_000);
    expect(site.status().upstream[0]?.state).toBe("recovering");
    expect(site.status().phones).toMatchObject({ addresses: 2, not_back: 2 });
    pbx.received.length = 0;
    const [up, held = 0] = refresh();
    expect([up, pbx.requests("REGISTER").length]).toEqual([Number.NaN, 1]);
    expect(held).toBeGreaterThanOrEqual(21);
    expect(held).toBeLessThanOrEqual(36);
    expect(site.status().phones).toMatchObject({ not_back: 1 });
    site.run(4_000);
    refresh();
    expect(site.status().phones).toMatchObject({ not_back: 0 });
  });
});

it("a phone that is refused in an outage is named by status, until upstream or we have taken it", () => {
  const { site, pbx } = dark();
  const stranger = site.actor("203", { address: "10.222.237.23", port: 5060 });
  stranger.request("REGISTER", DOMAIN);
  site.run(100);
  expect(stranger.responses(503)).toHaveLength(1);
  expect(site.status().refused).toEqual([
    { name: "203@pbx.example.com", from: "10.222.237.23", status: 503, is_known: false },
  ]);
  site.simulation.silence(PBX, false);
  site.run(10_000);
  pbx.answers("REGISTER", { status: 200, extra: ["Expires: 300"] });
  stranger.request("REGISTER", DOMAIN);
  site.run(100);
  expect(site.status().refused).toEqual([]);
});

it("a phone that was refused, and asks no more, is told of for ten minutes", () => {
  const { site } = dark();
  site.actor("203", { address: "10.222.237.23", port: 5060 }).request("REGISTER", DOMAIN);
  site.run(9 * 60_000);
  expect(site.status().refused).toHaveLength(1);
  site.run(2 * 60_000);
  expect(site.status().refused).toEqual([]);
});

it("a number that has de-registered isn't counted as registered", () => {
  const { site, phone } = cast();
  site.actor("202", PHONE_2).request("REGISTER", DOMAIN);
  site.run(100);
  expect(site.status().phones).toMatchObject({ addresses: 2, contacts: 2 });
  phone.request("REGISTER", DOMAIN, ["Expires: 0"], "kept", 501);
  site.run(100);
  expect(site.status().phones).toMatchObject({ addresses: 1, contacts: 1 });
});
