/** What a stranger's line proposes: never localnet for what is upstream's or a gateway's, or may be. */
import { describe, expect, it } from "vitest";
import { type KnownPeer, strangerAdvice } from "../../src/policy/access/stranger-advice.ts";

const upstream = (host: string, ...addresses: string[]): KnownPeer => ({
  role: "upstream",
  name: host,
  host,
  addresses,
});
const GATEWAY: KnownPeer = { role: "gateway", name: "isdn", host: "10.10.1.3", addresses: ["10.10.1.3"] };

describe("strangerAdvice", () => {
  it("somebody far from all peers: a phone's network", () => {
    const peers = [upstream("pbx.example.com", "198.51.100.10"), GATEWAY];
    expect(strangerAdvice("10.20.0.15", peers)).toBe("if it is a phone, add its network to localnet");
  });

  it.each([
    ["198.51.100.10", [upstream("pbx.example.com", "198.51.100.9", "198.51.100.10")], "upstream pbx.example.com"],
    ["198.51.100.10", [upstream("198.51.100.10")], "upstream 198.51.100.10"],
    ["2001:db8::10", [upstream("pbx.example.com", "2001:db8::10")], "upstream pbx.example.com"],
    ["10.10.1.3", [GATEWAY], "gateway isdn"],
  ])("%s is a peer's: named, and localnet isn't proposed", (address, peers, who) => {
    const advice = strangerAdvice(address, peers);
    expect(advice).toContain(`it is an address of ${who}`);
    expect(advice).toContain("never in localnet");
  });

  it("a name of upstream without an address: it may be that one, and localnet isn't proposed", () => {
    const advice = strangerAdvice("10.20.0.15", [upstream("pbx.example.com"), upstream("198.51.100.9")]);
    expect(advice).toContain("pbx.example.com has no address as yet");
    expect(advice).not.toContain("localnet");
    const two = strangerAdvice("10.20.0.15", [upstream("a.example.com"), upstream("b.example.com")]);
    expect(two).toContain("a.example.com, b.example.com have no address as yet");
  });

  it.each([
    ["10.10.1.77", "gateway isdn"],
    ["198.51.100.77", "upstream pbx.example.com"],
    ["2001:db8:1::77", "upstream six"],
  ])("%s is a neighbour of a peer: one address, not its network", (address, who) => {
    const peers = [upstream("pbx.example.com", "198.51.100.10"), GATEWAY, upstream("six", "2001:db8:1::1")];
    const advice = strangerAdvice(address, peers);
    expect(advice).toContain(`this one address to localnet, since ${who} is in its network`);
  });
});
