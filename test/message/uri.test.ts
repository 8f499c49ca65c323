/** SIP URIs: RFC 3261 §19.1. */
import { describe, expect, test } from "vitest";
import {
  hostText,
  parameter,
  parseSipUri,
  type SipUri,
  splitHostPort,
  uriParameter,
  uriPort,
  uriScheme,
} from "../../src/message/uri.ts";

function uri(text: string): SipUri {
  const parsed = parseSipUri(text);
  if (parsed === undefined) throw new Error(`not a SIP URI: ${text}`);
  return parsed;
}

describe("parseSipUri", () => {
  const good: readonly (readonly [text: string, parts: Partial<SipUri>])[] = [
    ["sip:example.com", { scheme: "sip", user: undefined, host: "example.com", port: undefined, parameters: "" }],
    ["sip:alice@example.com", { user: "alice", host: "example.com", headers: "" }],
    ["sips:alice:secret@example.com", { scheme: "sips", user: "alice:secret" }],
    ["SIP:Alice@EXAMPLE.com:5070", { scheme: "sip", user: "Alice", host: "example.com", port: 5070 }],
    ["sip:a@10.0.0.1:5060;transport=udp;lr", { host: "10.0.0.1", port: 5060, parameters: ";transport=udp;lr" }],
    ["sip:a@[2001:DB8::1]:5060;lr", { host: "2001:db8::1", port: 5060, parameters: ";lr" }],
    ["sip:[::1]", { user: undefined, host: "::1", port: undefined }],
    ["sip:[2001:db8:0:0:0:0:0:1]", { host: "2001:db8::1" }],
    ["sip:a@[2001:db8:::192.0.2.1]", { host: "2001:db8::c000:201" }], // RFC 5118 §4.10
    ["sip:a@[:::192.0.2.1]:5070", { host: "::c000:201", port: 5070 }],
    ["sip:a@b?subject=x&to=y", { parameters: "", headers: "?subject=x&to=y" }],
    ["sip:a@b;lr?subject=x;y", { parameters: ";lr", headers: "?subject=x;y" }],
    ["sip:user;par=1?x@example.net;lr", { user: "user;par=1?x", host: "example.net", parameters: ";lr" }],
    ["sip:%61lice%40work@example.com", { user: "%61lice%40work", host: "example.com" }],
    ["sip:+49-30-1234@h", { user: "+49-30-1234" }],
    ["sip:a@host_with_underscore", { host: "host_with_underscore" }],
    ["sip:a@host.", { host: "host" }],
    ["sip:a@b@c.example.com", { user: "a@b", host: "c.example.com" }], // the host stands behind the last "@"
  ];

  test.each(good)("%s", (text, parts) => {
    expect(uri(text)).toMatchObject({ text, ...parts });
  });

  test.each([
    "",
    "sip:",
    "sip",
    "tel:+4930",
    "http://example.com",
    "isip:a@b",
    "sip:@example.com",
    "sip:a@",
    "sip:a@b:0",
    "sip:a@b:65536",
    "sip:a@b:",
    "sip:a@b:5060x",
    "sip:a@b:-1",
    "sip:a@b c",
    "sip:a b@c",
    "sip:a@b\tc",
    "<sip:a@b>",
    "sip:a@b;x=<y>",
    "sip:a@[::1",
    "sip:a@[1.2.3.4]",
    "sip:a@[zz:zz]",
    "sip:a@[::1]x",
    "sip:a@::1",
    "sip:a@[2001:db8:::1]",
    "sip:a@[2001:db8::::192.0.2.1]",
    "sip:a@[2001::db8:::192.0.2.1]",
    "sip:a@b/c",
    "sip:a@b,c",
  ])("%j is malformed", (text) => {
    expect(parseSipUri(text)).toBeUndefined();
  });
});

describe("parts", () => {
  test.each([
    ["transport", "udp"],
    ["lr", ""],
    ["maddr", "10.0.0.1"],
    ["q", "a=b"],
    ["missing", undefined],
    ["udp", undefined],
  ])("parameter %s is %j, its name in any case", (name, value) => {
    const parsed = uri("sip:a@b;Transport=udp;lr;MADDR=10.0.0.1;q=a=b?x=y");
    expect(uriParameter(parsed, name)).toBe(value);
  });

  test("parameters in a header field may have white space around them", () => {
    expect(parameter(" ; tag = 1918 ; lr", "tag")).toBe("1918");
    expect(parameter(" ; tag = 1918 ; lr", "lr")).toBe("");
    expect(parameter("", "tag")).toBeUndefined();
  });

  test.each([
    ["sip:a@b", 5060],
    ["sips:a@b", 5061],
    ["sip:a@b;transport=tls", 5061],
    ["sip:a@b;user=phone;Transport=TLS", 5061],
    ["sip:a@b;transport=tcp", 5060],
    ["sip:a@b:5060;transport=tls", 5060],
    ["sip:a@b:5070", 5070],
    ["sips:a@b:5070", 5070],
  ])("RFC 3261 §19.1.2: the port of %s is %i", (text, port) => {
    expect(uriPort(uri(text))).toBe(port);
  });

  test.each([
    ["sip:a@b", "sip"],
    ["TEL:+4930", "tel"],
    ["soap.beep://h", "soap.beep"],
    ["nobodyKnows+This-1:x", "nobodyknows+this-1"],
    ["1sip:a", ""],
    ["no scheme:a", ""],
    [":a", ""],
    ["pbx.example.com", ""],
  ])("the scheme of %s is %j", (text, scheme) => {
    expect(uriScheme(text)).toBe(scheme);
  });

  test.each([
    ["10.0.0.1", "10.0.0.1"],
    ["2001:db8::1", "[2001:db8::1]"],
    ["pbx.example.com", "pbx.example.com"],
  ])("%s is written %s in a URI", (address, text) => {
    expect(hostText(address)).toBe(text);
  });

  test.each([
    ["h", { host: "h", port: undefined }],
    ["H:1", { host: "h", port: 1 }],
    ["h:65535", { host: "h", port: 65_535 }],
    ["h:0005060", { host: "h", port: 5060 }],
    ["[::1]:5060", { host: "::1", port: 5060 }],
    ["", undefined],
    [":5060", undefined],
    ["a:b:c", undefined],
    ["[]", undefined],
    ["[::1]5060", undefined],
  ])("splitHostPort(%j)", (text, parts) => {
    expect(splitHostPort(text)).toEqual(parts);
  });
});
