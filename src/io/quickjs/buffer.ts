/** Node's Buffer, as far as this program and its packages use it. Octets are made and read by the host, not one by one. */
import * as native from "native";
import { bytesOfBase64, bytesOfHex, textOfBase64, textOfHex } from "./encodings.ts";

/** "ascii" and "binary" are read as "latin1"; ascii's upper bits don't occur. */
export type Encoding = "utf8" | "utf-8" | "latin1" | "binary" | "ascii" | "hex" | "base64";

/** Without its static functions, which Buffer has others of. */
const Octets: new (source: ArrayBuffer | number, start?: number, length?: number) => Uint8Array<ArrayBuffer> =
  Uint8Array;

export class Buffer extends Octets {
  /**
   * @param source a text, octets that are copied, or an ArrayBuffer that is shared
   * @param second the text's encoding; or of an ArrayBuffer the first octet that counts
   */
  static from(
    source: string | ArrayBuffer | ArrayLike<number>,
    second: Encoding | number = "utf8",
    length?: number,
  ): Buffer {
    if (typeof source === "string") return new Buffer(bytesOf(source, typeof second === "number" ? "utf8" : second));
    if (source instanceof ArrayBuffer) return new Buffer(source, typeof second === "number" ? second : 0, length);
    const copy = new Buffer(source.length);
    copy.set(source);
    return copy;
  }

  static alloc(length: number, fill = 0): Buffer {
    const made = new Buffer(length);
    return fill === 0 ? made : made.fill(fill);
  }

  static allocUnsafe(length: number): Buffer {
    return new Buffer(length);
  }

  /** @param length of the whole: what is beyond is cut off, what is missing is 0 */
  static concat(list: readonly Uint8Array[], length = list.reduce((sum, one) => sum + one.length, 0)): Buffer {
    const whole = new Buffer(length);
    let at = 0;
    for (const one of list) {
      const piece = one.length > length - at ? one.subarray(0, length - at) : one;
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  static byteLength(value: string | Uint8Array | ArrayBuffer, encoding: Encoding = "utf8"): number {
    return typeof value === "string" ? bytesOf(value, encoding).byteLength : value.byteLength;
  }

  static isBuffer(value: unknown): value is Buffer {
    return value instanceof Buffer;
  }

  override toString(encoding: Encoding = "utf8", start = 0, end = this.length): string {
    const part = start <= 0 && end >= this.length ? this : this.subarray(Math.max(start, 0), Math.max(end, 0));
    switch (encoding) {
      case "utf8":
      case "utf-8":
        return native.decodeUtf8(part);
      case "hex":
        return textOfHex(part);
      case "base64":
        return textOfBase64(part);
      default:
        return native.decodeLatin1(part);
    }
  }

  /** A view, not a copy as that of an Uint8Array is. */
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end);
  }

  /** @returns octets that were written: as much as there is room for, and no part of a character */
  write(text: string, offset = 0, encoding: Encoding = "utf8"): number {
    const bytes = new Uint8Array(bytesOf(text, encoding));
    let length = Math.min(bytes.length, this.length - offset);
    // RFC 3629 §3: octets from 0x80 to 0xbf go on with a character.
    if (encoding.startsWith("utf")) while (length > 0 && ((bytes[length] ?? 0) & 0xc0) === 0x80) length -= 1;
    this.set(bytes.subarray(0, length), offset);
    return length;
  }

  equals(other: Uint8Array): boolean {
    return this.length === other.length && this.every((byte, index) => byte === other[index]);
  }
}

function bytesOf(text: string, encoding: Encoding): ArrayBuffer {
  switch (encoding) {
    case "utf8":
    case "utf-8":
      return native.encodeUtf8(text);
    case "hex":
      return bytesOfHex(text);
    case "base64":
      return bytesOfBase64(text);
    default:
      return native.encodeLatin1(text);
  }
}
