/** The file's `cluster`: the routers that this one works with, as a pair or behind one anycast address. */
import { canonicalAddress } from "../../base/ip-range.ts";
import type { ClusterMode, ClusterSettings } from "../../cluster/settings.ts";
import { hostText } from "../../message/uri.ts";
import { TRANSPORTS } from "../../transport/flow.ts";
import type { OwnListener } from "../../transport/own-listener.ts";
import { type Fields, fieldsOf, type Places } from "./fields.ts";
import { choice, mapping, names, type Rows, required, restart, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import { ANYCAST_KEYS, dropHints, loadRoute } from "./load-anycast.ts";
import { ANYCAST_MEMBERS_MAX, CLUSTER_PORT, checkOwn, loadMembers, loadName, PAIR_EXAMPLE } from "./load-members.ts";
import { loadSecret, SECRET_KEYS } from "./load-secret.ts";
import { loadShared, SHARED_EXAMPLE, SHARED_KEYS } from "./load-shared.ts";
import type { Place, Reader } from "./reader.ts";
import { type Surroundings, section } from "./section.ts";

/** In RAM on all routers: the file is written each second, which would wear out flash. keepalived loses sight of a folder that is made anew. */
const HEALTH_FOLDER = "/var/run/branchline-pair";

const KEYS = {
  cluster: restart(mapping),
  "cluster.name": required(restart(text()), "left"),
  "cluster.members": required(restart(names), PAIR_EXAMPLE),
  "cluster.members.NAME": restart(text()),
  "cluster.mode": restart(choice("pair", ["pair", "anycast"])),
  ...SECRET_KEYS,
  ...SHARED_KEYS,
  "cluster.health_file": restart(text()),
  "cluster.hand_over": restart(choice("none", ["none", "wan"])),
  ...ANYCAST_KEYS,
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  const secret = "path of a file";
  const command = "command, or list of its words";
  return {
    cluster: "The routers that this one works with.",
    "cluster.name": "This router's name among `members`.",
    "cluster.members": `Both routers of a pair, or 2 to ${ANYCAST_MEMBERS_MAX} members in mode \`anycast\`: a name of at most 32 small letters, digits and hyphens, then the address at which the other members reach this one. Write both routers of a pair in the same order in both files: if both start at once, the first one holds the shared addresses.`,
    "cluster.members.NAME": {
      kind: "`ADDRESS` or `ADDRESS:PORT`",
      words: `The address of member NAME, IPv4 or \`[IPv6]\`, with its UDP port if that is not ${CLUSTER_PORT}. It is an address of its own, neither a shared one nor the anycast address. All members have IPv4 addresses, or all have IPv6 addresses. It should be private: between two sites the members need a tunnel.`,
    },
    "cluster.mode":
      "How members share the work. `pair`: one of two routers holds the shared addresses and the other is ready. `anycast`: all members have the address of `listen` at the same time, routers lead each message to one of them, and the members find the one that has the call.",
    "cluster.secret": {
      kind: secret,
      words:
        "The file with the secret that all members have, relative to the configuration file; `branchline cluster secret` makes it. It has at least 32 characters, and only its owner may write it. Other users may not read it. A mapping with `env` names a variable of the environment in place of a file.",
    },
    "cluster.secret.env": { kind: "name of a variable", words: "The variable that holds the secret." },
    "cluster.second_secret": {
      kind: secret,
      default: "none",
      words:
        "A second secret that this member believes too, while the secret is changed. It is written like `secret`. To change the secret, give all members the new one as `second_secret`, then exchange both keys, then remove the old one. Restart one member after the other at each of these steps.",
    },
    "cluster.second_secret.env": { kind: "name of a variable", words: "The variable that holds the second secret." },
    "cluster.shared": {
      kind: "address, or list of them",
      default: "required in mode `pair`",
      words:
        "In mode `pair`, the addresses of `listen` that move from one member to the other, such as the outbound proxy of the phones. All of them move together. keepalived or the router's own VRRP moves them: `branchline cluster` prints its configuration. Other addresses of `listen` belong to this router alone. To try a pair on one machine, take an address in 127.0.0.0/8: the first member that is active takes it, and the other member takes it when the first one ends or is drained. An entry may be a mapping with the keys below.",
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
        "The file by which keepalived or a script knows whether this member may hold the addresses, or in mode `anycast` whether the route to it should be there: `1` is yes, `0` is no. A second line `alone` says that no other member takes calls: while branchline is restarted, the file then stays as it is. branchline writes it each second, so it should be in RAM. A file that is older than 3 s means that branchline hangs or has ended.",
    },
    "cluster.hand_over":
      "In mode `pair`, `wan` gives the addresses away when upstream is silent here and answers the other member. `none` only says so, in the log and in `branchline status`.",
    "cluster.route":
      "In mode `anycast`, the commands by which this member announces and withdraws the route to the address of `listen`. Without this key, only `health_file` tells whether the route should be there.",
    "cluster.route.announce": {
      kind: command,
      words:
        "The command that announces the route, such as `birdc enable anycast`. No shell reads it: blanks part its words, and a word with blanks needs a list, such as `[vtysh, -c, configure terminal]`.",
    },
    "cluster.route.withdraw": {
      kind: command,
      words: "The command that withdraws the route, written in the same way.",
    },
    "cluster.log_calls":
      "In mode `anycast`, how often the log line `calls_of_member` tells how many calls each member has.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    cluster: {
      about:
        "Routers that serve one branch together. Two routers are [a pair](pair.md): both files are the same but for `cluster.name` and the addresses of `listen` that aren't shared. With `mode: anycast`, 2 to 16 routers have one address at the same time: their files are the same but for `cluster.name`, and such a file has no `tls`, no `drill` and no `registration.copies`.",
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

/** Undefined: this router is no member of a cluster. */
function loadCluster(reader: Reader, place: Place | undefined, around: Surroundings): ClusterSettings | undefined {
  if (place === undefined) return undefined;
  const fields = fieldsOf(reader, place, KEYS, "cluster");
  const mode = loadMode(reader, fields);
  const name = fields.required("name", (found) => loadName(reader, found));
  const list = fields.required("members", (found) => loadMembers(reader, found, mode));
  const secret = fields.required("secret", (found) => loadSecret(reader, found, "cluster.secret", around));
  const second_secret = fields.optional("second_secret", (found) =>
    loadSecret(reader, found, "cluster.second_secret", around),
  );
  const named = fields.get("name");
  if (named !== undefined && name !== undefined && list !== undefined) {
    checkOwn(reader, named, name, list, around.interfaces);
  }
  const readShared = (found: Place) => loadShared(reader, found);
  const shared =
    mode === "pair" ? fields.required("shared", readShared, SHARED_EXAMPLE) : fields.optional("shared", readShared);
  const health = fields.text("health_file", (found) => reader.text(found, "the path of a file"));
  const hand_over = fields.choice("hand_over");
  const route = fields.optional("route", (found) => loadRoute(reader, found, around.resolvePath));
  const log_calls_ms = fields.duration_ms("log_calls");
  if (mode === undefined || !fields.isThere) return undefined;
  refuseOfOtherMode(reader, fields, mode, hand_over);
  const health_file = health === undefined ? `${HEALTH_FOLDER}/${name ?? ""}.healthy` : around.resolvePath(health);
  return {
    mode,
    // Without these, the file has a fault, and is looked through for others.
    name: name ?? "",
    members: list?.members ?? [],
    secret: secret ?? { file: "" },
    second_secret,
    shared: mode === "pair" ? (shared ?? []) : [],
    health_file,
    hand_over: mode === "pair" ? hand_over : "none",
    route,
    log_calls_ms,
  };
}

type ClusterFields = Fields<typeof KEYS, "cluster">;

/** Undefined: another word stands there, and nothing is told of what only one mode has. */
function loadMode(reader: Reader, fields: ClusterFields): ClusterMode | undefined {
  const { choices, default: standard } = KEYS["cluster.mode"];
  const place = fields.get("mode");
  return place === undefined ? standard : reader.choice(place, choices);
}

/** Keys that mean nothing in this mode. */
function refuseOfOtherMode(
  reader: Reader,
  fields: ClusterFields,
  mode: ClusterMode,
  hand_over: ClusterSettings["hand_over"],
): void {
  const cure = mode === "pair" ? "; remove it, or write mode: anycast" : "; remove it";
  const refuse = (key: "shared" | "hand_over" | "route" | "log_calls", why: string) => {
    const place = fields.get(key);
    if (place !== undefined) reader.fault(place, why + cure);
  };
  if (mode === "pair") {
    refuse("route", "is for mode anycast: in a pair, VRRP moves the shared addresses");
    refuse("log_calls", "is for mode anycast: in a pair, one router has all calls");
    return;
  }
  refuse("shared", "is for mode pair: in mode anycast, all members have the address of listen at the same time");
  if (hand_over === "wan") refuse("hand_over", "is for mode pair: in mode anycast, no address moves");
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
    if (listeners.some(({ settings }) => settings.isAnycast === true && isAt(settings.at, address))) {
      reader.fault(place, `member ${name} is at ${address}, which all members have: it needs an address of its own`);
    }
  }
  for (const { address } of cluster.shared) {
    // It is at the other member.
    dropHints(reader, `names ${address}, which isn't here now`);
    if (listeners.some(({ settings }) => isAt(settings.at, address))) continue;
    reader.fault(place, `shares ${address}, which is no address of listen; add udp:${hostText(address)} there`);
  }
}

/** @param at an address as the file has it, or an interface */
function isAt(at: string, address: string): boolean {
  return canonicalAddress(at) === address;
}
