/** Plain data that a file or another member of a cluster tells: believed no more than a message. */
import { canonicalAddress, ipVersion } from "../base/ip-range.ts";
import { hostText, parseSipUri } from "../message/uri.ts";
import type { SavedFlow } from "../transport/flow.ts";
import { addressOfRecord } from "./phones/address-of-record.ts";
import { TEXT_CHARACTERS_MAX } from "./phones/binding.ts";
import { readContact } from "./phones/register-wishes.ts";

/** What no header field of a message that we accept can hold: line ends, NUL, and characters that are no octets. */
const NOT_ON_THE_WIRE = /[\0\r\n\u0100-\uffff]/;

/** The parameters of a Contact as a REGISTER could have brought it, and as we can write it in one; undefined for any other. */
export function contactParameters(uri: string, parameters: string): string | undefined {
  if (!isText(uri) || !isText(parameters)) return undefined;
  const read = readContact(`<${uri}>${parameters}`, 0);
  return read?.isWhole === true && read.wish.uri === uri ? read.wish.parameters : undefined;
}

/** The name of an address-of-record in its canonical form: older versions have kept it as it came. */
export function canonicalName(name: string): string | undefined {
  const at = name.lastIndexOf("@");
  const host = hostText(name.slice(at + 1));
  const uri = at < 0 ? undefined : parseSipUri(at === 0 ? `sip:${host}` : `sip:${name.slice(0, at)}@${host}`);
  return uri === undefined || uri.port !== undefined || uri.parameters + uri.headers !== ""
    ? undefined
    : addressOfRecord(uri);
}

/** Where a phone was, and for how long that holds. */
export function isPlace({ address, port, left_ms }: SavedFlow & { readonly left_ms: number }): boolean {
  return isAddress(address) && isCount(port, 1, 65_535) && Number.isFinite(left_ms);
}

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

export function listIn(data: unknown, name: string): readonly unknown[] | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const list = new Map<string, unknown>(Object.entries(data)).get(name);
  return Array.isArray(list) ? list : undefined;
}
