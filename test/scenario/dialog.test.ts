/** Requests within a dialog: by their Route set, without state of ours, and not into the void. */
import { describe, expect, it } from "vitest";
import { header, headers, requestUriOf, type SipText, statusOf } from "../sip/message.ts";
import { expectLadder } from "../support/ladder.ts";
import { LAN, PBX, PHONE, SITE_YAML, Site, STRANGER, WAN } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";

/** A call between phone and PBX that is up. */
function call(site = new Site()) {
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX, WAN);
  pbx.answers("INVITE", { status: 180, after_ms: 10 }, { status: 200, after_ms: 200 });
  phone.invite(NUMBER);
  site.run(1_000);
  return {
    site,
    phone,
    pbx,
    answer: phone.got(200, "INVITE"),
    invite: pbx.seen("INVITE"),
  };
}

/** The same installation, started anew: it remembers nothing but its secret. */
function restarted(before: { answer: SipText; invite: SipText }) {
  const site = new Site(SITE_YAML, { seed: 2 }); // another start, another branch prefix
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX, WAN);
  site.run(100);
  return { ...before, site, phone, pbx };
}

describe("RFC 5658: two sides, two addresses", () => {
  it("each side sees its own in Via, and both are in Record-Route", () => {
    const { phone, pbx, answer, invite } = call();
    expect(header(invite, "via")).toContain("UDP 203.0.113.2:5060;");
    expect(headers(invite, "record-route").map((value) => value.replace(/^<sip:[^@]*@/, ""))).toEqual([
      "203.0.113.2:5060;lr>",
      "10.222.237.1:5060;lr>",
    ]);
    expect(requestUriOf(invite)).toBe(NUMBER);
    expect(pbx.requests("ACK")).toHaveLength(1);
    expect(headers(pbx.seen("ACK"), "route")).toEqual([]);
    expect(header(answer, "contact")).toContain(PBX.address);
    expect(phone.responses(200)).toHaveLength(1);
  });

  it("requests pass both ways, a re-INVITE too", () => {
    const { site, phone, pbx, answer, invite } = call();
    phone.answers("INVITE", { status: 200 });
    pbx.inDialogAsCallee("INVITE", invite, 1);
    site.run(500);
    phone.inDialog("INVITE", answer, 2);
    site.run(500);
    pbx.inDialogAsCallee("BYE", invite, 2);
    site.run(500);
    expectLadder("dialog-both-ways", site.ladder());
  });
});

describe("a restart in the middle of a call", () => {
  it("BYE and re-INVITE of either side still pass", () => {
    const { site, phone, pbx, answer, invite } = restarted(call());
    pbx.answers("INVITE", { status: 200 });
    phone.answers("INVITE", { status: 200 });
    phone.inDialog("INVITE", answer, 2);
    pbx.inDialogAsCallee("INVITE", invite, 1);
    site.run(500);
    phone.inDialog("BYE", answer, 3);
    site.run(500);
    expect(phone.responses(200, "INVITE")).toHaveLength(1);
    expect(pbx.responses(200, "INVITE")).toHaveLength(1);
    expect(pbx.requests("BYE")).toHaveLength(1);
    expect(phone.responses(200, "BYE")).toHaveLength(1);
  });

  it("RFC 3261 §16.11: a response to a request from before still finds the caller", () => {
    const before = new Site();
    const caller = before.actor("phone", PHONE);
    const upstream = before.actor("pbx", PBX, WAN);
    caller.invite(NUMBER);
    before.run(100);
    const sent = upstream.seen("INVITE");

    const { site, phone, pbx } = restarted({ answer: sent, invite: sent });
    const vias = headers(sent, "via").map((via) => `Via: ${via}`);
    const lines = [
      ...vias,
      `From: ${header(sent, "from")}`,
      `To: ${header(sent, "to")};tag=p`,
      `Call-ID: ${header(sent, "call-id")}`,
    ];
    const wire = (branchSuffix: string) =>
      `SIP/2.0 200 OK\r\n${lines.join("\r\n").replace(/;branch=z9hG4bK/, branchSuffix)}\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n`;
    pbx.send(wire(";branch=z9hG4bK"));
    pbx.send(wire(";branch=z9hG4bKforeign"));
    site.run(100);
    expect(phone.responses(200, "INVITE")).toHaveLength(1);
  });

  it("a stranger needs the dialog's token; with it, its BYE passes; a forged one gets nothing", () => {
    const { site, phone, answer, invite } = restarted(call());
    const other = site.actor("pbx", STRANGER, WAN);
    other.inDialogAsCallee("BYE", invite, 1);
    site.run(500);
    expect(phone.requests("BYE")).toHaveLength(1);
    const forged = new Map(invite.headers);
    forged.set(
      "record-route",
      headers(invite, "record-route").map((value) => value.replace(/~mac/, "~mad")),
    );
    other.inDialogAsCallee("BYE", { ...invite, headers: forged }, 2);
    const otherCall = new Map(invite.headers);
    otherCall.set("call-id", ["another-call"]);
    other.inDialogAsCallee("BYE", { ...invite, headers: otherCall }, 3);
    site.run(5_000);
    expect(phone.requests("BYE")).toHaveLength(1);
    expect(header(answer, "call-id")).toBe("phone-1");
  });

  it("a dialog's token doesn't open the gateway", () => {
    const { site, invite } = restarted(call());
    const gateway = site.actor("gateway", { address: "10.10.1.3", port: 5060 });
    const other = site.actor("pbx", STRANGER, WAN);
    const towardsGateway = new Map(invite.headers);
    towardsGateway.set("contact", ["<sip:0900123@10.10.1.3>"]);
    other.inDialogAsCallee("INVITE", { ...invite, headers: towardsGateway }, 1);
    site.run(500);
    expect(gateway.requests("INVITE")).toHaveLength(0);
    expect(other.responses(403)).toHaveLength(1);
  });
});

describe("RFC 3261 §16.4, §16.6: strict routers", () => {
  it("one before us: our URI in the Request-URI, the target at the end of Route", () => {
    const { site, pbx, invite } = call();
    const own = headers(invite, "record-route").map((value) => value.slice(1, -1));
    const phone = site.actor("phone", PHONE, LAN);
    phone.send(
      [
        `BYE ${own[1]} SIP/2.0`,
        "Via: SIP/2.0/UDP 10.222.237.21:5060;branch=z9hG4bKstrict;rport",
        `Route: <${own[0]}>, <sip:pbx@${PBX.address}:5060>`,
        "Max-Forwards: 70",
        `From: ${header(invite, "from")}`,
        `To: ${header(invite, "to")};tag=pbx-tag`,
        `Call-ID: ${header(invite, "call-id")}`,
        "CSeq: 2 BYE",
        "Content-Length: 0\r\n\r\n",
      ].join("\r\n"),
    );
    site.run(200);
    expect(requestUriOf(pbx.seen("BYE"))).toBe(`sip:pbx@${PBX.address}:5060`);
    expect(headers(pbx.seen("BYE"), "route")).toEqual([]);
  });

  it("one behind us: it gets its own URI as the Request-URI, the target goes to the end of Route", () => {
    const site = new Site(SITE_YAML.replace(/upstream.*\n/, ""));
    const phone = site.actor("phone", PHONE);
    const strict = site.actor("strict", { address: "198.51.100.20", port: 5060 });
    phone.request("OPTIONS", "sip:far@198.51.100.30", ["Route: <sip:198.51.100.20>, <sip:198.51.100.21;lr>"]);
    site.run(200);
    const seen = strict
      .requests("OPTIONS")
      .map(({ message }) => message)
      .find((one) => header(one, "call-id") === "phone-1");
    if (seen === undefined) throw new Error("the strict router has seen nothing");
    expect(requestUriOf(seen)).toBe("sip:198.51.100.20");
    expect(headers(seen, "route")).toEqual(["<sip:198.51.100.21;lr>, <sip:far@198.51.100.30>"]);
  });

  it("a phone's preloaded Route to us is taken off", () => {
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX);
    pbx.answers("INVITE", { status: 486 });
    phone.request("INVITE", NUMBER, ["Route: <sip:10.222.237.1;lr>"]);
    site.run(200);
    expect(headers(pbx.seen("INVITE"), "route")).toEqual([]);
    expect(statusOf(phone.got(486))).toBe(486);
  });
});
