/** Whose certificate it is: RFC 5922 §7.1 (which names count) and §7.2 (how they compare). */
import { describe, expect, test } from "vitest";
import { isNamedBy } from "../../src/transport/certificate-names.ts";

type Case = readonly [title: string, domain: string, alternativeNames: string | undefined, commonName?: string];

const BELIEVED: readonly Case[] = [
  ["a DNS name", "pbx.example.com", "DNS:pbx.example.com"],
  ["a DNS name among others", "pbx.example.com", "DNS:a.example.com, DNS:pbx.example.com, IP Address:192.0.2.1"],
  ["case doesn't matter", "PBX.example.com", "DNS:pbx.EXAMPLE.com"],
  ["a sip URI", "example.com", "URI:sip:example.com"],
  ["a sip URI in other letters", "example.com", "URI:SIP:Example.Com"],
  ["an IP address", "192.0.2.1", "IP Address:192.0.2.1"],
  ["an IPv6 address in another spelling", "2001:db8::1", "IP Address:2001:DB8:0:0:0:0:0:1"],
  ["the common name, where there are no alternative names", "pbx.example.com", undefined, "pbx.example.com"],
  ["the common name, where their list is empty", "pbx.example.com", "", "PBX.example.com"],
  ["a name after one that is quoted because it contains a comma", "good.example", 'DNS:"a, b", DNS:good.example'],
];

const REFUSED: readonly Case[] = [
  ["another DNS name", "pbx.example.com", "DNS:other.example.com"],
  ["a name of the domain below", "example.com", "DNS:pbx.example.com"],
  ["a name of the domain above", "pbx.example.com", "DNS:example.com"],
  ["RFC 5922 §7.2: a wildcard", "pbx.example.com", "DNS:*.example.com"],
  ["a wildcard in a URI", "pbx.example.com", "URI:sip:*.example.com"],
  ["RFC 5922 §7.1: the common name beside alternative names", "pbx.example.com", "DNS:x.example", "pbx.example.com"],
  [
    "the common name beside alternative names of a kind that says nothing",
    "a.example",
    "email:x@a.example",
    "a.example",
  ],
  ["RFC 5922 §7.1: a URI with a user", "example.com", "URI:sip:alice@example.com"],
  ["RFC 5922 §7.1: a sips URI", "example.com", "URI:sips:example.com"],
  ["an https URI", "example.com", "URI:https://example.com"],
  ["a URI that can't be read", "example.com", "URI:sip:"],
  ["a wildcard as the common name", "pbx.example.com", undefined, "*.example.com"],
  ["an address as a DNS name", "192.0.2.1", "DNS:192.0.2.1"],
  ["an address as the common name", "192.0.2.1", undefined, "192.0.2.1"],
  ["another address", "192.0.2.1", "IP Address:192.0.2.10"],
  ["a name, where the certificate has addresses", "pbx.example.com", "IP Address:192.0.2.1"],
  ["no names at all", "pbx.example.com", undefined],
  ["a name hidden in a quoted one (as Node writes it)", "pbx.example.com", 'DNS:"evil.example, DNS:pbx.example.com"'],
  ["a name hidden behind an escaped quote", "pbx.example.com", 'DNS:"evil\\", DNS:pbx.example.com"'],
  ["a name hidden in a URI", "pbx.example.com", 'URI:"http://evil/, DNS:pbx.example.com"'],
  ["a name with a NUL", "pbx.example.com", "DNS:pbx.example.com\u0000.evil.example"],
];

const COVERED: readonly Case[] = [
  ["one label", "pbx.example.com", "DNS:*.example.com"],
  ["one label of a longer name", "a.b.example.co.uk", "DNS:*.b.example.co.uk"],
  ["in other letters", "PBX.example.com", "DNS:*.Example.COM"],
  ["among others", "pbx.example.com", "DNS:example.com, DNS:*.example.net, DNS:*.example.com"],
  ["in the common name, where there are no alternative names", "pbx.example.com", undefined, "*.example.com"],
];

const UNCOVERED: readonly Case[] = [
  ["two labels", "a.b.example.com", "DNS:*.example.com"],
  ["no label", "example.com", "DNS:*.example.com"],
  ["an empty label", ".example.com", "DNS:*.example.com"],
  ["a name of one label", "com", "DNS:*"],
  ["a name of two labels by * alone", "example.com", "DNS:*"],
  ["all of a top level", "example.com", "DNS:*.com"],
  ["all of a top level, with its dot", "example.com.", "DNS:*.com."],
  ["an empty label behind", "a..com", "DNS:*..com"],
  ["part of a label, at its end", "pbx.example.com", "DNS:p*.example.com"],
  ["part of a label, at its beginning", "pbx.example.com", "DNS:*x.example.com"],
  ["part of a label, within", "pbx.example.com", "DNS:p*x.example.com"],
  ["another label than the first", "pbx.example.com", "DNS:pbx.*.com"],
  ["two labels by two", "a.b.example.com", "DNS:*.*.example.com"],
  ["the end of a name", "pbx.badexample.com", "DNS:*.example.com"],
  ["an IPv4 address", "192.0.2.1", "DNS:*.0.2.1"],
  ["an IPv6 address", "2001:db8::1", "DNS:*.db8::1"],
  ["an address in the common name", "192.0.2.1", undefined, "*.0.2.1"],
  ["an address as such", "192.0.2.1", "IP Address:*.0.2.1"],
  ["a name in a URI", "pbx.example.com", "URI:sip:*.example.com"],
  ["a common name beside alternative names", "pbx.example.com", "DNS:x.example", "*.example.com"],
  ["a name hidden in a quoted one", "pbx.example.com", 'DNS:"evil.example, DNS:*.example.com"'],
];

describe("tls.wildcards: RFC 6125 §6.4.3", () => {
  for (const [title, domain, alternativeNames, commonName] of [...COVERED, ...BELIEVED]) {
    test(`believed: ${title}`, () => expect(isNamedBy(domain, alternativeNames, commonName, true)).toBe(true));
  }

  for (const [title, domain, alternativeNames, commonName] of UNCOVERED) {
    test(`refused: ${title}`, () => expect(isNamedBy(domain, alternativeNames, commonName, true)).toBe(false));
  }

  for (const [title, domain, alternativeNames, commonName] of COVERED) {
    test(`refused without the key: ${title}`, () => {
      expect(isNamedBy(domain, alternativeNames, commonName)).toBe(false);
      expect(isNamedBy(domain, alternativeNames, commonName, false)).toBe(false);
    });
  }

  for (const [title, domain, alternativeNames, commonName] of REFUSED.filter(([one]) => !one.includes("wildcard"))) {
    test(`refused with it too: ${title}`, () =>
      expect(isNamedBy(domain, alternativeNames, commonName, true)).toBe(false));
  }
});

describe("RFC 5922", () => {
  for (const [title, domain, alternativeNames, commonName] of BELIEVED) {
    test(`believed: ${title}`, () => expect(isNamedBy(domain, alternativeNames, commonName)).toBe(true));
  }

  for (const [title, domain, alternativeNames, commonName] of REFUSED) {
    test(`refused: ${title}`, () => expect(isNamedBy(domain, alternativeNames, commonName)).toBe(false));
  }
});
