/** Names of DNS: text with escapes (RFC 1035 §5.1), and what is on the wire (RFC 1035 §3.1, §4.1.4). */

const LABEL_MAX_octets = 63;
const NAME_MAX_octets = 255;
const HEADER_octets = 12;
/** Two bits that make a pointer of a length. */
const POINTER = 0xc0;
/** Between labels; a character that no octet has. */
const SEPARATOR = "\uffff";
const NO_OCTET = /[\u0100-\uffff]/;

/** Where a name was read. */
export interface ReadName {
  /** In lower case, without the dot at the end; "" is the root. Odd octets are `\DDD`, dots within a label `\.`. */
  readonly name: string;
  /** The position behind it. */
  readonly end: number;
}

/** `text` on the wire, letters as they are; undefined when no name is written so, and for the root. */
export function encodeName(text: string): string | undefined {
  const labels = text
    .replace(/\\(\d{3})|\\([^\d])|\./g, (_, code?: string, other?: string) =>
      code === undefined ? (other ?? SEPARATOR) : String.fromCharCode(Number(code)),
    )
    .replace(/\uffff$/, "")
    .split(SEPARATOR);
  const wire = labels.map((label) => String.fromCharCode(label.length) + label).join("");
  const isSpelled = !NO_OCTET.test(text) && !NO_OCTET.test(wire);
  const isShort =
    wire.length < NAME_MAX_octets && labels.every(({ length }) => length > 0 && length <= LABEL_MAX_octets);
  return isSpelled && isShort ? `${wire}\0` : undefined;
}

/** The name at `start`; undefined when it is malformed. Each pointer leads to before what it continues, so none makes a circle. */
export function readName(wire: string, start: number): ReadName | undefined {
  let name = "";
  let octets = 1;
  let piece = start;
  let end = 0;
  for (let at = start; octets <= NAME_MAX_octets; ) {
    const length = wire.charCodeAt(at);
    if (length === 0) return { name: name.slice(1).toLowerCase(), end: end || at + 1 };
    if (length >= POINTER) {
      const target = (length - POINTER) * 0x100 + wire.charCodeAt(at + 1);
      // Beyond the end it is NaN.
      if (!(target >= HEADER_octets && target < piece)) return undefined;
      end = end || at + 2;
      piece = target;
      at = target;
    } else {
      const label = wire.slice(at + 1, at + 1 + length);
      // Beyond the end it is NaN, too.
      if (!(length <= LABEL_MAX_octets)) return undefined;
      name += `.${label.replace(/[^!-~]|[.\\]/g, escaped)}`;
      octets += 1 + length;
      at += 1 + length;
    }
  }
  return undefined;
}

function escaped(character: string): string {
  if (character === "." || character === "\\") return `\\${character}`;
  return `\\${String(character.charCodeAt(0)).padStart(3, "0")}`;
}
