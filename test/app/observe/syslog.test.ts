/** Syslog messages against the grammar of RFC 5424 §6, and the frames of RFC 6587 §3.4.1. */
import { expect, test } from "vitest";
import type { SiteEvent } from "../../../src/app/observe/events.ts";
import { syslogFrame, syslogMessage } from "../../../src/app/observe/syslog.ts";

/** Strict: what a receiver may refuse doesn't match. */
const MESSAGE =
  /^<(\d|[1-9]\d|1[0-8]\d|19[01])>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) (-)(?: ([ -~]*))?$/;

const event = (changes: Partial<SiteEvent> = {}): SiteEvent => ({
  id: "a1b2c3d4-1",
  at: "2026-11-30T07:40:00.123Z",
  router: "branch-17",
  event: "upstream_down",
  upstream: "pbx.example.com",
  evidence: "probe failed: silence",
  calls_go_to: "gateway",
  ...changes,
});

test("an event is one message: severity, time, router, name, and all of it as JSON", () => {
  const json = JSON.stringify(event());
  const [, priority, at, router, program, process, name, data, text = ""] =
    MESSAGE.exec(syslogMessage(event(), json)) ?? [];
  expect([priority, at, router, program, process, name, data]).toEqual([
    ...["28", "2026-11-30T07:40:00.123Z", "branch-17", "branchline", "-", "upstream_down", "-"],
  ]);
  expect(text.startsWith("@cee: ")).toBe(true);
  expect(JSON.parse(text.slice(6))).toEqual(event());
});

test("what isn't trouble is a notice", () => {
  expect(syslogMessage(event({ event: "upstream_up" }), "{}")).toMatch(/^<29>1 /);
});

test.each([
  ["a router's name with blanks and umlauts", { router: "Büro Süd\n" }],
  ["a router without a name", { router: "" }],
  ["a name that is too long", { router: "r".repeat(400) }],
  ["a number that is none of ASCII", { number: "\u00fc\u2028\ud83d\ude00\u0007\r\n<165>1 forged" }],
])("%s: the message keeps to the grammar, and its JSON to what was said", (_, changes) => {
  const one = event(changes);
  const message = syslogMessage(one, JSON.stringify(one));
  const text = MESSAGE.exec(message)?.[8] ?? "";
  expect(JSON.parse(text.slice(6))).toEqual(one);
});

test("a frame says how many octets follow", () => {
  const one = event({ number: "\u00fc" });
  const message = syslogMessage(one, JSON.stringify(one));
  expect(syslogFrame(message)).toBe(`${Buffer.byteLength(message)} ${message}`);
});
