/** Whether the router's firewall lets requests of upstream in, and its offloading engine. */

import type { Config } from "../../app/config/config.ts";
import { ipVersion, isPrivate } from "../../base/ip-range.ts";
import { type Facts, NEEDS_ROOT, ok, type PeerFact, skipped, type Verdict, warning } from "./facts.ts";
import { configure, deviceOf, EDGEOS_CONFIG, RULES, RULES6, setLines, UBUS, UCI_FIREWALL, wayTo } from "./families.ts";
import { judge, judgeAll, type Openness, type Packet } from "./rules.ts";
import { isExposed, type Side, sidesOf } from "./sides.ts";
import type { Opening, Wall } from "./wall.ts";
import { edgeosWall } from "./wall-edgeos.ts";
import { linuxWall } from "./wall-linux.ts";
import { openwrtWall } from "./wall-openwrt.ts";
import { isOffWay } from "./way.ts";

/** One packet of each IP version that no firewall has a rule for: whether a stranger gets in. */
const STRANGERS = { 4: "91.198.5.7", 6: "2a02:2f0::5b" } as const;

/** Whether requests of upstream get in where they would come, and whether strangers do, on each outer interface. */
export function firewall(facts: Facts, config: Config): Verdict[] {
  const above = facts.peers.filter(({ role }) => role === "upstream");
  // By which interface upstream's requests come isn't known while its way is missing: a rule for another one would be a hole.
  const peers = above.filter((peer) => wayTo(facts, peer) !== undefined && !isOffWay(facts, config, peer));
  const unknown = peers.length > 0 ? [] : [skipped(`${whyNoDevice(facts)}, so no rule for it can be judged`)];
  const outer = sidesOf(facts, config).filter(({ isOuter }) => isOuter);
  const verdicts = outer.flatMap((side) =>
    ([4, 6] as const).flatMap((version) => {
      const here = peers.filter((peer) => wayTo(facts, peer) === side.device && ipVersion(peer.to.address) === version);
      const isHeard = config.listeners.some(({ address }) => ipVersion(address) === version);
      const isJudged = here.length > 0 || (isHeard && isExposed(facts, side, version, []));
      return isJudged ? [behind(facts, config, side, version, here)] : [];
    }),
  );
  const all = [...unknown, ...verdicts];
  if (all.length === 0) return [ok("upstream runs on this router: no firewall lies between")];
  // That it needs root is told once.
  const first = all.findIndex(({ text }) => text === NEEDS_ROOT);
  return all.filter(({ text }, index) => text !== NEEDS_ROOT || index === first);
}

/** Why no interface towards upstream is known. */
function whyNoDevice(facts: Facts): string {
  const above = facts.peers.filter(({ role }) => role === "upstream");
  const addresses = [...new Set(above.map(({ to }) => to.address))].join(", ");
  if (addresses === "") return "no address of upstream is known";
  if (above.every((peer) => wayTo(facts, peer) === undefined))
    return `no interface leads to upstream (${addresses}) now`;
  return `no listen address is on the way to upstream (${addresses}) now`;
}

function behind(facts: Facts, config: Config, side: Side, version: 4 | 6, peers: readonly PeerFact[]): Verdict {
  const { device } = side;
  const listeners = config.listeners.filter(
    ({ address }) => deviceOf(facts, address) === device && ipVersion(address) === version,
  );
  const used = listeners.length > 0 ? listeners : config.listeners;
  const layers = new Set(used.map(({ transport }) => transport.layer));
  const opening: Opening = {
    device,
    version,
    sources: [...new Set(peers.map(({ to }) => to.address))].sort(),
    others: othersBehind(facts, config, device, version, peers),
    protocol: layers.size > 1 ? "tcp_udp" : layers.has("udp") ? "udp" : "tcp",
    ports: [...new Set(used.map(({ port }) => port))].sort(),
  };
  const known = { interface: device, ip_version: version, sources: opening.sources, ports: opening.ports };
  const wall = wallOf(facts, opening);
  if (wall === undefined) {
    return skipped(facts.isRoot ? `no firewall could be read for ${device}` : NEEDS_ROOT, known);
  }
  const packets = opening.sources.flatMap((source) =>
    used.map(({ transport, port }) => ({ source, protocol: transport.layer, port })),
  );
  const found = new Set<Openness>(packets.map((packet) => judgeAll(wall.chains, packet)));
  const strange = used.map(({ transport, port }) => ({
    source: STRANGERS[version],
    protocol: transport.layer,
    port,
  }));
  const who = `${opening.sources.join(", ")} on ${device}`;
  if (found.has("closed")) {
    const text = `the firewall drops requests of ${who}: calls from upstream pass only while our probes keep the way open`;
    const isClosed = wall.chains.filter(({ rules, standard }) =>
      packets.some((packet) => judge(rules, standard, packet) === "closed"),
    );
    const verdict = warning(text, wall.open(isClosed), known);
    return wall.undo === undefined ? verdict : { ...verdict, undo: wall.undo };
  }
  if (found.has("unclear"))
    return skipped(`whether the firewall lets requests of ${who} in can't be told by reading it`, known);
  const isIn = (packet: Packet, ...how: Openness[]) => how.includes(judgeAll(wall.chains, packet));
  const intruder =
    packets.find((packet) => isIn(packet, "everybody")) ?? strange.find((packet) => isIn(packet, "everybody", "open"));
  if (intruder !== undefined) {
    if (!isExposed(facts, side, version, peers)) {
      return ok(`the firewall lets upstream's requests in on ${device}`, known);
    }
    const where = `${device}${version === 6 ? " by IPv6" : ""}`;
    const open = `the firewall lets all senders in on ${where}: strangers will try to dial out`;
    return warning(open, wall.shut(intruder), known);
  }
  if (peers.length > 0) return ok(`the firewall lets requests of ${who} in`, known);
  if (strange.every((packet) => isIn(packet, "closed")))
    return ok(`the firewall keeps strangers out on ${device}`, known);
  return skipped(`whether the firewall keeps strangers out on ${device} can't be told by reading it`, known);
}

function wallOf({ family, files, said }: Facts, opening: Opening): Wall | undefined {
  if (family === "edgeos") return edgeosWall(setLines(files[EDGEOS_CONFIG]), opening);
  if (family === "openwrt") return openwrtWall(said[UCI_FIREWALL], said[UBUS], opening);
  return linuxWall(said[opening.version === 6 ? RULES6 : RULES] ?? "", opening, family);
}

/**
 * Phones and gateways behind the same interface: a rule that keeps strangers out must let these in. So must it upstream's public
 * addresses, where this isn't the way there now: it may be after a change of the line.
 */
function othersBehind(
  facts: Facts,
  { site }: Config,
  device: string,
  version: 4 | 6,
  peers: readonly PeerFact[],
): string[] {
  const isHome = facts.addresses.some((one) => one.device === device && site.localnet.contains(one.address));
  const phones = isHome ? site.localnet.ranges.map(({ text }) => text) : [];
  const beside = facts.peers.filter((peer) => peer.role === "gateway" && wayTo(facts, peer) === device);
  const above = facts.peers.filter(
    ({ role, to }) => role === "upstream" && peers.length === 0 && !isPrivate(to.address),
  );
  const all = [...phones, ...beside.map(({ to }) => to.address), ...above.map(({ to }) => to.address)];
  return [...new Set(all)].filter((one) => ipVersion(one.replace(/\/.*/, "")) === version);
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
