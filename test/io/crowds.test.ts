/** How many connections strangers have, by the networks that are theirs. */
import { expect, test } from "vitest";
import { Crowds } from "../../src/io/node/crowds.ts";

test("by IPv6 a stranger's connections count together, whatever addresses of its network they come from", () => {
  const crowds = new Crowds();
  for (let index = 1; index <= 8; index++) crowds.enter(`2001:db8::${index}`, false);
  expect(crowds.strangersWith("2001:db8::ff")).toBe(8);
  expect([crowds.strangersWith("2001:db8:0:1::ff"), crowds.count("2001:db8::ff"), crowds.strangers]).toEqual([0, 0, 8]);
  for (let index = 1; index <= 8; index++) crowds.leave(`2001:db8::${index}`);
  expect([crowds.strangersWith("2001:db8::ff"), crowds.strangers]).toEqual([0, 0]);
});

test("a phone's connections don't count with a stranger's of the same network, nor do IPv4 addresses with each other", () => {
  const crowds = new Crowds();
  crowds.enter("2001:db8::1", true);
  crowds.enter("192.0.2.1", false);
  expect([crowds.strangersWith("2001:db8::2"), crowds.strangersWith("192.0.2.2")]).toEqual([0, 0]);
  expect([crowds.count("2001:db8::1"), crowds.strangersWith("192.0.2.1")]).toEqual([1, 1]);
  crowds.leave("2001:db8::1");
  expect(crowds.strangersWith("2001:db8::2")).toBe(0);
});
