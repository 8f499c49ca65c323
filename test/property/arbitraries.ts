/** What properties are tried with: wire text, good and spoiled. A failure prints its seed and path. */

import { requestText, responseText } from "../support/messages.ts";
import fc from "../support/properties.ts";
import { rfc4475Messages } from "../torture/rfc4475-messages.ts";
import { rfc5118Messages } from "../torture/rfc5118-messages.ts";

/** One octet a character. */
export const octets = (maxLength: number) =>
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength });

const GOOD = [
  requestText({ headers: ["Route: <sip:r1;lr>, <sip:r2;lr>", "Contact: <sip:a@b>;q=1"], body: "v=0\r\n" }),
  requestText({ method: "REGISTER", headers: ["Supported: path", "Path: <sip:p;lr>", "Timestamp: 1.5"] }),
  requestText({ via: ["SIP/2.0/UDP [2001:db8::1]:5070;rport;branch=z9hG4bKv6, SIP/2.0/TCP b"], to: "sip:a@b;tag=1" }),
  responseText(200, { headers: ["Record-Route: <sip:p;lr>"], body: "v=0\r\n" }),
  ...[...rfc4475Messages, ...rfc5118Messages].map((message) => message.wire),
];

/** Pieces on which parsers stumble. */
const NASTY = fc.constantFrom(
  ...'\r\n|\n|\r| |\t|:|;|,|<|>|"|\\|@|%|[|]|=|\u0000|\u00ff|\r\n\r\n|\r\n |Via:|v:|To:|l: 5|SIP/2.0|z9hG4bK|::|2147483648'.split(
    "|",
  ),
);

interface Edit {
  readonly place: number;
  readonly cut: number;
  readonly put: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 })),
  put: fc.oneof(fc.constant(""), NASTY, octets(8)),
});

function apply(wire: string, { place, cut, put }: Edit): string {
  const start = Math.floor(place * wire.length);
  return wire.slice(0, start) + put + wire.slice(start + cut);
}

/** A message that was valid, or at least famous, before some edits. */
export const spoiledMessage: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...GOOD), fc.array(edit, { maxLength: 4 }))
  .map(([wire, edits]) => edits.reduce(apply, wire));
