/** Node's Buffer. */
import type { Cases } from "./outcome.ts";

const TEXTS = ["", "a", "Grüße", "€ and 𝄞", "\u0000\u007f\u0080\u00ff", "lone \ud800 half", "\udc00", "\ufeffmark"];
const HEX = ["", "00ff7F", "abc", "a", "xyz0", "12zz34", "  12"];
const BASE64 = [
  "",
  "YQ==",
  "YWI=",
  "YWJj",
  "YWI",
  "YQ",
  "Y",
  "-_-_",
  "+/+/",
  "Y W\nJj",
  "YWJj=YWJj",
  "YQ==YQ==",
  "%%%",
];
const OCTETS = [
  [],
  [0],
  [1, 2],
  [255, 254, 253],
  [0xc3, 0xa4],
  [0xc3],
  [0xe2, 0x82],
  [0xf0, 0x9d, 0x84, 0x9e],
  [0x80, 0x41],
];
const ODD_OCTETS = [
  [0xed, 0xa0, 0x80],
  [0xc0, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xef, 0xbb, 0xbf, 0x41],
  [0xf0, 0x9d, 0x41],
];
const ENCODINGS = ["utf8", "latin1", "hex", "base64"] as const;

export const BUFFERS: Cases = {
  "text to octets": () => TEXTS.map((text) => ENCODINGS.slice(0, 2).map((encoding) => Buffer.from(text, encoding))),
  "hexadecimal digits to octets": () => HEX.map((text) => Buffer.from(text, "hex")),
  "base64 to octets": () => BASE64.map((text) => Buffer.from(text, "base64")),
  "octets to text": () =>
    [...OCTETS, ...ODD_OCTETS].map((octets) => ENCODINGS.map((encoding) => Buffer.from(octets).toString(encoding))),
  "all octets there and back": () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    return (["latin1", "hex", "base64"] as const).map((encoding) => Buffer.from(all.toString(encoding), encoding));
  },
  "a part to text": () => [Buffer.from("abcdef").toString("utf8", 2, 4), Buffer.from("abcdef").toString("latin1", 3)],
  "lengths in bytes": () => TEXTS.map((text) => Buffer.byteLength(text)),
  "a slice is a view": () => {
    const whole = Buffer.from("abcdef");
    const part = whole.slice(2, 4);
    part[0] = 0x58;
    return [whole.toString(), part.toString(), whole.slice(-2).toString(), whole.subarray(1).toString()];
  },
  "octets are copied, an ArrayBuffer is shared": () => {
    const octets = new Uint8Array([1, 2, 3]);
    const [copy, shared] = [Buffer.from(octets), Buffer.from(octets.buffer)];
    octets[0] = 9;
    return [copy, shared, Buffer.from(octets.buffer, 1, 1)];
  },
  joined: () => {
    const pieces = [Buffer.from("ab"), Buffer.alloc(0), new Uint8Array([0x63])];
    return [Buffer.concat(pieces), Buffer.concat(pieces, 2), Buffer.concat(pieces, 5), Buffer.concat([])];
  },
  "written into": () => {
    const block = Buffer.alloc(8);
    const written = [block.write("äb", 1), block.write("0123456789", 5), block.write("c")];
    return [written, block];
  },
  "a character that doesn't fit isn't written": () => {
    const block = Buffer.alloc(4);
    return [block.write("ab€"), block];
  },
  filled: () => [Buffer.alloc(3), Buffer.alloc(3, 7)],
  sums: () => Buffer.from([1, 2, 3]).reduce((total, byte) => total + byte, 0),
  "what is one": () => [Buffer.isBuffer(Buffer.alloc(1)), Buffer.isBuffer(new Uint8Array(1)), Buffer.isBuffer("a")],
  "equal or not": () => [Buffer.from("ab").equals(Buffer.from("ab")), Buffer.from("ab").equals(Buffer.from("ac"))],
};
