/** A gateway that is reached by TCP or TLS: its box has one connection for its calls and for its analogue ports (FXS). */
import { describe, expect, it } from "vitest";
import { header, headers } from "../sip/message.ts";
import type { Address } from "../support/simulation.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, Site, WAN } from "../support/site.ts";

const yaml = (gateway: string) => `
listen: [udp:10.222.237.1:5060, tcp:10.222.237.1:5060, tls:10.222.237.1:5061, udp:203.0.113.2:5060]
tls: {certificate: c.pem, key: k.pem}
localnet: [10.222.237.0/24]
upstream: sip:198.51.100.10
gateways: ["${gateway}"]
hunt_groups: {default: {members: ["202"]}}
`;
const TCP: Address = { ...GATEWAY, protocol: "tcp" };
const TLS: Address = { ...GATEWAY, port: 5061, protocol: "tls" };

/** The gateway in the file, where its box listens, and the port of the connection that it has opened, if any. */
const BOXES: readonly [title: string, gateway: string, at: Address, opened: number | undefined][] = [
  ["TLS, by the connection that we have opened", "sip:10.10.1.3;transport=tls", TLS, undefined],
  ["TLS with the port in words, by the same", "sip:10.10.1.3:5061;transport=tls", TLS, undefined],
  ["TLS, by a connection that it has opened", "sip:10.10.1.3;transport=tls", TLS, 40_001],
  ["TCP, by the connection that we have opened", "sip:10.10.1.3;transport=tcp", TCP, undefined],
  ["TCP, by a connection that it has opened", "sip:10.10.1.3;transport=tcp", TCP, 40_001],
];

/** Analogue port 205 of the gateway's box has registered. */
function site(gateway: string, at: Address, opened: number | undefined) {
  const made = new Site(yaml(gateway));
  const pbx = made.actor("pbx", PBX, WAN).answers("INVITE", { status: 200 }).answers("REGISTER", { status: 200 });
  const box = made.actor("box", at, { ...LAN, port: at.port }).answers("INVITE", { status: 200 });
  const group = made.actor("202", PHONE_2).answers("INVITE", { status: 180 });
  const contact = `sip:205@10.10.1.3:${opened ?? at.port};transport=${at.protocol}`;
  if (opened !== undefined) box.connects(opened, true);
  made.run(1_000);
  group.request("REGISTER", "sip:pbx.example.com");
  box.as("205").request("REGISTER", "sip:pbx.example.com", [`Contact: <${contact}>`], "box", 1, false);
  made.run(500);
  const path =
    headers(pbx.requests("REGISTER").map(({ message }) => message)[1] ?? pbx.seen("REGISTER"), "path")[0] ?? "";
  return { made, pbx, box, group, contact, path };
}

describe.each(BOXES)("%s", (_, gateway, at, opened) => {
  it("upstream that may not dial out reaches the analogue port down its Path, and no number behind it", () => {
    const { made, pbx, box, contact, path } = site(gateway, at, opened);
    expect(path).toContain("10.10.1.3");
    pbx.request("INVITE", contact.replace("205@", "0900123@"), [`Route: ${path}`]);
    pbx.request("INVITE", contact, [`Route: ${path}`]);
    made.run(500);
    expect(box.requests("INVITE").map(({ message }) => header(message, "to"))).toEqual([`<${contact}>`]);
    expect(pbx.responses(403, "INVITE")).toHaveLength(1);
  });

  it("a stranger that has overheard the Path calls no number behind it", () => {
    const { made, box, contact, path } = site(gateway, at, opened);
    const stranger = made.actor("stranger", { address: "192.0.2.66", port: 5060 }, WAN);
    stranger.request("INVITE", contact.replace("205@", "0900123@"), [`Route: ${path}`]);
    made.run(500);
    expect(box.requests("INVITE")).toEqual([]);
  });

  it("a call with the registered Contact is the analogue port's, and one with the caller's number comes from the PSTN", () => {
    const { made, pbx, box, group, contact } = site(gateway, at, opened);
    box.request("INVITE", "sip:5551234@pbx.example.com", [`Contact: <${contact}>`], "fxs", 1, false);
    made.run(100);
    expect([pbx.requests("INVITE").length, group.requests("INVITE").length]).toEqual([1, 0]);
    const caller = contact.replace("205@", "0301234@");
    box.request("INVITE", "sip:5550100@10.222.237.1", [`Contact: <${caller}>`], "pstn", 1, false);
    made.run(100);
    expect([pbx.requests("INVITE").length, group.requests("INVITE").length]).toEqual([1, 1]);
  });
});

describe("a gateway over TLS without a port in the file", () => {
  it.each(["sip:0301234@10.10.1.3;transport=tls", "sip:0301234@10.10.1.3:5061;transport=tls", "sip:0301234@10.10.1.3"])(
    "is what a phone means by %s",
    (uri) => {
      const { made, pbx, box } = site("sip:10.10.1.3;transport=tls", TLS, undefined);
      made.actor("201", PHONE).request("INVITE", uri);
      made.run(500);
      expect([box.requests("INVITE").length, pbx.requests("INVITE").length]).toEqual([1, 0]);
    },
  );
});

it("where the gateway is reached by UDP, a connection from its address is a phone's own", () => {
  const { made, pbx, box } = site("sip:10.10.1.3", TCP, 40_001);
  box.request("INVITE", "sip:5551234@pbx.example.com", ["Contact: <sip:205@pbx.example.com;gr=x>"], "fxs", 1, false);
  made.run(100);
  expect(pbx.requests("INVITE")).toHaveLength(1);
});
