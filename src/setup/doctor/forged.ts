/** Forged UDP sources: whether the kernel refuses them, and what could be had by them. */
import type { Config } from "../../app/config/config.ts";
import { type Facts, ok, type Verdict, warning } from "./facts.ts";
import { configure, filterOf, isTunnel, wayTo } from "./families.ts";

/** Whether the kernel refuses what comes in by this device from an address that another one leads to (rp_filter 1). */
export function isStrict({ files }: Facts, device: string): boolean {
  const value = (name: string) => Number(files[filterOf(name)] ?? 1);
  // The kernel takes the greater one; 2 is loose: it asks only whether any interface leads there.
  return Math.max(value("all"), value(device)) === 1;
}

/** The commands that make it so. */
export function strictCure({ files, family }: Facts, device: string): string[] {
  if (family === "edgeos") return configure("set firewall source-validation strict");
  const set = "sysctl -w net/ipv4/conf/";
  const loose = Number(files[filterOf("all")] ?? 1) > 1 ? [`${set}all/rp_filter=0`] : [];
  return [...loose, `${set}${device}/rp_filter=1`];
}

/** Whether strangers could call at the gateways' expense, where the file lets upstream dial out: upstream is known by its address. */
export function dialOut(facts: Facts, { site, listeners }: Config): Verdict[] {
  const { upstream, gateways, localnet } = site;
  if (!upstream.mayDialOut || gateways.length === 0) return [ok("only phones dial out at the gateways")];
  if (listeners.every(({ transport }) => transport.isReliable)) {
    return [ok("upstream may dial out; without a udp: address in listen a forged source can't pass for it")];
  }
  const harm = "a stranger who forges upstream's address over UDP dials out at the gateways' expense";
  const others = [
    "# upstream by TLS or a VPN, and no udp: address in listen on that side; or upstream.may_dial_out: false",
  ];
  // A phone may dial out anyway.
  const outer = facts.addresses.filter(({ device, address }) => device !== "lo" && !localnet.contains(address));
  const devices = [...new Set(outer.map(({ device }) => device))].filter((device) => !isStrict(facts, device));
  if (devices.length > 0) {
    const cure = devices.flatMap((device) => strictCure(facts, device));
    const text = `upstream may dial out, and ${devices.join(", ")} takes packets with forged addresses: ${harm}`;
    return [warning(text, [...new Set(cure), ...others])];
  }
  const ways = facts.peers.filter(({ role }) => role === "upstream").map((peer) => wayTo(facts, peer));
  const isPrivate = ways.length > 0 && ways.every((device) => isTunnel(device));
  const rest = isPrivate ? "" : "; what is forged on the way to upstream itself, only TLS or a VPN keeps out";
  return [ok(`upstream may dial out, and packets with forged addresses are refused on all other ways${rest}`)];
}
