/** RFC 3261 §10.3 item 5: however an address-of-record is spelled, it is one. */
import { describe, expect, it } from "vitest";
import { hostText, parseSipUri } from "../../src/message/uri.ts";
import { addressOfRecord } from "../../src/policy/phones/address-of-record.ts";
import { RegisterLab, register } from "./register-lab.ts";

const nameOf = (text: string) => {
  const uri = parseSipUri(text);
  return uri === undefined ? undefined : addressOfRecord(uri);
};

describe("the name of an address-of-record", () => {
  it.each([
    ["sip:%32%30%31@PBX.example.com.;user=phone", "201@pbx.example.com"],
    ["SIP:201@pbx.example.com", "201@pbx.example.com"],
    ["sips:201@pbx.example.com:5071;transport=tls?x=y", "201@pbx.example.com"],
    ["sip:201:secret@pbx.example.com", "201@pbx.example.com"],
    ["sip:%2B49%2330@x.example", "+49#30@x.example"],
    ["sip:j%c3%bcrg@x.example", "j\u00c3\u00bcrg@x.example"],
    ["sip:a%40b%3ac@x.example", "a%40b%3Ac@x.example"],
    ["sip:a%0d%0A%20%25%3c%7f@x.example", "a%0D%0A%20%25%3C%7F@x.example"],
    ["sip:a%zz%4@x.example", "a%zz%4@x.example"],
    ["sip:Anna@x.example", "Anna@x.example"],
    ["sip:x.example", "@x.example"],
    ["sip:201@[2001:DB8:0::1]", "201@2001:db8::1"],
  ])("%s: %s", (uri, name) => {
    expect(nameOf(uri)).toBe(name);
    const at = name.lastIndexOf("@");
    const own = `sip:${at > 0 ? `${name.slice(0, at)}@` : ""}${hostText(name.slice(at + 1))}`;
    expect(nameOf(own)).toBe(name);
  });

  it("a phone that spells itself in two ways has one binding", () => {
    const lab = new RegisterLab();
    lab.learn(register());
    const { status } = lab.answer(register({ user: "%32%301", cseq: 2 }));
    expect([status, lab.bindings.size, lab.kept()[0]?.cseq]).toEqual([200, 1, 2]);
  });
});
