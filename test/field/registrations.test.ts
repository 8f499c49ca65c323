/** The Path that a phone's REGISTER gets names the transport by which upstream reaches us, not the phone's (RFC 3327 §5.2). */
import { describe, expect, it } from "vitest";
import { header, uriIn } from "../sip/message.ts";
import { LAN, PBX, PHONE, Site, WAN } from "../support/site.ts";

const YAML = `
listen: [udp:10.222.237.1:5060, tcp:10.222.237.1:5060, tls:10.222.237.1:5061, udp:203.0.113.2:5060, tcp:203.0.113.2:5060]
tls: {certificate: c.pem, key: k.pem}
localnet: [10.222.237.0/24]
upstream: sip:198.51.100.10
`;

describe("the Path of a phone, where the PBX takes the transport from the Contact if Path names none", () => {
  it.each([
    ["udp", "udp", undefined],
    ["tcp", "udp", "udp"],
    ["tls", "udp", "udp"],
    ["udp", "tcp", "tcp"],
    ["tcp", "tcp", "tcp"],
    ["tls", "tcp", "tcp"],
  ] as const)("a phone by %s, upstream by %s: transport=%s, and its call arrives", (ours, theirs, wanted) => {
    const site = new Site(YAML.replace(/upstream.*/, (line) => (theirs === "tcp" ? `${line};transport=tcp` : line)));
    const at = { ...PHONE, port: ours === "tls" ? 5061 : 5060, ...(ours === "udp" ? {} : { protocol: ours }) };
    const phone = site.actor("201", at, { ...LAN, port: at.port }).answers("INVITE", { status: 200 });
    if (ours !== "udp") phone.connects(40_001);
    const pbx = site.actor("pbx", theirs === "tcp" ? { ...PBX, protocol: "tcp" } : PBX, WAN);
    pbx.answers("REGISTER", { status: 200, extra: ["Expires: 300"] });
    site.run(100);
    phone.request("REGISTER", "sip:pbx.example.com");
    site.run(500);
    const path = header(pbx.seen("REGISTER"), "path");
    expect(/;transport=(\w+)/.exec(uriIn(path))?.[1]).toBe(wanted);
    pbx.invite("sip:201@10.222.237.21", [`Route: ${path}`]);
    site.run(1_000);
    expect(phone.requests("INVITE")).toHaveLength(1);
    expect(pbx.responses(200, "INVITE")).toHaveLength(1);
  });
});
