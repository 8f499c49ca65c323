/** The bindings, and who is to be called back, as a file keeps them: plain data, with times as what is left of them. */
import { type Listener, restoreFlow, type SavedFlow, saveFlow } from "../transport/flow.ts";
import { type Bindings, phoneMark } from "./bindings.ts";
import type { Callbacks, SavedCallback } from "./callbacks.ts";

/** Bindings in one file at the most: about a megabyte. */
const SAVED_MAX = 4_000;

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
}

export function takeSnapshot(bindings: Bindings, callbacks: Callbacks, now_ms: number): Snapshot {
  const addresses: SavedAddress[] = [];
  let count = 0;
  for (const { name, wantsRelay, bindings: list } of bindings.all()) {
    count += list.length;
    if (count > SAVED_MAX) break;
    const saved = list.map(({ contact, parameters, instance, flow, callId, cseq, expires_ms }) => ({
      contact,
      parameters,
      instance,
      ...saveFlow(flow),
      callId,
      cseq,
      left_ms: Math.round(expires_ms - now_ms),
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
    for (const { listener, address, port, left_ms, ...rest } of [...saved.bindings].reverse()) {
      const flow = restoreFlow({ listener, address, port }, listeners);
      if (flow === undefined) continue;
      bindings.put(saved.name, { ...rest, flow, expires_ms: now_ms + left_ms - age_ms });
    }
    bindings.markStale(saved.name, saved.bindings.map(phoneMark));
  }
}

/** Undefined when the text isn't a snapshot; an entry that isn't whole is left out. */
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
  const bindings = listIn(data, "bindings");
  return hasTypes(data, { name: "string", relay: "boolean" }) && bindings?.every(isSavedBinding) === true;
}

function isSavedBinding(data: unknown): data is SavedBinding {
  return hasTypes(data, {
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
}

function isSavedCallback(data: unknown): data is SavedCallback {
  return hasTypes(data, {
    caller: "string",
    contact: "string",
    listener: "string",
    address: "string",
    port: "number",
    gateway: "string",
    left_ms: "number",
  });
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
