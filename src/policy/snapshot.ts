/** The bindings, and who is to be called back, as a file keeps them: plain data, with times as what is left of them. */
import { canonicalAddress, ipVersion } from "../base/ip-range.ts";
import { CSEQ_MAX } from "../message/limits.ts";
import { hostText, parseSipUri } from "../message/uri.ts";
import { type Listener, restoreFlow, type SavedFlow, saveFlow } from "../transport/flow.ts";
import type { Callbacks, SavedCallback } from "./emergency/callbacks.ts";
import { addressOfRecord } from "./phones/address-of-record.ts";
import { BINDINGS_MAX, type Binding, type Bindings, TEXT_CHARACTERS_MAX } from "./phones/bindings.ts";
import { phoneMark } from "./phones/phone-marks.ts";
import { readContact } from "./phones/register-wishes.ts";

/** Bindings in one file at the most, for each address-of-record that there can be: 2,000 of them are about a megabyte. */
const SAVED_PER_ADDRESS = 2;
/** No promise that a file tells of is believed for longer. */
const LEFT_MAX_ms = 86_400_000;
/** What no header field of a message that we accept can hold: line ends, NUL, and characters that are no octets. */
const NOT_ON_THE_WIRE = /[\0\r\n\u0100-\uffff]/;

export interface Snapshot {
  readonly addresses: readonly SavedAddress[];
  readonly callbacks: readonly SavedCallback[];
}

interface SavedAddress {
  readonly name: string;
  readonly relay: boolean;
  readonly bindings: readonly SavedBinding[];
}

interface SavedBinding extends SavedFlow {
  readonly contact: string;
  readonly parameters: string;
  readonly instance: string;
  readonly callId: string;
  readonly cseq: number;
  readonly left_ms: number;
  /** Whether upstream has accepted it; files of older versions don't tell. */
  readonly accepted?: boolean;
}

export function takeSnapshot(bindings: Bindings, callbacks: Callbacks, now_ms: number): Snapshot {
  const addresses: SavedAddress[] = [];
  let count = 0;
  for (const { name, wantsRelay, bindings: list } of bindings.all()) {
    count += list.length;
    if (count > SAVED_PER_ADDRESS * bindings.limit) break;
    const saved = list.map(({ contact, parameters, instance, flow, callId, cseq, expires_ms, isAccepted }) => ({
      contact,
      parameters,
      instance,
      ...saveFlow(flow),
      callId,
      cseq,
      left_ms: Math.round(expires_ms - now_ms),
      accepted: isAccepted,
    }));
    addresses.push({ name, relay: wantsRelay, bindings: saved });
  }
  return { addresses, callbacks: callbacks.save(now_ms) };
}

/** What a phone may have told us that isn't in the snapshot, since refreshes that bring nothing new aren't written at once. */
export interface Unsaved {
  /** How long a snapshot may wait for such a refresh. */
  readonly interval_ms: number;
  /** How long phones are told to stay registered at the most. */
  readonly cap_ms: number;
}

/**
 * Puts back what a snapshot holds. Upstream may have forgotten all of it, so that every phone is stale.
 * @param age_ms how long ago it was taken, as far as anybody knows
 * @param unsaved given where it may be older than what it tells of: a phone that was registered then may have been refreshed
 *   since, and counts as registered for as long as that may hold
 */
export function restoreSnapshot(
  bindings: Bindings,
  callbacks: Callbacks,
  snapshot: Snapshot,
  listeners: readonly Listener[],
  age_ms: number,
  now_ms: number,
  unsaved?: Unsaved,
): void {
  callbacks.restore(snapshot.callbacks, listeners, age_ms, now_ms);
  const may_ms =
    unsaved === undefined ? Number.NEGATIVE_INFINITY : unsaved.cap_ms + Math.min(0, unsaved.interval_ms - age_ms);
  for (const { name, relay, bindings: saved } of snapshot.addresses) {
    if (relay) bindings.markRelay(name);
    const restored: Binding[] = [];
    for (const { contact, parameters, instance, callId, cseq, left_ms, accepted, ...place } of [...saved].reverse()) {
      const flow = restoreFlow(place, listeners);
      if (flow === undefined) continue;
      const known_ms = Math.min(left_ms, LEFT_MAX_ms) - age_ms;
      const expires_ms = now_ms + (left_ms > 0 ? Math.max(known_ms, may_ms) : known_ms);
      const heard_ms = Number.NEGATIVE_INFINITY;
      const isAccepted = accepted === true;
      restored.push({ contact, parameters, instance, flow, callId, cseq, expires_ms, heard_ms, isAccepted });
    }
    bindings.putAll(name, restored);
    bindings.markStale(name, restored.map(phoneMark));
  }
}

/**
 * The text of a file is believed no more than a message: an entry that isn't whole, or whose texts couldn't have come in a
 * REGISTER, is left out.
 * @returns undefined when the text isn't a snapshot
 */
export function parseSnapshot(text: string): Snapshot | undefined {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return undefined;
  }
  const addresses = listIn(data, "addresses");
  if (addresses === undefined) return undefined;
  const callbacks = listIn(data, "callbacks") ?? []; // files of older versions have none
  return { addresses: addresses.flatMap(readAddress), callbacks: callbacks.flatMap(readCallback) };
}

/** With those of its bindings that are whole; none when there is nothing to keep. */
function readAddress(data: unknown): SavedAddress[] {
  if (!hasTypes(data, { name: "string", relay: "boolean" })) return [];
  const { name: given, relay } = data as SavedAddress;
  const name = isText(given) ? canonicalName(given) : undefined;
  const list = listIn(data, "bindings");
  if (name === undefined || list === undefined || list.length > BINDINGS_MAX) return [];
  const bindings = list.flatMap(readBinding);
  return bindings.length > 0 || relay ? [{ name, relay, bindings }] : [];
}

function readBinding(data: unknown): SavedBinding[] {
  const hasAll = hasTypes(data, {
    contact: "string",
    parameters: "string",
    instance: "string",
    listener: "string",
    address: "string",
    port: "number",
    callId: "string",
    cseq: "number",
    left_ms: "number",
  });
  if (!hasAll) return [];
  const saved = data as SavedBinding;
  const isOrdered = isText(saved.callId) && isCount(saved.cseq, 0, CSEQ_MAX);
  const parameters = isText(saved.instance) ? savedParameters(saved.contact, saved.parameters) : undefined;
  return parameters === undefined || !isOrdered || !isPlace(saved) ? [] : [{ ...saved, parameters }];
}

function readCallback(data: unknown): SavedCallback[] {
  const hasAll = hasTypes(data, {
    caller: "string",
    contact: "string",
    listener: "string",
    address: "string",
    port: "number",
    gateway: "string",
    left_ms: "number",
  });
  if (!hasAll) return [];
  const saved = data as SavedCallback;
  const { caller: given, contact, gateway } = saved;
  const caller = given === "" ? "" : isText(given) ? canonicalName(given) : undefined;
  if (caller === undefined || savedParameters(contact, "") === undefined) return [];
  return isAddress(gateway) && isPlace(saved) ? [{ ...saved, caller }] : [];
}

/** The parameters of a Contact as a REGISTER could have brought it, and as we can write it in one; undefined for any other. */
function savedParameters(uri: string, parameters: string): string | undefined {
  if (!isText(uri) || !isText(parameters)) return undefined;
  const read = readContact(`<${uri}>${parameters}`, 0);
  return read?.isWhole === true && read.wish.uri === uri ? read.wish.parameters : undefined;
}

/** The name of an address-of-record in its canonical form: older versions have kept it as it came. */
function canonicalName(name: string): string | undefined {
  const at = name.lastIndexOf("@");
  const host = hostText(name.slice(at + 1));
  const uri = at < 0 ? undefined : parseSipUri(at === 0 ? `sip:${host}` : `sip:${name.slice(0, at)}@${host}`);
  return uri === undefined || uri.port !== undefined || uri.parameters + uri.headers !== ""
    ? undefined
    : addressOfRecord(uri);
}

/** Where a phone was, and for how long that holds. */
function isPlace({ address, port, left_ms }: SavedFlow & { readonly left_ms: number }): boolean {
  return isAddress(address) && isCount(port, 1, 65_535) && Number.isFinite(left_ms);
}

function isAddress(text: string): boolean {
  return ipVersion(text) !== 0 && canonicalAddress(text) === text;
}

function isText(text: string): boolean {
  return text.length <= TEXT_CHARACTERS_MAX && !NOT_ON_THE_WIRE.test(text);
}

function isCount(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function hasTypes(data: unknown, types: Readonly<Record<string, string>>): boolean {
  if (typeof data !== "object" || data === null) return false;
  const fields = new Map<string, unknown>(Object.entries(data));
  return Object.entries(types).every(([name, type]) => typeof fields.get(name) === type);
}

function listIn(data: unknown, name: string): readonly unknown[] | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const list = new Map<string, unknown>(Object.entries(data)).get(name);
  return Array.isArray(list) ? list : undefined;
}
