/** The file's `listen`: our own addresses. */
import { ipVersion } from "../../base/ip-range.ts";
import { parseDecimal } from "../../message/text.ts";
import { splitHostPort } from "../../message/uri.ts";
import { defaultPort, PROTOCOLS, splitProtocol, TRANSPORTS } from "../../transport/flow.ts";
import { type ListenSettings, OwnListener } from "../../transport/own-listener.ts";
import { type Fields, longFormOf } from "./fields.ts";
import { choice, list, type Rows, restart, text } from "./key-kinds.ts";
import { ABOVE, type WordsOf } from "./key-words.ts";
import { listed, nearest, type Place, type Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  listen: restart(list(text())),
  "listen.address": restart(text()),
  "listen.advertise": restart(text()),
  "listen.family": restart(choice(4, [4, 6])),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    listen:
      "this router's addresses, `udp:ADDRESS:PORT`, `tcp:…` and `tls:…` (port 5061); or `{address: …, advertise: HOST:PORT}` behind NAT. In place of an address the name of an interface, `udp:pppoe0:5060`: its first IPv4 address, as it comes, changes and goes (`{address: udp:eth0:5060, family: 6}`: its first IPv6 address that isn't link-local)",
    "listen.address": ABOVE,
    "listen.advertise": ABOVE,
    "listen.family": ABOVE,
  };
}

export const LISTEN = section(KEYS, (reader, top, { interfaces }) => loadListeners(reader, top, interfaces));

const PORT_MAX = 65_535;

/** As Linux allows them, beginning with a letter so that a mistyped address isn't taken for one, with the number of a VLAN, and perhaps a port. */
const INTERFACE = /^([A-Za-z][A-Za-z0-9_-]*(?:\.\d+)?)(:\d+)?$/;
const INTERFACE_LENGTH_MAX = 15;

/** @param interfaces their names, where they are known */
export function loadListeners(
  reader: Reader,
  fields: Fields<typeof KEYS, "">,
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
  const fields = longFormOf(reader, place, KEYS, "listen");
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
