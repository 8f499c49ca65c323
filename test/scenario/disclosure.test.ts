/** What isn't for a gateway doesn't go there: passwords for upstream, and who calls, where the caller wants privacy. */
import { describe, expect, it } from "vitest";
import { withheldFields } from "../../src/policy/peers/disclosure.ts";
import { header, headers, type SipText } from "../sip/message.ts";
import { request } from "../support/messages.ts";
import { GATEWAY, PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";
const DIRECT = "sip:5551234@10.10.1.3";
const FOR_PBX = 'Digest username="201", realm="pbx.example.com", nonce="n", uri="sip:x", response="r"';
const FOR_GATEWAY = 'Digest username="201", realm="gw", nonce="n", uri="sip:x", response="r"';
const WHO = [
  "P-Asserted-Identity: <sip:201@pbx.example.com>",
  "P-Asserted-Identity: <tel:+49301234201>",
  "P-Preferred-Identity: <sip:201@pbx.example.com>",
  "Remote-Party-ID: <sip:201@pbx.example.com>;party=calling",
  "Identity: aaaa.bbbb.cccc;info=<https://pbx.example.com/c>",
];
const NAMES = ["p-asserted-identity", "p-preferred-identity", "remote-party-id", "identity"];
const TRUSTED = SITE_YAML.replace("gateways: [sip:10.10.1.3]", "gateways: [{uri: sip:10.10.1.3, trusted: true}]");

function cast(yaml = SITE_YAML) {
  const site = new Site(yaml);
  const phone = site.actor("201", PHONE).answers("INVITE", { status: 200 });
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 200 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200 });
  site.run(100);
  return { site, phone, pbx, gateway };
}

const identities = (message: SipText) => NAMES.flatMap((name) => headers(message, name)).length;
const credentials = (message: SipText) => [
  ...headers(message, "authorization"),
  ...headers(message, "proxy-authorization"),
];

describe("credentials", () => {
  it.each([
    ["the INVITE that follows the redirect", SITE_YAML, DIRECT],
    ["the relayed call", `${SITE_YAML}survival: {answer: relay}\n`, NUMBER],
    ["the emergency call", `${SITE_YAML}emergency: ["5551234"]\n`, NUMBER],
  ])("for upstream don't go to a gateway: %s", (_, yaml, uri) => {
    const { site, phone, gateway } = cast(yaml);
    site.simulation.silence(PBX);
    phone.invite(uri, [`Proxy-Authorization: ${FOR_PBX}`, `Authorization: ${FOR_PBX}`, "User-Agent: x"]);
    site.run(20_000);
    expect(credentials(gateway.seen("INVITE"))).toEqual([]);
    expect(header(gateway.seen("INVITE"), "user-agent")).toBe("x");
  });

  it("go to upstream untouched", () => {
    const { site, phone, pbx } = cast();
    phone.invite(NUMBER, [`Proxy-Authorization: ${FOR_PBX}`]);
    site.run(500);
    expect(credentials(pbx.seen("INVITE"))).toEqual([FOR_PBX]);
  });

  it.each(["MESSAGE", "REFER", "SUBSCRIBE"])("nor in a %s to it", (method) => {
    const { site, phone, gateway } = cast();
    phone.request(method, DIRECT, [`Authorization: ${FOR_PBX}`]);
    site.run(500);
    expect(credentials(gateway.seen(method))).toEqual([]);
  });

  it("nor within a dialog, nor in its ACK", () => {
    const { site, phone, gateway } = cast();
    phone.acknowledges = false;
    phone.invite(DIRECT);
    site.run(500);
    const answer = phone.got(200, "INVITE");
    const send = phone.send.bind(phone);
    phone.send = (wire, to) =>
      send(wire.replace("\r\nContact:", `\r\nProxy-Authorization: ${FOR_PBX}\r\nContact:`), to);
    for (const [index, method] of ["ACK", "INVITE", "INFO", "UPDATE", "BYE"].entries()) {
      gateway.answers(method, { status: 200 });
      phone.inDialog(method, answer, Math.max(index, 1));
      site.run(500);
      const last = gateway.requests(method).pop();
      if (last === undefined) throw new Error(`no ${method}`);
      expect(credentials(last.message), method).toEqual([]);
    }
  });

  it("pass for a realm that this gateway has asked for itself, and for no other", () => {
    const { site, phone, gateway } = cast();
    gateway.answers("INVITE", { status: 407, extra: ['Proxy-Authenticate: Digest nonce="n", realm="gw"'] });
    phone.invite(DIRECT, [`Proxy-Authorization: ${FOR_GATEWAY}`]);
    site.run(500);
    expect(credentials(gateway.seen("INVITE"))).toEqual([]);
    phone.invite(DIRECT, [`Proxy-Authorization: ${FOR_GATEWAY}`, `Proxy-Authorization: ${FOR_PBX}`]);
    site.run(500);
    expect(credentials(gateway.seen("INVITE", 1))).toEqual([FOR_GATEWAY]);
    site.reload(SITE_YAML);
    phone.invite(DIRECT, [`Proxy-Authorization: ${FOR_GATEWAY}`]);
    site.run(500);
    expect(credentials(gateway.seen("INVITE", 2))).toEqual([FOR_GATEWAY]);
  });

  it("one gateway's realm isn't another's", () => {
    const { site, phone, gateway } = cast(SITE_YAML.replace("sip:10.10.1.3", "sip:10.10.1.3, sip:10.10.1.4"));
    const other = site.actor("other", { address: "10.10.1.4", port: 5060 }).answers("INVITE", { status: 200 });
    gateway.answers("INVITE", { status: 401, extra: ['WWW-Authenticate: Digest realm="gw", nonce="n"'] });
    phone.invite(DIRECT);
    site.run(500);
    phone.invite("sip:5551234@10.10.1.4", [`Authorization: ${FOR_GATEWAY}`]);
    site.run(500);
    expect(credentials(other.seen("INVITE"))).toEqual([]);
  });

  it.each([
    ["a realm beside another one", `Digest realm="gw", x=1, realm="pbx.example.com"`, true],
    ["a realm that only stands in quotes", `Digest username="realm=\\"gw\\""`, true],
    ["no realm", "Basic QWxhZGRpbg==", true],
    ["a bearer token", "Bearer abc", true],
    ["white space around it", `Digest username="x" ,  REALM = "gw"`, false],
    ["no quotes", "Digest realm=gw, username=x", false],
  ])("%s", (_, value, isWithheld) => {
    const invite = request({ headers: [`Authorization: ${value}`] });
    expect(withheldFields(invite, ["gw"], false).length > 0).toBe(isWithheld);
  });
});

describe("an identity under Privacy", () => {
  it.each(["id", "user", "header", "user;id", "critical; ID", "session;header;critical"])(
    "%s doesn't go to a gateway",
    (wish) => {
      const { site, phone, gateway } = cast();
      phone.invite(DIRECT, [...WHO, `Privacy: ${wish}`]);
      site.run(500);
      expect(identities(gateway.seen("INVITE"))).toBe(0);
      expect(header(gateway.seen("INVITE"), "privacy")).toBe(wish);
    },
  );

  it.each([
    ["none", ["Privacy: none"]],
    ["no wish", []],
    ["session alone", ["Privacy: session;critical"]],
  ])("%s changes nothing", (_, wish) => {
    const { site, phone, gateway } = cast();
    phone.invite(DIRECT, [...WHO, ...wish]);
    site.run(500);
    expect(identities(gateway.seen("INVITE"))).toBe(5);
  });

  it("an older phone's wish, beside the identity, counts as well", () => {
    const { site, phone, gateway } = cast();
    phone.invite(DIRECT, [...WHO, "Remote-Party-ID: <sip:201@pbx.example.com>;privacy=full"]);
    phone.invite(DIRECT, [...WHO, "Remote-Party-ID: <sip:201@pbx.example.com>;privacy=off"]);
    site.run(500);
    expect([identities(gateway.seen("INVITE")), identities(gateway.seen("INVITE", 1))]).toEqual([0, 6]);
  });

  it("goes to a gateway that the file trusts, with all credentials, and to upstream", () => {
    const { site, phone, gateway, pbx } = cast(TRUSTED);
    phone.invite(DIRECT, [...WHO, "Privacy: id", `Proxy-Authorization: ${FOR_PBX}`]);
    phone.invite(NUMBER, [...WHO, "Privacy: id"]);
    site.run(500);
    expect([identities(gateway.seen("INVITE")), credentials(gateway.seen("INVITE"))]).toEqual([5, [FOR_PBX]]);
    expect(identities(pbx.seen("INVITE"))).toBe(5);
  });

  it("goes with an emergency call: those who help must know whom to call back; credentials don't", () => {
    const { site, phone, gateway } = cast(`${SITE_YAML}emergency: ["112"]\n`);
    phone.invite("sip:112@pbx.example.com", [...WHO, "Privacy: id", `Proxy-Authorization: ${FOR_PBX}`]);
    site.run(500);
    expect([identities(gateway.seen("INVITE")), credentials(gateway.seen("INVITE"))]).toEqual([5, []]);
  });

  it("isn't written by gateways.rewrite.calling either, but where the gateway is trusted or somebody calls for help", () => {
    const rule = 'rewrite: {calling: [{match: "^(2..)$", replace: "+4930$1"}]}';
    const yaml = (more: string) =>
      `${SITE_YAML.replace("[sip:10.10.1.3]", `[{uri: sip:10.10.1.3, ${rule}${more}}]`)}emergency: ["112"]\n`;
    const written = (more: string, uri: string, wish: string[]) => {
      const { site, phone, gateway } = cast(yaml(more));
      phone.invite(uri, wish);
      site.run(500);
      return headers(gateway.seen("INVITE"), "p-asserted-identity");
    };
    const identity = ["<sip:+4930201@10.10.1.3>"];
    expect(written("", DIRECT, [])).toEqual(identity);
    expect(written("", DIRECT, ["Privacy: id"])).toEqual([]);
    expect(written(", trusted: true", DIRECT, ["Privacy: id"])).toEqual(identity);
    expect(written("", "sip:112@pbx.example.com", ["Privacy: id"])).toEqual(identity);
  });

  it("of a phone that answers doesn't go back to a gateway either", () => {
    for (const [yaml, count] of [
      [SITE_YAML, 0],
      [TRUSTED, 1],
    ] as const) {
      const { site, phone, gateway } = cast(yaml);
      const extra = ["P-Asserted-Identity: <sip:201@pbx.example.com>", "Privacy: id"];
      phone.answers("INVITE", { status: 180, extra }, { status: 200, extra, after_ms: 100 });
      gateway.invite("sip:5550100@10.222.237.1");
      site.run(500);
      for (const status of [180, 200])
        expect(headers(gateway.got(status, "INVITE"), "p-asserted-identity")).toHaveLength(count);
      expect(header(gateway.got(200, "INVITE"), "contact")).toContain("201@");
    }
  });
});
