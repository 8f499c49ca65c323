/** What a file may say of members behind one address that all of them have at the same time: mode anycast. */
import { canonicalAddress } from "../../base/ip-range.ts";
import { type ClusterSettings, ownMember, type RouteCommands } from "../../cluster/settings.ts";
import { hostText, type SipUri } from "../../message/uri.ts";
import type { Site } from "../../policy/site.ts";
import { DEFAULT_PROTOCOL, TRANSPORTS } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import type { Interfaces, OwnListener } from "../../transport/own-listener.ts";
import { fieldsOf, type Places } from "./fields.ts";
import { duration, list, mapping, type Rows, required, restart, text } from "./key-kinds.ts";
import type { HttpSettings } from "./load-http.ts";
import type { Place, Reader } from "./reader.ts";

export const ANYCAST_KEYS = {
  "cluster.route": restart(mapping),
  "cluster.route.announce": required(restart(list(text())), "birdc enable anycast"),
  "cluster.route.withdraw": required(restart(list(text())), "birdc disable anycast"),
  "cluster.log_calls": restart(duration(undefined, "1s", "24h")),
} as const satisfies Rows;

/** @param resolvePath for a program that is named by its path */
export function loadRoute(
  reader: Reader,
  place: Place,
  resolvePath: (path: string) => string,
): RouteCommands | undefined {
  const fields = fieldsOf(reader, place, ANYCAST_KEYS, "cluster.route");
  const command = (found: Place) => loadCommand(reader, found, resolvePath);
  const announce = fields.required("announce", command);
  const withdraw = fields.required("withdraw", command);
  return announce === undefined || withdraw === undefined ? undefined : { announce, withdraw };
}

/** What only a shell would read. */
const FOR_A_SHELL = /["'`\\$|;&<>()]/;
const COMMAND_EXAMPLE = "birdc enable anycast";

function loadCommand(
  reader: Reader,
  place: Place,
  resolvePath: (path: string) => string,
): readonly string[] | undefined {
  const [first, ...more] = reader.items(place);
  if (first === undefined) {
    reader.fault(place, `is empty; name a command, such as ${COMMAND_EXAMPLE}`);
    return undefined;
  }
  const written = reader.text(first, `a command, such as ${COMMAND_EXAMPLE}`);
  const args = more.map((one) => {
    const word = reader.foreignText(one);
    if (word === undefined) reader.fault(one, "must be a text, such as one word of the command");
    else if (word.includes("\0")) reader.fault(one, "has the character U+0000, which no command can have; remove it");
    return word ?? "";
  });
  if (written === undefined) return undefined;
  // A list has its words one by one.
  const [program = "", ...rest] = more.length > 0 ? [written] : written.split(/\s+/);
  if (more.length === 0 && FOR_A_SHELL.test(written)) {
    const cure = "write its words as a list, such as [vtysh, -c, configure terminal]";
    reader.fault(first, `"${written}" has a character for a shell, and no shell reads it; ${cure}`);
  }
  return [program.includes("/") ? resolvePath(program) : program, ...rest, ...args];
}

type Spoken = Places<"listen" | "tls" | "upstream" | "gateways" | "hunt_groups" | "registration" | "http" | "drill">;

/** What the check needs of the file, as it has been loaded. */
interface Loaded {
  readonly listeners: readonly OwnListener[];
  readonly cluster: ClusterSettings;
  readonly site: Site;
  readonly http: HttpSettings | undefined;
  readonly interfaces: Interfaces | undefined;
}

const UDP_ONLY = "mode anycast is UDP only, since the packets of one connection would come to different members";

/** All that can't be where each packet may come to another member. */
export function checkAnycast(reader: Reader, fields: Spoken, loaded: Loaded): void {
  const { listeners, site, http } = loaded;
  const refuse = (key: keyof typeof REFUSED, isThere = true) => {
    const place = fields.get(key);
    if (place !== undefined && isThere) reader.fault(place, REFUSED[key]);
  };
  for (const [place, listener] of placed(reader, fields, listeners)) {
    const fault = listenerFault(listener);
    if (fault !== undefined) reader.fault(place, fault);
  }
  refuse("tls");
  for (const [key, uris] of targetsOf(site)) {
    const place = fields.get(key);
    for (const uri of uris) {
      const { protocol = DEFAULT_PROTOCOL } = hopOf(uri);
      if (place === undefined || !TRANSPORTS[protocol].isReliable) continue;
      reader.fault(place, `${uri.text} wants ${TRANSPORTS[protocol].via}, and ${UDP_ONLY}; name it by UDP`);
    }
  }
  const { to, from } = site.registration.copies;
  refuse("registration", to.length + from.length > 0);
  const page = http?.listen.find(({ host }) => listeners.some((one) => isAnycastAt(one, host)));
  const place = fields.get("http");
  if (place !== undefined && page !== undefined) {
    const cure = "name an address of this router alone";
    reader.fault(
      place,
      `listens on ${hostText(page.host)}, which all members have: a browser's connection would break; ${cure}`,
    );
  }
  refuse("drill");
  hintAtAddress(reader, fields, loaded);
}

/** Why these keys can't be here, and the cure. */
const REFUSED = {
  tls: `is never used: ${UDP_ONLY}; remove it`,
  registration:
    "has copies, which are for the two halves of a pair: the members know each phone without them, and a copy from elsewhere could come to any of them; remove copies",
  drill:
    "isn't for mode anycast: a drill is made by one router, and the messages of its phones come to all members; remove it",
} as const;

function listenerFault({ name, transport, isInterface, settings }: OwnListener): string | undefined {
  if (transport.isReliable) return `${name} is ${transport.via}, and ${UDP_ONLY}; remove it`;
  if (isInterface) {
    return `names the interface ${settings.at}, whose address needn't be that of the other members; write the anycast address, such as udp:10.206.206.1:5060`;
  }
  if (settings.isAnycast === true) return undefined;
  const long = `{address: "${name}", anycast: true}`;
  return `${name} lacks anycast: true, and in mode anycast all members have each address of listen: answers that come to an address of one member alone are lost when it dies; write ${long}, or remove it`;
}

/** Keys that name peers and phones, with their URIs. */
function targetsOf(site: Site): readonly (readonly ["upstream" | "gateways" | "hunt_groups", readonly SipUri[]])[] {
  const members = site.huntGroups.flatMap((group) => group.members);
  return [
    ["upstream", site.upstream.targets],
    ["gateways", site.gateways.map(({ uri }) => uri)],
    ["hunt_groups", members.flatMap((one) => (typeof one === "string" ? [] : [one]))],
  ];
}

/** `anycast: true` where no members could share the address. */
export function refuseAnycast(reader: Reader, fields: Places<"listen">, listeners: readonly OwnListener[]): void {
  for (const [place, { name, settings }] of placed(reader, fields, listeners)) {
    if (settings.isAnycast !== true) continue;
    reader.fault(place, `${name} has anycast: true, which needs cluster with mode: anycast; add that, or remove it`);
  }
}

/** Listeners with their places: where some have other faults, it isn't known which is which. */
function placed(
  reader: Reader,
  fields: Places<"listen">,
  listeners: readonly OwnListener[],
): (readonly [Place, OwnListener])[] {
  const listen = fields.get("listen");
  if (listen === undefined) return [];
  const items = reader.items(listen);
  return listeners.map((one, index) => [(items.length === listeners.length ? items[index] : listen) ?? listen, one]);
}

/** A member that has its own address, and lacks the one that all members have, hears nothing. */
function hintAtAddress(reader: Reader, fields: Spoken, { listeners, cluster, interfaces }: Loaded): void {
  if (interfaces === undefined || reader.problems.length > 0) return;
  const here = new Set([...interfaces.values()].flatMap((all) => all.map(canonicalAddress)));
  const isOwnHere = here.has(ownMember(cluster).address);
  for (const [place, { settings }] of placed(reader, fields, listeners)) {
    const address = canonicalAddress(settings.at);
    const begin = `names ${settings.at}, which isn't here now`;
    dropHints(reader, begin);
    if (!isOwnHere || here.has(address)) continue;
    const length = settings.version === 4 ? 32 : 128;
    reader.fault(place, `${begin}; each member needs it: ip addr add ${address}/${length} dev lo`, reader.hints);
  }
}

/** What was told of an address of `listen` for itself. @param begin of its words */
export function dropHints({ hints }: Reader, begin: string): void {
  const others = hints.filter(({ path, message }) => !(path.startsWith("listen") && message.startsWith(begin)));
  hints.splice(0, hints.length, ...others);
}

function isAnycastAt({ settings }: OwnListener, address: string): boolean {
  return settings.isAnycast === true && canonicalAddress(settings.at) === canonicalAddress(address);
}
