/** From, To, Contact, Route: RFC 3261 §20.10, §20.20, §20.34. */
import { describe, expect, test } from "vitest";
import { nameAddrParameter, parseNameAddr } from "../../src/message/name-addr.ts";

describe("parseNameAddr", () => {
  test.each([
    ["<sip:a@b>", "", "sip:a@b", ""],
    ["<sip:a@b;lr>;tag=1", "", "sip:a@b;lr", ";tag=1"],
    ["<sip:a@b> ; tag = 1", "", "sip:a@b", "; tag = 1"],
    ["Bob <sip:a@b>", "Bob", "sip:a@b", ""],
    ["Bob<sip:a@b>", "Bob", "sip:a@b", ""],
    ["The  Operator <sip:a@b>", "The  Operator", "sip:a@b", ""],
    ['"Bob" <sip:a@b>;tag=1', '"Bob"', "sip:a@b", ";tag=1"],
    ['"A <B>, C; D" <sip:a@b>', '"A <B>, C; D"', "sip:a@b", ""],
    ['"A \\" <x> \\\\" <sip:a@b>', '"A \\" <x> \\\\"', "sip:a@b", ""],
    ["sip:a@b", "", "sip:a@b", ""],
    ["sip:a@b;tag=1", "", "sip:a@b", ";tag=1"],
    ["sip:a@b ; tag=1", "", "sip:a@b", "; tag=1"],
    ["tel:+4930;tag=1", "", "tel:+4930", ";tag=1"],
    ["<sip:a@b?x=y;z>;q=1", "", "sip:a@b?x=y;z", ";q=1"],
  ])("%s", (value, displayName, uri, parameters) => {
    expect(parseNameAddr(value)).toEqual({ displayName, uri, parameters });
  });

  test.each([
    "",
    " ",
    "<>",
    "< >",
    "< sip:a@b>",
    "<sip:a@b\t>",
    "<sip:a@b",
    "sip:a@b>",
    "sip:a@b>;tag=1",
    "<sip:a@b> text",
    "<sip:a@b><sip:c@d>",
    '"Bob <sip:a@b>',
    '"Bob <sip:a@b>;tag=1',
    '"Bob',
    "Bob sip:a@b",
    ";tag=1",
  ])("%j is malformed", (value) => {
    expect(parseNameAddr(value)).toBeUndefined();
  });
});

describe("nameAddrParameter", () => {
  test.each([
    ["<sip:a@b;tag=uri>;TAG=field", "tag", "field"],
    ["<sip:a@b;tag=uri>", "tag", undefined],
    ["sip:a@b;tag=field", "tag", "field"],
    ["<sip:a@b>;lr", "lr", ""],
    ["<sip:a@b>;q=0.5;expires=60", "expires", "60"],
    ['<sip:a@b>;x="not;tag=this";tag=that', "tag", "that"],
    ['<sip:a@b>;x="a\\";tag=no";y', "tag", undefined],
  ])("%s: %s is %j", (value, name, expected) => {
    const parsed = parseNameAddr(value);
    expect(parsed).toBeDefined();
    expect(parsed === undefined ? null : nameAddrParameter(parsed, name)).toBe(expected);
  });
});
