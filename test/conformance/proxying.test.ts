/** RFC 3261 §16.7 to §16.11 and RFC 5393 §4: how requests end when nobody, or everybody, has something to say. */
import { describe, expect, it } from "vitest";
import { responseText, write } from "../sip/build.ts";
import { header, headers, type SipText, statusOf } from "../sip/message.ts";
import { LAN, PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site, WAN } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";
const LATENCY_ms = 5;

function cast(yaml = SITE_YAML) {
  const site = new Site(yaml);
  const phones = [PHONE, PHONE_2, PHONE_3].map((at, index) => site.actor(`phone${index + 1}`, at));
  const pbx = site.actor("pbx", PBX, WAN);
  site.run(100);
  const [phone, second, third] = phones;
  if (phone === undefined || second === undefined || third === undefined) throw new Error("three phones");
  return { site, phone, second, third, pbx };
}

const statuses = (actor: { readonly received: readonly { readonly message: SipText }[] }, method = "INVITE") =>
  actor.received
    .map(({ message }) => message)
    .filter((message) => statusOf(message) > 0 && header(message, "cseq").endsWith(` ${method}`))
    .map(statusOf);

describe("RFC 3261 §16.7 to §16.9: when nobody answers", () => {
  it("RFC 3261 §16.7 item 6: a phone that says nothing: the caller gets 408 at timer B", () => {
    const { site, pbx } = cast();
    site.simulation.silence(PHONE);
    pbx.invite(`sip:201@${PHONE.address}`);
    site.run(33_000);
    expect(statuses(pbx)).toEqual([100, 408]);
    expect(pbx.responses(408)[0]?.at_ms).toBe(100 + 32_000 + 2 * LATENCY_ms);
  });

  it("RFC 3261 §16.9: a phone whose host refuses: as if it had said 503, which the caller gets as 500", () => {
    const { site, pbx } = cast();
    site.simulation.detach(PHONE);
    pbx.invite(`sip:201@${PHONE.address}`);
    site.run(1_000);
    expect(statuses(pbx)).toEqual([100, 500]);
  });

  it("RFC 3261 §16.9: one branch fails in transport, the others go on", () => {
    const { site, second, third } = cast();
    const gateway = site.actor("gateway", { address: "10.10.1.3", port: 5060 }, LAN);
    site.simulation.detach(PHONE);
    second.answers("INVITE", { status: 486, after_ms: 50 });
    third.answers("INVITE", { status: 200, after_ms: 100 });
    gateway.invite("sip:5550200@10.222.237.1");
    site.run(1_000);
    expect(statuses(gateway)).toEqual([100, 200]);
  });
});

describe("RFC 3261 §16.7 item 5: provisional responses", () => {
  it("100 ends here; 180, 181, 182, 183 and one that nobody knows pass at once, in their order", () => {
    const { site, phone, pbx } = cast();
    const wanted = [100, 182, 180, 183, 199, 181];
    pbx.answers("INVITE", ...wanted.map((status, index) => ({ status, after_ms: index * 100 })));
    phone.invite(NUMBER);
    site.run(1_000);
    expect(statuses(phone)).toEqual([100, ...wanted.slice(1)]);
  });

  it("none passes behind a final response", () => {
    const { site, phone, pbx } = cast();
    phone.invite(NUMBER);
    site.run(50);
    const invite = pbx.seen("INVITE");
    for (const status of [180, 486, 183]) pbx.send(responseText(invite, status, { reason: "x", toTag: "tag" }));
    site.run(50);
    expect(statuses(phone)).toEqual([100, 180, 486]);
  });
});

describe("RFC 3261 §16.7 item 7: challenges", () => {
  it("those of all phones go to the caller, who can answer them all at once", () => {
    const { site, phone, second, third, pbx } = cast();
    const caller = site.actor("caller", { address: "10.222.237.24", port: 5060 });
    const contacts: string[] = [];
    for (const one of [phone, second, third]) {
      one.as("300");
      contacts.push(`Contact: <${one.contactUri}>;expires=300`);
      pbx.answers("REGISTER", { status: 200, extra: contacts });
      one.request("REGISTER", "sip:pbx.example.com");
      site.run(100);
    }
    site.simulation.silence(PBX);
    site.run(60_000);
    const challenge = (realm: string) => `Digest realm="${realm}", nonce="n"`;
    phone.answers("INVITE", { status: 401, extra: [`WWW-Authenticate: ${challenge("one")}`] });
    second.answers("INVITE", { status: 407, extra: [`Proxy-Authenticate: ${challenge("two")}`], after_ms: 10 });
    third.answers("INVITE", { status: 486, after_ms: 20 });
    caller.invite("sip:300@pbx.example.com");
    site.run(1_000);
    expect(headers(caller.got(407), "www-authenticate")).toEqual([challenge("one")]);
    expect(headers(caller.got(407), "proxy-authenticate")).toEqual([challenge("two")]);
  });
});

describe("RFC 3261 §16.3 item 1, §16.6: what a proxy doesn't know", () => {
  it("an unknown method with unknown fields and a body of unknown type passes, and so does its answer", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("X-GIBBERISH", { status: 299, extra: ["X-Answer: yes"] });
    phone.request("X-GIBBERISH", NUMBER, ["X-Question: why", "Require: nobody-knows-it", "Content-Type: a/b"]);
    site.run(100);
    expect(header(pbx.seen("X-GIBBERISH"), "x-question")).toBe("why");
    expect(header(pbx.seen("X-GIBBERISH"), "require")).toBe("nobody-knows-it");
    expect(header(phone.got(299), "x-answer")).toBe("yes");
  });
});

describe("RFC 3261 §18.2.2: maddr in Via", () => {
  it("an answer goes to where the request came from, whatever maddr its Via has", () => {
    const { site, phone } = cast();
    const victim = site.actor("victim", { address: "192.0.2.66", port: 5060 }, WAN);
    phone.send(
      write("OPTIONS sip:10.222.237.1 SIP/2.0", [
        `Via: SIP/2.0/UDP ${phone.hostPort};branch=z9hG4bK-maddr;maddr=192.0.2.66`,
        "From: <sip:201@pbx.example.com>;tag=1",
        "To: <sip:10.222.237.1>",
        "Call-ID: maddr",
        "CSeq: 1 OPTIONS",
      ]),
    );
    site.run(100);
    expect(statuses(phone, "OPTIONS")).toEqual([200]);
    expect(victim.received).toEqual([]);
  });
});

describe("RFC 3261 §15.1.2: a BYE that belongs to no dialog", () => {
  it("addressed to ourselves: 481", () => {
    const { site, phone } = cast();
    phone.send(
      write("BYE sip:10.222.237.1 SIP/2.0", [
        `Via: SIP/2.0/UDP ${phone.hostPort};branch=z9hG4bK-bye`,
        "From: <sip:201@pbx.example.com>;tag=1",
        "To: <sip:x@10.222.237.1>;tag=2",
        "Call-ID: nobody's",
        "CSeq: 2 BYE",
      ]),
    );
    site.run(100);
    expect(statuses(phone, "BYE")).toEqual([481]);
  });
});

describe("RFC 5393 §4.2: loops and spirals", () => {
  /** What upstream would send back, had it only proxied: our own copy with its Via on top and this Request-URI. */
  function comesBack(invite: SipText, uri: string): string {
    const lines = [`Via: SIP/2.0/UDP ${PBX.address}:5060;branch=z9hG4bK-back`];
    for (const [name, values] of invite.headers) {
      if (name !== "content-length") for (const value of values) lines.push(`${name}: ${value}`);
    }
    return write(`INVITE ${uri} SIP/2.0`, lines);
  }

  it("a call that comes back for another phone is a spiral: it rings there, and both answers find their way", () => {
    const { site, phone, second, pbx } = cast();
    second.answers("INVITE", { status: 180 });
    phone.invite("sip:202@pbx.example.com");
    site.run(50);
    pbx.send(comesBack(pbx.seen("INVITE"), `sip:202@${PHONE_2.address}`));
    site.run(50);
    expect(statuses(pbx)).toEqual([100, 180]);
    expect(headers(second.seen("INVITE"), "via")).toHaveLength(4);
  });

  it("the same request once more is a loop: 482", () => {
    const { site, phone, pbx } = cast();
    phone.invite(NUMBER);
    site.run(50);
    pbx.send(comesBack(pbx.seen("INVITE"), NUMBER));
    site.run(50);
    expect(statuses(pbx)).toEqual([100, 482]);
  });
});

describe("RFC 3261 §16.10: CANCEL", () => {
  it("each branch gets its own, with its branch, Request-URI, From, To, Call-ID and CSeq number", () => {
    const { site, phone, second, third } = cast();
    const gateway = site.actor("gateway", { address: "10.10.1.3", port: 5060 }, LAN);
    for (const actor of [phone, second, third]) actor.answers("INVITE", { status: 180 });
    const invite = gateway.invite("sip:5550200@10.222.237.1");
    site.at(100, () => gateway.cancel(invite));
    site.run(200);
    const branches = [phone, second, third].map((actor) => {
      const [asked, cancelled] = [actor.seen("INVITE"), actor.seen("CANCEL")];
      expect(headers(cancelled, "via")).toEqual([header(asked, "via")]);
      expect(cancelled.startLine).toBe(asked.startLine.replace("INVITE", "CANCEL"));
      for (const name of ["from", "to", "call-id"]) expect(header(cancelled, name)).toBe(header(asked, name));
      expect(header(cancelled, "cseq")).toBe("1 CANCEL");
      return header(asked, "via");
    });
    expect(new Set(branches).size).toBe(3);
    expect(statuses(gateway)).toContain(487);
  });
});
