/**
 * Plain data that a file or another member of a cluster tells: believed no more than a message. What of it are texts must be such as a header
 * field could have brought.
 */
import { canonicalAddress, ipVersion } from "../base/ip-range.ts";
import { TEXT_CHARACTERS_MAX } from "./limits.ts";

/** What no header field of a message that we accept can hold: line ends, NUL, and characters that are no octets. */
const NOT_ON_THE_WIRE = /[\0\r\n\u0100-\uffff]/;

export function isAddress(text: string): boolean {
  return ipVersion(text) !== 0 && canonicalAddress(text) === text;
}

export function isText(text: string): boolean {
  return text.length <= TEXT_CHARACTERS_MAX && !NOT_ON_THE_WIRE.test(text);
}

export function isCount(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

export function hasTypes(data: unknown, types: Readonly<Record<string, string>>): boolean {
  if (typeof data !== "object" || data === null) return false;
  const fields = new Map<string, unknown>(Object.entries(data));
  return Object.entries(types).every(([name, type]) => typeof fields.get(name) === type);
}

/** Undefined where there is no such field. */
export function fieldOf(data: unknown, name: string): unknown {
  if (typeof data !== "object" || data === null) return undefined;
  return new Map<string, unknown>(Object.entries(data)).get(name);
}

export function listIn(data: unknown, name: string): readonly unknown[] | undefined {
  const list = fieldOf(data, name);
  return Array.isArray(list) ? list : undefined;
}

/** Undefined for what is no finite number. */
export function numberIn(data: unknown, name: string): number | undefined {
  const value = fieldOf(data, name);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Undefined for what is no {@link isText}. */
export function textIn(data: unknown, name: string): string | undefined {
  const value = fieldOf(data, name);
  return typeof value === "string" && isText(value) ? value : undefined;
}
