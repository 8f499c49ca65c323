/** The addresses that move between the two routers of a pair: the file's `cluster.shared`. */
import { canonicalAddress, ipVersion } from "../../base/ip-range.ts";
import type { SharedAddress } from "../../cluster/settings.ts";
import { longFormOf } from "./fields.ts";
import { entries, type Rows, required, restart, text } from "./key-kinds.ts";
import type { Place, Reader } from "./reader.ts";

export const SHARED_EXAMPLE = "[10.222.237.1]";

/** A pair can't do without them. */
export const SHARED_KEYS = {
  "cluster.shared": restart(entries(text())),
  "cluster.shared.address": required(restart(text()), "10.222.237.1"),
  "cluster.shared.interface": restart(text()),
} as const satisfies Rows;

export function loadShared(reader: Reader, place: Place): SharedAddress[] {
  const items = reader.items(place);
  if (items.length === 0) {
    reader.fault(place, "is empty; name the addresses of listen that move between the members, such as [10.222.237.1]");
  }
  return items.flatMap((item) => {
    const fields = longFormOf(reader, item, SHARED_KEYS, "cluster.shared");
    const at = fields.isThere ? fields.required("address", (found) => found) : item;
    const device = fields.text("interface", (found) => loadInterface(reader, found));
    const parts = at === undefined ? undefined : loadSharedAddress(reader, at);
    return parts === undefined ? [] : [{ ...parts, interface: device }];
  });
}

const SHARED_WORDS = "an IP address of listen, such as 10.222.237.1";

function loadSharedAddress(reader: Reader, place: Place): Omit<SharedAddress, "interface"> | undefined {
  const text = reader.text(place, SHARED_WORDS);
  if (text === undefined) return undefined;
  const [, host = "", bits] = /^\[?([^[\]/]*)\]?(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = ipVersion(host);
  const prefix_bits = bits === undefined ? undefined : Number(bits);
  if (version !== 0 && (prefix_bits ?? 0) <= (version === 4 ? 32 : 128)) {
    return { address: canonicalAddress(host), prefix_bits };
  }
  reader.fault(place, `"${text}" must be ${SHARED_WORDS}`);
  return undefined;
}

function loadInterface(reader: Reader, place: Place): string | undefined {
  const expected = "the name of an interface, such as eth0";
  const name = reader.text(place, expected);
  if (name === undefined || /^[A-Za-z0-9_.@-]{1,15}$/.test(name)) return name;
  reader.fault(place, `"${name}" must be ${expected}`);
  return undefined;
}
