/** Which number a URI means, and how it stands in a URI that we build. */
import { describe, expect, it } from "vitest";
import { isEmergencyUrn, numberIn, numberUri, plainNumber, userText } from "../../src/policy/dialled-number.ts";

describe("the plain number of a user part", () => {
  it.each([
    ["202", "202"],
    ["+49305550201", "+49305550201"],
    ["%2B49305550201", "+49305550201"],
    ["%2b49%33%30", "+4930"],
    ["%32%30%32", "202"],
    ["202;phone-context=example.com", "202"],
    ["202;phone-context=+49", "202"],
    ["5550100;npdi", "5550100"],
    ["5550100;npdi;rn=+4930", "5550100"],
    ["202:secret", "202"],
    ["+49-30-555-0202", "+49305550202"],
    ["(030)%20555.0202", "0305550202"],
    ["*31%23030", "*31#030"],
    ["*31#030", "*31#030"],
    ["%2A31%23030", "*31#030"],
    ["%239", "#9"],
    ["#9", "#9"],
    ["anna.b", "anna.b"],
    ["anna%2Eb", "anna.b"],
    ["anna-b", "anna-b"],
    ["x1-2", "x1-2"],
    ["a%3Bb", "a;b"],
    ["12%3", "12%3"],
    ["12%zz", "12%zz"],
    ["", ""],
  ])("%j is %j", (user, wanted) => expect(plainNumber(user)).toBe(wanted));
});

describe("the number in a URI", () => {
  it.each([
    ["tel:+49-30-555-0201", "+49305550201"],
    ["TEL:202;phone-context=pbx.example.com", "202"],
    ["tel:%2B4930", "+4930"],
    ["sip:202;phone-context=+49@192.0.2.1;user=phone", "202"],
    ["sips:%32%30%32@192.0.2.1", "202"],
    ["sip:192.0.2.1", ""],
    ["urn:service:sos", ""],
    ["nonsense", ""],
  ])("%s has %j", (uri, wanted) => expect(numberIn(uri)).toBe(wanted));
});

describe("the user part that we build", () => {
  it.each([
    ["+49305550201", "+49305550201"],
    ["*31#030", "*31%23030"],
    ["#9", "%239"],
    ["anna.b", "anna.b"],
    ["a;b", "a%3Bb"],
    ["a@b", "a%40b"],
    ["a b\r\n", "a%20b%0D%0A"],
  ])("%j leaves as %j", (number, wanted) => {
    expect(userText(number)).toBe(wanted);
    expect(plainNumber(wanted)).toBe(number);
  });

  it("stands before host and port, IPv6 in brackets; without a number there is the peer alone", () => {
    const at = (host: string, port?: number) => ({ host, port, protocol: undefined });
    expect(numberUri("#9", at("192.0.2.3", 5070))).toBe("sip:%239@192.0.2.3:5070");
    expect(numberUri("1", at("2001:db8::3"))).toBe("sip:1@[2001:db8::3]");
    expect(numberUri("", at("192.0.2.3"))).toBe("sip:192.0.2.3");
  });
});

it.each([
  ["urn:service:sos", true],
  ["URN:Service:SOS.fire", true],
  ["urn:service:sosx", false],
  ["sip:sos@192.0.2.1", false],
])("%s names the emergency: %s", (uri, wanted) => expect(isEmergencyUrn(uri)).toBe(wanted));
