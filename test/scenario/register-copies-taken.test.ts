/** Copies of REGISTERs from the foreign other half of a pair: its phones can be called here. */
import { describe, expect, it } from "vitest";
import { header, headers, requestUriOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { BOTH_WAYS, DOMAIN, FROM_HALF, half, OUTAGE, pairSite } from "../support/foreign-half.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, type Site, STRANGER, WAN } from "../support/site.ts";

const CONTACT = "Contact: <sip:201@10.222.237.22:5060>";
const SOCKET = "Sock-Info: udp:10.222.237.1:5060";
const BY_HALF = "Path: <sip:lr@10.222.237.3;lr;received=sip:10.222.237.22:5060>";
const BY_SHARED = "Path: <sip:lr@10.222.237.1;lr;received=sip:10.222.237.22:5060>";

/** The half, a phone here, and a phone that has registered at the half alone. */
function three(yaml = FROM_HALF) {
  const site = pairSite(yaml);
  const other = half(site).as("201");
  const near = site.actor("202", PHONE);
  const far = site.actor("201", PHONE_2);
  const pbx = site.actor("pbx", PBX, WAN);
  const gateway = site.actor("gateway", GATEWAY, LAN);
  pbx.answers("REGISTER", { status: 200 });
  near.request("REGISTER", DOMAIN, ["Expires: 3600"], "near");
  site.run(100);
  far.answers("INVITE", { status: 180 }, { status: 200 });
  return { site, other, near, far, pbx, gateway };
}

function copies(site: Site, other: Actor, lines: readonly string[], cseq = 1, callId = "far"): void {
  other.request("REGISTER", DOMAIN, lines, callId, cseq, false);
  site.run(100);
}

/** From now on upstream is known to be down. */
function outage(site: Site, pbx: Actor): void {
  pbx.answers("OPTIONS");
  pbx.answers("REGISTER");
  site.run(OUTAGE);
}

describe("a copy as OpenSIPS's t_replicate sends it", () => {
  it("makes the phone known: in an outage it is called at its Contact, from the socket that Sock-Info names", () => {
    const { site, other, near, far, pbx } = three();
    copies(site, other, [CONTACT, "Expires: 3600", SOCKET]);
    expect(header(other.got(200, "REGISTER"), "contact")).toBe("<sip:201@10.222.237.22:5060>;expires=3600");
    outage(site, pbx);
    near.invite("sip:201@pbx.example.com");
    site.run(1_000);
    expect(near.responses(200, "INVITE")).toHaveLength(1);
    expect(headers(far.seen("INVITE"), "via")[0]).toContain("10.222.237.1:5060");
    expectLadder("register-copy-taken", site.ladder(["sock-info"]));
  });

  it("is forgotten with its time, and 2 h later at the latest", () => {
    const { site, other } = three();
    copies(site, other, [CONTACT, "Expires: 86400", SOCKET]);
    expect(header(other.got(200, "REGISTER"), "contact")).toMatch(/;expires=7200$/);
    const [binding] = site.bindings.find("201@pbx.example.com")?.bindings ?? [];
    expect(binding?.expires_ms).toBeLessThanOrEqual(site.simulation.now_ms + 7_200_000);
  });

  it.each([
    ["Expires: 0", [CONTACT, "Expires: 0"]],
    ["expires=0", [`${CONTACT};expires=0`]],
    ["a wildcard", ["Contact: *", "Expires: 0"]],
  ])("takes the phone away again by %s", (_, lines) => {
    const { site, other } = three();
    copies(site, other, [CONTACT, SOCKET]);
    expect(site.bindings.find("201@pbx.example.com")?.bindings).toHaveLength(1);
    copies(site, other, lines, 2);
    expect(site.bindings.find("201@pbx.example.com")?.bindings).toEqual([]);
  });

  it("that was overtaken by a later one changes nothing", () => {
    const { site, other } = three();
    copies(site, other, [CONTACT, "Expires: 0"], 5);
    copies(site, other, [CONTACT], 7);
    copies(site, other, [CONTACT, "Expires: 0"], 6);
    expect(other.responses(500)).toHaveLength(1);
    expect(site.bindings.find("201@pbx.example.com")?.bindings).toHaveLength(1);
  });

  it("is never sent on, neither upstream nor back to the half", () => {
    const { site, other, pbx } = three(BOTH_WAYS);
    const before = [pbx.requests("REGISTER").length, other.requests("REGISTER").length];
    copies(site, other, [CONTACT, SOCKET, "Route: <sip:pbx.example.com;lr>"]);
    copies(site, other, [CONTACT, "Expires: 0"], 2);
    site.run(1_000);
    expect(other.responses(200, "REGISTER")).toHaveLength(2);
    expect([pbx.requests("REGISTER").length, other.requests("REGISTER").length]).toEqual(before);
  });
});

describe("a copy with a Path", () => {
  it("of the other half: calls go along it, and the whole call stays on it", () => {
    const { site, other, near, pbx } = three();
    copies(site, other, [CONTACT, SOCKET, BY_HALF]);
    expect(header(other.got(200, "REGISTER"), "path")).toBe(BY_HALF.slice("Path: ".length));
    outage(site, pbx);
    other.answers("INVITE", { status: 180 }, { status: 200 });
    near.invite("sip:201@pbx.example.com");
    site.run(1_000);
    const invite = other.seen("INVITE");
    expect(requestUriOf(invite)).toBe("sip:201@10.222.237.22:5060");
    expect(headers(invite, "route")).toEqual([BY_HALF.slice("Path: ".length)]);
    expect(near.responses(200, "INVITE")).toHaveLength(1);
    expectLadder("register-copy-path", site.ladder());
  });

  it("at the address that both share: along it while the half has that address, and straight to the phone once it is here", () => {
    const { site, other, near, far, pbx } = three();
    copies(site, other, [CONTACT, SOCKET, BY_SHARED]);
    outage(site, pbx);
    site.move("10.222.237.1", undefined);
    const shared = site.actor("shared", LAN);
    shared.answers("INVITE", { status: 486 });
    near.send(inviteFrom(near), { address: "10.222.237.2", port: 5060 });
    site.run(1_000);
    expect(headers(shared.seen("INVITE"), "route")).toEqual([BY_SHARED.slice("Path: ".length)]);
    expect(far.requests("INVITE")).toEqual([]);
    site.move("10.222.237.1", "10.222.237.1");
    near.invite("sip:201@pbx.example.com");
    site.run(1_000);
    expect(far.requests("INVITE")).toHaveLength(1);
    expect(header(far.seen("INVITE"), "route")).toBe("");
  });

  it("of a half that has died: calls go straight to the phone", () => {
    const { site, other, near, far, pbx } = three();
    copies(site, other, [CONTACT, SOCKET, BY_HALF]);
    outage(site, pbx);
    near.invite("sip:201@pbx.example.com");
    site.run(10_000);
    expect(header(far.seen("INVITE"), "route")).toBe("");
    expect(near.responses(200, "INVITE")).toHaveLength(1);
    expect(other.requests("CANCEL")).toEqual([]);
  });

  it("survives a restart", () => {
    const { site, other } = three();
    copies(site, other, [CONTACT, SOCKET, BY_HALF]);
    const saved = site.saved();
    const again = pairSite(FROM_HALF);
    again.restore(saved, 1_000);
    const [binding] = again.bindings.find("201@pbx.example.com")?.bindings ?? [];
    expect(binding?.path).toEqual([BY_HALF.slice("Path: ".length)]);
  });

  it("counts no longer once the phone has registered here, and that REGISTER goes up", () => {
    const { site, other, far, pbx } = three(FROM_HALF.replace("copies:", "throttle: true, copies:"));
    copies(site, other, [CONTACT, "Expires: 7200", SOCKET, BY_HALF]);
    const before = pbx.requests("REGISTER").length;
    far.request("REGISTER", DOMAIN, ["Expires: 3600"], "far", 2);
    site.run(200);
    expect(pbx.requests("REGISTER")).toHaveLength(before + 1);
    const [binding] = site.bindings.find("201@pbx.example.com")?.bindings ?? [];
    expect(binding?.path).toBeUndefined();
  });

  it("lets its phone stay when upstream's list lacks it: the half's registrar may be another one", () => {
    const { site, other, near, pbx } = three();
    near.as("201");
    copies(site, other, [CONTACT, SOCKET, BY_HALF]);
    pbx.answers("REGISTER", { status: 200, extra: [`Contact: <${near.contactUri}>;expires=300`] });
    near.request("REGISTER", DOMAIN, [], "near", 2);
    site.run(200);
    expect(site.bindings.find("201@pbx.example.com")?.bindings).toHaveLength(2);
  });
});

describe("what a copy can't do", () => {
  it.each([
    ["a phone outside localnet", ["Contact: <sip:201@192.0.2.7>"]],
    ["a phone at a gateway", ["Contact: <sip:0900123@10.10.1.3>"]],
    ["a phone at an address of ours", ["Contact: <sip:201@10.222.237.1>"]],
    ["a phone at upstream", ["Contact: <sip:201@198.51.100.10>"]],
    ["a phone with a name in place of an address", ["Contact: <sip:201@phone.example.com>"]],
    ["a Path that says the phone is outside", [CONTACT, "Path: <sip:10.222.237.3;lr;received=sip:192.0.2.7>"]],
    ["a Path that leads to somebody else", [CONTACT, "Path: <sip:192.0.2.7;lr>"]],
    ["a Path that leads to upstream", [CONTACT, "Path: <sip:198.51.100.10;lr>"]],
    ["a Path with a way round it", [CONTACT, "Path: <sip:10.222.237.3;lr;maddr=192.0.2.7>"]],
    ["a Path of a strict router", [CONTACT, "Path: <sip:10.222.237.3>"]],
    ["a Path without an end", [CONTACT, `Path: ${Array(9).fill("<sip:10.222.237.3;lr>").join(", ")}`]],
    ["too many phones", [`Contact: ${Array.from({ length: 11 }, (_, i) => `<sip:${i}@10.222.237.22>`).join(", ")}`]],
  ])("%s: 403, and nothing is known", (_, lines) => {
    const { site, other } = three();
    copies(site, other, lines);
    expect(other.responses(403)).toHaveLength(1);
    expect(site.bindings.find("201@pbx.example.com")).toBeUndefined();
  });

  it("from anybody else it is a REGISTER as any other: a stranger's gets nothing, a phone's goes upstream", () => {
    const { site, near, pbx } = three();
    const stranger = site.actor("201", STRANGER, WAN);
    stranger.request("REGISTER", DOMAIN, [CONTACT, SOCKET], "x", 1, false);
    near.as("201").request("REGISTER", DOMAIN, ["Contact: <sip:201@10.222.237.22>", BY_HALF], "y", 1, false);
    site.run(500);
    expect(stranger.received).toEqual([]);
    expect(pbx.requests("REGISTER")).toHaveLength(2);
    const [binding] = site.bindings.find("201@pbx.example.com")?.bindings ?? [];
    expect(binding?.flow.address).toBe(PHONE.address);
    expect(binding?.path).toBeUndefined();
  });

  it("gives the half no right to anything else: its calls need a token, as any stranger's", () => {
    const site = pairSite(FROM_HALF.replaceAll("10.222.237.3}", "192.0.2.3}"));
    const outside = site.actor("half", { address: "192.0.2.3", port: 5060 }, WAN);
    site.actor("gateway", GATEWAY, LAN);
    outside.request("REGISTER", DOMAIN, [CONTACT, SOCKET], "x", 1, false);
    outside.invite("sip:5551234@10.10.1.3");
    site.run(500);
    expect(outside.responses(200, "REGISTER")).toHaveLength(1);
    expect(outside.received).toHaveLength(1);
  });

  it("500 phones at once are all taken", () => {
    const { site, other } = three();
    for (let phone = 0; phone < 500; phone++) {
      other.as(`${1_000 + phone}`);
      const contact = `Contact: <sip:p@10.222.237.${10 + (phone % 200)}:${6_000 + phone}>`;
      other.request("REGISTER", DOMAIN, [contact, SOCKET], `c${phone}`, 1, false);
    }
    site.run(1_000);
    expect(other.responses(200, "REGISTER")).toHaveLength(500);
  });
});

/** The INVITE that a phone sends for 201, for a place that its actor doesn't know. */
function inviteFrom({ hostPort, contactUri }: Actor): string {
  return [
    "INVITE sip:201@pbx.example.com SIP/2.0",
    `Via: SIP/2.0/UDP ${hostPort};branch=z9hG4bK-away`,
    "Max-Forwards: 70",
    "From: <sip:202@pbx.example.com>;tag=away",
    "To: <sip:201@pbx.example.com>",
    "Call-ID: away",
    "CSeq: 1 INVITE",
    `Contact: <${contactUri}>`,
    "Content-Length: 0",
    "\r\n",
  ].join("\r\n");
}
