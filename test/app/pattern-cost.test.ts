/** Expressions that a dialled number could keep busy are refused, and no others. */
import { expect, test } from "vitest";
import { patternFault, STEPS_MAX, searchIn } from "../../src/app/config/pattern-cost.ts";
import { parsePattern } from "../../src/app/config/pattern-tree.ts";
import { rewrite } from "../../src/policy/gateways/rewriting.ts";
import { processorTime_ms } from "../support/processor-time.ts";
import { load } from "./files.ts";

test.each([
  "^0([1-9][0-9]*)+$",
  "^(\\d*)*#",
  "(.*)*",
  "(\\d+|\\d\\d)*x",
  "(?:\\d+)+x",
  "(?<digits>\\d+)*x",
  "((\\d)+)+x",
  "(\\d{2,}){3}",
  "(\\d+)\\1+$",
  "(?<a>\\d+)\\k<a>*x",
  "(?=(\\d+)+#)0",
  "(?!(\\d+)+#)0",
  "(?<=(\\d+)+#)0",
  "^(\\+?(\\d*|#)+)*$",
  "(a+?)+?b",
])("%s: what repeats holds what repeats", (text) => {
  expect(patternFault(text)).toMatch(/repeats in ".*" what repeats itself: .*; write it with one of/);
});

test.each([
  "(a|a)*$",
  "^(?:1|1)*x",
  "^(?:\\d|1)+#",
  "^(1|11|111)+#",
  "(\\d?){30}x",
  `${"\\d?".repeat(30)}x`,
  `${"(1|1)".repeat(25)}x`,
  "(?:|){30}x",
  "(?:){1000000000}x",
  "\\d*\\d*\\d*\\d*\\d*x",
  "(.*)(.*)(.*)(.*)#",
  "(\\d|\\d\\d)*\\1x",
  "^(?=\\d*\\d*\\d*\\d*\\d*x)0",
  "(?:[0-9]|[5-9])+b",
  "(?:\\x31|\\u0031)+b",
])("%s: too many ways", (text) => {
  expect(patternFault(text)).toMatch(/takes too long for a number such as ".{32}", .*; write alternatives/);
});

test.each([
  "^00",
  "^0(\\d+)$",
  "^0([1-9]\\d*)$",
  "^(?:\\+49|0049|0)(\\d{2,})$",
  "^\\*31#(\\d+)",
  "^(\\d{3})(\\d{2})(\\d*)$",
  "^(?:00)?(\\d+)$",
  "^(?:\\d{2})+$",
  "(?:1|2|33)*x",
  "^(?!112$|110$)(\\d+)$",
  "(\\d+)-(\\d+)",
  "^[*#]?\\d{3,5}$",
  "^9(?=\\d{7})",
  "^(\\d)\\1",
  "(\\d+)?x",
  "^.*(\\d{3})$",
  "a{,3}",
  "[(+*]+\\)",
  "\\d{1000}",
  "",
])("%s is fine", (text) => {
  expect(patternFault(text)).toBeUndefined();
});

test("to judge the worst pattern takes bounded time, and thousands of good ones do", () => {
  const bad = processorTime_ms(() => patternFault("(.?){25}(.?){25}$|y"));
  expect(bad).toBeLessThan(2_000);
  const good = processorTime_ms(() => {
    for (let index = 0; index < 2_000; index++) patternFault(`^0${index}(\\d+)$`);
  });
  expect(good).toBeLessThan(1_000);
});

test("steps are counted as the engine takes them: one match, one failure, doubling with each digit", () => {
  const steps = (text: string, number: string) => searchIn(number, parsePattern(text)).steps;
  expect(steps("^00", "0012")).toBeLessThan(10);
  expect(steps("^00", "1".repeat(32))).toBeLessThan(200);
  const doubling = [8, 9, 10].map((length) => steps("^(a|a)*$", `${"a".repeat(length)}b`));
  expect((doubling[1] ?? 0) / (doubling[0] ?? 1)).toBeCloseTo(2, 1);
  expect((doubling[2] ?? 0) / (doubling[1] ?? 1)).toBeCloseTo(2, 1);
  expect(steps("^(a|a)*$", `${"a".repeat(31)}b`)).toBe(STEPS_MAX + 1);
});

test.each([
  "^0(\\d+)$",
  "^(?:\\+49|0)(\\d{2,4}?)(\\d*)$",
  "(\\d)\\1",
  "^(?=.*7)(?!9)\\d{2,}",
  "(?<=4)9",
  "(?<!4)9",
  "\\b5|7$",
  "(?:1|22)*?3",
  "[^0-4]{2}",
  "(?<x>\\d)\\k<x>",
])("the count follows the engine: %s matches what it matches", (text) => {
  for (const number of ["0", "01", "030123", "+49301", "4799", "1122", "22113", "99", "5", "77", "49", "8888"]) {
    expect(searchIn(number, parsePattern(text)).isFound, number).toBe(new RegExp(text).test(number));
  }
});

test("a fault names line, column and cure, called and calling alike", () => {
  const yaml = (key: string) => `
listen: [udp:10.222.237.1:5060]
localnet: [10.222.237.0/24]
gateways:
  - uri: sip:10.10.1.3
    rewrite: {${key}: [{match: "^0([1-9][0-9]*)+$", replace: "$1"}]}
`;
  for (const key of ["called", "calling"]) {
    expect(load(yaml(key)).problems).toEqual([
      expect.objectContaining({
        line: 6,
        path: `gateways[0].rewrite.${key}[0].match`,
        message: expect.stringMatching(/what repeats itself.*; write it with one/),
      }),
    ]);
  }
});

test("a number of more than 32 characters leaves as it is", () => {
  const rules = [{ match: /^0/, replace: "+49" }];
  expect(rewrite(`0${"1".repeat(31)}`, rules)).toBe(`+49${"1".repeat(31)}`);
  expect(rewrite(`0${"1".repeat(32)}`, rules)).toBe(`0${"1".repeat(32)}`);
});
