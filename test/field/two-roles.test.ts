/** One address, two roles: the gateway, and an analogue port of the same box that has registered as a phone. */
import { describe, expect, it } from "vitest";
import { header, headers } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { DOMAIN, Office, type OfficeSettings, OWN } from "./office.ts";

const GROUPS = "hunt_groups: {default: {members: [201, 202, 203]}}\n";
const EMERGENCY = 'emergency: {numbers: ["112"]}\n';
const BOX = "192.0.2.3";
const APART = `gateways: [{uri: "sip:${BOX}:5061", name: box}]\n`;

interface BoxSettings extends OfficeSettings {
  /** The analogue port's Contact, where it isn't the usual one. */
  readonly contact?: string;
  readonly protocol?: "tcp";
  readonly isRegistered?: boolean;
}

/** A box whose analogue port is 205 at port 5060; the gateway itself is at 5061, or at the same port. */
function boxed(settings: BoxSettings = {}) {
  const { yaml = APART, contact, protocol, isRegistered = true, isDark = false, ...rest } = settings;
  const all = new Office({ ...rest, yaml: `${GROUPS}${EMERGENCY}${yaml}` });
  const at = { address: BOX, port: 5060, ...(protocol === undefined ? {} : { protocol }) };
  const analogue = all.site.actor("205", at, OWN).answers("INVITE", { status: 200, after_ms: 100 });
  if (protocol !== undefined) analogue.connects(41_000);
  if (isRegistered) register(analogue, contact);
  all.site.run(200);
  const trunk = all.site.actor("trunk", { address: BOX, port: 5061 }, OWN).answers("INVITE", { status: 200 });
  if (isDark) all.cut();
  all.forget();
  return { all, analogue, trunk };
}

function register(analogue: Actor, contact?: string) {
  if (contact === undefined) return analogue.request("REGISTER", `sip:${DOMAIN}`);
  return analogue.request("REGISTER", `sip:${DOMAIN}`, [`Contact: ${contact}`], undefined, 1, false);
}

describe("an analogue port with a port of its own is a phone", () => {
  it.each([
    ["an outside number", "sip:0301234@pbx.example.com", "pbx"],
    ["an extension", "sip:202@pbx.example.com", "pbx"],
    ["tel:", "tel:0301234", "pbx"],
    ["our own address", "sip:0301234@192.0.2.1", "pbx"],
    ["an emergency number", "sip:112@pbx.example.com", ""],
  ])("it calls %s: %s", (_, uri, reached) => {
    for (const hasUpstream of [true, false]) {
      const { all, analogue, trunk } = boxed({ hasUpstream });
      expect(all.ask(analogue, "INVITE", uri).reached.join()).toBe(reached);
      expect(trunk.requests("INVITE")).toHaveLength(reached === "" ? 1 : 0);
    }
  });

  it("in an outage it is redirected to the gateway, calls 202, calls 112", () => {
    const { all, analogue, trunk } = boxed({ isDark: true });
    expect(all.ask(analogue, "INVITE", "sip:0301234@pbx.example.com").status).toBe(302);
    expect(header(analogue.got(302), "contact")).toBe(`<sip:0301234@${BOX}:5061>`);
    expect(all.ask(analogue, "INVITE", "sip:202@pbx.example.com").reached).toEqual(["202"]);
    all.ask(analogue, "INVITE", "sip:112@pbx.example.com");
    expect(trunk.requests("INVITE")).toHaveLength(1);
  });

  it("over a connection too: what comes from it is the phone's", () => {
    const { all, analogue } = boxed({
      protocol: "tcp",
      yaml: `${APART}listen: [udp:192.0.2.1:5060, tcp:192.0.2.1:5060, udp:203.0.113.2:5060]\n`,
    });
    expect(all.ask(analogue, "INVITE", "sip:0301234@pbx.example.com").reached).toEqual(["pbx"]);
  });

  it.each(["SUBSCRIBE", "MESSAGE", "PUBLISH"])("its %s goes upstream", (method) => {
    const { all, analogue } = boxed();
    expect(all.ask(analogue, method, "sip:202@pbx.example.com")).toMatchObject({ status: 200, reached: ["pbx"] });
  });

  it("after a restart it is known by what was saved", () => {
    const { all } = boxed();
    const second = boxed({ isRegistered: false });
    second.all.site.restore(all.site.saved(), 1_000);
    expect(second.all.ask(second.analogue, "INVITE", "sip:0301234@pbx.example.com").reached).toEqual(["pbx"]);
  });

  it("is called by Path, and hung up by upstream, in a file without upstream too", () => {
    for (const hasUpstream of [true, false]) {
      const { all, analogue } = boxed({ hasUpstream });
      const registers = all.pbx;
      registers.received.length = 0;
      register(analogue);
      all.site.run(200);
      const path = header(registers.seen("REGISTER"), "path");
      all.ask(all.pbx, "INVITE", `sip:205@${BOX}:5060`, [`Route: ${path}`]);
      expect(analogue.requests("INVITE")).toHaveLength(1);
      all.pbx.inDialog("BYE", all.pbx.got(200, "INVITE"), 2);
      all.site.run(500);
      expect(analogue.requests("BYE")).toHaveLength(1);
    }
  });

  it("a call within it goes on: upstream's re-INVITE reaches it", () => {
    for (const hasUpstream of [true, false]) {
      const { all, analogue } = boxed({ hasUpstream });
      all.ask(analogue, "INVITE", "sip:0301234@pbx.example.com");
      all.pbx.inDialogAsCallee("INVITE", all.pbx.seen("INVITE"), 7);
      all.site.run(500);
      expect(analogue.requests("INVITE")).toHaveLength(1);
    }
  });
});

describe("what the box itself sends stays the gateway's", () => {
  it("from its own port, whatever From says", () => {
    const { all, trunk } = boxed();
    trunk.as("205");
    expect(all.ask(trunk, "INVITE", "sip:5550100@192.0.2.1").reached).toEqual(["201", "202", "203"]);
  });

  it("from an ephemeral port, with the phone's number and Contact", () => {
    const { all } = boxed();
    const other = all.site.actor("other", { address: BOX, port: 53_211 }, OWN).as("205");
    const extra = [`Contact: <sip:205@${BOX}:5060>`];
    expect(all.ask(other, "INVITE", "sip:5550100@192.0.2.1", extra, false).reached).toEqual(["201", "202", "203"]);
    expect(all.ask(other, "INVITE", "sip:0900123@192.0.2.1", extra, false).reached).not.toContain("pbx");
  });

  it("a phone that upstream has never accepted proves nothing", () => {
    const { all, analogue, trunk } = boxed({
      isRegistered: false,
      isDark: true,
      yaml: `${APART}registration: {unknown: localnet}\n`,
    });
    register(analogue);
    all.site.run(200);
    all.ask(analogue, "INVITE", "sip:0900123@pbx.example.com");
    expect(trunk.requests("INVITE")).toHaveLength(0);
    expect(analogue.responses(302)).toHaveLength(0);
  });

  it("nor one whose registration has run out, or that has gone", () => {
    const { all, analogue } = boxed();
    analogue.request("REGISTER", `sip:${DOMAIN}`, ["Expires: 0"], "away", 2);
    all.site.run(200);
    expect(all.ask(analogue, "INVITE", "sip:5550100@192.0.2.1").reached).toEqual(["201", "202", "203"]);
  });

  it("an emergency number goes out all the same", () => {
    const { all, analogue, trunk } = boxed({ isRegistered: false });
    all.ask(analogue, "INVITE", "sip:112@192.0.2.1");
    expect(trunk.requests("INVITE")).toHaveLength(1);
  });
});

describe("one port for both", () => {
  const SHARED = `gateways: [sip:${BOX}]\n`;
  const CONTACT = "<sip:205@192.0.2.3:5060;line=7>";
  const shared = (settings: BoxSettings = {}) => boxed({ yaml: SHARED, contact: CONTACT, ...settings });

  it.each([
    CONTACT,
    "<sip:205@192.0.2.3;line=7>",
    "<sip:%32%305@192.0.2.3:5060;LINE=7;transport=udp>",
    '"Analogue" <sip:205@192.0.2.3:5060;line=7;ob>;+sip.instance="x"',
  ])("the Contact %s shows the phone", (contact) => {
    const { all, analogue } = shared();
    expect(all.ask(analogue, "INVITE", "sip:0301234@pbx.example.com", [`Contact: ${contact}`], false).reached).toEqual([
      "pbx",
    ]);
  });

  it.each([
    "<sip:205@192.0.2.3:5060>",
    "<sip:205@192.0.2.3:5060;line=8>",
    "<sip:0171222@192.0.2.3:5060;line=7>",
    "<sip:192.0.2.3:5060>",
    "<sip:205@192.0.2.9:5060;line=7>",
    "*",
  ])("the Contact %s doesn't, though From has the phone's number", (contact) => {
    const { all, analogue } = shared();
    const { reached } = all.ask(analogue, "INVITE", "sip:5550100@192.0.2.1", [`Contact: ${contact}`], false);
    expect(reached).toEqual(["201", "202", "203"]);
  });

  it("is warned of", () => {
    const { all } = shared();
    const conflicts = all.site.status().conflicts?.map(({ text }) => text);
    expect(conflicts?.join()).toContain("205@pbx.example.com is registered from 192.0.2.3:5060");
  });

  it("upstream calls it there by Path", () => {
    const { all, analogue } = shared();
    register(analogue, CONTACT);
    all.site.run(200);
    const path = headers(all.pbx.seen("REGISTER"), "path")[0] ?? "";
    all.ask(all.pbx, "INVITE", "sip:205@192.0.2.3:5060;line=7", [`Route: ${path}`]);
    expect(analogue.requests("INVITE")).toHaveLength(1);
  });
});
