/**
 * A datagram between members: `BLC1 MAC FROM TO BOOT HEARD SEQ`, a line end, and its parts as JSON. What is forged, foreign or malformed
 * ends here.
 *
 * The mac is over all of it, the version too, and is checked before a byte of JSON is read. A member that doesn't know the version of
 * a datagram passes it over, so a later version can be told apart from a fault.
 */
import { DATAGRAM_MAX_OCTETS, type Json, type Part, type Sign } from "./ports.ts";

/** The names of both sides, and in which of their lives they speak. */
export interface Header {
  readonly from: string;
  readonly to: string;
  /** The sender's life: chance, new at each of its starts. */
  readonly boot: string;
  /** The receiver's life as the sender knows it; undefined where it knows none. */
  readonly heard: string | undefined;
  /** Grows by one with each datagram of this boot to this receiver. */
  readonly seq: number;
}

export interface Envelope extends Header {
  readonly parts: readonly Part[];
}

/** Why a datagram is dropped; also the names of the counters in `status --json`. */
export type DropReason =
  | "too_long"
  /** Of a sender that isn't at the address of the member whose name it has. */
  | "other_address"
  /** Others like it have proved nothing so often that it isn't looked at. */
  | "too_many"
  | "malformed"
  | "other_version"
  | "other_receiver"
  | "unknown_sender"
  /** Of a sender that has our name: two files have the same one. */
  | "own_name"
  | "forged"
  /** By its number: what is forged may claim an old one. */
  | "replayed"
  /** Of a life of the sender's that hasn't proved itself yet, or to a life of ours that is over. */
  | "other_boot";

export const DROP_REASONS: readonly DropReason[] = [
  ...(["too_long", "other_address", "too_many", "malformed", "other_version", "other_receiver"] as const),
  ...(["unknown_sender", "own_name", "forged", "replayed", "other_boot"] as const),
];

/** What a receiver has to know of itself. */
export interface Receiver {
  readonly name: string;
  readonly hasMember: (name: string) => boolean;
  /** Each is believed. */
  readonly signs: readonly Sign[];
  /** Looks at what a datagram claims, before that costs a hash; undefined: it may cost one. */
  readonly beforeHash?: (header: Header) => DropReason | undefined;
}

export const BOOT_CHARACTERS = 10;
const VERSION = "BLC1";
const HEAD = /^BLC1 ([\w-]{22}) (([a-z0-9-]{1,32}) ([a-z0-9-]{1,32}) ([0-9a-z]{10}) ([0-9a-z]{10}|-) (\d{1,15}))\n/;
const OTHER_VERSION = /^BLC\d{1,9} /;
const NO_OCTET = /[\u0100-\uffff]/g;

/** A part as JSON in which each character is an octet. */
export function partText(part: Part): string {
  return JSON.stringify(part).replace(NO_OCTET, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * A datagram, one character an octet.
 * @param texts its parts by {@link partText}
 */
export function seal({ from, to, boot, heard, seq }: Header, texts: readonly string[], sign: Sign): string {
  const signed = `${from} ${to} ${boot} ${heard ?? "-"} ${seq}\n[${texts.join(",")}]`;
  return `${VERSION} ${sign(`${VERSION} ${signed}`)} ${signed}`;
}

/** Reads what a datagram says, or tells why it isn't believed. Never throws. */
export function open(wire: string, receiver: Receiver): Envelope | DropReason {
  const { name, hasMember, signs } = receiver;
  if (wire.length > DATAGRAM_MAX_OCTETS) return "too_long";
  const match = HEAD.exec(wire);
  if (match === null) {
    return OTHER_VERSION.test(wire) && !wire.startsWith(`${VERSION} `) ? "other_version" : "malformed";
  }
  const [head, mac = "", , from = "", to = "", boot = "", heard = "", seq = ""] = match;
  if (from === name) return "own_name";
  if (to !== name) return "other_receiver";
  if (!hasMember(from)) return "unknown_sender";
  const header: Header = { from, to, boot, heard: heard === "-" ? undefined : heard, seq: Number(seq) };
  const refusal = receiver.beforeHash?.(header);
  if (refusal !== undefined) return refusal;
  const signed = VERSION + wire.slice(VERSION.length + 1 + mac.length);
  if (!signs.some((sign) => isSame(sign(signed), mac))) return "forged";
  const parts = readParts(wire.slice(head.length));
  return parts === undefined ? "malformed" : { ...header, parts };
}

/** In a time that doesn't tell how much of a guess was right. */
function isSame(mac: string, guess: string): boolean {
  let difference = mac.length ^ guess.length;
  for (let index = 0; index < guess.length; index++) difference |= mac.charCodeAt(index) ^ guess.charCodeAt(index);
  return difference === 0;
}

/** Parts in a shape that we don't know are passed over. */
function readParts(text: string): readonly Part[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter(isPart) : undefined;
  } catch {
    return undefined;
  }
}

function isPart(value: unknown): value is Part {
  return Array.isArray(value) && value.length >= 2 && typeof value[0] === "string";
}

/** The object in a part's value; undefined for any other value. */
export function fieldsOf(value: Json | undefined): { readonly [key: string]: Json | undefined } | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value as { readonly [key: string]: Json | undefined };
}
