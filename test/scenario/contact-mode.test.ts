/** `registration: contact`, for a PBX that knows no Path: it sees our address, phones see their own. */
import { describe, expect, it } from "vitest";
import { responseText } from "../sip/build.ts";
import { header, headers, requestUriOf, uriIn } from "../sip/message.ts";
import { expectLadder } from "../support/ladder.ts";
import { PBX, PHONE, SITE_YAML, Site, STRANGER, WAN } from "../support/site.ts";

const YAML = `${SITE_YAML}registration: contact\n`;
const OWN = "<sip:phone@10.222.237.21:5060;line=x7>;q=0.7";

function cast() {
  const site = new Site(YAML);
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX, WAN);
  pbx.habits.delete("REGISTER");
  phone.request("REGISTER", "sip:pbx.example.com", [`Contact: ${OWN}`, "Expires: 600"], undefined, 1, false);
  site.run(50);
  const register = pbx.seen("REGISTER");
  const hidden = uriIn(header(register, "contact"));
  const grant = [`Contact: <${hidden}>;q=0.7;expires=600, <sip:desk@192.0.2.5>;expires=100`];
  pbx.send(responseText(register, 200, { extra: grant, toTag: "r" }));
  site.run(50);
  return { site, phone, pbx, hidden };
}

describe("registration: contact", () => {
  it("upstream sees our own URI with an opaque user, no Path; the phone gets its own Contact back", () => {
    const { phone, pbx, hidden } = cast();
    expect(hidden).toMatch(/^sip:c~u~[^@]+~phone~[\w-]+@203\.0\.113\.2:5060$/);
    expect(headers(pbx.seen("REGISTER"), "path")).toEqual([]);
    expect(header(pbx.seen("REGISTER"), "contact")).toContain(";q=0.7");
    expect(headers(phone.got(200), "contact")).toEqual([
      "<sip:phone@10.222.237.21:5060;line=x7>;q=0.7;expires=300, <sip:desk@192.0.2.5>;expires=100",
    ]);
  });

  it("a call of such an upstream reaches the phone, which sees its own URI", () => {
    const { site, phone, pbx, hidden } = cast();
    phone.answers("INVITE", { status: 180 }, { status: 200, after_ms: 300 });
    pbx.invite(hidden);
    site.run(1_000);
    expect(requestUriOf(phone.seen("INVITE"))).toBe("sip:phone@10.222.237.21:5060;line=x7");
    expect(pbx.responses(200, "INVITE")).toHaveLength(1);
    expectLadder("contact-mode-call", site.ladder());
  });

  it("after a restart without its bindings the phone is still found", () => {
    const { hidden } = cast();
    const site = new Site(YAML, { seed: 2 });
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX, WAN);
    pbx.invite(hidden);
    site.run(100);
    expect(requestUriOf(phone.seen("INVITE"))).toBe("sip:phone@10.222.237.21:5060");
  });

  it("a forged one leads nowhere", () => {
    const { site, phone, pbx, hidden } = cast();
    const stranger = site.actor("stranger", STRANGER, WAN);
    const forged = hidden.replace("~10.222.237.21~", "~10.222.237.22~");
    stranger.invite(forged);
    pbx.invite(forged);
    site.run(1_000);
    expect(stranger.received).toEqual([]);
    expect(pbx.responses(404)).toHaveLength(1);
    expect(phone.requests("INVITE")).toEqual([]);
  });
});
