/** TCP and TLS in virtual time: connections as flows, cross-transport routes, and what happens when a connection is gone. */
import { describe, expect, it } from "vitest";
import { responseText, write } from "../sip/build.ts";
import { header, headers, readSip, requestUriOf } from "../sip/message.ts";
import { expectLadder } from "../support/ladder.ts";
import { LAN, PBX, PHONE, PHONE_2, Site, WAN } from "../support/site.ts";

const STREAMS = `
listen: [udp:10.222.237.1:5060, tcp:10.222.237.1:5060, tls:10.222.237.1:5061, udp:203.0.113.2:5060, tcp:203.0.113.2:5060]
tls: {certificate: c.pem, key: k.pem}
localnet: [10.222.237.0/24]
upstream: sip:198.51.100.10
gateways: [sip:10.10.1.3]
registration: {survival_expires: 60s}
`;
const NUMBER = "sip:5551234@pbx.example.com";
const TCP_PHONE = { ...PHONE, protocol: "tcp" } as const;
const TLS_PHONE = { ...PHONE_2, port: 5061, protocol: "tls" } as const;

/** A phone behind a connection that it has opened, registered with the PBX. */
function registered(alsoListens = false, yaml = STREAMS) {
  const site = new Site(yaml);
  const phone = site.actor("201", TCP_PHONE).connects(40_001, alsoListens);
  const pbx = site.actor("pbx", PBX, WAN);
  pbx.answers("REGISTER", { status: 200, extra: ["Contact: <sip:201@10.222.237.21:5060;transport=tcp>;expires=300"] });
  phone.request("REGISTER", "sip:pbx.example.com", ["Expires: 300"]);
  site.run(500);
  const path = header(pbx.seen("REGISTER"), "path");
  return { site, phone, pbx, path };
}

describe("a phone behind a connection", () => {
  it("calls through UDP: nothing is sent again on the stream, and each side is named with its transport", () => {
    const site = new Site(STREAMS);
    const phone = site.actor("201", TCP_PHONE).connects(40_001);
    const pbx = site.actor("pbx", PBX, WAN);
    pbx.answers("INVITE", { status: 180, after_ms: 10 }, { status: 200, after_ms: 200 });
    phone.invite(NUMBER);
    site.run(1_000);
    const invite = pbx.seen("INVITE");
    expect(header(invite, "via")).toContain("SIP/2.0/UDP 203.0.113.2:5060;");
    const [toUs, toPhone] = headers(invite, "record-route");
    expect(toUs).toMatch(/^<sip:d~mac[^@]*@203.0.113.2:5060;transport=udp;lr>$/);
    expect(toPhone).toMatch(
      /^<sip:d~a~[^~]*~t~10.222.237.1~5060~10.222.237.21~40001~[^@]*@10.222.237.1:5060;transport=tcp;lr>$/,
    );
    pbx.inDialogAsCallee("BYE", invite, 1);
    site.run(500);
    expect(phone.requests("BYE")).toHaveLength(1);
    expectLadder("stream-to-udp", site.ladder());
  });

  it("is called over it by the Path, and what the callee asks within the call goes up again", () => {
    const { site, phone, pbx, path } = registered();
    expect(path).toMatch(/^<sip:p~t~10.222.237.1~5060~10.222.237.21~40001~[^@]*@203.0.113.2:5060;transport=udp;lr>$/);
    phone.answers("INVITE", { status: 180, after_ms: 10 }, { status: 200, after_ms: 500 });
    pbx.invite("sip:201@10.222.237.21:5060;transport=tcp", [`Route: ${path}`]);
    site.run(1_000);
    const answer = pbx.got(200, "INVITE");
    expect(phone.requests("ACK")).toHaveLength(1);
    pbx.inDialog("INFO", answer, 2);
    phone.answers("INFO", { status: 200 });
    phone.inDialogAsCallee("BYE", phone.seen("INVITE"), 1);
    site.run(1_000);
    expect(phone.requests("INFO")).toHaveLength(1);
    expect(pbx.requests("BYE")).toHaveLength(1);
    expectLadder("stream-called-by-path", site.ladder());
  });

  it("whose connection is gone is called at its Contact, if it listens there", () => {
    const { site, phone, pbx, path } = registered(true);
    phone.answers("INVITE", { status: 200 });
    phone.disconnects();
    pbx.invite("sip:201@10.222.237.21:5060;transport=tcp", [`Route: ${path}`]);
    site.run(1_000);
    expect(pbx.responses(200, "INVITE")).toHaveLength(1);
  });

  it("is known after a restart: its Contact is tried until it comes back", () => {
    const before = registered();
    const site = new Site(STREAMS, { seed: 2 });
    site.restore(before.site.saved(), 0);
    const phone = site.actor("201", TCP_PHONE).connects(40_009, true);
    const pbx = site.actor("pbx", PBX, WAN);
    phone.answers("INVITE", { status: 200 });
    pbx.invite("sip:201@10.222.237.21:5060;transport=tcp", [`Route: ${before.path}`]);
    site.run(1_000);
    expect(pbx.responses(200, "INVITE")).toHaveLength(1);
    const shape = (saved: string) => saved.replace(/"(left|heardAgo)_ms":\d+|"peers":.*/g, "");
    expect(shape(site.saved())).toBe(shape(before.site.saved()));
  });

  it("which is gone altogether: the caller hears so at once", () => {
    const { site, phone, pbx, path } = registered();
    phone.disconnects();
    pbx.invite("sip:201@10.222.237.21:5060;transport=tcp", [`Route: ${path}`]);
    site.run(1_000);
    expect(pbx.responses(430, "INVITE")).toHaveLength(1);
  });

  it("answers late: it is acknowledged and hung up over its connection", () => {
    const { site, phone, pbx, path } = registered();
    phone.answers("INVITE", { status: 200, after_ms: 1_000 });
    const invite = pbx.invite("sip:201@10.222.237.21:5060;transport=tcp", [`Route: ${path}`]);
    site.run(500);
    pbx.cancel(invite);
    site.run(2_000);
    expect(pbx.responses(487, "INVITE")).toHaveLength(1);
    expect(phone.requests("ACK")).toHaveLength(1);
    expect(phone.requests("BYE")).toHaveLength(1);
  });

  it("loses it before the ACK, and listens: that goes to its Contact", () => {
    const { site, phone, pbx, path } = registered(true);
    phone.answers("INVITE", { status: 200 });
    pbx.acknowledges = false;
    pbx.invite("sip:201@10.222.237.21:5060;transport=tcp", [`Route: ${path}`]);
    site.run(500);
    phone.disconnects();
    pbx.inDialog("ACK", pbx.got(200, "INVITE"), 1);
    site.run(500);
    expect(phone.requests("ACK")).toHaveLength(1);
  });

  it("that comes back by another connection in the middle of a call can still hang up", () => {
    const { site, phone, pbx, path } = registered();
    phone.answers("INVITE", { status: 200 });
    pbx.invite("sip:201@10.222.237.21:5060;transport=tcp", [`Route: ${path}`]);
    site.run(500);
    phone.disconnects();
    phone.connects(40_002);
    phone.inDialogAsCallee("BYE", phone.seen("INVITE"), 1);
    site.run(500);
    expect(pbx.requests("BYE")).toHaveLength(1);
  });

  it("RFC 5626 §5.3: a token of one call opens no way in another", () => {
    const site = new Site(STREAMS);
    const phone = site.actor("201", TCP_PHONE).connects(40_001);
    const pbx = site.actor("pbx", PBX, WAN);
    pbx.answers("INVITE", { status: 200 });
    phone.invite(NUMBER);
    site.run(500);
    const routes = headers(pbx.seen("INVITE"), "record-route").map((route) => `Route: ${route}`);
    const stranger = site.actor("stranger", { address: "192.0.2.66", port: 5060 }, WAN);
    const before = phone.received.length;
    stranger.send(
      ["BYE sip:201@10.222.237.21 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bKx;rport", ...routes]
        .concat("From: <sip:x@y>;tag=1", "To: <sip:x@z>;tag=2", "Call-ID: other", "CSeq: 1 BYE", "", "")
        .join("\r\n"),
    );
    site.run(500);
    expect(phone.received).toHaveLength(before);
    expect(stranger.received).toEqual([]);
  });
});

describe("two phones behind connections", () => {
  it("call each other in an outage, over TCP and TLS, each found by its own", () => {
    const site = new Site(STREAMS);
    const one = site.actor("201", TCP_PHONE).connects(40_001);
    const two = site.actor("202", TLS_PHONE, { ...LAN, port: 5061 }).connects(40_002);
    const pbx = site.actor("pbx", PBX, WAN);
    pbx.answers("REGISTER", { status: 200 });
    for (const phone of [one, two]) phone.request("REGISTER", "sip:pbx.example.com", ["Expires: 300"]);
    site.run(500);
    site.simulation.silence(PBX);
    site.run(60_000);
    two.answers("INVITE", { status: 180, after_ms: 10 }, { status: 200, after_ms: 300 });
    one.invite("sip:202@pbx.example.com");
    site.run(1_000);
    expect(headers(two.seen("INVITE"), "record-route")).toHaveLength(2);
    one.inDialog("INFO", one.got(200, "INVITE"), 2);
    two.answers("INFO", { status: 200 });
    site.run(500);
    two.inDialogAsCallee("BYE", two.seen("INVITE"), 1);
    site.run(500);
    expect(two.requests("INFO")).toHaveLength(1);
    expect(one.requests("BYE")).toHaveLength(1);
    expectLadder("stream-extensions", site.ladder());
  });
});

describe("upstream over TCP", () => {
  const OVER_TCP = STREAMS.replace("sip:198.51.100.10", "sip:198.51.100.10;transport=tcp");

  it("a refused connection leads to survival without waiting", () => {
    const site = new Site(OVER_TCP);
    const phone = site.actor("phone", PHONE);
    phone.invite(NUMBER);
    site.run(2_000);
    expect(phone.got(181)).toBeDefined();
    expect(phone.responses(302)[0]?.at_ms).toBeLessThan(1_200);
  });

  it("is probed and called over it", () => {
    const site = new Site(OVER_TCP);
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", { ...PBX, protocol: "tcp" }, WAN);
    pbx.answers("INVITE", { status: 200 });
    phone.invite(NUMBER);
    site.run(1_000);
    expect(pbx.requests("OPTIONS").length).toBeGreaterThan(0);
    expect(header(pbx.seen("OPTIONS"), "via")).toContain("SIP/2.0/TCP 203.0.113.2:5060");
    expect(phone.responses(200, "INVITE")).toHaveLength(1);
  });
});

describe("an address that is advertised without a port", () => {
  it("means 5061 where it is TLS: upstream's answers count", () => {
    const listen = "{address: tls:203.0.113.2:5061, advertise: sip.example.com}";
    const site = new Site(
      STREAMS.replace("udp:203.0.113.2:5060", listen).replace("sip:198.51.100.10", "sip:198.51.100.10;transport=tls"),
    );
    const phone = site.actor("phone", PHONE);
    site.simulation.attach(
      { ...PBX, port: 5061, protocol: "tls" },
      {
        onDatagram: (wire) =>
          site.simulation.send(
            { ...PBX, port: 5061, protocol: "tls" },
            { ...WAN, port: 5061, protocol: "tls" },
            responseText(readSip(wire), 486, { reason: "Busy" }),
          ),
      },
    );
    phone.invite(NUMBER);
    site.run(500);
    expect(phone.responses(486, "INVITE")).toHaveLength(1);
  });
});

describe("§18.1.1: a request too long for a datagram", () => {
  const LONG = [`X-Long: ${"x".repeat(1_300)}`];

  it("goes by TCP where upstream takes it", () => {
    const site = new Site(STREAMS);
    const phone = site.actor("phone", PHONE);
    const byUdp = site.actor("udp", PBX, WAN);
    const byTcp = site.actor("tcp", { ...PBX, protocol: "tcp" }, WAN);
    byTcp.answers("INVITE", { status: 200 });
    phone.invite(NUMBER, LONG);
    site.run(1_000);
    expect(byUdp.requests("INVITE")).toEqual([]);
    expect(header(byTcp.seen("INVITE"), "via")).toContain("SIP/2.0/TCP 203.0.113.2:5060");
    expect(phone.responses(200, "INVITE")).toHaveLength(1);
  });

  it("goes by UDP after all where it doesn't, and the next one at once", () => {
    const site = new Site(STREAMS);
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX, WAN);
    pbx.answers("INVITE", { status: 200 });
    phone.invite(NUMBER, LONG);
    site.run(1_000);
    phone.invite(NUMBER, LONG);
    site.run(1_000);
    expect(phone.responses(200, "INVITE")).toHaveLength(2);
    const tried = site.simulation.sightings.filter(({ to, fate }) => to.protocol === "tcp" && fate === "refused");
    expect(tried).toHaveLength(1);
    expect(site.edges("198.51.100.10").map(({ to }) => to)).toEqual(["up"]);
  });

  it("finds somebody who takes connections and says nothing: only the first waits for it", () => {
    const site = new Site(STREAMS);
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX, WAN);
    site.actor("tcp", { ...PBX, protocol: "tcp" }, WAN);
    pbx.answers("INVITE", { status: 486 });
    phone.invite(NUMBER, LONG);
    site.run(10_000);
    expect(phone.responses(302, "INVITE")).toHaveLength(1);
    phone.invite(NUMBER, LONG);
    site.run(1_000);
    expect(phone.responses(486, "INVITE")).toHaveLength(1);
  });

  it("stays on UDP where the target says so", () => {
    const site = new Site(STREAMS.replace("sip:198.51.100.10", "sip:198.51.100.10;transport=udp"));
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX, WAN);
    site.actor("tcp", { ...PBX, protocol: "tcp" }, WAN);
    phone.invite(NUMBER, LONG);
    site.run(1_000);
    expect(pbx.requests("INVITE").length).toBeGreaterThan(0);
  });
});

describe("RFC 3261 §16.6 item 9: a message without Content-Length", () => {
  const BODY = "v=0\r\n";
  const stripped = (wire: string) => `${wire.replace(/Content-Length:[^\n]*\n/, "")}${BODY}`;

  it("gets one on its way from a datagram to a stream", () => {
    const site = new Site(STREAMS.replace("sip:198.51.100.10", "sip:198.51.100.10;transport=tcp"));
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", { ...PBX, protocol: "tcp" }, WAN);
    const lines = ["Via: SIP/2.0/UDP 10.222.237.21;branch=z9hG4bK1;rport", "From: <sip:a@b>;tag=1", `To: <${NUMBER}>`];
    phone.send(stripped(write(`INVITE ${NUMBER} SIP/2.0`, [...lines, "Call-ID: 1", "CSeq: 1 INVITE"])));
    site.run(500);
    expect(headers(pbx.seen("INVITE"), "content-length")).toEqual([String(BODY.length)]);
    expect(pbx.seen("INVITE").body).toBe(BODY);
  });

  it("gets one on its way back too", () => {
    const site = new Site(STREAMS);
    const phone = site.actor("201", TCP_PHONE).connects(40_001);
    const pbx = site.actor("pbx", PBX, WAN);
    phone.invite(NUMBER);
    site.run(100);
    for (const status of [183, 200])
      pbx.send(stripped(responseText(pbx.seen("INVITE"), status, { reason: "x", toTag: "1" })));
    site.run(100);
    for (const status of [183, 200]) {
      expect(headers(phone.got(status, "INVITE"), "content-length")).toEqual([String(BODY.length)]);
      expect(phone.got(status, "INVITE").body).toBe(BODY);
    }
  });
});

describe("sips", () => {
  it("without TLS here is 416; with it, it leaves by TLS or not at all", () => {
    const without = new Site();
    const there = without.actor("phone", PHONE);
    there.invite("sips:5551234@pbx.example.com");
    without.run(500);
    expect(there.responses(416)).toHaveLength(1);

    const site = new Site(STREAMS);
    const phone = site.actor("202", TLS_PHONE, { ...LAN, port: 5061 }).connects(40_002);
    const pbx = site.actor("pbx", PBX, WAN);
    site.run(500);
    phone.invite("sips:5551234@pbx.example.com");
    site.run(500);
    expect(pbx.requests("INVITE")).toEqual([]);
    expect(site.edges("198.51.100.10").map(({ to }) => to)).toEqual(["up"]);
  });

  it("is recorded as sips (§16.6 item 4)", () => {
    const site = new Site(
      STREAMS.replace("udp:203.0.113.2:5060", "tls:203.0.113.2:5061").replace(
        "sip:198.51.100.10",
        "sip:198.51.100.10;transport=tls",
      ),
    );
    const phone = site.actor("202", TLS_PHONE, { ...LAN, port: 5061 }).connects(40_002);
    const pbx = site.actor("pbx", { ...PBX, port: 5061, protocol: "tls" }, { ...WAN, port: 5061 });
    pbx.answers("INVITE", { status: 200 });
    phone.invite("sips:5551234@pbx.example.com");
    site.run(1_000);
    expect(requestUriOf(pbx.seen("INVITE"))).toBe("sips:5551234@pbx.example.com");
    expect(headers(pbx.seen("INVITE"), "record-route").every((route) => /^<sips:[^;]*;lr>$/.test(route))).toBe(true);
    expect(phone.responses(200, "INVITE")).toHaveLength(1);
  });
});
