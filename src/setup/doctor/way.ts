/** Whether the addresses in `listen` lie on the way to upstream and the gateways, and whether answers find back. */
import type { Config } from "../../app/config/config.ts";
import { isLoopback } from "../../base/ip-range.ts";
import { missingWays } from "../../policy/peers/ways.ts";
import type { MissingWay } from "../../policy/status.ts";
import { isAnswering } from "./answers.ts";
import { type Cure, type Facts, fault, ok, type PeerFact, skipped, type Verdict, warning } from "./facts.ts";
import { configure, deviceOf, NETSTAT, wayTo } from "./families.ts";
import { isStrict, keepFilter, setFilter } from "./forged.ts";

/** Whether branchline sends to each peer from an address that is on the way there, or else whether answers come all the same. */
export function listen(facts: Facts, config: Config): Verdict[] {
  const { peers } = facts;
  const verdicts = [...peers.map((peer) => judgeListen(facts, config, peer)), ...seenMissing(facts)];
  if (verdicts.length === 0) return [skipped("no address of upstream or of a gateway is known")];
  const bad = verdicts.filter(({ severity }) => severity !== "ok");
  return bad.length > 0 ? bad : verdicts;
}

/** What the branchline that runs says of addresses that doctor hasn't found itself. */
function seenMissing({ peers, status }: Facts): Verdict[] {
  const isOwn = (one: MissingWay) => peers.some(({ role, to }) => role === one.role && to.address === one.address);
  return (status?.missing_ways ?? [])
    .filter((one) => !isOwn(one))
    .map(({ peer, address, source, device, text, cure }) => {
      const known = { peer, address, listen: null, route_address: source, route_interface: device };
      return fault(text, [`# ${cure}`], known);
    });
}

/** Whether no `listen` address is on the way to the peer now, and no answer comes: by which interface its requests would come isn't known. */
export function isOffWay(facts: Facts, config: Config, peer: PeerFact): boolean {
  return judgeListen(facts, config, peer).severity === "fault";
}

function judgeListen(facts: Facts, { listeners }: Config, peer: PeerFact): Verdict {
  const { role, alias, to, source, listener } = peer;
  const known = {
    peer: alias,
    address: to.address,
    listen: listener ?? null,
    route_address: source ?? null,
    route_interface: wayTo(facts, peer) ?? null,
  };
  const where = `${role} ${alias} (${to.address})`;
  if (source === undefined) return fault(`this router has no route to ${where}`, [`ip route get ${to.address}`], known);
  const [missing] = missingWays(listeners, [{ role, peer: alias, to, source }], facts.addresses);
  if (missing === undefined || isOfNoLink(facts, missing.sends_from ?? "")) {
    return ok(`listen has an address on the way to ${where}`, known);
  }
  const { text, cure, sends_from } = missing;
  if (sends_from !== null && isAnswering(facts, peer)) return ok(`${text}; answers still come`, known);
  return fault(sends_from === null ? text : `${text}, and no answer comes`, [`# ${cure}`], known);
}

/** Whether it is a loopback or dummy interface that has the address. */
function isOfNoLink(facts: Facts, address: string): boolean {
  return isLoopback(address) || /^(?:lo|dummy)/.test(deviceOf(facts, address) ?? "");
}

/**
 * Whether the kernel's reverse path filter drops answers: those that come in by an interface that isn't the way out to their
 * sender, where the filter is strict.
 */
export function returnPath(facts: Facts, config: Config): Verdict[] {
  const { peers, files } = facts;
  const dropped = droppedByFilter(files[NETSTAT]);
  const proof = dropped > 0 ? `; it has dropped ${dropped} packets since the router started` : "";
  const found = new Map<string, Verdict>();
  for (const peer of peers) {
    const own = config.listeners.find((one) => one.name === peer.listener)?.address;
    const [back, out] = [deviceOf(facts, own), wayTo(facts, peer)];
    if (own === undefined || back === undefined || out === undefined || back === out) continue;
    // The kernel's own choice for this way, though the address is another interface's (`src` of the route).
    if (own === peer.source) continue;
    if (isOfNoLink(facts, own) || !isStrict(facts, back) || isAnswering(facts, peer)) continue;
    const text =
      `${back} drops answers of ${peer.name} (rp_filter is strict): they come back to ${own} there, ` +
      `while the way to ${peer.to.address} leads out by ${out}${proof}`;
    const facts_ = { interface: back, route_interface: out, peer: peer.name, dropped };
    found.set(`${back} ${peer.name}`, warning(text, backCure(facts, back, out), facts_));
  }
  if (found.size > 0) return [...found.values()];
  return [ok("no answer comes back by an interface whose filter (rp_filter) would drop it", { dropped })];
}

/** Answers that come back where requests leave keep the filter strict. Loose (2): any interface may lead to the sender. */
function backCure({ family }: Facts, device: string, out: string): Cure {
  const better = `# better: in listen, name the address of ${out}. Only where that isn't possible, make the filter of ${device} loose:`;
  if (family === "edgeos") return [better, ...configure("set firewall source-validation loose")];
  return [better, setFilter(device, 2), keepFilter(family)];
}

/** Linux counts what the filter drops, for all interfaces together (`IPReversePathFilter`). */
export function droppedByFilter(text = ""): number {
  const [names, values] = text
    .split("\n")
    .filter((line) => line.startsWith("TcpExt:"))
    .map((line) => line.split(" "));
  const index = names?.indexOf("IPReversePathFilter") ?? -1;
  return index < 0 ? 0 : Number(values?.[index] ?? 0);
}
