/** The bindings, and who is to be called back, as a file keeps them: plain data, with times as what is left of them. */
import { canonicalAddress, ipVersion } from "../base/ip-range.ts";
import { CSEQ_MAX } from "../message/limits.ts";
import { parseNameAddr } from "../message/name-addr.ts";
import { parseSipUri } from "../message/uri.ts";
import { type Listener, restoreFlow, type SavedFlow, saveFlow } from "../transport/flow.ts";
import { BINDINGS_MAX, type Bindings, phoneMark, TEXT_CHARACTERS_MAX } from "./bindings.ts";
import type { Callbacks, SavedCallback } from "./callbacks.ts";

/** Bindings in one file at the most: about a megabyte. */
const SAVED_MAX = 4_000;
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
    if (count > SAVED_MAX) break;
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

/**
 * Puts back what a snapshot holds. Upstream may have forgotten all of it, so that every phone is stale.
 * @param age_ms how long ago it was taken, as far as anybody knows
 */
export function restoreSnapshot(
  bindings: Bindings,
  callbacks: Callbacks,
  snapshot: Snapshot,
  listeners: readonly Listener[],
  age_ms: number,
  now_ms: number,
): void {
  callbacks.restore(snapshot.callbacks, listeners, age_ms, now_ms);
  for (const saved of snapshot.addresses) {
    if (saved.relay) bindings.markRelay(saved.name);
    for (const { contact, parameters, instance, callId, cseq, ...one } of [...saved.bindings].reverse()) {
      const flow = restoreFlow(one, listeners);
      if (flow === undefined) continue;
      const expires_ms = now_ms + one.left_ms - age_ms;
      const heard_ms = Number.NEGATIVE_INFINITY;
      const isAccepted = one.accepted === true;
      bindings.put(saved.name, { contact, parameters, instance, flow, callId, cseq, expires_ms, heard_ms, isAccepted });
    }
    bindings.markStale(saved.name, saved.bindings.map(phoneMark));
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
  return { addresses: addresses.filter(isSavedAddress), callbacks: callbacks.filter(isSavedCallback) };
}

function isSavedAddress(data: unknown): data is SavedAddress {
  if (!hasTypes(data, { name: "string", relay: "boolean" })) return false;
  const bindings = listIn(data, "bindings");
  return isText((data as SavedAddress).name) && bindings !== undefined && bindings.length <= BINDINGS_MAX
    ? bindings.every(isSavedBinding)
    : false;
}

function isSavedBinding(data: unknown): data is SavedBinding {
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
  if (!hasAll) return false;
  const { contact, parameters, instance, callId, cseq } = data as SavedBinding;
  const isOrdered = isText(callId) && isCount(cseq, 0, CSEQ_MAX);
  return isOrdered && isContact(contact, parameters) && isText(instance) && isPlace(data as SavedBinding);
}

function isSavedCallback(data: unknown): data is SavedCallback {
  const hasAll = hasTypes(data, {
    caller: "string",
    contact: "string",
    listener: "string",
    address: "string",
    port: "number",
    gateway: "string",
    left_ms: "number",
  });
  if (!hasAll) return false;
  const { caller, contact, gateway } = data as SavedCallback;
  return isText(caller) && isContact(contact, "") && isAddress(gateway) && isPlace(data as SavedCallback);
}

/** A Contact as a REGISTER could have brought it, and as we can write it in one. */
function isContact(uri: string, parameters: string): boolean {
  if (!isText(uri) || !isText(parameters) || parseSipUri(uri) === undefined) return false;
  const read = parseNameAddr(`<${uri}>${parameters}`);
  return read?.uri === uri && read.parameters === parameters;
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
