/** The bindings, and who is to be called back, as a file keeps them: plain data, with times as what is left of them. */
import { hasTypes, isAddress, isText, listIn } from "../message/plain-data.ts";
import type { Listener } from "../transport/flow.ts";
import type { Callbacks, SavedCallback } from "./emergency/callbacks.ts";
import type { PeerMemory } from "./peer-memory.ts";
import { BINDINGS_MAX, type Binding, type Bindings } from "./phones/bindings.ts";
import { phoneMark } from "./phones/phone-marks.ts";
import { canonicalName, contactParameters } from "./phones/told-names.ts";
import { isPlace, LEFT_MAX_ms, readBinding, restoreBinding, type SavedBinding, saveBinding } from "./saved-binding.ts";

/** Bindings in one file at the most, for each address-of-record that there can be: 2,000 of them are about a megabyte. */
const SAVED_PER_ADDRESS = 2;

export interface Snapshot {
  readonly addresses: readonly SavedAddress[];
  readonly callbacks: readonly SavedCallback[];
  /** As {@link PeerMemory} reads and writes them; files of older versions have none. */
  readonly peers?: readonly unknown[];
}

interface SavedAddress {
  readonly name: string;
  readonly relay: boolean;
  readonly bindings: readonly SavedBinding[];
}

export function takeSnapshot(
  bindings: Bindings,
  callbacks: Callbacks,
  now_ms: number,
  peers?: Pick<PeerMemory, "save">,
): Snapshot {
  const addresses: SavedAddress[] = [];
  let count = 0;
  for (const { name, wantsRelay, bindings: list } of bindings.all()) {
    count += list.length;
    if (count > SAVED_PER_ADDRESS * bindings.limit) break;
    addresses.push({ name, relay: wantsRelay, bindings: list.map((one) => saveBinding(one, now_ms)) });
  }
  return { addresses, callbacks: callbacks.save(now_ms), ...(peers && { peers: peers.save(now_ms) }) };
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
    for (const one of [...saved].reverse()) {
      const known_ms = Math.min(one.left_ms, LEFT_MAX_ms) - age_ms;
      const expires_ms = now_ms + (one.left_ms > 0 ? Math.max(known_ms, may_ms) : known_ms);
      const binding = restoreBinding(one, listeners, { expires_ms, heard_ms: Number.NEGATIVE_INFINITY });
      if (binding !== undefined) restored.push(binding);
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
  const peers = listIn(data, "peers") ?? [];
  return { addresses: addresses.flatMap(readAddress), callbacks: callbacks.flatMap(readCallback), peers };
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

/** In a list of its own; in an empty one what isn't whole. */
export function readCallback(data: unknown): SavedCallback[] {
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
  if (caller === undefined || contactParameters(contact, "") === undefined) return [];
  return isAddress(gateway) && isPlace(saved) ? [{ ...saved, caller }] : [];
}
