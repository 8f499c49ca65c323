/** What PBXs and clients were seen to do: 503 of a living PBX, a client that takes a redirect into its own dialplan, Path that is ignored. */
import { describe, expect, it } from "vitest";
import { write } from "../sip/build.ts";
import { header, requestUriOf, statusOf, uriIn } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";

const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);

/** Phones 201 and 202 are registered, 204 isn't there; the PBX answers calls with `status`. */
function office(status: number, more = "", answersProbes = true) {
  const site = new Site(
    `${SITE_YAML.replace(/members: .*/, 'members: [201, "204"]}}')}extensions: {aliases: {"5550100": "201"}, prefixes: ["5550"], forward: {"208": {no_answer: "201"}}}\n${more}`,
  );
  site.names.set("pbx.example.com", [PBX]);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status });
  pbx.answers("REGISTER", { status: 200, extra: ["Expires: 300"] });
  if (!answersProbes) pbx.answers("OPTIONS", { status: 503 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200 });
  const phones = [PHONE, PHONE_2].map((at, index) =>
    site.actor(`20${index + 1}`, at).answers("INVITE", { status: 200 }),
  );
  const [phone, other] = phones as [Actor, Actor];
  if (answersProbes) for (const one of phones) one.request("REGISTER", "sip:pbx.example.com", ["Expires: 300"]);
  site.run(300);
  phone.received.length = 0;
  return { site, pbx, gateway, phone, other };
}

describe("503 of a PBX that answers probes", () => {
  it.each([
    "sip:202@pbx.example.com",
    "sip:204@pbx.example.com",
    "sip:299@pbx.example.com",
    "sip:208@pbx.example.com",
    "sip:5550202@pbx.example.com",
    "sip:5550100@pbx.example.com",
    "sip:%32%30%34@pbx.example.com;user=phone",
    "tel:204;phone-context=pbx.example.com",
    "sip:202@10.222.237.22:5060",
    "sip:204@10.222.237.1",
    "sip:204@198.51.100.10",
  ])("to a call for an extension, or a number as long, is the answer: %s", (uri) => {
    for (const answer of ["302", "380", "relay", "auto"]) {
      const { site, gateway, phone, other } = office(503, `survival: {answer: ${answer}}\n`);
      phone.invite(uri);
      site.run(6_000);
      expect(finals(phone)).toEqual([503]);
      expect([gateway.requests("INVITE").length, other.requests("INVITE").length]).toEqual([0, 0]);
      expect(site.callLog.legs.map(({ status }) => status)).toEqual([503]);
    }
  });

  it.each([
    ["5551234", ""],
    ["0301234567", ""],
    ["+49301234567", ""],
    ["5551234", "registration: contact\n"],
  ])(
    "to a call for an outside number leads to the gateway, since the PBX may have lost its trunks: %s %s",
    (number, more) => {
      const { site, phone } = office(503, more);
      phone.invite(`sip:${number}@pbx.example.com`);
      site.run(6_000);
      expect(finals(phone)).toEqual([302]);
      expect(uriIn(header(phone.got(302), "contact"))).toContain(`sip:${number}@10.10.1.3`);
      const relay = office(503, `${more}survival: {answer: relay}\n`);
      relay.phone.invite(`sip:${number}@pbx.example.com`);
      relay.site.run(6_000);
      expect(finals(relay.phone)).toEqual([200]);
    },
  );

  it.each(["112", "0112"])("an emergency number goes to the gateway, however long it is: %s", (number) => {
    const { site, phone, gateway } = office(503, 'emergency: ["112"]\n');
    phone.invite(`sip:${number}@pbx.example.com`);
    site.run(6_000);
    expect(finals(phone)).toEqual([200]);
    expect(requestUriOf(gateway.seen("INVITE"))).toContain("sip:112@");
  });

  it.each([500, 480, 486, 404])("another of the file's dead_codes is the same: %d", (status) => {
    const yaml = (code: number) => `sip:198.51.100.10, dead_codes: [503, ${code}]}`;
    const site = new Site(SITE_YAML.replace("sip:198.51.100.10", `{targets: ${yaml(status)}`));
    site
      .actor("pbx", PBX, WAN)
      .answers("INVITE", { status })
      .answers("REGISTER", { status: 200, extra: ["Expires: 300"] });
    const phone = site.actor("201", PHONE);
    phone.request("REGISTER", "sip:pbx.example.com", ["Expires: 300"]);
    site.run(300);
    phone.received.length = 0;
    phone.invite("sip:204@pbx.example.com");
    phone.invite("sip:5551234@pbx.example.com");
    site.run(6_000);
    expect(finals(phone)).toEqual([status, 302]);
  });

  it("whose probes get 503 too is an outage: extensions ring, numbers go out", () => {
    const { site, phone } = office(503, "", false);
    phone.invite("sip:5551234@pbx.example.com");
    site.run(6_000);
    expect(finals(phone)).toEqual([302]);
  });

  it("in a file without upstream: the same", () => {
    const site = new Site(SITE_YAML.replace(/upstream:.*\n/, ""));
    site.names.set("pbx.example.com", [PBX]);
    site
      .actor("pbx", PBX, WAN)
      .answers("INVITE", { status: 503 })
      .answers("REGISTER", { status: 200, extra: ["Expires: 300"] });
    const phone = site.actor("201", PHONE);
    phone.request("REGISTER", "sip:pbx.example.com", ["Expires: 300"]);
    site.run(300);
    phone.received.length = 0;
    phone.invite("sip:204@pbx.example.com");
    phone.invite("sip:5551234@pbx.example.com");
    site.run(6_000);
    expect(finals(phone)).toEqual([503, 302]);
  });
});

describe("answer: auto, for a client that takes a 302 into its own dialplan (Asterisk, redirect_method=user)", () => {
  function dark(isRegistered: boolean) {
    const site = new Site(`${SITE_YAML}survival: {answer: auto, notice_hold: 0s}\n`);
    const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200, extra: ["Expires: 300"] });
    const client = site.actor("trunk", PHONE);
    const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200 });
    if (isRegistered) client.request("REGISTER", "sip:pbx.example.com", ["Expires: 300"]);
    site.run(300);
    site.simulation.silence(PBX);
    site.run(90_000);
    client.received.length = 0;
    return { site, client, gateway, pbx };
  }

  const NUMBER = "sip:5551234@pbx.example.com";

  it.each([
    ["never comes back", undefined],
    ["comes back with another Call-ID, to another number", "sip:00495551234@pbx.example.com"],
    ["comes back with another Call-ID, to the same number", NUMBER],
    ["rings a phone of its own, which we see nothing of but a call to an extension", "sip:202@pbx.example.com"],
  ])("one that %s: relayed from the next call on", (_, again) => {
    for (const isRegistered of [true, false]) {
      const { site, client, gateway } = dark(isRegistered);
      client.invite(NUMBER);
      site.run(500);
      if (again !== undefined) client.invite(again);
      site.run(5_000);
      client.received.length = 0;
      client.invite(NUMBER);
      site.run(1_000);
      expect(finals(client)).toEqual([200]);
      expect(gateway.requests("INVITE").length).toBeGreaterThan(0);
    }
  });

  it("with another caller in each From: it is the client that is known, not the caller", () => {
    for (const isRegistered of [true, false]) {
      const { site, client } = dark(isRegistered);
      client.as("0301111").invite(NUMBER);
      site.run(5_000);
      client.received.length = 0;
      client.as("0302222").invite(NUMBER);
      site.run(1_000);
      expect(finals(client)).toEqual([200]);
    }
  });

  it("with redirect_method=uri_pjsip it comes back to the gateway, and goes on being redirected", () => {
    const { site, client } = dark(true);
    client.as("0301111").invite(NUMBER);
    site.run(500);
    client.as("0302222").invite("sip:5551234@10.10.1.3");
    site.run(5_000);
    client.received.length = 0;
    client.invite(NUMBER);
    site.run(1_000);
    expect(finals(client)).toEqual([302]);
  });
});

describe("a PBX that ignores Path", () => {
  function without(more = "") {
    const all = office(200, more);
    const states = () => (all.site.status().path ?? []).map(({ path }) => path);
    return { ...all, states };
  }

  it("unconfirmed after a 200 without Path, ignored once it asks for a phone without it, well once it asks with it", () => {
    const { site, pbx, phone, states } = without();
    expect(states()).toEqual(["unconfirmed"]);
    pbx.invite(`sip:201@${WAN.address}:5060`);
    site.run(200);
    expect(states()).toEqual(["ignored"]);
    expect(phone.requests("INVITE")).toHaveLength(1);
    pbx.invite(phone.contactUri, [`Route: ${header(pbx.seen("REGISTER"), "path")}`]);
    site.run(200);
    expect(states()).toEqual([]);
  });

  it.each(["INVITE", "MESSAGE", "NOTIFY", "SUBSCRIBE", "REFER", "OPTIONS"])(
    "%s to USER@our address reaches the phone",
    (method) => {
      for (const at of [WAN, LAN]) {
        const { site, pbx, other } = without();
        other.answers(method, { status: 200 });
        pbx.request(method, `sip:202@${at.address}:${at.port}`);
        site.run(300);
        expect(other.requests(method)).toHaveLength(1);
        expect(finals(pbx)).toContain(200);
      }
    },
  );

  it.each(["299", "204"])("OPTIONS to %s, who isn't there: 404, so that the PBX doesn't think it is", (user) => {
    const { site, pbx } = without();
    pbx.received.length = 0;
    pbx.request("OPTIONS", `sip:${user}@${WAN.address}:5060`);
    site.run(300);
    expect(finals(pbx)).toEqual([404]);
  });

  it.each(["", "ping@", "monitor@"])("OPTIONS to us ourselves: 200 (sip:%s)", (user) => {
    const { site, pbx } = without();
    pbx.received.length = 0;
    pbx.request("OPTIONS", `sip:${user}${WAN.address}:5060`);
    site.run(300);
    expect(finals(pbx)).toEqual([200]);
  });

  it("with registration: contact nothing is wrong", () => {
    const { states } = without("registration: contact\n");
    expect(states()).toEqual([]);
  });
});

it("a PBX's Path as third Route in its re-INVITE is stripped", () => {
  const { site, pbx, phone } = office(200);
  const path = header(pbx.seen("REGISTER"), "path");
  phone.invite("sip:5551234@pbx.example.com");
  site.run(300);
  const invite = pbx.seen("INVITE");
  const routes = (invite.headers.get("record-route") ?? []).concat(path);
  pbx.send(
    write(`INVITE ${uriIn(header(invite, "contact"))} SIP/2.0`, [
      `Via: SIP/2.0/UDP ${pbx.hostPort};branch=z9hG4bK-third;rport`,
      "Max-Forwards: 70",
      ...routes.map((route) => `Route: ${route}`),
      `From: ${header(invite, "to")};tag=pbx-tag`,
      `To: ${header(invite, "from")}`,
      `Call-ID: ${header(invite, "call-id")}`,
      "CSeq: 2 INVITE",
      `Contact: <${pbx.contactUri}>`,
    ]),
  );
  site.run(300);
  expect(phone.requests("INVITE")).toHaveLength(1);
  expect(phone.seen("INVITE").headers.get("route")).toBeUndefined();
});
