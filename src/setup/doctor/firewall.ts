/** Whether the router's firewall lets requests of upstream in, and its offloading engine. */

import type { Config } from "../../app/config/config.ts";
import { ipVersion, isPrivate } from "../../base/ip-range.ts";
import type { Transport } from "../../transport/flow.ts";
import { type Facts, NEEDS_ROOT, ok, type PeerFact, skipped, type Verdict, warning } from "./facts.ts";
import {
  configure,
  deviceOf,
  EDGEOS_CONFIG,
  isTunnel,
  RULES,
  RULES6,
  setLines,
  UBUS,
  UCI_FIREWALL,
  uciValues,
  wayTo,
} from "./families.ts";
import { covers, inputRules, judge, type Openness, type Rule, type Standard } from "./rules.ts";

/** Rules as a family keeps them, and how to add one. */
interface Wall {
  readonly rules: readonly (Rule | undefined)[];
  readonly standard: Standard;
  readonly cure: readonly string[];
  readonly undo?: readonly string[];
}

/** What the rule to be added lets in. */
interface Opening {
  /** Of the sources. */
  readonly version: 4 | 6;
  readonly sources: readonly string[];
  readonly protocol: Transport["layer"] | "tcp_udp";
  readonly ports: readonly number[];
}

/** Whether requests of upstream get in, by each interface on which they would come, and each IP version. */
export function firewall(facts: Facts, config: Config): Verdict[] {
  const peers = facts.peers.filter((peer) => peer.role === "upstream" && wayTo(facts, peer) !== undefined);
  const devices = [...new Set(peers.map((peer) => wayTo(facts, peer)))];
  if (peers.length === 0) return [skipped("no way to upstream is known, so no rule can be judged")];
  return devices.flatMap((device) =>
    ([4, 6] as const).flatMap((version) => {
      const here = peers.filter((peer) => wayTo(facts, peer) === device && ipVersion(peer.to.address) === version);
      return device === undefined || here.length === 0 ? [] : [behind(facts, config, device, version, here)];
    }),
  );
}

function behind(facts: Facts, config: Config, device: string, version: 4 | 6, peers: readonly PeerFact[]): Verdict {
  const listeners = config.listeners.filter(
    ({ address }) => deviceOf(facts, address) === device && ipVersion(address) === version,
  );
  const used = listeners.length > 0 ? listeners : config.listeners;
  const layers = new Set(used.map(({ transport }) => transport.layer));
  const opening: Opening = {
    version,
    sources: [...new Set(peers.map(({ to }) => to.address))].sort(),
    protocol: layers.size > 1 ? "tcp_udp" : layers.has("udp") ? "udp" : "tcp",
    ports: [...new Set(used.map(({ port }) => port))].sort(),
  };
  const known = { interface: device, ip_version: version, sources: opening.sources, ports: opening.ports };
  const wall = wallOf(facts, device, opening);
  if (wall === undefined) {
    return skipped(facts.isRoot ? `no firewall could be read for ${device}` : NEEDS_ROOT, known);
  }
  const found = new Set<Openness>();
  for (const source of opening.sources) {
    for (const { transport, port } of used) {
      found.add(judge(wall.rules, wall.standard, { source, protocol: transport.layer, port }));
    }
  }
  const who = `${opening.sources.join(", ")} on ${device}`;
  if (found.has("closed")) {
    const text = `the firewall drops requests of ${who}: calls from upstream come through only while our own probes keep the way open`;
    const verdict = warning(text, wall.cure, known);
    return wall.undo === undefined ? verdict : { ...verdict, undo: wall.undo };
  }
  if (found.has("unclear"))
    return skipped(`whether the firewall lets requests of ${who} in can't be told by reading it`, known);
  if (found.has("everybody")) {
    if (isTunnel(device) || peers.every(({ source, local }) => isPrivate(source ?? local ?? ""))) {
      return ok(`the firewall lets upstream's requests in on ${device}`, known);
    }
    const where = `${device}${version === 6 ? " by IPv6" : ""}`;
    const open = `the firewall lets all senders in on ${where}: strangers will try to dial out; open it for upstream alone`;
    return warning(open, [], known);
  }
  return ok(`the firewall lets requests of ${who} in`, known);
}

function wallOf(facts: Facts, device: string, opening: Opening): Wall | undefined {
  const { family, files, said } = facts;
  if (family === "edgeos") return edgeosWall(setLines(files[EDGEOS_CONFIG]), device, opening);
  if (family === "openwrt") return openwrtWall(said[UCI_FIREWALL], said[UBUS], device, opening);
  const { version } = opening;
  const read = inputRules(said[version === 6 ? RULES6 : RULES] ?? "", device, version);
  if (read === undefined) return undefined;
  const kinds = opening.protocol === "tcp_udp" ? ["udp", "tcp"] : [opening.protocol];
  const lines = kinds.flatMap((kind) =>
    opening.sources.map(
      (source) =>
        `ip${version === 6 ? 6 : ""}tables -I INPUT -s ${source} -p ${kind} -m multiport --dports ${opening.ports.join(",")} -j ACCEPT`,
    ),
  );
  const keep =
    family === "tomato" ? "# and in Administration, Scripts, Firewall" : "# and where your firewall keeps its rules";
  return { ...read, cure: [...lines, keep] };
}

/** What may stand in a command. */
const WORD = /^[\w.+-]+$/;
const NAME = "branchline";

function edgeosWall(lines: readonly string[], device: string, opening: Opening): Wall | undefined {
  if (lines.length === 0) return undefined;
  const six = opening.version === 6 ? "6" : "";
  const v6 = six && "ipv6-";
  const kind = `${v6}name`;
  const named = lines.flatMap((line) => {
    const [, path = "", name = ""] = new RegExp(`^interfaces (.+) firewall local ${kind} (\\S+)$`).exec(line) ?? [];
    return edgeosDevice(path) === device ? [name] : [];
  });
  const [name] = named;
  if (name === undefined) return { rules: [], standard: "accept", cure: [] };
  if (!WORD.test(name)) return undefined;
  const start = `firewall ${kind} ${name} `;
  const values = (path: string) => lines.flatMap((line) => (line.startsWith(path) ? [line.slice(path.length)] : []));
  const rules = new Map<number, string[]>();
  for (const line of values(`${start}rule `)) {
    const [number = "", ...rest] = line.split(" ");
    rules.set(Number(number), [...(rules.get(Number(number)) ?? []), rest.join(" ")]);
  }
  const numbers = [...rules.keys()].sort((a, b) => a - b);
  const ours = numbers.find((number) => rules.get(number)?.includes(`description ${NAME}`));
  let free = ours ?? 25;
  while (ours === undefined && rules.has(free)) free += 1;
  const rule = `set ${start}rule ${free}`;
  // Groups of both kinds share their names.
  const group = `${v6}address-group branchline-upstream${six}`;
  const remote = lines.flatMap((line) => /^vpn ipsec .*remote prefix (\S+)$/.exec(line)?.[1] ?? []);
  const isTunnelled = opening.sources.every((source) => remote.some((prefix) => covers(prefix, source)));
  return {
    rules: numbers.map((number) => edgeosRule(rules.get(number) ?? [], values)),
    standard: values(`${start}default-action `)[0] === "accept" ? "accept" : "drop",
    cure: configure(
      // What upstream's addresses were before must not stay open.
      ...(ours === undefined ? [] : [`delete ${start}rule ${free}`]),
      ...(values(`firewall group ${group} `).length === 0 ? [] : [`delete firewall group ${group}`]),
      ...opening.sources.map((source) => `set firewall group ${group} ${v6}address ${source}`),
      `${rule} action accept`,
      `${rule} description ${NAME}`,
      `${rule} protocol ${opening.protocol}`,
      `${rule} destination port ${opening.ports.join(",")}`,
      `${rule} source group ${group}`,
      ...(isTunnelled ? [`${rule} ipsec match-ipsec`] : []),
    ),
    undo: configure(`delete ${start}rule ${free}`, `delete firewall group ${group}`),
  };
}

/** "ethernet eth0 vif 10 pppoe 0" is pppoe0. */
function edgeosDevice(path: string): string | undefined {
  const [, device, ...more] = path.split(" ");
  let name = device;
  for (let index = 0; index < more.length; index += 2) {
    name = more[index] === "pppoe" ? `pppoe${more[index + 1]}` : `${name}.${more[index + 1]}`;
  }
  return name;
}

/** Undefined: it asks something that isn't known here. */
function edgeosRule(asks: readonly string[], values: (path: string) => string[]): Rule | undefined {
  const read = (path: string) => asks.flatMap((ask) => (ask.startsWith(path) ? [ask.slice(path.length)] : []));
  const states = read("state ");
  const never: Rule = { verdict: "accept", sources: ["0.0.0.0/32"], protocols: [], ports: [] };
  if (asks.includes("disable") || (states.length > 0 && !states.includes("new enable"))) return never;
  const known =
    /^(?:action|description|log|protocol|state|source (?:address|group)|destination (?:port|group port-group)|ipsec match-ipsec)/;
  if (asks.some((ask) => ask.includes("!"))) return undefined;
  const members = (side: string) =>
    read(`${side} group `).flatMap((group) =>
      values(`firewall group ${group} `).map((one) => one.replace(/^\S+ /, "")),
    );
  return {
    verdict: asks.some((ask) => !known.test(ask)) ? "unclear" : read("action ")[0] === "accept" ? "accept" : "drop",
    sources: [...read("source address "), ...members("source")],
    protocols: read("protocol "),
    ports: [...read("destination port ").flatMap((ports) => ports.split(",")), ...members("destination")],
  };
}

function openwrtWall(
  uci: string | undefined,
  ubus: string | undefined,
  device: string,
  { sources, protocol, ports, version }: Opening,
): Wall | undefined {
  const sections = [...uciValues(uci).values()];
  const of = (kind: string) => sections.filter((one) => one.get("")?.[0] === kind);
  const network = networkOf(ubus, device);
  const zone = of("zone").find((one) => network !== undefined && words(one.get("network")).includes(network));
  const name = zone?.get("name")?.[0];
  if (zone === undefined || name === undefined || !WORD.test(name)) return undefined;
  const rules = of("rule").filter(
    (one) =>
      [name, "*"].includes(one.get("src")?.[0] ?? "") &&
      !one.has("dest") &&
      one.get("enabled")?.[0] !== "0" &&
      !(one.get("family")?.[0] ?? "").endsWith(version === 6 ? "4" : "6"),
  );
  const own = version === 6 ? `${NAME}6` : NAME;
  const set = (key: string, value: string | number) => `uci set firewall.${own}${key}='${value}'`;
  const end = ["uci commit firewall", "/etc/init.d/firewall reload"];
  return {
    rules: rules.map((one) => {
      const protocols = words(one.get("proto"));
      return {
        verdict: one.get("target")?.[0] === "ACCEPT" ? "accept" : "drop",
        sources: words(one.get("src_ip")),
        protocols: protocols.length === 0 ? ["tcpudp"] : protocols,
        ports: words(one.get("dest_port")),
      };
    }),
    standard: zone.get("input")?.[0] === "ACCEPT" ? "accept" : "drop",
    cure: [
      ...(uciValues(uci).has(own) ? [`uci delete firewall.${own}`] : []),
      set("", "rule"),
      set(".name", own),
      set(".src", name),
      ...sources.map((source) => `uci add_list firewall.${own}.src_ip='${source}'`),
      set(".proto", protocol === "tcp_udp" ? "tcpudp" : protocol),
      set(".dest_port", ports.join(" ")),
      set(".target", "ACCEPT"),
      ...end,
    ],
    undo: [`uci delete firewall.${own}`, ...end],
  };
}

const words = (values: readonly string[] = []) => values.flatMap((value) => value.split(" "));

/** OpenWrt's own name of the network behind a device. */
function networkOf(ubus: string | undefined, device: string): string | undefined {
  try {
    const { interface: all } = JSON.parse(ubus ?? "{}") as {
      interface?: { interface: string; l3_device?: string; device?: string }[];
    };
    return all?.find((one) => one.l3_device === device || one.device === device)?.interface;
  } catch {
    return undefined;
  }
}

/** An ER-X's hardware NAT loses UDP that comes out of WireGuard. */
export function offload(facts: Facts): Verdict[] {
  const { family, files, said, peers } = facts;
  const isOn =
    (family === "edgeos" && setLines(files[EDGEOS_CONFIG]).includes("system offload hwnat enable")) ||
    (family === "openwrt" && /flow_offloading_hw='1'/.test(said[UCI_FIREWALL] ?? ""));
  if (!isOn) return [ok("no hardware offloading is known to be on")];
  const tunnels = peers.filter((peer) => wayTo(facts, peer)?.startsWith("wg"));
  if (tunnels.length === 0) return [ok("hardware offloading is on, and upstream isn't behind WireGuard")];
  const cure = {
    edgeos: configure("set system offload hwnat disable"),
    openwrt: [
      "uci set firewall.@defaults[0].flow_offloading_hw=0",
      "uci commit firewall",
      "/etc/init.d/firewall reload",
    ],
  };
  const text =
    "hardware offloading is on and upstream is behind WireGuard: calls lose packets (the cure slows the router down)";
  return [warning(text, cure[family as "edgeos"])];
}
