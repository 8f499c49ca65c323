/** Scanning of wire text. */
import { describe, expect, test } from "vitest";
import {
  COMMA,
  findOutside,
  LESS,
  parseDecimal,
  SEMICOLON,
  skipQuoted,
  skipSpace,
  splitList,
  toWire,
  trimEnd,
} from "../../src/message/text.ts";

describe("white space", () => {
  test.each([
    [" \t\r\n x", 5],
    ["x", 0],
    ["   ", 3],
    ["", 0],
  ])("skipSpace(%j) stops at %i", (text, position) => {
    expect(skipSpace(text, 0, text.length)).toBe(position);
  });

  test("neither skipSpace nor trimEnd leaves its bounds", () => {
    expect(skipSpace("a    b", 1, 3)).toBe(3);
    expect(trimEnd("a    b", 2, 5)).toBe(2);
    expect(trimEnd("ab \r\n", 0, 5)).toBe(2);
  });
});

describe("skipQuoted", () => {
  test.each([
    ['"abc" d', 5],
    ['""', 2],
    ['"a\\"b" c', 6],
    ['"a\\\\" c', 5],
    ['"never', 6],
    ['"ends with \\', 12],
  ])("%j closes at %i", (text, position) => {
    expect(skipQuoted(text, 0, text.length)).toBe(position);
  });
});

describe("findOutside", () => {
  test.each([
    ['"a;b" <c;d>;e', SEMICOLON, 11],
    ["a;b", SEMICOLON, 1],
    ["<a;b", SEMICOLON, 4],
    ['"a;b', SEMICOLON, 4],
    ['"<" <a>', LESS, 4],
    ["a,b", COMMA, 1],
    ["abc", COMMA, 3],
  ])("%j, character %i: %i", (text, stop, position) => {
    expect(findOutside(text, 0, text.length, stop)).toBe(position);
  });

  test("a bracket that closes behind the end doesn't count", () => {
    expect(findOutside("<a;b>;c", 0, 4, SEMICOLON)).toBe(4);
  });
});

describe("splitList", () => {
  test.each([
    ["a", ["a"]],
    ["a,b", ["a", "b"]],
    [" a , b ", ["a", "b"]],
    ["a,,b,", ["a", "b"]],
    ["", []],
    [" , ", []],
    ['"x, y" <sip:a@b>, <sip:c,d@e>', ['"x, y" <sip:a@b>', "<sip:c,d@e>"]],
    ["<sip:a>;q=1,<sip:b>", ["<sip:a>;q=1", "<sip:b>"]],
  ])("RFC 3261 §7.3.1: %j", (text, values) => {
    expect(splitList(text)).toEqual(values);
  });
});

describe("parseDecimal", () => {
  test.each([
    ["0", 0],
    ["0068", 68],
    ["255", 255],
    ["256", -1],
    ["", -1],
    ["-1", -1],
    ["+1", -1],
    ["1.0", -1],
    ["1e2", -1],
    [" 1", -1],
    ["9".repeat(400), -1],
    [`${"0".repeat(400)}7`, 7],
  ])("%j, at most 255: %i", (text, number) => {
    expect(parseDecimal(text, 255)).toBe(number);
  });
});

describe("toWire", () => {
  test.each([
    ["plain", "plain"],
    ["100%41", "100%41"],
    ["ä%", "\u00c3\u00a4%"],
    ["✓", "\u00e2\u009c\u0093"],
    ["", ""],
    ["half a pair \ud83d!", "half a pair \u00ef\u00bf\u00bd!"],
    ["\u{1f4de}", "\u00f0\u009f\u0093\u009e"],
  ])("%j in UTF-8, one character an octet", (text, wire) => {
    expect(toWire(text)).toBe(wire);
  });
});
