/** The parts of datagrams that stories are told by. What another version says besides is passed over. */
import { isAddress, isCount as isCountIn } from "../message/plain-data.ts";
import type { Opening, StoryEvent } from "./story-events.ts";

/** Of one story. `b`: the start of its member; `i`: its id there; `n`: the place of an event, or how many there are. */
export interface StoryPart {
  readonly b: string;
  readonly i: string;
  readonly n: number;
  readonly e?: StoryEvent;
  /** With the last event, and where it is taken: the call is over. */
  readonly z?: boolean;
  /** With the first event: how the call began, and how long ago, in ms. */
  readonly o?: Opening;
  readonly a?: number;
  /** With the end: there is no story of it any more, although the call may go on. */
  readonly gone?: boolean;
}

/**
 * Stories of one start of a member: id, and how many events; `g`: those that it has given away. `all`: there are no others; `w`: there are
 * no others among those that have begun after the first number, up to the second one.
 */
export interface ListingPart {
  readonly b: string;
  readonly s: readonly (readonly [string, number])[];
  readonly g?: readonly (readonly [string, number])[];
  readonly all: boolean;
  readonly w?: readonly [after: number, upto: number];
}

/** The ids of a member's stories are counted, by numbers of base 36. */
export function numberOf(id: string): number {
  return Number.parseInt(id, 36);
}

/** A call has a few dozen events at the most. */
const EVENTS_MAX = 2_000;
const ID_CHARACTERS_MAX = 16;
const LISTENERS_MAX = 100;
/** Beside its text: a value, and one that has others within. */
const VALUE_CHARACTERS = 8;
const HOLDER_CHARACTERS = 40;
/** What goes out in messages. Words for people, and names from the file, may have any characters. */
const WIRE_FIELDS: readonly string[] = [
  ...(["wire", "key", "tag", "stem", "input", "found", "path", "requestUri", "assertedIdentity"] as const),
  ...(["calledParty", "alertInfo", "headers", "host", "address"] as const),
];
const NO_OCTET = /[\u0100-\uffff]/;

export function isStoryPart(value: unknown): value is StoryPart {
  if (!isObject(value)) return false;
  const { b, i, n, a = 0, o } = value;
  const isFirst = o === undefined || (n === 0 && isOpening(o));
  return isId(b) && isId(i) && isCount(n) && typeof a === "number" && isFirst;
}

export function isEvent(value: unknown): value is StoryEvent {
  if (!isObject(value)) return false;
  const { at_ms, input, found } = value;
  return typeof at_ms === "number" && (input === undefined || Array.isArray(input)) && isFindings(found);
}

export function isListing(value: unknown): value is ListingPart {
  if (!isObject(value)) return false;
  const { b, s, g = [], all, w } = value;
  const isList = (entries: unknown) => Array.isArray(entries) && entries.every(isEntry);
  return isId(b) && typeof all === "boolean" && isList(s) && isList(g) && (w === undefined || isWindow(w));
}

function isWindow(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((one) => Number.isSafeInteger(one));
}

function isOpening(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { key, wire, source, tag, decision, listeners } = value;
  const isText = [key, wire, tag].every(isString);
  const isListed = Array.isArray(listeners) && listeners.length <= LISTENERS_MAX && listeners.every(isString);
  return isText && isListed && isFlow(source) && isObject(decision) && Array.isArray(decision["plan"]);
}

function isFlow(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { listener, address, port, name } = value;
  const isPlace = isString(address) && isAddress(address) && typeof port === "number" && isCountIn(port, 1, 65_535);
  return isPlace && isCount(listener) && (name === undefined || isString(name));
}

/** Whether each character of a text is an octet: any other would become one on the wire, such as a line end. */
export function isOctets(text: string): boolean {
  return !NO_OCTET.test(text);
}

/**
 * What part of a story takes, in characters: texts, and something for each value.
 * @returns undefined: a text for the wire isn't made of octets
 */
export function weightOf(part: StoryPart): number | undefined {
  const weight = weigh(part, false);
  return Number.isNaN(weight) ? undefined : weight;
}

/** NaN: a text for the wire isn't made of octets. */
function weigh(value: unknown, isForWire: boolean): number {
  if (typeof value === "string") return isForWire && !isOctets(value) ? Number.NaN : VALUE_CHARACTERS + value.length;
  if (typeof value !== "object" || value === null) return VALUE_CHARACTERS;
  let weight = HOLDER_CHARACTERS;
  if (Array.isArray(value)) for (const one of value) weight += weigh(one, isForWire);
  else {
    for (const [name, one] of Object.entries(value)) weight += name.length + weigh(one, WIRE_FIELDS.includes(name));
  }
  return weight;
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isFindings(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => Array.isArray(one) && typeof one[0] === "string");
}

function isEntry(value: unknown): boolean {
  return Array.isArray(value) && isId(value[0]) && isCount(value[1]);
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= ID_CHARACTERS_MAX;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= EVENTS_MAX;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
