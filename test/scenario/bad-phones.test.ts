/** A phone in localnet that lies: about where it is, who it is, and in whose domain. */
import { describe, expect, it } from "vitest";
import { write } from "../sip/build.ts";
import { headers, requestUriOf } from "../sip/message.ts";
import type { Address } from "../support/simulation.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";

const BAD: Address = { address: "10.222.237.66", port: 5060 };

function site(yaml = SITE_YAML) {
  const made = new Site(yaml);
  const pbx = made
    .actor("pbx", PBX, WAN)
    .answers("INVITE", { status: 200 })
    .answers("REGISTER", { status: 200, extra: ["Expires: 300"] });
  const gateway = made.actor("gateway", GATEWAY).answers("INVITE", { status: 200 });
  const bad = made.actor("299", BAD).answers("INVITE", { status: 200 });
  made.run(100);
  return { made, pbx, gateway, bad };
}

describe("a phone lies about where it is", () => {
  it("its Contact at the gateway's address doesn't let upstream dial out", () => {
    const { made, pbx, gateway, bad } = site();
    bad.request("REGISTER", "sip:pbx.example.com", ["Contact: <sip:0900123@10.10.1.3>"], undefined, 1, false);
    made.run(200);
    pbx.invite("sip:0900123@10.10.1.3");
    made.run(500);
    expect(gateway.requests("INVITE")).toEqual([]);
    expect(pbx.responses(403, "INVITE")).toHaveLength(1);
  });

  it("its Contact at another phone's address draws no call for that phone", () => {
    const { made, bad } = site();
    const phone = made.actor("202", PHONE_2).answers("INVITE", { status: 200 });
    const caller = made.actor("201", PHONE);
    bad.request("REGISTER", "sip:pbx.example.com", ["Contact: <sip:202@10.222.237.22>"], undefined, 1, false);
    made.run(200);
    phone.request("REGISTER", "sip:pbx.example.com");
    made.run(200);
    made.simulation.silence(PBX);
    caller.invite("sip:202@10.222.237.22");
    made.run(6_000);
    expect(bad.requests("INVITE")).toEqual([]);
    expect(phone.requests("INVITE")).toHaveLength(1);
  });

  it("its Contact with another extension's user draws no call of upstream's to that user at our address", () => {
    const { made, pbx, bad } = site();
    const phone = made.actor("201", PHONE).answers("INVITE", { status: 200 });
    bad.request("REGISTER", "sip:pbx.example.com", ["Contact: <sip:201@10.222.237.66>"], undefined, 1, false);
    made.run(200);
    phone.request("REGISTER", "sip:pbx.example.com");
    made.run(200);
    pbx.invite("sip:201@203.0.113.2");
    made.run(500);
    expect(bad.requests("INVITE")).toEqual([]);
    expect(phone.requests("INVITE")).toHaveLength(1);
  });
});

describe("a phone has overheard a Call-ID", () => {
  it("its own call with that Call-ID gets nothing of the other one", () => {
    const { made, pbx, bad } = site();
    const phone = made.actor("201", PHONE);
    phone.invite("sip:300@pbx.example.com");
    made.run(200);
    bad.request("INVITE", "sip:300@pbx.example.com", [], "201-1");
    made.run(200);
    // A PBX that mends NAT by the source address names us in place of the phone.
    const invite = pbx.seen("INVITE");
    for (const [method, cseq] of [
      ["INVITE", 7],
      ["BYE", 8],
    ] as const) {
      pbx.send(
        write(`${method} sip:201@203.0.113.2 SIP/2.0`, [
          `Via: SIP/2.0/UDP 198.51.100.10:5060;branch=z9hG4bKx${cseq}`,
          "Max-Forwards: 70",
          ...headers(invite, "record-route").map((route) => `Route: ${route}`),
          "From: <sip:300@pbx.example.com>;tag=pbx-tag",
          "To: <sip:201@pbx.example.com>;tag=201-tag",
          "Call-ID: 201-1",
          `CSeq: ${cseq} ${method}`,
          "Contact: <sip:300@198.51.100.10>",
        ]),
      );
      made.run(200);
    }
    expect(bad.requests("INVITE")).toEqual([]);
    expect(bad.requests("BYE")).toEqual([]);
    expect(phone.requests("INVITE")).toHaveLength(1);
    expect(phone.requests("BYE")).toHaveLength(1);
  });
});

describe("a name of ours", () => {
  const ROUTE = "Route: <sip:router.example.net;lr>";
  it("a phone that makes up names doesn't keep others from being found to mean us", () => {
    const { made, pbx, bad } = site();
    made.names.set("router.example.net", [LAN]);
    const phone = made.actor("201", PHONE);
    for (let n = 0; n < 70; n++) {
      made.at(
        n * 100,
        () => void bad.request("OPTIONS", "sip:x@pbx.example.com", [`Route: <sip:n${n}.example.net;lr>`]),
      );
    }
    made.run(10_000);
    phone.request("REGISTER", "sip:pbx.example.com", [ROUTE]);
    made.run(200);
    phone.invite("sip:300@pbx.example.com", [ROUTE]);
    made.run(500);
    expect(headers(pbx.seen("INVITE"), "route")).toEqual([]);
  });

  it("a phone that is registered in a domain with our name takes it from nobody", () => {
    const { made, pbx, bad } = site();
    made.names.set("router.example.net", [LAN]);
    const phone = made.actor("201", PHONE);
    phone.request("REGISTER", "sip:pbx.example.com", [ROUTE]);
    made.run(200);
    bad.send(
      write("REGISTER sip:router.example.net SIP/2.0", [
        "Via: SIP/2.0/UDP 10.222.237.66:5060;branch=z9hG4bKr",
        "Max-Forwards: 70",
        "From: <sip:299@router.example.net>;tag=1",
        "To: <sip:299@router.example.net>",
        "Call-ID: r",
        "CSeq: 1 REGISTER",
        "Contact: <sip:299@10.222.237.66>",
      ]),
    );
    made.run(500);
    phone.invite("sip:300@pbx.example.com", [ROUTE]);
    made.run(500);
    expect(headers(pbx.seen("INVITE"), "route")).toEqual([]);
  });
});

describe("a call for help", () => {
  it("an extension that only we have registered in an outage doesn't take 0112", () => {
    const { made, gateway, bad } = site(`${SITE_YAML}emergency: ["112"]\nregistration: {unknown: localnet}\n`);
    const phone = made.actor("201", PHONE);
    made.simulation.silence(PBX);
    made.run(60_000);
    bad.as("0112").request("REGISTER", "sip:pbx.example.com");
    made.run(6_000);
    phone.invite("sip:0112@pbx.example.com");
    made.run(6_000);
    expect(bad.requests("INVITE")).toEqual([]);
    expect(gateway.requests("INVITE").map(({ message }) => requestUriOf(message))).toEqual(["sip:112@10.10.1.3"]);
  });
});
