/** Octets and texts. */
import * as native from "native";
import { say } from "./say.ts";

export const texts = {
  /** Each word is octets in hexadecimal digits, and becomes a text, told in its units of UTF-16. */
  decodeUtf8: (words: readonly string[]) => say(words.map((word) => units(native.decodeUtf8(octets(word))))),
  decodeLatin1: (words: readonly string[]) => say(words.map((word) => units(native.decodeLatin1(octets(word))))),
  /** Each word is units of UTF-16 in four digits. */
  encodeUtf8: (words: readonly string[]) => say(words.map((word) => digits(native.encodeUtf8(text(word))))),
  encodeLatin1: (words: readonly string[]) => say(words.map((word) => digits(native.encodeLatin1(text(word))))),
  textTypes: () => {
    const wrong: unknown[] = [undefined, 5, null, {}, [1], new ArrayBuffer(2), new Uint16Array(2), "text"];
    const isRefused = (call: () => unknown) => {
      try {
        call();
        return false;
      } catch (error) {
        return error instanceof TypeError;
      }
    };
    const decoded = wrong.map((value) => isRefused(() => native.decodeUtf8(value as Uint8Array)));
    const encoded = wrong.map((value) => isRefused(() => native.encodeLatin1(value as string)));
    const part = new Uint8Array([1, 65, 66, 2]).subarray(1, 3);
    say({ decoded, encoded, part: native.decodeUtf8(part), none: native.decodeUtf8(new Uint8Array(0)) });
  },
  /** Longer than what C keeps room for, and made of pieces: the engine joins them late. */
  longText: ([count = "0"]: readonly string[]) => {
    let long = "";
    for (let i = 0; i < Number(count); i++) long += `x${String.fromCharCode(0xe0 + (i % 16))}`;
    const bytes = new Uint8Array(native.encodeLatin1(long));
    const utf8 = new Uint8Array(native.encodeUtf8(long));
    const isSame = native.decodeLatin1(bytes) === long && native.decodeUtf8(utf8) === long;
    say({ bytes: bytes.length, utf8: utf8.length, isSame });
  },
};

function octets(hexadecimal: string): Uint8Array {
  return new Uint8Array((hexadecimal.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)));
}

function digits(buffer: ArrayBuffer): string {
  return [...new Uint8Array(buffer)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}

function text(hexadecimal: string): string {
  return (hexadecimal.match(/..../g) ?? []).map((unit) => String.fromCharCode(Number.parseInt(unit, 16))).join("");
}

function units(decoded: string): string {
  let all = "";
  for (let i = 0; i < decoded.length; i++) all += decoded.charCodeAt(i).toString(16).padStart(4, "0");
  return all;
}
