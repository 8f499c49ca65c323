/** A stream's octets as text; a character of several octets may come in two pieces. */
import * as native from "native";

export class TextDecoding {
  private readonly isUtf8: boolean;
  /** The first octets of a character whose others haven't come. */
  private rest = "";

  constructor(encoding: "latin1" | "utf8") {
    this.isUtf8 = encoding === "utf8";
  }

  /** @param octets one character each */
  push(octets: string): string {
    if (!this.isUtf8) return octets;
    const all = this.rest + octets;
    const whole = wholeCharacters(all);
    this.rest = all.slice(whole);
    return decoded(all.slice(0, whole));
  }

  /** Nothing more comes. */
  end(): string {
    const text = decoded(this.rest);
    this.rest = "";
    return text;
  }
}

/** The length without the character at the end that isn't whole. */
function wholeCharacters(octets: string): number {
  for (let back = 1; back <= 3 && back <= octets.length; back++) {
    const code = octets.charCodeAt(octets.length - back);
    if (code >= 0xc0) return lengthOf(code) > back ? octets.length - back : octets.length;
    if (code < 0x80) return octets.length;
  }
  return octets.length;
}

/** Octets of the character that begins with this one. */
function lengthOf(first: number): number {
  if (first >= 0xf0) return 4;
  return first >= 0xe0 ? 3 : 2;
}

function decoded(octets: string): string {
  return octets === "" ? "" : native.decodeUtf8(new Uint8Array(native.encodeLatin1(octets)));
}
