/** The file's `listen`: our own addresses. */
import { canonicalAddress, ipVersion, isLinkLocal, isLoopback } from "../../base/ip-range.ts";
import { parseDecimal } from "../../message/text.ts";
import { SIP_PORT, splitHostPort } from "../../message/uri.ts";
import { defaultPort, PROTOCOLS, splitProtocol, TRANSPORTS } from "../../transport/flow.ts";
import { type Interfaces, type ListenSettings, OwnListener } from "../../transport/own-listener.ts";
import { type Fields, longFormOf } from "./fields.ts";
import { choice, entries, flag, type Rows, required, restart, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";
import { listed, nearest } from "./suggestions.ts";

const KEYS = {
  listen: required(restart(entries(text())), "[udp:10.222.237.1:5060]"),
  "listen.address": required(restart(text()), "udp:10.222.237.1:5060"),
  "listen.advertise": restart(text()),
  "listen.family": restart(choice(4, [4, 6])),
  "listen.anycast": restart(flag(false)),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  const pattern = `^\\s*(${PROTOCOLS.join("|")}):\\S`;
  const forms = listed(
    PROTOCOLS.map((one) => `\`${one}:ADDRESS:PORT\``),
    "or",
  );
  const ports = PROTOCOLS.flatMap((one) =>
    defaultPort(one) === SIP_PORT ? [] : [`for \`${one}:\` ${defaultPort(one)}`],
  );
  return {
    listen: {
      kind: "address, or list of them",
      pattern,
      words: `This router's addresses: ${forms}. The default port is ${[SIP_PORT, ...ports].join(", ")}. The name of an interface may stand in place of the address: \`udp:pppoe0:5060\` is the first IPv4 address of \`pppoe0\`. branchline follows when that address changes. An entry may be a mapping with the keys below.`,
    },
    "listen.address": {
      kind: "address",
      pattern,
      words: "The address, written like an entry without a mapping: `udp:ADDRESS:PORT`.",
    },
    "listen.advertise": {
      kind: "`HOST:PORT`",
      default: "the address itself",
      words:
        "The host and port that branchline tells peers in place of the address. A router behind NAT names its public address here.",
    },
    "listen.family":
      "The address that stands for an interface: `4` is its first IPv4 address, `6` its first IPv6 address that is not link-local.",
    "listen.anycast":
      "`true` says that all members of `cluster` have this address at the same time. `cluster.mode: anycast` needs it for each address of `listen`, and each is one of UDP.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    listen: {
      about:
        "The addresses at which branchline listens. Name this router's addresses one by one: the address towards the phones, the address towards upstream, and the address towards a gateway in a network of its own.",
      example: `listen:
  - udp:10.222.237.1:5060
  - udp:10.10.1.1:5060
  - {address: "udp:192.168.1.2:5060", advertise: "203.0.113.2:5060"}`,
    },
  };
}

export const LISTEN = section(KEYS, (reader, top, { interfaces }) => loadListeners(reader, top, interfaces));

const PORT_MAX = 65_535;

/** As Linux allows them, beginning with a letter so that a mistyped address isn't taken for one, with the number of a VLAN, and perhaps a port. */
const INTERFACE = /^([A-Za-z][A-Za-z0-9_-]*(?:\.\d+)?)(:\d+)?$/;
const INTERFACE_LENGTH_MAX = 15;
/** Of more interfaces or addresses than these, the first are named. */
const KNOWN_MAX = 8;

/** @param interfaces this router's, where they are known */
export function loadListeners(
  reader: Reader,
  fields: Fields<typeof KEYS, "">,
  interfaces: Interfaces | undefined,
): OwnListener[] {
  const places = fields.required("listen", (place) => reader.items(place)) ?? [];
  const listen = fields.get("listen");
  if (listen !== undefined && places.length === 0) {
    reader.fault(listen, "is empty; name this router's own addresses, such as [udp:10.222.237.1:5060]");
  }
  const listeners: OwnListener[] = [];
  const absent: Absent[] = [];
  for (const place of places) {
    const settings = loadListener(reader, place, interfaces, absent);
    if (settings === undefined) continue;
    if (listeners.some((one) => isSamePort(one.settings, settings))) {
      reader.fault(place, "is listed twice; remove one");
    } else {
      listeners.push(new OwnListener(listeners.length, settings));
    }
  }
  warnOfAbsent(reader, absent, absent.length === places.length);
  return listeners;
}

/** What `listen` names and the router doesn't have. */
interface Absent {
  readonly place: Place;
  readonly name: string;
  /** What it has of the same kind. */
  readonly known: readonly string[];
}

/** Where nothing that `listen` names is here, nor anything like it, the file is for another router: its addresses are right there. */
function warnOfAbsent(reader: Reader, absent: readonly Absent[], isAll: boolean): void {
  const isElsewhere = isAll && absent.every(({ name, known }) => nearest(name, known) === undefined);
  for (const { place, name, known } of absent) {
    if (isElsewhere && ipVersion(name) !== 0) continue;
    const near = nearest(name, known);
    const cure = near === undefined ? thereAre(known) : `did you mean ${near}?`;
    reader.fault(place, `names ${name}, which isn't here now; ${cure}`, reader.hints);
  }
}

function thereAre(known: readonly string[]): string {
  const more = known.length > KNOWN_MAX ? ", …" : "";
  return known.length === 0 ? "there is none" : `there are ${known.slice(0, KNOWN_MAX).join(", ")}${more}`;
}

/** UDP has ports of its own; all that go over TCP share theirs. */
function isSamePort(a: ListenSettings, b: ListenSettings): boolean {
  const isSameKind = TRANSPORTS[a.protocol].layer === TRANSPORTS[b.protocol].layer;
  return isSameKind && a.at === b.at && a.version === b.version && a.port === b.port;
}

function loadListener(
  reader: Reader,
  place: Place,
  interfaces: Interfaces | undefined,
  absent: Absent[],
): ListenSettings | undefined {
  const fields = longFormOf(reader, place, KEYS, "listen");
  const address = fields.isThere ? fields.required("address", (found) => found) : place;
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
  const known = interfaces === undefined ? undefined : absentAmong(interfaces, host);
  if (known !== undefined) absent.push({ place: address, name: host, known });
  const family = fields.get("family");
  if (family !== undefined && version !== 0) {
    reader.fault(family, "chooses among an interface's addresses; the address before it says all: remove it");
  }
  const chosen = fields.choice("family");
  // A value that is neither is a fault there, and no reason for another one.
  const isAnycast = fields.optional("anycast", (found) => reader.flag(found) ?? true) ?? KEYS["listen.anycast"].default;
  return { protocol, at: host, version: version === 0 ? chosen : version, port, advertise, isAnycast };
}

/** What the router has in place of an interface or address; undefined when it has that one, or nothing is known. */
function absentAmong(interfaces: Interfaces, host: string): readonly string[] | undefined {
  const version = ipVersion(host);
  if (version === 0) return interfaces.size === 0 || interfaces.has(host) ? undefined : [...interfaces.keys()];
  const all = ([] as string[]).concat(...interfaces.values());
  const own = canonicalAddress(host);
  if (all.length === 0 || isLoopback(host) || all.some((one) => canonicalAddress(one) === own)) return undefined;
  return all.filter((one) => ipVersion(one) === version && !isLoopback(one) && !isLinkLocal(one));
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
