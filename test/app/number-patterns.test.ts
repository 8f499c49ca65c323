/** Numbers of the file that somebody may have meant as patterns: no key takes one. */
import { expect, test } from "vitest";
import { faults, hints, LEAST } from "./files.ts";

const GATEWAY = "gateways: [{uri: sip:10.10.1.3, name: fxo}]\n";
/** Each key that holds a number, as a value or as a name of the administrator's own. */
const KEYS: readonly (readonly [string, (number: string) => string])[] = [
  ["emergency", (one) => `emergency: ["${one}"]`],
  ["emergency.numbers", (one) => `emergency: {numbers: ["${one}"]}`],
  ["emergency.prefixes", (one) => `emergency: {numbers: ["112"], prefixes: ["${one}"]}`],
  ["hunt_groups", (one) => `hunt_groups: {"${one}": {members: ["21"]}}`],
  ["members", (one) => `hunt_groups: {default: {members: ["${one}"]}}`],
  ["overflow", (one) => `hunt_groups: {default: {members: ["21"], overflow: "${one}"}}`],
  ["extensions.aliases", (one) => `extensions: {aliases: {"${one}": "21"}}`],
  ["an alias", (one) => `extensions: {aliases: {"99": "${one}"}}`],
  ["extensions.prefixes", (one) => `extensions: {prefixes: ["${one}"]}`],
  ["extensions.forward", (one) => `extensions: {forward: {"${one}": {busy: "21"}}}`],
  ["busy", (one) => `extensions: {forward: {"22": {busy: "${one}"}}}`],
  ["no_answer", (one) => `extensions: {forward: {"22": {no_answer: "${one}"}}}`],
  ["carriers", (one) => `carriers: {town: {prefixes: ["${one}"], gateways: [fxo]}}`],
  ["drill.phones", (one) => `drill: {phones: ["${one}"], at: 05:00}`],
];

const told = (found: readonly string[]) => found.map((one) => one.replace(/^\S+ \S+: /, ""));

test.each(KEYS)("%s: a pattern is a fault, a range and a pattern's sign at the end a hint", (_, lineOf) => {
  const file = (number: string) => `${LEAST}${GATEWAY}${lineOf(number)}\n`;
  expect(told(faults(file("21x")))).toEqual([
    '"21x" is a pattern, and x stands for no digit here; write each number, of a prefix its digits',
  ]);
  expect(told(hints(file("201-206"), undefined))).toEqual([
    '"201-206" is the number 201206, and no range; write each number',
  ]);
  expect(told(hints(file("01*"), undefined))).toEqual([
    '"*" in "01*" is the key that a phone dials, and no pattern; a prefix needs none',
  ]);
});

test.each(["7xx#", "xxxx", "xx#", "2XX", "_2XX.", "_9011.", "+49xx", "*7x"])("%s is a pattern", (number) => {
  expect(told(faults(`${LEAST}emergency: ["${number}"]\n`))[0]).toMatch(/is a pattern/);
});

test.each([
  ...["112", "+15550199", "*97", "#21#", "*21*5550199#", "**1", "0171-555", "030-123456", "5550-0199", "206-201"],
  ...["reception", "anna.b", "x201", "alex", "max2", "201-0x7f31c0", "00085d12a456", "default"],
])("%s is a number or a name", (number) => {
  expect(hints(`${LEAST}hunt_groups: {default: {members: ["${number}"]}}\n`, undefined)).toEqual([]);
});
