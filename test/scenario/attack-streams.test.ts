/** What connections, names and tokens let strangers and rogue phones try: findings of attacks, each of which once worked. */
import { describe, expect, it } from "vitest";
import { write } from "../sip/build.ts";
import { header, headers } from "../sip/message.ts";
import type { Address } from "../support/simulation.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, Site, STRANGER, WAN } from "../support/site.ts";

const STREAMS = `
listen: [udp:10.222.237.1:5060, tcp:10.222.237.1:5060, tls:10.222.237.1:5061, udp:203.0.113.2:5060, tcp:203.0.113.2:5060, tls:203.0.113.2:5061]
tls: {certificate: c.pem, key: k.pem}
localnet: [10.222.237.0/24]
upstream: sip:198.51.100.10
gateways: [sip:10.10.1.3]
`;
const DOMAIN_MODE = STREAMS.replace(/upstream.*\n/, "");
const NUMBER = "sip:5551234@pbx.example.com";
const PRINTER: Address = { address: "10.222.237.99", port: 9100, protocol: "tcp" };

let sent = 0;

/** A request that claims to belong to a call. */
function within(callId: string, method: string, uri: string, routes: readonly string[] = [], cseq = 7): string {
  sent += 1;
  return write(`${method} ${uri} SIP/2.0`, [
    `Via: SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bKrogue${sent};rport`,
    ...routes.map((route) => `Route: ${route}`),
    "From: <sip:a@b.example>;tag=2",
    "To: <sip:c@d.example>;tag=1",
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
  ]);
}

/** What has left for an address, or has tried to. */
function sentTo(site: Site, { address, port }: Address): string[] {
  return site.simulation.sightings
    .filter(({ to }) => to.address === address && to.port === port)
    .map(({ wire }) => wire.slice(0, wire.indexOf(" ")));
}

/** A call of a phone with upstream, and a stranger who has overheard it. */
function overheard(yaml = STREAMS) {
  const site = new Site(yaml);
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX, WAN);
  const stranger = site.actor("stranger", STRANGER, WAN);
  pbx.answers("INVITE", { status: 200 });
  phone.invite(NUMBER);
  site.run(200);
  const invite = pbx.seen("INVITE");
  const routes = headers(invite, "record-route");
  return { site, phone, pbx, stranger, callId: header(invite, "call-id"), routes };
}

const userOf = (route: string) => /<sip:([^@]*)@/.exec(route)?.[1] ?? "";

describe("Record-Route tokens", () => {
  it("a Call-ID that looks like the rest of a token makes none for another call", () => {
    const { site, pbx, phone, stranger } = overheard();
    const victim = site.actor("201", { ...PHONE_2, protocol: "tcp" }).connects(40_001);
    const way = `a~abcdef~t~10.222.237.1~5060~${PHONE_2.address}~40001`;
    pbx.answers("INVITE", { status: 200 });
    phone.request("INVITE", NUMBER, [], `${way}~victims-call`);
    site.run(200);
    const mac = userOf(headers(pbx.seen("INVITE", 1), "record-route")[0] ?? "").slice(2);
    for (const token of [`d~${way}~${mac}`, `d~x~${mac}`]) {
      const route = `<sip:${token}@203.0.113.2:5060;lr>`;
      stranger.send(within("victims-call", "INFO", `sip:201@${PHONE_2.address}`, [route]));
    }
    site.run(500);
    expect(victim.received).toEqual([]);
    expect(sentTo(site, PHONE_2)).toEqual([]);
  });
});

describe("whom strangers can make us connect to", () => {
  it("with a dialog's token: nobody who isn't a phone", () => {
    const { site, stranger, callId, routes } = overheard();
    for (const uri of [`sip:x@${PRINTER.address}:9100;transport=tcp`, `sip:x@${PRINTER.address}:9100;transport=tls`]) {
      stranger.send(within(callId, "INFO", uri, routes));
      stranger.send(within(callId, "ACK", uri, routes));
    }
    site.run(500);
    expect(sentTo(site, PRINTER)).toEqual([]);
  });

  it("with the Path of a phone whose connection is gone: not its other ports", () => {
    const site = new Site(STREAMS);
    const phone = site.actor("201", { ...PHONE, protocol: "tcp" }).connects(40_001);
    const contact = "Contact: <sip:201@10.222.237.21:5060;transport=tcp>;expires=300";
    const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200, extra: [contact] });
    const stranger = site.actor("stranger", STRANGER, WAN);
    phone.request("REGISTER", "sip:pbx.example.com", ["Expires: 300"]);
    site.run(200);
    const path = header(pbx.seen("REGISTER"), "path");
    phone.disconnects();
    for (const port of [22, 5060]) {
      stranger.request("INVITE", `sip:201@10.222.237.21:${port};transport=tcp`, [`Route: ${path}`], `to-${port}`);
    }
    site.run(500);
    expect(sentTo(site, { ...PHONE, port: 22 })).toEqual([]);
    expect(sentTo(site, PHONE)).toEqual(["INVITE"]); // where it has said that it listens
    expect(stranger.responses(430)).toHaveLength(2);
  });

  it("a domain that a phone has called: the same", () => {
    const site = new Site(DOMAIN_MODE);
    site.names.set("evil.example", [STRANGER]);
    const evil = site.actor("evil", STRANGER, WAN);
    const phone = site.actor("phone", PHONE);
    phone.invite("sip:x@evil.example");
    site.run(500);
    evil.invite(`sip:x@${PRINTER.address}:9100;transport=tcp`);
    site.run(500);
    expect(sentTo(site, PRINTER)).toEqual([]);
  });
});

describe("whom phones can make us connect to", () => {
  const INSIDE: readonly Address[] = [
    { address: "127.0.0.1", port: 6379, protocol: "tcp" },
    { address: "127.0.0.1", port: 6379, protocol: "udp" },
  ];

  it.each(INSIDE)("not services of the router itself, by $protocol", (inside) => {
    const site = new Site(STREAMS);
    site.names.set("inside.example", [inside]);
    const phone = site.actor("phone", PHONE);
    const behind = `:6379;transport=${inside.protocol ?? "udp"}`;
    for (const host of ["127.0.0.1", "inside.example"]) {
      phone.send(within("1", "INFO", `sip:x@${host}${behind}`));
      phone.send(within("1", "INFO", `sip:x@10.9.9.9;maddr=${host}${behind.replace(":6379", "")}`));
      phone.send(within("1", "INFO", "sip:x@10.9.9.9", [`<sip:${host}${behind};lr>`]));
    }
    site.run(3_000);
    expect(sentTo(site, inside)).toEqual([]);
    expect(sentTo(site, { address: "127.0.0.1", port: 5060 })).toEqual([]);
  });

  it("but an upstream there is reached, by whichever name", () => {
    for (const upstream of ["sip:127.0.0.1:5080", "sip:localhost:5080"]) {
      const site = new Site(STREAMS.replace("sip:198.51.100.10", upstream));
      const at = { address: "127.0.0.1", port: 5080 };
      site.names.set("localhost", [at]);
      const pbx = site.actor("pbx", at, WAN).answers("INVITE", { status: 200 });
      const phone = site.actor("phone", PHONE);
      phone.invite(NUMBER);
      site.run(500);
      phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
      site.run(500);
      expect(pbx.requests("BYE")).toHaveLength(1);
    }
  });

  it("nobody whom we don't know, by a response to nobody", () => {
    const { site, phone, pbx } = overheard();
    const mark = /branch=(z9hG4bK[^.]*\.)/.exec(header(pbx.seen("INVITE"), "via"))?.[1] ?? "";
    const victim: Address = { address: "192.0.2.99", port: 25, protocol: "tcp" };
    phone.send(
      write("SIP/2.0 200 OK", [
        `Via: SIP/2.0/UDP 10.222.237.1:5060;branch=${mark}zzzz1-abc.0`,
        "Via: SIP/2.0/TCP 192.0.2.99:25;branch=z9hG4bKx",
        "From: <sip:a@b.example>;tag=2",
        "To: <sip:c@d.example>;tag=1",
        "Call-ID: 9",
        "CSeq: 7 INFO",
      ]),
    );
    site.run(500);
    expect(sentTo(site, victim)).toEqual([]);
  });
});

describe("what phones can make us believe of upstream", () => {
  const UNUSED = ["sip:x@198.51.100.10;transport=tcp", "sip:x@198.51.100.10:5060;transport=tls"];

  it.each(UNUSED)("that %s refuses connections says nothing of upstream's UDP", (uri) => {
    const site = new Site(STREAMS);
    const phone = site.actor("phone", PHONE);
    site.actor("pbx", PBX, WAN);
    site.run(1_000);
    phone.send(within("1", "INVITE", uri));
    site.run(1_000);
    expect(site.edges("198.51.100.10").map(({ to }) => to)).toEqual(["up"]);
  });

  it("a certificate that doesn't name what a phone calls upstream fails nobody else's calls", () => {
    const OVER_TLS = STREAMS.replace("sip:198.51.100.10", '"sip:pbx.example.com;transport=tls"');
    const site = new Site(OVER_TLS);
    const at: Address = { ...PBX, port: 5061, protocol: "tls" };
    for (const name of ["pbx.example.com", "evil.example"]) site.names.set(name, [at]);
    site.actor("pbx", at, { ...WAN, port: 5061 }).answers("INVITE", { status: 200, after_ms: 1_000 });
    const phone = site.actor("phone", PHONE);
    phone.invite(NUMBER);
    site.run(50);
    const listener = site.listeners.find(({ protocol, address }) => protocol === "tls" && address === WAN.address);
    if (listener === undefined) throw new Error("no TLS");
    const flow = { listener, address: PBX.address, port: 5061, name: "evil.example" };
    site.core.receiveUnreachable(flow, site.simulation.now_ms);
    site.run(3_000);
    expect(phone.responses(200, "INVITE")).toHaveLength(1);
    expect(site.edges("pbx.example.com;transport=tls").map(({ to }) => to)).toEqual(["up"]);
  });
});

describe("calls of others", () => {
  it("a phone that has seen a call's branch can't cancel it from another address", () => {
    const site = new Site(STREAMS);
    const caller = site.actor("caller", PHONE);
    const rogue = site.actor("rogue", PHONE_2);
    const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 180 });
    const invite = caller.invite(NUMBER);
    site.run(200);
    rogue.cancel(invite);
    site.run(500);
    expect(caller.responses(487)).toEqual([]);
    pbx.received.length = 0;
    caller.cancel(invite);
    site.run(500);
    expect(caller.responses(487)).toHaveLength(1);
    expect(pbx.requests("CANCEL")).toHaveLength(1);
  });

  it("a CSeq that nothing can follow, of somebody who knows the Call-ID, doesn't keep an emergency call from the line", () => {
    const site = new Site(
      STREAMS.replace("[sip:10.10.1.3]", "[{uri: sip:10.10.1.3, channels: 1}]") +
        'emergency: {numbers: ["112"], preempt: true}\n',
    );
    const caller = site.actor("caller", PHONE);
    const rogue = site.actor("rogue", PHONE_2);
    const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200 });
    const invite = caller.invite("sip:0900@10.10.1.3");
    site.run(200);
    rogue.send(within(header(invite, "call-id"), "INFO", "sip:x@10.10.1.3", [], 2 ** 31 - 1));
    site.run(200);
    rogue.invite("sip:112@pbx.example.com");
    site.run(2_000);
    expect(header(caller.seen("BYE"), "cseq")).toBe(`${2 ** 31 - 1} BYE`);
    expect(gateway.requests("BYE")).toHaveLength(1);
  });
});
