/** SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 4231) and what is random, in the C host. */
import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { describeProgram } from "./support/binary.ts";
import { type Call, callsOf } from "./support/calls.ts";

const octets = (hexadecimal: string) => [...Buffer.from(hexadecimal, "hex")];
const base64 = (hexadecimal: string) => Buffer.from(hexadecimal, "hex").toString("base64");

/** RFC 4231, section 4: key, text, HMAC; all octets of these texts are ASCII or the same in UTF-8. */
const RFC_4231: readonly (readonly [string, string, string])[] = [
  ["0b".repeat(20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  [
    Buffer.from("Jefe").toString("hex"),
    "what do ya want for nothing?",
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  [
    "aa".repeat(131),
    "Test Using Larger Than Block-Size Key - Hash Key First",
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
  [
    "aa".repeat(131),
    "This is a test using a larger than block-size key and a larger than block-size data. " +
      "The key needs to be hashed before being used by the HMAC algorithm.",
    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
  ],
];

await describeProgram("digests", "calls.ts", (binary) => {
  test("SHA-256 gives what FIPS 180-4's examples say", async () => {
    expect(
      await callsOf(binary(), [
        ["sha256", ""],
        ["sha256", "abc"],
        ["sha256", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"],
        ["sha256", "a".repeat(100_000)],
      ]),
    ).toEqual([
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      createHash("sha256").update("a".repeat(100_000)).digest("hex"),
    ]);
  });

  test("texts of each length around a block, and of all planes of Unicode, are hashed as Node hashes them", async () => {
    const texts = Array.from({ length: 200 }, (_, length) => "x".repeat(length));
    texts.push("ä", "€uro", "\u{1F4DE} rings", "half a pair: \ud800.", "\udfff", "\0in between\0");
    const calls = texts.map((text): Call => ["sha256", text]);
    expect(await callsOf(binary(), calls)).toEqual(
      texts.map((text) => createHash("sha256").update(text).digest("hex")),
    );
  });

  test("HMAC gives what RFC 4231 says", async () => {
    const calls = RFC_4231.flatMap(([key, text], index): Call[] => [
      ["hmacKey", { bytes: octets(key) }],
      ["hmac", { result: 2 * index }, text],
    ]);
    const results = await callsOf(binary(), calls);
    expect(results.filter((_, index) => index % 2 === 1)).toEqual(RFC_4231.map(([, , mac]) => base64(mac)));
  });

  test("keys and texts of each length give the HMAC that Node gives", async () => {
    const lengths = [0, 1, 31, 32, 33, 55, 56, 63, 64, 65, 127, 128, 129, 1_000];
    const pairs = lengths.flatMap((keyLength) => lengths.map((length) => [keyLength, length] as const));
    const key = (length: number) => Buffer.alloc(length, 0xa5);
    const results = await callsOf(binary(), [
      ...lengths.map((length): Call => ["hmacKey", { bytes: [...key(length)] }]),
      ...pairs.map(([keyLength, length]): Call => ["hmac", { result: lengths.indexOf(keyLength) }, "y".repeat(length)]),
    ]);
    const ofNode = ([keyLength, length]: readonly [number, number]) =>
      createHmac("sha256", key(keyLength)).update("y".repeat(length)).digest("base64");
    expect(results.slice(lengths.length)).toEqual(pairs.map(ofNode));
  });

  test("the same key has the same number, and there is an end to keys", async () => {
    const keys = Array.from({ length: 66 }, (_, index): Call => ["hmacKey", { bytes: [index % 65] }]);
    const results = await callsOf(binary(), [...keys.slice(0, 3), ...keys]);
    expect(results.slice(0, 6)).toEqual([0, 1, 2, 0, 1, 2]);
    expect(results.at(-2)).toEqual({ thrown: "RangeError: more than 64 keys" });
    expect(results.at(-1)).toBe(0);
  });

  test("a number that no key has is an error", async () => {
    const wrong = [0, -1, 64, 2 ** 31 - 1].map((key): Call => ["hmac", key, "text"]);
    const results = await callsOf(binary(), wrong);
    expect(results.every((result) => /no key has the number/.test((result as { thrown: string }).thrown))).toBe(true);
  });

  test("random octets are as many as asked for, and differ", async () => {
    const [none, few, other, many, tooMany, below] = await callsOf(binary(), [
      ["random", 0],
      ["random", 16],
      ["random", 16],
      ["random", 65_536],
      ["random", 65_537],
      ["random", -1],
    ]);
    const length = (result: unknown) => (result as { bytes: number[] }).bytes.length;
    expect([none, few, many].map(length)).toEqual([0, 16, 65_536]);
    expect(few).not.toEqual(other);
    expect(new Set((many as { bytes: number[] }).bytes).size).toBe(256);
    expect([tooMany, below]).toEqual(Array(2).fill({ thrown: "RangeError: 0 to 65536 octets at a time" }));
  });
});
