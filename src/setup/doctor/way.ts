/** Whether the addresses in `listen` lie on the way to upstream and the gateways, and whether answers find back. */
import type { Config } from "../../app/config/config.ts";
import { isLoopback } from "../../base/ip-range.ts";
import { missingWays } from "../../policy/peers/ways.ts";
import { isAnswering } from "./answers.ts";
import { type Facts, fault, ok, type PeerFact, skipped, type Verdict, warning } from "./facts.ts";
import { configure, deviceOf, filterOf, NETSTAT } from "./families.ts";
import { isStrict } from "./forged.ts";

/** Whether branchline sends to each peer from an address that is on the way there, or else whether answers come all the same. */
export function listen(facts: Facts, config: Config): Verdict[] {
  const { peers } = facts;
  if (peers.length === 0) return [skipped("no address of upstream or of a gateway is known")];
  const verdicts = peers.map((peer) => judgeListen(facts, config, peer));
  const bad = verdicts.filter(({ severity }) => severity !== "ok");
  return bad.length > 0 ? bad : verdicts;
}

function judgeListen(facts: Facts, { listeners }: Config, peer: PeerFact): Verdict {
  const { role, alias, to, source, listener } = peer;
  const known = {
    peer: alias,
    address: to.address,
    listen: listener ?? null,
    route_address: source ?? null,
    route_interface: deviceOf(facts, source) ?? null,
  };
  const where = `${role} ${alias} (${to.address})`;
  if (source === undefined) return fault(`this router has no route to ${where}`, [`ip route get ${to.address}`], known);
  const [missing] = missingWays(listeners, [{ role, peer: alias, to, source }], facts.addresses);
  if (missing === undefined || isOfNoLink(facts, missing.sends_from ?? "")) {
    return ok(`listen has an address on the way to ${where}`, known);
  }
  const { text, cure, sends_from } = missing;
  if (sends_from !== null && isAnswering(facts, peer)) return ok(`${text}; answers come all the same`, known);
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
    const [back, out] = [deviceOf(facts, own), deviceOf(facts, peer.source)];
    if (own === undefined || back === undefined || out === undefined || back === out) continue;
    if (isOfNoLink(facts, own) || !isStrict(facts, back) || isAnswering(facts, peer)) continue;
    const text =
      `${back} drops answers of ${peer.name} (rp_filter is strict): they come back to ${own} there, ` +
      `while the way to ${peer.to.address} leads out by ${out}${proof}`;
    const facts_ = { interface: back, route_interface: out, peer: peer.name, dropped };
    found.set(`${back} ${peer.name}`, warning(text, looseCure(facts, back), facts_));
  }
  if (found.size > 0) return [...found.values()];
  return [ok("no answer comes back by an interface whose filter (rp_filter) would drop it", { dropped })];
}

/** Loose (2): any interface may lead to the sender. */
function looseCure({ family }: Facts, device: string): string[] {
  if (family === "edgeos") return configure("set firewall source-validation loose");
  return [`sysctl -w ${filterOf(device).replace("/proc/sys/", "")}=2`];
}

/** Linux counts what the filter drops, for all interfaces together (`IPReversePathFilter`). */
function droppedByFilter(text = ""): number {
  const [names, values] = text
    .split("\n")
    .filter((line) => line.startsWith("TcpExt:"))
    .map((line) => line.split(" "));
  const index = names?.indexOf("IPReversePathFilter") ?? -1;
  return index < 0 ? 0 : Number(values?.[index] ?? 0);
}
