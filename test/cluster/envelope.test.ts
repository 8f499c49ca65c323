/** Datagrams as text: what is read is what was written, and nothing else is. */

import { describe, expect, test } from "vitest";
import { type DropReason, type Envelope, open, partText, seal } from "../../src/cluster/envelope.ts";
import { PART_MAX_OCTETS, pack } from "../../src/cluster/packing.ts";
import { DATAGRAM_MAX_OCTETS, type Json, type Part } from "../../src/cluster/ports.ts";
import fc from "../support/properties.ts";
import { signBy } from "./support/cluster-network.ts";

const SIGN = signBy("secret");
const HEADER = { from: "r1", to: "r2", boot: "abcdefghij", heard: "0123456789", seq: 7 };
const R2 = { name: "r2", hasMember: (name: string) => ["r1", "r2", "r3"].includes(name), signs: [SIGN] };

function sealed(parts: readonly Part[] = [["beat", { state: "active" }]], header = {}): string {
  return seal({ ...HEADER, ...header }, parts.map(partText), SIGN);
}

/** Any plain value, with characters that are no octets, and with names that JavaScript has a use for. */
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("constructor", "state")), tie("value"), {
      maxKeys: 4,
    }),
  ),
})).value;
const part: fc.Arbitrary<Part> = fc.tuple(fc.string(), json);

describe("what was written is read", () => {
  test("whatever the parts are, in octets alone", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const wire = sealed(parts);
        expect(wire).toMatch(/^[\0-\xff]*$/);
        const expected: Envelope = { ...HEADER, parts: JSON.parse(JSON.stringify(parts)) };
        expect(open(wire, R2)).toEqual(expected);
      }),
    );
  });

  test("a SIP message with octets that are no text of ours arrives octet by octet", () => {
    const octets = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet)).join("");
    expect(open(sealed([["sip", octets]]), R2)).toMatchObject({ parts: [["sip", octets]] });
  });

  test("a sender that doesn't know the receiver's boot says so", () => {
    expect(open(sealed([], { heard: undefined }), R2)).toMatchObject({ heard: undefined, parts: [] });
  });

  test("the form is the one of the first version, to the letter", () => {
    const text = 'r1 r2 abcdefghij 0123456789 7\n[["beat",{"state":"active"}]]';
    expect(sealed()).toBe(`BLC1 ${SIGN(`BLC1 ${text}`)} ${text}`);
  });
});

describe("two secrets while they are changed", () => {
  const old = signBy("old");
  const fresh = signBy("new");
  const texts = [partText(["beat", {}])];

  test.each([
    ["the old one signs, the new one is believed besides", [old, fresh]],
    ["the new one signs, the old one is believed besides", [fresh, old]],
  ])("%s: both kinds of datagrams are read", (_, signs) => {
    for (const sign of [old, fresh]) expect(open(seal(HEADER, texts, sign), { ...R2, signs })).toHaveProperty("parts");
  });

  test("afterwards the old one is a forger's", () => {
    expect(open(seal(HEADER, texts, old), { ...R2, signs: [fresh] })).toBe("forged");
  });
});

describe("what isn't believed", () => {
  const signed = (text: string, version = "BLC1") => `${version} ${SIGN(`BLC1 ${text}`)} ${text}`;
  const head = "r1 r2 abcdefghij 0123456789 7\n";
  const CASES: readonly (readonly [string, string, DropReason])[] = [
    ["nothing", "", "malformed"],
    ["a keep-alive", "\r\n\r\n", "malformed"],
    ["a SIP message", "OPTIONS sip:r2 SIP/2.0\r\n\r\n", "malformed"],
    ["a later version", signed(`${head}[]`, "BLC2"), "other_version"],
    ["a later version in another form", "BLC23 something else", "other_version"],
    ["our version in another form", "BLC1 something else", "malformed"],
    ["another receiver", sealed([], { to: "r3" }), "other_receiver"],
    ["a sender that the file doesn't name", sealed([], { from: "r4" }), "unknown_sender"],
    ["another router that has our name", sealed([], { from: "r2", to: "r1" }), "own_name"],
    ["another secret", seal(HEADER, [], signBy("guess")), "forged"],
    ["no JSON", signed(`${head}[`), "malformed"],
    ["JSON that is no list", signed(`${head}{"beat":{}}`), "malformed"],
    ["a name with capitals", signed("R1 r2 abcdefghij - 7\n[]"), "malformed"],
    ["a name of 33 characters", signed(`${"r".repeat(33)} r2 abcdefghij - 7\n[]`), "malformed"],
    ["a negative sequence number", signed("r1 r2 abcdefghij - -7\n[]"), "malformed"],
    ["one beyond all numbers", signed(`r1 r2 abcdefghij - ${"9".repeat(16)}\n[]`), "malformed"],
    ["a short boot", signed("r1 r2 abcdefghi - 7\n[]"), "malformed"],
    ["too many octets", sealed([["x", "y".repeat(DATAGRAM_MAX_OCTETS)]]), "too_long"],
  ];

  test.each(CASES)("%s", (_, wire, reason) => {
    expect(open(wire, R2)).toBe(reason);
  });

  test("a datagram in which a character is another one", () => {
    const wire = sealed();
    fc.assert(
      fc.property(fc.nat({ max: wire.length - 1 }), fc.integer({ min: 0, max: 255 }), (place, octet) => {
        const character = String.fromCharCode(octet);
        fc.pre(wire[place] !== character);
        expect(typeof open(wire.slice(0, place) + character + wire.slice(place + 1), R2)).toBe("string");
      }),
    );
  });

  test("a datagram that is cut, or goes on", () => {
    const wire = sealed();
    for (let length = 0; length < wire.length; length++) expect(typeof open(wire.slice(0, length), R2)).toBe("string");
    expect(open(`${wire} `, R2)).toBe("forged");
  });

  test("any octets at all: never a throw", () => {
    const octets = fc.string({ unit: "binary-ascii" });
    fc.assert(fc.property(octets, (wire) => typeof open(wire, R2) === "string"));
    fc.assert(fc.property(octets, (body) => void open(signed(head + body), R2)));
  });

  test("lists in lists in lists cost no stack", () => {
    const body = "[".repeat(15_000) + "]".repeat(1_000);
    expect(open(signed(head + body), R2)).toBe("malformed");
  });
});

test("a part in a shape that we don't know is passed over, and its neighbours are read", () => {
  const text = '[7,null,["alone"],[8,9],{"beat":{}},["new",1,2],["beat",{}]]';
  const wire = `BLC1 ${SIGN(`BLC1 r1 r2 abcdefghij - 7\n${text}`)} r1 r2 abcdefghij - 7\n${text}`;
  expect(open(wire, R2)).toMatchObject({
    parts: [
      ["new", 1, 2],
      ["beat", {}],
    ],
  });
});

describe("packing", () => {
  test("all parts leave in their order, small ones together, and no datagram is longer than a receiver reads", () => {
    const lengths = fc.array(fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: PART_MAX_OCTETS - 20 })), { maxLength: 40 });
    fc.assert(
      fc.property(lengths, (sizes) => {
        const texts = sizes.map((size, index) => partText(["x", `${index} ${"y".repeat(size)}`.slice(0, size + 1)]));
        const datagrams = pack(texts);
        expect(datagrams.flat()).toEqual(texts);
        const names = { from: "f".repeat(32), to: "t".repeat(32), seq: 999_999_999_999_999 };
        for (const together of datagrams) {
          const { length } = seal({ ...HEADER, ...names }, together, SIGN);
          expect(length).toBeLessThanOrEqual(together.length > 1 ? 1_360 : DATAGRAM_MAX_OCTETS);
        }
      }),
    );
    expect(pack(Array.from({ length: 30 }, () => "x".repeat(30)))).toHaveLength(1);
  });

  test("the longest part of all goes through", () => {
    const text = "x".repeat(PART_MAX_OCTETS - partText(["x", ""]).length);
    const longNames = { from: "f".repeat(32), to: "t".repeat(32), seq: 999_999_999_999_999 };
    const wire = sealed([["x", text]], longNames);
    const receiver = { ...R2, name: longNames.to, hasMember: () => true };
    expect(open(wire, receiver)).toMatchObject({ parts: [["x", text]] });
  });
});
