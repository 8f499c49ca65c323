/** The file's `listen` and `localnet`: our own addresses, and the phones' networks. */
import { IpRange, ipVersion } from "../../base/ip-range.ts";
import { hostText, splitHostPort } from "../../message/uri.ts";
import { defaultPort, type Listener, type Protocol } from "../../transport/flow.ts";
import type { Fields, Place, Reader } from "./reader.ts";

const PROTOCOLS: readonly Protocol[] = ["udp", "tcp", "tls"];

export function loadListeners(reader: Reader, fields: Fields | undefined): Listener[] {
  const places = reader.required(fields, "listen", "[udp:10.222.237.1:5060]", (place) => reader.items(place)) ?? [];
  const listen = fields?.get("listen");
  if (listen !== undefined && places.length === 0) {
    reader.fault(listen, "is empty; name this router's own addresses, such as [udp:10.222.237.1:5060]");
  }
  const listeners: Listener[] = [];
  for (const place of places) {
    const listener = loadListener(reader, place, listeners.length);
    if (listener === undefined) continue;
    if (listeners.some((one) => isSamePort(one, listener))) {
      reader.fault(place, "is listed twice; remove one");
    } else {
      listeners.push(listener);
    }
  }
  return listeners;
}

/** UDP has ports of its own; TCP and TLS share theirs. */
function isSamePort(a: Listener, b: Listener): boolean {
  const isSameKind = (a.protocol === "udp") === (b.protocol === "udp");
  return isSameKind && a.address === b.address && a.port === b.port;
}

function loadListener(reader: Reader, place: Place, index: number): Listener | undefined {
  let address = place;
  let advertise: string | undefined;
  if (reader.isMapping(place)) {
    const fields = reader.fields(place, ["address", "advertise"]);
    const given = reader.required(fields, "address", "udp:10.222.237.1:5060", (found) => found);
    if (given === undefined) return undefined;
    address = given;
    advertise = reader.optional(fields, "advertise", (found) => loadAdvertised(reader, found));
  }
  const expected = "udp, tcp or tls and one of this router's own addresses, such as udp:10.222.237.1:5060";
  const text = reader.text(address, expected);
  if (text === undefined) return undefined;
  const protocol = PROTOCOLS.find((one) => text.startsWith(`${one}:`));
  const local = protocol === undefined ? undefined : splitHostPort(text.slice(4));
  if (protocol === undefined || local === undefined || ipVersion(local.host) === 0) {
    reader.fault(address, `"${text}" must be ${expected}`);
    return undefined;
  }
  if (local.host === "0.0.0.0" || local.host === "::") {
    reader.fault(address, `"${text}" is every address; list this router's own addresses one by one, LAN and WAN`);
    return undefined;
  }
  const port = local.port ?? defaultPort(protocol);
  return {
    index,
    protocol,
    address: local.host,
    port,
    sentBy: advertise ?? `${hostText(local.host)}:${port}`,
  };
}

function loadAdvertised(reader: Reader, place: Place): string | undefined {
  const text = reader.text(place, "an address or address:port, such as 203.0.113.2:5060");
  if (text === undefined) return undefined;
  if (splitHostPort(text) !== undefined) return text;
  reader.fault(place, `"${text}" must be an address or address:port, such as 203.0.113.2:5060`);
  return undefined;
}

/** 10.0.0.0/8 is the largest network that anybody calls his own. */
const PREFIX_LEAST_bits = 8;

export function loadLocalnet(reader: Reader, place: Place): IpRange[] {
  const ranges: IpRange[] = [];
  for (const item of reader.items(place)) {
    const text = reader.text(item, "a network, such as 10.222.237.0/24");
    if (text === undefined) continue;
    const range = IpRange.parse(text);
    if (range === undefined) {
      reader.fault(item, `"${text}" is not a network; write address/length, such as 10.222.237.0/24`);
      continue;
    }
    if (range.prefix_bits < PREFIX_LEAST_bits) {
      reader.fault(
        item,
        `${text} is half the world, and whoever is in localnet may dial out; name the phones' network`,
      );
      continue;
    }
    const other = ranges.find((one) => one.overlaps(range));
    if (other !== undefined) reader.fault(item, `${text} overlaps ${other.text}; keep the larger one`);
    ranges.push(range);
  }
  if (ranges.length === 0 && reader.items(place).length === 0) {
    reader.fault(place, "is empty, so no phone would be served; name the phones' network, such as [10.222.237.0/24]");
  }
  return ranges;
}
