/** received, rport, and the way back of responses: RFC 3261 §18.2.1, §18.2.2, RFC 3581 §4. */
import { describe, expect, test } from "vitest";
import { VIA } from "../../src/message/header-names.ts";
import { buildReply } from "../../src/message/reply.ts";
import { responseFlow, stampVia } from "../../src/transport/receive.ts";
import { readResponse, request } from "../support/messages.ts";
import { flowFrom } from "./flows.ts";

interface Case {
  readonly title: string;
  readonly via: string;
  readonly source: readonly [address: string, port: number];
  readonly stamped: string;
  readonly returnsTo: readonly [address: string, port: number];
}

const CASES: readonly Case[] = [
  {
    title: "RFC 3261 §18.2.1: a sent-by that is the source address needs no received",
    via: "SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK1",
    source: ["10.0.0.9", 5070],
    stamped: "SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK1",
    returnsTo: ["10.0.0.9", 5070],
  },
  {
    title: "RFC 3261 §18.2.1: another sent-by address gets received",
    via: "SIP/2.0/UDP 192.168.1.2:5070;branch=z9hG4bK1",
    source: ["10.0.0.9", 40_000],
    stamped: "SIP/2.0/UDP 192.168.1.2:5070;branch=z9hG4bK1;received=10.0.0.9",
    returnsTo: ["10.0.0.9", 5070],
  },
  {
    title: "RFC 3261 §18.2.1: a host name in sent-by gets received",
    via: "SIP/2.0/UDP phone.example.com;branch=z9hG4bK1",
    source: ["10.0.0.9", 5070],
    stamped: "SIP/2.0/UDP phone.example.com;branch=z9hG4bK1;received=10.0.0.9",
    returnsTo: ["10.0.0.9", 5060],
  },
  {
    title: "RFC 3261 §18.2.2: without a port in sent-by, responses go to 5060",
    via: "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK1",
    source: ["10.0.0.9", 40_000],
    stamped: "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK1",
    returnsTo: ["10.0.0.9", 5060],
  },
  {
    title: "RFC 3581 §4: rport gets the source port, and received even if it is the same as sent-by",
    via: "SIP/2.0/UDP 10.0.0.9:5060;rport;branch=z9hG4bK1",
    source: ["10.0.0.9", 40_000],
    stamped: "SIP/2.0/UDP 10.0.0.9:5060;rport=40000;branch=z9hG4bK1;received=10.0.0.9",
    returnsTo: ["10.0.0.9", 40_000],
  },
  {
    title: "RFC 3581 §4: rport behind a NAT",
    via: "SIP/2.0/UDP 192.168.1.2:5060;branch=z9hG4bK1;rport",
    source: ["203.0.113.7", 61_000],
    stamped: "SIP/2.0/UDP 192.168.1.2:5060;branch=z9hG4bK1;rport=61000;received=203.0.113.7",
    returnsTo: ["203.0.113.7", 61_000],
  },
  {
    title: "RFC 3581 §4: an rport that has a value already isn't the client's question",
    via: "SIP/2.0/UDP 10.0.0.9:5070;rport=9;branch=z9hG4bK1",
    source: ["10.0.0.9", 40_000],
    stamped: "SIP/2.0/UDP 10.0.0.9:5070;rport=9;branch=z9hG4bK1",
    returnsTo: ["10.0.0.9", 5070],
  },
  {
    title: "RFC 5118 §4.5: an IPv6 sent-by in another spelling is the source address",
    via: "SIP/2.0/UDP [2001:DB8:0::1]:5070;branch=z9hG4bK1",
    source: ["2001:db8::1", 5070],
    stamped: "SIP/2.0/UDP [2001:DB8:0::1]:5070;branch=z9hG4bK1",
    returnsTo: ["2001:db8::1", 5070],
  },
  {
    title: "RFC 5118 §4.5: received holds an IPv6 address without brackets",
    via: "SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bK1",
    source: ["2001:db8::1", 40_000],
    stamped: "SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bK1;received=2001:db8::1",
    returnsTo: ["2001:db8::1", 5070],
  },
];

describe("a request's way back", () => {
  for (const { title, via, source, stamped, returnsTo } of CASES) {
    test(title, () => {
      const flow = flowFrom(...source);
      const invite = request({ via: [via, "SIP/2.0/UDP below;branch=z9hG4bK0"] });
      const reply = readResponse(buildReply(invite, stampVia(invite, flow), "t", { status: 200 }));
      expect(reply.list(VIA)).toEqual([stamped, "SIP/2.0/UDP below;branch=z9hG4bK0"]);
      expect(responseFlow(invite, flow)).toEqual(flowFrom(...returnsTo));
    });
  }

  test.each([
    ["192.168.1.2;received=192.0.2.66;branch=z9hG4bK1", "192.168.1.2;received=10.0.0.9;branch=z9hG4bK1"],
    ["10.0.0.9;received=192.0.2.66;branch=z9hG4bK1", "10.0.0.9;received=10.0.0.9;branch=z9hG4bK1"],
    ["a;received=192.0.2.66;rport;branch=z9hG4bK1", "a;received=10.0.0.9;rport=5070;branch=z9hG4bK1"],
    ["a;rport;branch=z9hG4bK1;Received = [::1]", "a;rport=5070;branch=z9hG4bK1;Received=10.0.0.9"],
    ["a;received;branch=z9hG4bK1", "a;received=10.0.0.9;branch=z9hG4bK1"],
    ["a;branch=z9hG4bK1;received=", "a;branch=z9hG4bK1;received=10.0.0.9"],
  ])("RFC 5118 §4.5: a received that the client made up is replaced: %s", (via, stamped) => {
    const invite = request({ via: [`SIP/2.0/UDP ${via}`] });
    const flow = flowFrom("10.0.0.9", 5070);
    const reply = readResponse(buildReply(invite, stampVia(invite, flow), "t", { status: 200 }));
    expect(reply.list(VIA)).toEqual([`SIP/2.0/UDP ${stamped}`]);
    expect(reply.topVia.received).toBe("10.0.0.9");
    expect(responseFlow(invite, flow).address).toBe("10.0.0.9");
  });

  test("several Vias on a line: only the first is stamped", () => {
    const invite = request({ via: ["SIP/2.0/UDP a;rport;branch=z9hG4bK1 , SIP/2.0/UDP b;rport;branch=z9hG4bK0"] });
    const reply = readResponse(buildReply(invite, stampVia(invite, flowFrom("10.0.0.9", 1234)), "t", { status: 200 }));
    expect(reply.list(VIA)).toEqual([
      "SIP/2.0/UDP a;rport=1234;branch=z9hG4bK1 ;received=10.0.0.9",
      "SIP/2.0/UDP b;rport;branch=z9hG4bK0",
    ]);
  });
});
