/** Sizes of the file, of memory or of disk: a number with its unit, such as 2MB or 500kB. */
import type { Place, Reader } from "./reader.ts";

const UNITS: Readonly<Record<string, number>> = { kB: 1_000, MB: 1_000_000 };

/** The text as it is. Undefined, and a fault, where it is no size from `least` to `most`. */
export function sizeText(
  reader: Reader,
  place: Place,
  least: string,
  most: string,
  example: string,
): string | undefined {
  const expected = `a size from ${least} to ${most}, such as ${example}`;
  const found = reader.text(place, expected);
  if (found === undefined) return undefined;
  const octets = octetsOf(found);
  if (octets >= octetsOf(least) && octets <= octetsOf(most)) return found;
  reader.fault(place, `must be ${expected}`);
  return undefined;
}

/** NaN for what isn't a size. */
export function octetsOf(size: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,9}) ?(kB|MB)$/.exec(size) ?? [];
  return digits === "" ? Number.NaN : Number(digits) * (UNITS[unit] ?? Number.NaN);
}

/** "1 MB", "500 kB". */
export function spokenSize(octets: number): string {
  return octets % 1_000_000 === 0 ? `${octets / 1_000_000} MB` : `${octets / 1_000} kB`;
}
