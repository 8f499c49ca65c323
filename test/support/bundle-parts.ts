/** The parts of the bundle that are loaded on demand, as they lie in it: deflated, two characters for 13 bits. */
import { inflateRawSync } from "node:zlib";

/** Printable characters, less those that a text in the comment can't have as they are. */
const DIGITS = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).filter(
  (one) => !['"', "*", "\\"].includes(one),
);

/** A part in the bundle: its name, and its packed text. */
export const PACKED_PART = /"(\.\/[\w-]+\.js)":"([^"]+)"/g;

export function unpacked(text: string): string {
  return inflateRawSync(octetsOf(text)).toString();
}

/** As the build packs it. */
export const { packed } = (await import(new URL("../../build/one-file.mjs", import.meta.url).href)) as {
  packed(text: string): string;
};

/** The lower digit comes first. */
function octetsOf(text: string): Buffer {
  const octets: number[] = [];
  let [held, bits] = [0, 0];
  for (let at = 0; at < text.length; at += 2) {
    const [low, high] = [text[at], text[at + 1]].map((digit) => DIGITS.indexOf(digit ?? ""));
    held |= ((low ?? 0) + 91 * (high ?? 0)) << bits;
    for (bits += 13; bits >= 8; bits -= 8) {
      octets.push(held & 255);
      held >>= 8;
    }
  }
  return Buffer.from(octets);
}
