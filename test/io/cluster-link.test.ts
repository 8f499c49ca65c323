import { createHmac } from "node:crypto";
import { createSocket } from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import { ClusterLink, clusterMac, clusterSign, type MemberAddress } from "../../src/io/node/cluster-link.ts";

const PORT = 15_761;
const open: ClusterLink[] = [];
afterEach(async () => {
  for (const link of open.splice(0)) await link.close();
});

/** A member at `address` whose other one is at `other`. */
async function member(address: string, other: string) {
  const heard: string[] = [];
  const sources: MemberAddress[] = [];
  const at = (text: string): MemberAddress => ({ address: text, port: PORT });
  const user = {
    onDatagram: (wire: string, source: MemberAddress) => {
      heard.push(wire);
      sources.push(source);
    },
    onLinkError() {},
  };
  const link = new ClusterLink({ own: at(address), others: new Map([["other", at(other)]]) }, user);
  open.push(link);
  await link.open();
  return { link, heard, sources };
}

describe("the link between members", () => {
  it("carries each octet, both ways, up to the longest datagram of a cluster", async () => {
    const a = await member("127.0.0.61", "127.0.0.62");
    const b = await member("127.0.0.62", "127.0.0.61");
    const octets = Array.from({ length: 16_384 }, (_, index) => String.fromCharCode(index % 256)).join("");
    a.link.send("other", octets);
    b.link.send("other", "\u00e9");
    await expect.poll(() => [a.heard, b.heard]).toEqual([["\u00e9"], [octets]]);
    // Members send from where they listen: by that they are told from strangers.
    expect(a.sources).toEqual([{ address: "127.0.0.62", port: PORT }]);
  });

  it("speaks IPv6", async () => {
    const b = await member("::1", "127.0.0.61");
    const probe = createSocket("udp6");
    probe.send("text", PORT, "::1");
    await expect.poll(() => b.heard).toEqual(["text"]);
    probe.close();
  });

  it("drops what is for no member, for a member that isn't there, and what is sent before it is open or after it is closed", async () => {
    const a = await member("127.0.0.61", "127.0.0.63");
    a.link.send("nobody", "text");
    for (let count = 0; count < 10; count++) a.link.send("other", "text");
    await a.link.close();
    a.link.send("other", "text");
    expect(a.heard).toEqual([]);
  });

  it("refuses an address that another process has", async () => {
    await member("127.0.0.61", "127.0.0.62");
    await expect(member("127.0.0.61", "127.0.0.62")).rejects.toThrow("EADDRINUSE");
  });
});

describe("a cluster's secret", () => {
  it("signs datagrams with 22 characters of HMAC-SHA-256 in base64url, by a key of their own", () => {
    const sign = clusterSign("correct horse");
    const key = createHmac("sha256", "correct horse").update("branchline datagrams").digest();
    expect(sign("a text")).toBe(createHmac("sha256", key).update("a text").digest("base64url").slice(0, 22));
    for (const [text, secret] of [
      ["another", "correct horse"],
      ["a text", "correct horsf"],
    ] as const) {
      expect(clusterSign(secret)(text)).not.toBe(sign("a text"));
    }
  });

  it("makes the same tokens at each member, which prove nothing in a datagram", () => {
    expect(clusterMac("correct horse")("a text")).toMatch(/^[A-Za-z0-9_-]{16}$/);
    expect(clusterMac("correct horse")("a text")).toBe(clusterMac("correct horse")("a text"));
    expect(clusterSign("correct horse")("a text")).not.toContain(clusterMac("correct horse")("a text"));
  });
});
