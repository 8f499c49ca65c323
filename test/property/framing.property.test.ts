/** However the network cuts a stream into segments, the same messages and keep-alives come out of it. */

import { expect, test } from "vitest";
import fc from "../support/properties.ts";
import { frame, message, PING } from "../transport/framing-lab.ts";
import { octets } from "./arbitraries.ts";

/** Bodies that look like what comes between or within messages. */
const body = fc.oneof(
  octets(60),
  fc.constantFrom("", "\r\n", "\r\n\r\n", "INVITE sip:a@b SIP/2.0\r\nContent-Length: 9\r\n\r\n", "\r", "\n"),
);
const lengthName = fc.constantFrom("Content-Length: ", "l:", "L : ", "content-length\t:\r\n ");
const whole = fc.tuple(body, lengthName).map(([text, name]) => {
  const wire = message({ lines: ["Subject: a\r\n b", `${name}${text.length}`], body: text });
  return { wire, events: [wire] };
});
const withoutBody = fc.constant(message({ lines: [], body: "" })).map((wire) => ({ wire, events: [wire] }));
const ping = fc.constant({ wire: "\r\n\r\n", events: [PING] });
/** One line end before a message belongs to nothing. */
const stray = whole.map(({ wire, events }) => ({ wire: `\r\n${wire}`, events }));
const stream = fc.array(fc.oneof(whole, withoutBody, ping, stray), { minLength: 1, maxLength: 8 });
const cuts = fc.oneof(
  fc.constant("octets" as const),
  fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }),
);

function cutUp(text: string, at: "octets" | readonly number[]): string[] {
  if (at === "octets") return [...text];
  const places = [0, ...at.map((place) => Math.floor(place * text.length)), text.length].sort((a, b) => a - b);
  return places.slice(1).map((place, index) => text.slice(places[index], place));
}

test("any segmentation of messages and keep-alives gives the same messages and keep-alives", () => {
  fc.assert(
    fc.property(stream, cuts, (parts, at) => {
      const text = parts.map(({ wire }) => wire).join("");
      const events = parts.flatMap((part) => part.events);
      expect(frame(cutUp(text, at))).toEqual({ events, lost: undefined, isWaiting: false });
    }),
    { numRuns: 1_500 },
  );
});

test("whatever the octets: their segmentation changes nothing, and nothing throws", () => {
  const piece = fc.oneof(
    octets(20),
    fc.constantFrom("\r\n", "\r\n\r\n", "l: 3\r\n", "l: -1\r\n", "A b c\r\n", "l:\r\n 2"),
  );
  const seen = { lost: 0, messages: 0 };
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), cuts, (pieces, at) => {
      const text = pieces.join("");
      const framed = frame([text]);
      seen.lost += framed.lost === undefined ? 0 : 1;
      seen.messages += framed.events.length;
      expect(frame(cutUp(text, at))).toEqual(framed);
    }),
    { numRuns: 2_000 },
  );
  expect(seen.lost).toBeGreaterThan(20);
  expect(seen.messages).toBeGreaterThan(500);
});
