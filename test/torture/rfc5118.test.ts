/** RFC 5118: each message of ours through the whole core of an IPv6 site. */
import { describe, expect, test } from "vitest";
import { rfc5118Messages } from "./rfc5118-messages.ts";
import { rfc5118Verdicts } from "./rfc5118-verdicts.ts";
import { IPV6_WORLD } from "./torture-site.ts";
import { testVerdicts } from "./verdict-tests.ts";

test("every message has a verdict, and every section of RFC 5118 §4 has messages", () => {
  expect(rfc5118Messages.map(({ name }) => name)).toEqual(rfc5118Verdicts.map(({ name }) => name));
  const sections = new Set(rfc5118Verdicts.map(({ section }) => section));
  expect([...sections]).toEqual(Array.from({ length: 10 }, (_, index) => `4.${index + 1}`));
});

describe("messages of our own", () => {
  testVerdicts("RFC 5118", rfc5118Verdicts, rfc5118Messages, IPV6_WORLD);
});
