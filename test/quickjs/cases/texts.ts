/** Looking for a text in another: the engine's own code is changed here (build/native/sources.mjs). */
import type { Cases } from "./outcome.ts";

const HAYSTACKS = [
  "",
  "a",
  "ab",
  "aab",
  "abcabcab",
  "\0a\0",
  "a\xff\xe9b",
  "aaaaab",
  "Via: x;lr\r\n",
  "a\u20acb\u20ac",
  "\u20ac",
];
const WANTED = ["", "a", "b", "ab", "cab", "aab", "\0", "\xe9", "\xff\xe9", "\r\n", "z", "\u20ac", "b\u20ac", "\u01e9"];
const FROM = [undefined, -1, 0, 1, 2, 5, 99];

function each(look: (text: string, wanted: string, from: number | undefined) => unknown): unknown[] {
  return HAYSTACKS.map((text) => WANTED.map((wanted) => FROM.map((from) => look(text, wanted, from))));
}

export const TEXTS: Cases = {
  indexOf: () => each((text, wanted, from) => text.indexOf(wanted, from)),
  lastIndexOf: () => each((text, wanted, from) => text.lastIndexOf(wanted, from)),
  includes: () => each((text, wanted, from) => text.includes(wanted, from)),
  startsWith: () => each((text, wanted, from) => text.startsWith(wanted, from)),
  endsWith: () => each((text, wanted, from) => text.endsWith(wanted, from)),
};
