/** Addresses and networks, in every spelling. */
import { describe, expect, test } from "vitest";
import {
  canonicalAddress,
  commonPrefix_bits,
  IpRange,
  IpRanges,
  ipVersion,
  isLinkLocal,
  ownerNetwork,
} from "../../src/base/ip-range.ts";
import { processorTime_ms } from "../support/processor-time.ts";

function range(text: string): IpRange {
  const parsed = IpRange.parse(text);
  if (parsed === undefined) throw new Error(`no range: ${text}`);
  return parsed;
}

describe("ipVersion", () => {
  test.each(["0.0.0.0", "10.222.237.1", "255.255.255.255"])("%s is IPv4", (text) => {
    expect(ipVersion(text)).toBe(4);
  });

  test.each([
    "::",
    "::1",
    "2001:db8::1",
    "1:2:3:4:5:6:7:8",
    "2001:DB8:0:0:0:0:0:1",
    "::ffff:192.0.2.1",
    "fe80::1%eth0",
  ])("%s is IPv6", (text) => {
    expect(ipVersion(text)).toBe(6);
  });

  test.each([
    "",
    "pbx.example.com",
    "pbx1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.-4",
    " 1.2.3.4",
    "1.2.3.4 ",
    ":",
    ":::",
    "1::2::3",
    "12345::",
    "g::1",
    "1:2:3:4:5:6:7:8:9",
    "[::1]",
  ])("%j is a name at best", (text) => {
    expect(ipVersion(text)).toBe(0);
  });
});

test.each(["fe80::1", "FE80::1%eth0", "febf::1"])("%s counts on its link alone", (text) => {
  expect(isLinkLocal(text)).toBe(true);
});

test.each(["fe8::1", "fec0::1", "fe7f::1", "2001:db8::1", "169.254.1.1"])("%s isn't of fe80::/10", (text) => {
  expect(isLinkLocal(text)).toBe(false);
});

describe("canonicalAddress", () => {
  test.each([
    ["2001:DB8::1", "2001:db8::1"],
    ["2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::FFFF:192.0.2.1", "::ffff:c000:201"],
  ])("RFC 5952 §4: %s is written %s", (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
    expect(canonicalAddress(canonical)).toBe(canonical);
  });

  test.each([
    ["10.0.0.1", "10.0.0.1"],
    ["PBX.Example.COM", "pbx.example.com"],
    ["not:an:Address", "not:an:address"],
    ["", ""],
  ])("%j becomes %j", (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });
});

describe("commonPrefix_bits", () => {
  test.each([
    ["10.0.0.1", "10.0.0.1", 32],
    ["10.0.0.1", "10.0.0.0", 31],
    ["10.0.0.1", "10.0.1.1", 23],
    ["0.0.0.0", "128.0.0.0", 0],
    ["2001:db8::1", "2001:db8::1", 128],
    ["2001:db8::", "2001:db9::", 31],
    ["10.0.0.1", "2001:db8::1", -1],
    ["10.0.0.1", "pbx.example.com", -1],
  ])("%s and %s share %i", (a, b, bits) => {
    expect(commonPrefix_bits(a, b)).toBe(bits);
    expect(commonPrefix_bits(b, a)).toBe(bits);
  });
});

describe("IpRange", () => {
  test.each([
    ["10.222.237.0/24", "10.222.237.0", true],
    ["10.222.237.0/24", "10.222.237.255", true],
    ["10.222.237.0/24", "10.222.236.255", false],
    ["10.222.237.0/24", "10.222.238.0", false],
    ["10.222.237.9/24", "10.222.237.200", true],
    ["10.0.0.1", "10.0.0.1", true],
    ["10.0.0.1", "10.0.0.2", false],
    ["0.0.0.0/0", "255.255.255.255", true],
    ["0.0.0.0/0", "::", false],
    ["192.0.2.128/31", "192.0.2.129", true],
    ["192.0.2.128/31", "192.0.2.130", false],
    ["2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true],
    ["2001:db8::/32", "2001:db9::", false],
    ["2001:db8::/32", "2001:0DB8::1", true],
    ["2001:db8::5", "2001:db8:0:0:0:0:0:5", true],
    ["::/0", "10.0.0.1", false],
    ["::1/128", "::1", true],
    ["10.0.0.0/8", "pbx.example.com", false],
    ["10.0.0.0/8", "", false],
  ])("%s holds %s: %s", (network, address, isInside) => {
    expect(range(network).contains(address)).toBe(isInside);
  });

  test.each([
    "",
    "/",
    "/24",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/2x",
    "10.0.0.0/8/8",
    "10.0.0/8",
    "10.0.0.0 /8",
    "example.com/24",
    "2001:db8::/129",
    "2001:db8::/1280",
    "[2001:db8::]/32",
  ])("%j is not a network", (text) => {
    expect(IpRange.parse(text)).toBeUndefined();
  });

  test.each([
    ["10.0.0.0/8", "10.1.0.0/16", true],
    ["10.0.0.0/24", "10.0.1.0/24", false],
    ["10.0.0.0/24", "10.0.0.255", true],
    ["10.0.0.0/24", "10.0.1.0", false],
    ["2001:db8::/32", "2001:db8:1::/48", true],
    ["2001:db8::/48", "2001:db8:1::/48", false],
    ["0.0.0.0/0", "::/0", false],
  ])("%s overlaps %s: %s", (a, b, overlap) => {
    expect(range(a).overlaps(range(b))).toBe(overlap);
    expect(range(b).overlaps(range(a))).toBe(overlap);
  });
});

describe("the address by which a network is written", () => {
  test.each([
    ["10.222.237.0/24", "10.222.237.0", false],
    ["10.222.237.5/24", "10.222.237.0", true],
    ["10.222.237.5", "10.222.237.5", false],
    ["10.222.237.5/32", "10.222.237.5", false],
    ["172.31.255.255/12", "172.16.0.0", true],
    ["255.255.255.255/0", "0.0.0.0", true],
    ["2001:db8:1::/64", "2001:db8:1::", false],
    ["2001:DB8:1:0::/64", "2001:db8:1::", false],
    ["2001:db8:1::7/64", "2001:db8:1::", true],
    ["2001:db8:1:ffff::/49", "2001:db8:1:8000::", true],
    ["::1", "::1", false],
    ["::ffff:10.0.0.5/104", "::ffff:a00:0", true],
    ["::ffff:10.0.0.0/104", "::ffff:a00:0", false],
  ])("%s: %s, host bits %s", (text, network, hasHostBits) => {
    expect(range(text).network).toBe(network);
    expect(range(text).hasHostBits).toBe(hasHostBits);
  });
});

describe("IpRanges", () => {
  const ranges = new IpRanges([range("10.0.0.0/24"), range("2001:db8::/64")]);

  test.each([
    ["10.0.0.7", true],
    ["2001:db8::7", true],
    ["10.0.1.7", false],
    ["2001:db8:0:1::7", false],
    ["example.com", false],
  ])("%s is in one of them: %s, asked once or again", (address, isInside) => {
    expect(ranges.contains(address)).toBe(isInside);
    expect(ranges.contains(address)).toBe(isInside);
  });

  test("more addresses than are remembered still get true verdicts", () => {
    const all = Array.from({ length: 5_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    for (let round = 0; round < 2; round++) {
      expect(all.filter((address) => ranges.contains(address))).toHaveLength(256);
    }
  });

  test("forged addresses, a new one each time, take bounded time", () => {
    const askAll = () => {
      for (let index = 0; index < 50_000; index++) ranges.contains(`192.0.${index >> 8}.${index & 255}`);
    };
    expect(processorTime_ms(askAll)).toBeLessThan(4_000);
  });

  test("forged IPv6 addresses, too, are read once each, however many networks are asked", () => {
    const cost_ms = (count: number) => {
      const networks = new IpRanges(Array.from({ length: count }, (_, index) => range(`fd00:${index}::/64`)));
      return processorTime_ms(() => {
        for (let index = 0; index < 5_000; index++) networks.contains(`2001:db8:${count}:${index.toString(16)}::1`);
      });
    };
    cost_ms(2);
    expect(cost_ms(100)).toBeLessThan(50 * cost_ms(1));
  });

  test("no ranges hold nobody", () => {
    expect(new IpRanges([]).contains("10.0.0.1")).toBe(false);
  });
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:db8::1:2:3:4:5", "2001:db8:0:1::/64"],
  ["::1", "0:0:0:0::/64"],
  ["2001:db8:1:2::", "2001:db8:1:2::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
])("whoever has %s has %s", (address, network) => {
  expect(ownerNetwork(address)).toBe(network);
});
