/** Floods, scanners and amplifiers: what they get, what they cost, and what honest phones notice of them. */
import { describe, expect, it } from "vitest";
import { write } from "../sip/build.ts";
import { header, headers, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, SITE_YAML, Site, STRANGER, WAN } from "../support/site.ts";

const DOMAIN = "pbx.example.com";

function office(more = "") {
  const site = new Site(SITE_YAML + more);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 200 }).answers("REGISTER", { status: 401 });
  const phone = site.actor("201", PHONE);
  const bad = site.actor("bad", PHONE_2);
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200 });
  const stranger = site.actor("stranger", STRANGER, WAN);
  site.run(500);
  return { site, pbx, phone, bad, gateway, stranger };
}

const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
const table = (site: Site, name: string) => site.core.meter.tableStatus.find((one) => one.name === name);
const receive = (site: Site, wire: string, address: string) =>
  site.core.receive(wire, { listener: site.listeners[0] as never, address, port: 5060 }, site.simulation.now_ms);

function requestText(method: string, index: number, host: string): string {
  return write(`${method} sip:u${index}@${DOMAIN} SIP/2.0`, [
    `Via: SIP/2.0/UDP ${host};branch=z9hG4bKf${index};rport`,
    `From: <sip:u${index}@${DOMAIN}>;tag=1`,
    `To: <sip:u${index}@${DOMAIN}>`,
    `Call-ID: flood-${index}`,
    `CSeq: 1 ${method}`,
    "Max-Forwards: 70",
  ]);
}

describe("a flood", () => {
  it("of one bad phone: its burst goes through, some hear 503, the rest nothing; others call on", () => {
    const { site, phone, bad, pbx } = office();
    for (let index = 0; index < 10_000; index++)
      receive(site, requestText("REGISTER", index, PHONE_2.address), PHONE_2.address);
    const opened = table(site, "transactions")?.size ?? 0;
    expect(opened).toBeLessThanOrEqual(2 * 2_000 + 2);
    phone.invite(`sip:5551234@${DOMAIN}`);
    site.run(500);
    expect(finals(phone)).toEqual([200]);
    expect(finals(bad).filter((status) => status === 503)).toHaveLength(5);
    expect(pbx.requests("REGISTER")).toHaveLength(2_000);
    expect(site.core.meter.dropped["over_quota"]).toBe(8_000);
    expect(site.events.filter(({ event }) => event === "over_quota")).toHaveLength(1);
    site.run(60_000);
    expect(table(site, "lingering")?.size).toBeLessThanOrEqual(2);
  });

  it("of a bad phone doesn't keep its own emergency call, BYE, or answers away", () => {
    const { site, bad, gateway } = office('emergency: ["112"]\n');
    bad.invite("sip:5551234@10.10.1.3");
    site.run(100);
    const answer = bad.got(200, "INVITE");
    for (let index = 0; index < 5_000; index++)
      receive(site, requestText("OPTIONS", index, PHONE_2.address), PHONE_2.address);
    bad.invite(`sip:112@${DOMAIN}`);
    bad.inDialog("BYE", answer, 2);
    site.run(500);
    expect(gateway.requests("INVITE")).toHaveLength(2);
    expect(gateway.requests("BYE")).toHaveLength(1);
  });

  it("with 100,000 forged addresses leaves nothing behind, and a phone keeps what it has", () => {
    const { site, phone, pbx } = office();
    pbx.answers("REGISTER", { status: 200 });
    phone.request("REGISTER", `sip:${DOMAIN}`);
    site.run(100);
    const before = site.core.transactions.size;
    for (let index = 0; index < 100_000; index++) {
      receive(
        site,
        requestText("INVITE", index, "x"),
        `172.${16 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
      );
    }
    expect(site.core.meter.dropped).toMatchObject({ over_quota: 99_000, forbidden: 1_000 });
    expect(site.core.meter.tableStatus.filter(({ size, limit }) => size > limit)).toEqual([]);
    expect(site.core.transactions.size).toBe(before);
    expect(site.bindings.find(`201@${DOMAIN}`)?.bindings).toHaveLength(1);
  });

  it("of ACKs to names that DNS never answers: who waits is bounded", () => {
    const { site } = office("limits: none\n");
    for (let index = 0; index < 20_000; index++) {
      receive(
        site,
        requestText("ACK", index, "x")
          .replaceAll(DOMAIN, "slow.invalid")
          .replace(/(To: .*)/, "$1;tag=2"),
        PHONE.address,
      );
    }
    expect(table(site, "lookups")).toMatchObject({ size: 12_000, limit: 12_000 });
    site.run(1_000);
    expect(table(site, "lookups")?.size).toBe(0);
  });

  it("is no limit for gateway and upstream, nor for a call centre whose file says so", () => {
    const { site } = office("limits: {per_source: {rate: 5000}}\n");
    for (let index = 0; index < 4_000; index++) receive(site, requestText("OPTIONS", index, "x"), PHONE.address);
    for (let index = 0; index < 4_000; index++) receive(site, requestText("OPTIONS", index, "x"), GATEWAY.address);
    expect(site.core.meter.dropped).toEqual({});
  });
});

describe("a scanner", () => {
  const probe = (actor: Actor, name: string) =>
    actor.request("OPTIONS", `sip:100@${LAN.address}`, [`User-Agent: ${name}`], `scan-${name}`);

  it.each([
    "friendly-scanner",
    "sipvicious",
    "sipcli/v1.8",
    "sundayddr",
    "VaxSIPUserAgent/3.1",
    "pplsip",
    "sip-scan",
    "iWar",
  ])("%s gets silence where other strangers get 403", (name) => {
    const { site, stranger } = office("strangers: reject\n");
    probe(stranger, name);
    site.run(100);
    expect(finals(stranger)).toEqual([]);
    probe(stranger, "Yealink SIP-T46S");
    site.run(100);
    expect(finals(stranger)).toEqual([403]);
    expect(site.core.meter.dropped).toEqual({ scanner: 1, forbidden: 1 });
  });

  it("within localnet is a phone like any other", () => {
    const { site, phone } = office("strangers: reject\n");
    phone.request("INVITE", `sip:5551234@${DOMAIN}`, ["User-Agent: sipcli/v1.8"]);
    site.run(100);
    expect(finals(phone)).toEqual([200]);
  });
});

describe("amplification", () => {
  const shortest = (method: string) =>
    `${method} sip:a SIP/2.0\r\nv:SIP/2.0/UDP a;branch=z9hG4bKa\r\nf:<sip:a>;tag=1\r\nt:<sip:a>\r\ni:1\r\nCSeq:1 ${method}\r\n`;

  it.each(["INVITE", "OPTIONS", "REGISTER", "BYE", "CANCEL", "SUBSCRIBE"])(
    "a stranger's %s is answered at the most once, and with no more bytes than it has",
    (method) => {
      const { site, stranger } = office("strangers: reject\n");
      for (let padding = 0; padding < 200; padding += 5) {
        stranger.received.length = 0;
        const wire = `${shortest(method)}l:0\r\nx-pad:${"p".repeat(padding)}\r\n\r\n`;
        const before = site.simulation.sightings.length;
        stranger.send(wire);
        site.run(33_000);
        const answers = site.simulation.sightings.slice(before).filter(({ to }) => to.address === STRANGER.address);
        expect(answers.length).toBeLessThanOrEqual(1);
        for (const answer of answers) expect(answer.wire.length).toBeLessThanOrEqual(wire.length);
      }
      const { answer_too_long = 0, forbidden = 0 } = site.core.meter.dropped;
      expect(answer_too_long).toBeGreaterThan(0);
      expect(forbidden).toBeGreaterThan(answer_too_long);
    },
  );

  it.each([
    ["no such version", "OPTIONS sip:a SIP/3.0\r\n"],
    ["no Call-ID", "OPTIONS sip:a SIP/2.0\r\n"],
  ])("a stranger's faulty request gets nothing: %s", (_, line) => {
    const { site, stranger } = office();
    stranger.send(
      `${line}Via: SIP/2.0/UDP ${stranger.hostPort};branch=z9hG4bKa\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:a>\r\nCSeq: 1 OPTIONS\r\n\r\n`,
    );
    site.run(33_000);
    expect(stranger.received).toEqual([]);
  });

  it("the ACK to an answer without a transaction goes nowhere", () => {
    const { site, phone, pbx } = office("limits: {per_source: {rate: 1, burst: 1}}\n");
    phone.invite(`sip:1@${DOMAIN}`);
    phone.invite(`sip:2@${DOMAIN}`);
    site.run(500);
    expect(finals(phone).sort()).toEqual([200, 503]);
    expect(pbx.requests("ACK")).toHaveLength(1);
  });
});

describe("forged tokens", () => {
  it.each([
    [
      "Path",
      (host: string) => [`Route: <sip:p~u~${WAN.address}~5060~${host}~5060~${"A".repeat(16)}@${WAN.address};lr>`],
    ],
    ["Record-Route", () => [`Route: <sip:g~${"A".repeat(16)}@${WAN.address};lr>`]],
    [
      "Contact",
      (host: string) => [`Route: <sip:c~u~${WAN.address}~5060~${host}~5060~201~${"A".repeat(16)}@${WAN.address};lr>`],
    ],
  ])("%s: nobody is reached, nobody answered, and the source stays a stranger", (_, lines) => {
    const { site, stranger, phone, gateway } = office();
    for (const target of [PHONE.address, GATEWAY.address]) {
      stranger.request("INVITE", `sip:201@${target}`, lines(target));
      site.run(1_000);
    }
    expect([phone.received, stranger.received, gateway.requests("INVITE")]).toEqual([[], [], []]);
    expect(site.core.meter.dropped).toEqual({ stranger: 2 });
    expect(table(site, "sources")?.size).toBe(2); // upstream and the gateway
  });

  it("Via: a response to what we never asked isn't passed on", () => {
    const { site, pbx, phone, stranger } = office();
    phone.invite(`sip:1@${DOMAIN}`);
    site.run(100);
    const vias = headers(pbx.seen("INVITE"), "via");
    const forged = [(vias[0] ?? "").replace(/branch=\S+?\./, "branch=z9hG4bKforged0000."), ...vias.slice(1)];
    const before = phone.received.length;
    for (const actor of [stranger, pbx]) {
      actor.send(
        write("SIP/2.0 200 OK", [
          ...forged.map((via) => `Via: ${via}`),
          `From: ${header(pbx.seen("INVITE"), "from")}`,
          `To: ${header(pbx.seen("INVITE"), "to")};tag=x`,
          `Call-ID: ${header(pbx.seen("INVITE"), "call-id")}`,
          "CSeq: 1 INVITE",
        ]),
      );
    }
    site.run(1_000);
    expect(phone.received).toHaveLength(before);
    expect(site.core.meter.dropped).toEqual({ false_response: 1 });
  });
});
