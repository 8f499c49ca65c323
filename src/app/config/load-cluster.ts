/** The file's `cluster`: the pair of routers that this one belongs to. */
import { canonicalAddress, ipVersion, isUnicast } from "../../base/ip-range.ts";
import type { ClusterSettings, Member, SecretSource, SharedAddress } from "../../cluster/settings.ts";
import { hostText, splitHostPort } from "../../message/uri.ts";
import { TRANSPORTS } from "../../transport/flow.ts";
import type { OwnListener } from "../../transport/own-listener.ts";
import { type Fields, fieldsOf, longFormOf, type Places } from "./fields.ts";
import { choice, entries, mapping, names, type Rows, required, restart, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { type Surroundings, section } from "./section.ts";

/** Beside SIP's, so that a firewall has one range for both. */
export const CLUSTER_PORT = 5059;
const MEMBERS_EXAMPLE = "{left: 10.10.9.1, right: 10.10.9.2}";
/** In RAM on all routers: the file is written each second, which would wear out flash. keepalived loses sight of a folder that is made anew. */
const HEALTH_FOLDER = "/var/run/branchline-pair";

const KEYS = {
  cluster: restart(mapping),
  "cluster.name": required(restart(text()), "left"),
  "cluster.members": required(restart(names), MEMBERS_EXAMPLE),
  "cluster.members.NAME": restart(text()),
  "cluster.mode": restart(choice("pair", ["pair"])),
  "cluster.secret": required(restart(text()), "state/cluster-secret"),
  "cluster.secret.env": restart(text()),
  "cluster.second_secret": restart(text()),
  "cluster.second_secret.env": restart(text()),
  "cluster.shared": required(restart(entries(text())), "[10.222.237.1]"),
  "cluster.shared.address": required(restart(text()), "10.222.237.1"),
  "cluster.shared.interface": restart(text()),
  "cluster.health_file": restart(text()),
  "cluster.hand_over": restart(choice("none", ["none", "wan"])),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  const secret = "path of a file";
  return {
    cluster: "The pair of routers that this one belongs to.",
    "cluster.name": "This router's name among `members`.",
    "cluster.members":
      "Both routers: a name of at most 32 small letters, digits and hyphens, then the address at which the other member reaches this one. Write both in the same order in both files: if both routers start at once, the first one holds the shared addresses.",
    "cluster.members.NAME": {
      kind: "`ADDRESS` or `ADDRESS:PORT`",
      words: `The address of member NAME, IPv4 or \`[IPv6]\`, with its UDP port if that is not ${CLUSTER_PORT}. It is an address of its own, not a shared one. It should be private: between two sites the members need a tunnel.`,
    },
    "cluster.mode": "How members share the work. `pair`: one holds the shared addresses and the other is ready.",
    "cluster.secret": {
      kind: secret,
      words:
        "The file with the secret that both members have, relative to the configuration file; `branchline cluster secret` makes it. It has at least 32 characters, and only its owner may write it. Other users may not read it. A mapping with `env` names a variable of the environment in place of a file.",
    },
    "cluster.secret.env": { kind: "name of a variable", words: "The variable that holds the secret." },
    "cluster.second_secret": {
      kind: secret,
      default: "none",
      words:
        "A second secret that this member believes too, while the secret is changed. It is written like `secret`. To change the secret, give both members the new one as `second_secret`, then exchange both keys, then remove the old one. Restart one member after the other at each of these steps.",
    },
    "cluster.second_secret.env": { kind: "name of a variable", words: "The variable that holds the second secret." },
    "cluster.shared": {
      kind: "address, or list of them",
      words:
        "The addresses of `listen` that move from one member to the other, such as the outbound proxy of the phones. All of them move together. keepalived or the router's own VRRP moves them: `branchline cluster` prints its configuration. Other addresses of `listen` belong to this router alone. To try a pair on one machine, take an address in 127.0.0.0/8: the first member that is active takes it, and the other member takes it when the first one ends or is drained. An entry may be a mapping with the keys below.",
    },
    "cluster.shared.address":
      "The address, written like an entry without a mapping. A prefix length may follow: `10.222.237.1/24`.",
    "cluster.shared.interface": {
      default: "the interface that has an address in the same network",
      words: "The interface that gets the address.",
    },
    "cluster.health_file": {
      default: `\`${HEALTH_FOLDER}/NAME.healthy\``,
      words:
        "The file by which keepalived or a script knows whether this member may hold the addresses: `1` is yes, `0` is no. A second line `alone` says that no other member takes calls: while branchline is restarted, the file then stays as it is. branchline writes it each second, so it should be in RAM. A file that is older than 3 s means that branchline hangs or has ended.",
    },
    "cluster.hand_over":
      "`wan` gives the addresses away when upstream is silent here and answers the other member. `none` only says so, in the log and in `branchline status`.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    cluster: {
      about:
        "Two routers that serve one branch as [a pair](pair.md). Both files are the same but for `cluster.name` and the addresses of `listen` that aren't shared.",
      example: `listen: [udp:10.222.237.1, udp:10.222.237.2, udp:192.168.1.1, udp:192.168.1.2]
cluster:
  name: left
  members: {left: 10.222.237.2, right: 10.222.237.3}
  secret: state/cluster-secret
  shared: [10.222.237.1, 192.168.1.1]`,
    },
  };
}

export const CLUSTER = section(KEYS, (reader, top, around) => loadCluster(reader, top.get("cluster"), around));

type ClusterFields = Fields<typeof KEYS, "cluster">;

/** Undefined: this router is no member of a pair. */
function loadCluster(reader: Reader, place: Place | undefined, around: Surroundings): ClusterSettings | undefined {
  if (place === undefined) return undefined;
  const fields = fieldsOf(reader, place, KEYS, "cluster");
  const name = fields.required("name", (found) => loadName(reader, found));
  const members = fields.required("members", (found) => loadMembers(reader, found)) ?? [];
  const mode = fields.choice("mode");
  const secret = fields.required("secret", (found) => loadSecret(reader, found, "cluster.secret", around));
  const second_secret = fields.optional("second_secret", (found) =>
    loadSecret(reader, found, "cluster.second_secret", around),
  );
  checkOwn(reader, fields, name, members, around.interfaces);
  const shared = fields.required("shared", (found) => loadShared(reader, found)) ?? [];
  const health = fields.text("health_file", (found) => reader.text(found, "the path of a file"));
  const hand_over = fields.choice("hand_over");
  if (name === undefined || secret === undefined) return undefined;
  const health_file = health === undefined ? `${HEALTH_FOLDER}/${name}.healthy` : around.resolvePath(health);
  return { mode, name, members, secret, second_secret, shared, health_file, hand_over };
}

const NAME = /^[a-z0-9-]{1,32}$/;
const NAME_WORDS = "1 to 32 small letters, digits and hyphens, such as left";

function loadName(reader: Reader, place: Place): string | undefined {
  const name = reader.text(place, NAME_WORDS);
  if (name === undefined || NAME.test(name)) return name;
  reader.fault(place, `"${name}" must be ${NAME_WORDS}`);
  return undefined;
}

function loadMembers(reader: Reader, place: Place): Member[] {
  const found = reader.entries(place);
  if (reader.isMapping(place) && found.length !== 2) {
    reader.fault(place, `has ${found.length} of the two members of a pair; write both, such as ${MEMBERS_EXAMPLE}`);
  }
  const members: Member[] = [];
  for (const { key, place: at } of found) {
    if (!NAME.test(key)) reader.fault(place, `has a member "${key}", and a name is ${NAME_WORDS}`);
    const end = loadAddress(reader, at);
    if (end === undefined) continue;
    const same = members.find((one) => one.address === end.address && one.port === end.port);
    if (same === undefined) members.push({ name: key, ...end });
    else reader.fault(at, `has the address of ${same.name}; each member has its own`);
  }
  return members;
}

const ADDRESS_WORDS = "an IP address of this member alone, such as 10.10.9.1 or 10.10.9.1:5059";

function loadAddress(reader: Reader, place: Place): Omit<Member, "name"> | undefined {
  const text = reader.text(place, ADDRESS_WORDS);
  if (text === undefined) return undefined;
  const end = splitHostPort(ipVersion(text) === 6 ? hostText(text) : text);
  if (end !== undefined && ipVersion(end.host) !== 0 && isUnicast(end.host)) {
    return { address: end.host, port: end.port ?? CLUSTER_PORT };
  }
  reader.fault(place, `"${text}" must be ${ADDRESS_WORDS}`);
  return undefined;
}

function checkOwn(
  reader: Reader,
  fields: ClusterFields,
  name: string | undefined,
  members: readonly Member[],
  interfaces: Surroundings["interfaces"],
): void {
  const place = fields.get("name");
  if (place === undefined || name === undefined || members.length !== 2) return;
  const own = members.find((one) => one.name === name);
  const isHere = ({ address }: Member) =>
    [...(interfaces ?? new Map<string, readonly string[]>()).values()].some((all) =>
      all.some((one) => canonicalAddress(one) === address),
    );
  if (own !== undefined) {
    // The file of the other member, as it was copied.
    const here = isHere(own) ? undefined : members.find(isHere);
    if (here !== undefined) {
      reader.fault(
        place,
        `is ${name}, and this router has the address of ${here.name}; did you mean ${here.name}?`,
        reader.hints,
      );
    }
    return;
  }
  reader.fault(place, `"${name}" is none of the members ${members.map((one) => one.name).join(" and ")}`);
}

/** Of a file or variable that can't serve it is told why. */
function loadSecret(
  reader: Reader,
  place: Place,
  path: "cluster.secret" | "cluster.second_secret",
  { resolvePath, secretFault }: Surroundings,
): SecretSource | undefined {
  const fields = longFormOf(reader, place, KEYS, path);
  const source = fields.isThere ? loadVariable(reader, fields) : loadFile(reader, place, resolvePath);
  const fault = source === undefined ? undefined : secretFault(source);
  if (fault !== undefined) reader.fault(place, fault.message, fault.isHint ? reader.hints : reader.problems);
  return source;
}

function loadFile(reader: Reader, place: Place, resolvePath: (path: string) => string): SecretSource | undefined {
  const file = reader.text(place, "the path of a file with the secret, or a mapping with the key env");
  return file === undefined ? undefined : { file: resolvePath(file) };
}

function loadVariable(
  reader: Reader,
  fields: Fields<typeof KEYS, "cluster.secret" | "cluster.second_secret">,
): SecretSource | undefined {
  const expected = "the name of a variable of the environment, such as BRANCHLINE_SECRET";
  const place = fields.get("env");
  if (place === undefined) {
    reader.lacks(fields.place, "env", "BRANCHLINE_SECRET");
    return undefined;
  }
  const env = reader.text(place, expected);
  if (env === undefined || /^[A-Za-z_][A-Za-z0-9_]*$/.test(env)) return env === undefined ? undefined : { env };
  reader.fault(place, `"${env}" must be ${expected}`);
  return undefined;
}

function loadShared(reader: Reader, place: Place): SharedAddress[] {
  const items = reader.items(place);
  if (items.length === 0) {
    reader.fault(place, "is empty; name the addresses of listen that move between the members, such as [10.222.237.1]");
  }
  return items.flatMap((item) => {
    const fields = longFormOf(reader, item, KEYS, "cluster.shared");
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

/** How members and shared addresses fit to `listen`. */
export function checkCluster(
  reader: Reader,
  fields: Places<"cluster">,
  listeners: readonly OwnListener[],
  cluster: ClusterSettings | undefined,
): void {
  const place = fields.get("cluster");
  if (place === undefined || cluster === undefined || listeners.length === 0) return;
  for (const { name, address, port } of cluster.members) {
    const hears = ({ transport, settings }: OwnListener) =>
      transport.layer === TRANSPORTS.udp.layer && isAt(settings.at, address) && settings.port === port;
    if (listeners.some(hears)) {
      reader.fault(
        place,
        `member ${name} is at ${hostText(address)}:${port}, where listen has SIP; give it another port`,
      );
    }
    if (cluster.shared.some((one) => one.address === address)) {
      reader.fault(place, `member ${name} is at ${address}, which is shared: it needs an address that never moves`);
    }
  }
  for (const { address } of cluster.shared) {
    // It is at the other member.
    dropHints(reader, `names ${address}, which isn't here now`);
    if (listeners.some(({ settings }) => isAt(settings.at, address))) continue;
    reader.fault(place, `shares ${address}, which is no address of listen; add udp:${hostText(address)} there`);
  }
}

function dropHints({ hints }: Reader, begin: string): void {
  const others = hints.filter(({ path, message }) => !(path.startsWith("listen") && message.startsWith(begin)));
  hints.splice(0, hints.length, ...others);
}

/** @param at an address as the file has it, or an interface */
function isAt(at: string, address: string): boolean {
  return canonicalAddress(at) === address;
}
