/** RFC 3261 §16: what any proxy must do, seen from outside. */
import { describe, expect, it } from "vitest";
import { header, headers, statusOf } from "../sip/message.ts";
import { expectLadder } from "../support/ladder.ts";
import { LAN, PBX, PHONE, PHONE_2, Site, STRANGER, WAN } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";

function cast() {
  const site = new Site();
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX, WAN);
  site.run(100);
  return { site, phone, pbx };
}

const URI_WITH_HEADERS = `INVITE ${NUMBER}?Route=%3Csip:10.10.1.3;lr%3E`;

/** A request line by line, for what an actor wouldn't send. */
function raw(startLine: string, ...lines: string[]): string {
  return [startLine, ...lines, "", ""].join("\r\n");
}

const USUAL = [
  "Via: SIP/2.0/UDP 10.222.237.21:5060;branch=z9hG4bKraw;rport",
  "From: <sip:phone@pbx.example.com>;tag=1",
  "To: <sip:5551234@pbx.example.com>",
  "Call-ID: raw",
];

describe("RFC 3261 §16.3: request validation", () => {
  it.each([
    ["Max-Forwards 0", `INVITE ${NUMBER} SIP/2.0`, ["CSeq: 1 INVITE", "Max-Forwards: 0"], 483],
    ["Max-Forwards that is no number", `INVITE ${NUMBER} SIP/2.0`, ["CSeq: 1 INVITE", "Max-Forwards: x"], 400],
    ["an unknown URI scheme", "OPTIONS nobodyKnowsThisScheme:x SIP/2.0", ["CSeq: 1 OPTIONS"], 416],
    ["sips, which can't be kept over UDP", "OPTIONS sips:x@y.example.com SIP/2.0", ["CSeq: 1 OPTIONS"], 416],
    ["Proxy-Require", `INVITE ${NUMBER} SIP/2.0`, ["CSeq: 1 INVITE", "Proxy-Require: foo, bar"], 420],
    ["CSeq with another method", `INVITE ${NUMBER} SIP/2.0`, ["CSeq: 1 BYE"], 400],
    ["a body shorter than announced", `INVITE ${NUMBER} SIP/2.0`, ["CSeq: 1 INVITE", "Content-Length: 99"], 400],
    ["RFC 4475 §3.1.2.11: headers in the Request-URI", `${URI_WITH_HEADERS} SIP/2.0`, ["CSeq: 1 INVITE"], 400],
    ["another version", `INVITE ${NUMBER} SIP/7.0`, ["CSeq: 1 INVITE"], 505],
  ])("%s", (_, startLine, lines, status) => {
    const { site, phone, pbx } = cast();
    phone.send(raw(startLine, ...USUAL, ...lines));
    site.run(1_000);
    const answers = phone.received.map(({ message }) => statusOf(message)).filter((answer) => answer >= 200);
    expect(answers[0]).toBe(status);
    if (status === 420) expect(header(phone.got(420), "unsupported")).toBe("foo, bar");
    expect(pbx.requests("INVITE")).toHaveLength(0);
  });

  it("RFC 4475 §3.3.1: what is missing isn't needed to say 400", () => {
    const { site, phone } = cast();
    phone.send(raw(`INVITE ${NUMBER} SIP/2.0`, USUAL[0] ?? "", "CSeq: 193942 INVITE"));
    site.run(100);
    expect(header(phone.got(400), "cseq")).toBe("193942 INVITE");
    phone.send(raw(`ACK ${NUMBER} SIP/2.0`, USUAL[0] ?? "", "CSeq: 193942 ACK"));
    site.run(100);
    expect(phone.received).toHaveLength(1);
  });

  it("RFC 3261 §8.2.2.3: Proxy-Require means nothing in ACK and CANCEL", () => {
    const { site, phone, pbx } = cast();
    phone.send(raw(`ACK ${NUMBER} SIP/2.0`, ...USUAL, "CSeq: 1 ACK", "Proxy-Require: foo"));
    phone.send(raw(`CANCEL ${NUMBER} SIP/2.0`, ...USUAL, "CSeq: 2 CANCEL", "Proxy-Require: foo"));
    site.run(100);
    expect([pbx.requests("ACK").length, pbx.requests("CANCEL").length]).toEqual([1, 1]);
    expect(phone.responses(420)).toEqual([]);
  });

  it("RFC 3261 §8.2.7: an answer without a transaction is the same each time", () => {
    const { site, phone } = cast();
    for (let turn = 0; turn < 2; turn++) phone.send(raw(`INVITE ${NUMBER} SIP/7.0`, ...USUAL, "CSeq: 1 INVITE"));
    site.run(100);
    const tags = phone.responses(505).map(({ message }) => header(message, "to"));
    expect(tags).toHaveLength(2);
    expect(new Set(tags).size).toBe(1);
  });

  it("a request that comes back unchanged is a loop: 482", () => {
    const { site, phone, pbx } = cast();
    phone.invite(NUMBER);
    site.run(50);
    const message = pbx.seen("INVITE");
    const lines: string[] = [`INVITE ${NUMBER} SIP/2.0`];
    for (const [name, values] of message.headers) for (const value of values) lines.push(`${name}: ${value}`);
    lines.splice(1, 0, `via: SIP/2.0/UDP ${pbx.hostPort};branch=z9hG4bKback`);
    pbx.send(raw(lines.join("\r\n")));
    site.run(50);
    expect(pbx.responses(482)).toHaveLength(1);
  });

  it("a keep-alive and a scrap of text harm nobody", () => {
    const { site, phone, pbx } = cast();
    for (const scrap of ["\r\n\r\n", "\0", "INVITE", "INVITE x\r\n\r\n", "SIP/2.0 200\r\n\r\n", "x".repeat(60_000)]) {
      phone.send(scrap);
    }
    pbx.answers("INVITE", { status: 486 });
    phone.invite(NUMBER);
    site.run(500);
    expect(phone.responses(486)).toHaveLength(1);
    expect(site.events.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("RFC 3261 §16.6: forwarding", () => {
  it("changes what it must and nothing else, to the byte", () => {
    const { site, phone } = cast();
    const body = "v=0\r\nodd\0bytes\xff\xe9";
    const rest =
      'f: "J Rosenberg \\\\\\"" <sip:j@pbx.example.com> ; tag = 98asjd8\r\n' +
      "TO :\r\n sip:5551234@pbx.example.com\r\n" +
      "Call-ID: bytes\r\nCSeq: 0009\r\n  INVITE\r\nMax-Forwards: 0068\r\n" +
      "NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n" +
      "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\nSubject: \xc3\xa9t\xc3\xa9\r\n";
    phone.send(
      `INVITE ${NUMBER} SIP/2.0\r\nv: SIP / 2.0 / UDP 10.222.237.21 ;branch = z9hG4bKodd\r\n${rest}l: ${body.length}\r\n\r\n${body}`,
    );
    site.run(50);
    const sent = site.simulation.sightings.find(
      ({ to, wire }) => to.address === PBX.address && wire.startsWith("INVITE"),
    );
    const [top = "", ...others] = (sent?.wire ?? "").split("v: SIP / 2.0");
    expect(top).toMatch(
      /^INVITE \S+ SIP\/2.0\r\nVia: [^\r]+;rport\r\nRecord-Route: [^\r]+\r\nRecord-Route: [^\r]+\r\nMax-Breadth: 60\r\n$/,
    );
    expect(others.join("")).toBe(
      ` / UDP 10.222.237.21 ;branch = z9hG4bKodd\r\n${rest.replace("0068", "67")}l: ${body.length}\r\n\r\n${body}`,
    );
  });

  it("adds Max-Forwards where it is missing", () => {
    const { site, phone, pbx } = cast();
    phone.send(raw(`OPTIONS ${NUMBER} SIP/2.0`, ...USUAL, "CSeq: 1 OPTIONS"));
    site.run(50);
    expect(header(pbx.seen("OPTIONS", 1), "max-forwards")).toBe("70"); // the first is our probe
  });

  it("RFC 3581: asks for rport, and answers where the request came from", () => {
    const { site, pbx } = cast();
    const phone = site.actor("natted", { address: "10.222.237.77", port: 40_123 });
    phone.send(
      raw(
        `OPTIONS sip:${LAN.address} SIP/2.0`,
        "Via: SIP/2.0/UDP 192.168.1.5;rport;branch=z9hG4bKn",
        ...USUAL.slice(1),
        "CSeq: 1 OPTIONS",
      ),
    );
    phone.send(
      raw(
        `INVITE ${NUMBER} SIP/2.0`,
        "Via: SIP/2.0/UDP 192.168.1.5;rport;branch=z9hG4bKm",
        ...USUAL.slice(1),
        "CSeq: 1 INVITE",
      ),
    );
    site.run(50);
    expect(header(phone.got(200), "via")).toBe(
      "SIP/2.0/UDP 192.168.1.5;rport=40123;branch=z9hG4bKn;received=10.222.237.77",
    );
    expect(headers(pbx.seen("INVITE"), "via")[1]).toContain("rport=40123");
  });
});

describe("RFC 3261 §16.7: responses", () => {
  it("several Via values on one line: ours is taken off, the rest goes back", () => {
    const { site, phone, pbx } = cast();
    phone.invite(NUMBER);
    site.run(50);
    const message = pbx.seen("INVITE");
    const vias = headers(message, "via").join(" ,  ");
    pbx.send(
      raw(
        "SIP/2.0 486 Busy",
        `v: ${vias}`,
        `From: ${header(message, "from")}`,
        `To: ${header(message, "to")};tag=b`,
        `Call-ID: ${header(message, "call-id")}`,
        "CSeq: 1 INVITE",
      ),
    );
    site.run(50);
    expect(headers(phone.got(486), "v")).toEqual([]);
    expect(headers(phone.got(486), "via")).toHaveLength(1);
  });

  it("Timer C: a call that rings for ever ends with 408, and its CANCEL", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("INVITE", { status: 180 });
    phone.invite(NUMBER);
    site.run(190_000);
    expect(phone.responses(408).map(({ at_ms }) => at_ms)).toEqual([100 + 5 + 5 + 5 + 181_000 + 5]);
    expect(pbx.requests("CANCEL")).toHaveLength(1);
  });

  it("Timer C starts anew with each provisional response", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("INVITE", { status: 180 }, { status: 183, after_ms: 150_000 }, { status: 200, after_ms: 300_000 });
    phone.invite(NUMBER);
    site.run(301_000);
    expect(phone.responses(200, "INVITE")).toHaveLength(1);
  });

  it("but not with a 100: that shows no callee", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("INVITE", { status: 180 }, { status: 100, after_ms: 100_000 }, { status: 100, after_ms: 170_000 });
    phone.invite(NUMBER);
    site.run(190_000);
    expect(phone.responses(408).map(({ at_ms }) => at_ms)).toEqual([100 + 5 + 5 + 5 + 181_000 + 5]);
  });

  it("RFC 3261 §17.2.1: a retransmitted INVITE gets the last provisional again; nothing is forwarded twice", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("INVITE", { status: 180, after_ms: 100 });
    const invite = phone.invite(NUMBER);
    site.at(300, () => phone.resend(invite));
    site.run(400);
    expect(phone.responses(180)).toHaveLength(2);
    expect(pbx.requests("INVITE")).toHaveLength(1);
  });

  it("RFC 4320: a non-INVITE to a phone that never answers gets nothing, not a late 408", () => {
    const { site, pbx } = cast();
    site.actor("dead", PHONE_2);
    site.simulation.silence(PHONE_2);
    pbx.request("MESSAGE", `sip:x@${PHONE_2.address}`);
    site.run(66_000);
    expect(pbx.received.map(({ message }) => statusOf(message)).filter((status) => status > 100)).toEqual([]);
    expect(site.core.transactions.size).toBe(0);
  });
});

describe("OPTIONS", () => {
  it("to ourselves: 200 for the phones, nothing for strangers, 403 for strangers on the LAN side", () => {
    const { site, phone } = cast();
    const outside = site.actor("outside", STRANGER, WAN);
    const inside = site.actor("inside", { address: "10.99.0.5", port: 5060 }, LAN);
    for (const actor of [phone, outside, inside]) actor.request("OPTIONS", `sip:${LAN.address}`);
    site.run(100);
    expect(phone.responses(200)).toHaveLength(1);
    expect(outside.received).toHaveLength(0);
    expect(inside.responses(403)).toHaveLength(1);
  });

  it("a stranger whose address may be forged gets no answer that is longer than what came", () => {
    const { site } = cast();
    const inside = site.actor("inside", { address: "10.99.0.5", port: 5060 }, LAN);
    inside.send("A a SIP/2.0\r\nv:SIP/2.0/UDP h\r\ni:1\r\n\r\n");
    site.run(100);
    expect(inside.received).toHaveLength(0);
  });

  it("to upstream through us: forwarded", () => {
    const { site, phone } = cast();
    phone.request("OPTIONS", NUMBER);
    site.run(100);
    expect(phone.responses(200)).toHaveLength(1);
  });
});

describe("a whole call", () => {
  it("INVITE, 180, 200, ACK, BYE", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("INVITE", { status: 100 }, { status: 180, after_ms: 20 }, { status: 200, after_ms: 1_000 });
    phone.invite(NUMBER);
    site.run(2_000);
    phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
    site.run(500);
    expectLadder("call", site.ladder());
  });
});
