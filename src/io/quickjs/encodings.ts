/** Hexadecimal digits and base64, as leniently as Node reads them. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const FILLED = 3;

/** The value of each character of RFC 4648's two alphabets. */
const VALUES: ReadonlyMap<number, number> = new Map([
  ...[...ALPHABET].map((character, value) => [character.charCodeAt(0), value] as const),
  ["-".charCodeAt(0), 62],
  ["_".charCodeAt(0), 63],
]);

export function textOfHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** Up to the first pair that isn't one of digits. */
export function bytesOfHex(text: string): ArrayBuffer {
  const [digits = ""] = /^(?:[\da-f]{2})*/i.exec(text) ?? [];
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(digits.substr(2 * at, 2), 16);
  return bytes.buffer as ArrayBuffer;
}

export function textOfBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += FILLED) {
    const [one = 0, two = 0, three = 0] = bytes.subarray(at, at + FILLED);
    const bits = one * 0x10000 + two * 0x100 + three;
    const characters = [18, 12, 6, 0].map((shift) => ALPHABET.charAt((bits >> shift) & 63)).join("");
    const missing = Math.max(0, at + FILLED - bytes.length);
    text += characters.slice(0, 4 - missing) + "=".repeat(missing);
  }
  return text;
}

/** Both alphabets are read, all else between them is passed over, and "=" ends it. */
export function bytesOfBase64(text: string): ArrayBuffer {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4) + FILLED);
  let length = 0;
  let bits = 0;
  let count = 0;
  for (let at = 0; at < text.length && text.charAt(at) !== "="; at += 1) {
    const value = VALUES.get(text.charCodeAt(at));
    if (value === undefined) continue;
    bits = ((bits << 6) | value) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[length] = bits >> count;
    length += 1;
  }
  return bytes.buffer.slice(0, length) as ArrayBuffer;
}
