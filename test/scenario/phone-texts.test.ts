/** What a phone's user learns of survival: by maker, in the words of one table that the file extends. */
import { describe, expect, it } from "vitest";
import { header, type SipText, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, PBX, PHONE, SITE_YAML, Site } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";
const YEALINK = ["User-Agent: Yealink SIP-T46S 66.86.0.15"];
const ROWS = `
survival:
  answer: relay
  notice: All phones
  makers:
    spa5: {status: 182, notice: "Línea \\"local\\"", alert_info: "<http://127.0.0.1/>;info=local"}
    "T4": {called: 'Out by {number}, "{number}"'}
`;

interface Cast {
  readonly site: Site;
  readonly phone: Actor;
  readonly gateway: Actor;
}

/** A site that has lost its upstream; a gateway that rings, and answers a second later. */
function darkSite(survival = "survival: {answer: relay}\n", extra: readonly string[] = []): Cast {
  const site = new Site(`${SITE_YAML}${survival}`);
  const phone = site.actor("phone", PHONE);
  site.actor("pbx", PBX);
  const gateway = site.actor("gateway", GATEWAY);
  gateway.answers(
    "INVITE",
    { status: 100 },
    { status: 180, after_ms: 20, extra },
    { status: 200, after_ms: 1_000, extra },
  );
  site.run(100);
  site.simulation.silence(PBX);
  site.run(60_000);
  return { site, phone, gateway };
}

/** The first value of each field; undefined where it is missing. */
const said = ({ headers }: SipText, ...names: string[]) => names.map((name) => headers.get(name)?.[0]);
const CALLED = ["p-asserted-identity", "remote-party-id"] as const;

describe("a phone whose maker shows nothing of the 181", () => {
  const name = '"5551234 (local line)" <sip:5551234@10.10.1.3>';
  const both = [name, `${name};party=called;screen=yes`];

  it("shows the called party as a local line, from the first ring on", () => {
    const { site, phone } = darkSite();
    phone.invite(NUMBER, YEALINK);
    site.run(4_000);
    expect(said(phone.got(180), ...CALLED)).toEqual(both);
    expect(said(phone.got(200, "INVITE"), ...CALLED)).toEqual(both);
    expect(phone.got(181).startLine).toContain("Survival activated");
  });

  it("does so where it follows a redirect too", () => {
    const { site, phone } = darkSite("");
    phone.request("INVITE", "sip:5551234@10.10.1.3", YEALINK, "phone-1", 2);
    site.run(4_000);
    expect(said(phone.got(200, "INVITE"), ...CALLED)).toEqual(both);
  });

  it("learns it from a 2xx that comes again, since the first one may have been lost", () => {
    const { site, phone, gateway } = darkSite();
    phone.acknowledges = false;
    gateway.answers("INVITE", { status: 200 }, { status: 200, after_ms: 500 }, { status: 200, after_ms: 1_500 });
    phone.invite(NUMBER, YEALINK);
    site.run(4_000);
    const answers = phone.responses(200).filter(({ message }) => header(message, "cseq")?.includes("INVITE") === true);
    expect(answers.length).toBeGreaterThanOrEqual(3);
    for (const { message } of answers) expect(said(message, ...CALLED)).toEqual(both);
  });

  it("sees our words in place of the gateway's, and no second value", () => {
    const theirs = ['P-Asserted-Identity: "PSTN" <sip:0@10.10.1.3>', "P-Asserted-Identity: <tel:+495551234>"];
    const { site, phone } = darkSite(undefined, theirs);
    phone.invite(NUMBER, YEALINK);
    site.run(4_000);
    expect(phone.got(200, "INVITE").headers.get("p-asserted-identity")).toEqual([name]);
  });
});

describe("the file's rows", () => {
  it("choose the provisional response, its reason phrase and the ringback tone of a maker's phones", () => {
    const { site, phone } = darkSite(ROWS);
    phone.invite(NUMBER, ["User-Agent: Cisco-CP/SPA504G-7.6.2"]);
    site.run(4_000);
    const utf8 = Buffer.from('Línea "local"').toString("latin1");
    expect(phone.got(182).startLine).toBe(`SIP/2.0 182 ${utf8}`);
    expect(phone.responses(181)).toEqual([]);
    expect(said(phone.got(180), "alert-info", ...CALLED)).toEqual([
      "<http://127.0.0.1/>;info=local",
      undefined,
      undefined,
    ]);
    expect(said(phone.got(200, "INVITE"), "alert-info")).toEqual([undefined]);
  });

  it("come before ours, and their texts can't break out of a quoted name", () => {
    const { site, phone } = darkSite(ROWS);
    phone.invite(NUMBER, YEALINK);
    site.run(4_000);
    expect(said(phone.got(180), "p-asserted-identity")).toEqual([
      '"Out by 5551234, \\"5551234\\"" <sip:5551234@10.10.1.3>',
    ]);
    expect(phone.got(181).startLine).toBe("SIP/2.0 181 All phones");
  });
});

describe("nothing is said", () => {
  const isSilent = (message: SipText) => said(message, ...CALLED).every((value) => value === undefined);

  it.each([
    ["to a phone of another maker", ["User-Agent: baresip v1.0.0"]],
    ["to a phone that doesn't say what it is", []],
  ])("%s", (_, extra) => {
    const { site, phone } = darkSite();
    phone.invite(NUMBER, extra);
    site.run(4_000);
    expect(statusOf(phone.got(200, "INVITE"))).toBe(200);
    expect(isSilent(phone.got(180)) && isSilent(phone.got(200, "INVITE"))).toBe(true);
  });

  it("in an emergency call", () => {
    const { site, phone } = darkSite('survival: {answer: relay}\nemergency: ["112"]\n');
    phone.invite("sip:112@pbx.example.com", YEALINK);
    site.run(4_000);
    expect(isSilent(phone.got(200, "INVITE"))).toBe(true);
  });

  it("of a call that upstream takes", () => {
    const site = new Site(SITE_YAML);
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX);
    pbx.answers("INVITE", { status: 180, after_ms: 20 }, { status: 200, after_ms: 1_000 });
    site.run(100);
    phone.invite(NUMBER, YEALINK);
    site.run(4_000);
    expect(isSilent(phone.got(180)) && isSilent(phone.got(200, "INVITE"))).toBe(true);
  });
});
