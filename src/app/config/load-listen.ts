/** The file's `listen` and `localnet`: our own addresses, and the phones' networks. */
import { IpRange, ipVersion } from "../../base/ip-range.ts";
import { parseDecimal } from "../../message/text.ts";
import { splitHostPort } from "../../message/uri.ts";
import { defaultPort, PROTOCOLS, splitProtocol, TRANSPORTS } from "../../transport/flow.ts";
import { type ListenSettings, OwnListener } from "../../transport/own-listener.ts";
import { type Fields, longFormOf } from "./fields.ts";
import { listed, nearest, type Place, type Reader } from "./reader.ts";

const PORT_MAX = 65_535;

/** As Linux allows them, beginning with a letter so that a mistyped address isn't taken for one, with the number of a VLAN, and perhaps a port. */
const INTERFACE = /^([A-Za-z][A-Za-z0-9_-]*(?:\.\d+)?)(:\d+)?$/;
const INTERFACE_LENGTH_MAX = 15;

/** @param interfaces their names, where they are known */
export function loadListeners(
  reader: Reader,
  fields: Fields<"">,
  interfaces: readonly string[] | undefined,
): OwnListener[] {
  const places = fields.required("listen", "[udp:10.222.237.1:5060]", (place) => reader.items(place)) ?? [];
  const listen = fields.get("listen");
  if (listen !== undefined && places.length === 0) {
    reader.fault(listen, "is empty; name this router's own addresses, such as [udp:10.222.237.1:5060]");
  }
  const listeners: OwnListener[] = [];
  for (const place of places) {
    const settings = loadListener(reader, place, interfaces);
    if (settings === undefined) continue;
    if (listeners.some((one) => isSamePort(one.settings, settings))) {
      reader.fault(place, "is listed twice; remove one");
    } else {
      listeners.push(new OwnListener(listeners.length, settings));
    }
  }
  return listeners;
}

/** UDP has ports of its own; TCP and TLS share theirs. */
function isSamePort(a: ListenSettings, b: ListenSettings): boolean {
  const isSameKind = TRANSPORTS[a.protocol].layer === TRANSPORTS[b.protocol].layer;
  return isSameKind && a.at === b.at && a.version === b.version && a.port === b.port;
}

function loadListener(reader: Reader, place: Place, interfaces: readonly string[] = []): ListenSettings | undefined {
  const fields = longFormOf(reader, place, "listen");
  const address = fields.isThere ? fields.required("address", "udp:10.222.237.1:5060", (found) => found) : place;
  if (address === undefined) return undefined;
  const advertise = fields.optional("advertise", (found) => loadAdvertised(reader, found));
  const expected = `${listed(PROTOCOLS, "or")} and one of this router's own addresses or interfaces, such as udp:10.222.237.1:5060 or udp:eth0:5060`;
  const text = reader.text(address, expected);
  if (text === undefined) return undefined;
  const parts = splitProtocol(text);
  const local = parts === undefined ? undefined : addressOrInterface(parts.rest);
  if (parts === undefined || local === undefined) {
    reader.fault(address, `"${text}" must be ${expected}`);
    return undefined;
  }
  const { protocol } = parts;
  const { host, port = defaultPort(protocol) } = local;
  const version = ipVersion(host);
  if (host === "0.0.0.0" || host === "::") {
    reader.fault(address, `"${text}" is every address; list this router's own addresses one by one, LAN and WAN`);
    return undefined;
  }
  if (version === 0 && interfaces.length > 0 && !interfaces.includes(host)) {
    const near = nearest(host, interfaces);
    const cure = near === undefined ? `there are ${interfaces.join(", ")}` : `did you mean ${near}?`;
    reader.fault(address, `names ${host}, which isn't here now; ${cure}`, reader.hints);
  }
  const family = fields.get("family");
  if (family !== undefined && version !== 0) {
    reader.fault(family, "chooses among an interface's addresses; the address before it says all: remove it");
  }
  const chosen = fields.choice("family");
  return { protocol, at: host, version: version === 0 ? chosen : version, port, advertise };
}

/** Interfaces may be called what no host can, such as eth0.10, and capitals count. */
function addressOrInterface(text: string): { host: string; port?: number | undefined } | undefined {
  const [, name, port] = INTERFACE.exec(text) ?? [];
  if (name !== undefined && name.length <= INTERFACE_LENGTH_MAX) {
    const number = port === undefined ? undefined : parseDecimal(port.slice(1), PORT_MAX);
    return number === -1 || number === 0 ? undefined : { host: name, port: number };
  }
  const local = splitHostPort(text);
  return local === undefined || ipVersion(local.host) === 0 ? undefined : local;
}

function loadAdvertised(reader: Reader, place: Place): string | undefined {
  const text = reader.text(place, "an address or address:port, such as 203.0.113.2:5060");
  if (text === undefined) return undefined;
  if (splitHostPort(text) !== undefined) return text;
  reader.fault(place, `"${text}" must be an address or address:port, such as 203.0.113.2:5060`);
  return undefined;
}

/** 10.0.0.0/8 is the largest private network. */
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
