/** Forged UDP sources: whether the kernel refuses them, and what could be had by them. */
import type { Config } from "../../app/config/config.ts";
import { type Cure, type Facts, type Family, ok, type Verdict, warning } from "./facts.ts";
import { configure, filterOf, isTunnel, wayTo } from "./families.ts";
import { sidesOf } from "./sides.ts";

/** Whether the kernel refuses what comes in by this device from an address that another one leads to (rp_filter 1). */
export function isStrict({ files }: Facts, device: string): boolean {
  const value = (name: string) => Number(files[filterOf(name)] ?? 1);
  // The kernel takes the greater one; 2 is loose: it asks only whether any interface leads there.
  return Math.max(value("all"), value(device)) === 1;
}

/** The commands that make it so. */
export function strictCure({ files, family }: Facts, devices: readonly string[]): Cure {
  if (family === "edgeos") return configure("set firewall source-validation strict");
  const loose = Number(files[filterOf("all")] ?? 1) > 1 ? [setFilter("all", 0)] : [];
  return [...loose, ...devices.map((device) => setFilter(device, 1)), keepFilter(family)];
}

/** The command that sets an interface's filter until the next boot. Slashes: VLANs have a dot in their names. */
export function setFilter(device: string, value: 0 | 1 | 2): string {
  return `sysctl -w ${filterOf(device).replace("/proc/sys/", "")}=${value}`;
}

/** How these settings outlive a reboot. */
export function keepFilter(family: Family): string {
  const places: Readonly<Partial<Record<Family, string>>> = {
    debian: "without sysctl -w, in /etc/sysctl.d/90-branchline-filter.conf",
    openwrt: "without sysctl -w, in /etc/sysctl.conf",
    tomato: "in Administration, Scripts, WAN Up",
  };
  return `# and, so that a reboot keeps it, ${places[family] ?? "in a script that runs at boot"}`;
}

/** "eth0, eth1 accept packets". */
export function acceptWords(devices: readonly string[]): string {
  return `${devices.join(", ")} ${devices.length > 1 ? "accept" : "accepts"} packets`;
}

/** Whether strangers could call at the gateways' expense, where the file lets upstream dial out: upstream is known by its address. */
export function dialOut(facts: Facts, config: Config): Verdict[] {
  const { listeners } = config;
  const { upstream, gateways } = config.site;
  if (!upstream.mayDialOut || gateways.length === 0) return [ok("only phones dial out at the gateways")];
  if (listeners.every(({ transport }) => transport.isReliable)) {
    return [
      ok(
        "upstream may dial out; without a udp: address in listen a stranger with a forged address can't pretend to be upstream",
      ),
    ];
  }
  const harm = "a stranger who forges upstream's address over UDP dials out at the gateways' expense";
  const others =
    "# upstream by TLS or a VPN, and no udp: address in listen on that side; or upstream.may_dial_out: false";
  const devices = sidesOf(facts, config)
    .filter(({ isPhones }) => !isPhones)
    .map(({ device }) => device)
    .filter((device) => !isStrict(facts, device));
  if (devices.length > 0) {
    const text = `upstream may dial out, and ${acceptWords(devices)} with forged addresses: ${harm}`;
    return [warning(text, [...strictCure(facts, devices), others], { interfaces: devices })];
  }
  const ways = facts.peers.filter(({ role }) => role === "upstream").map((peer) => wayTo(facts, peer));
  const isPrivate = ways.length > 0 && ways.every((device) => isTunnel(device));
  const rest = isPrivate ? "" : "; what is forged on the way to upstream itself, only TLS or a VPN keeps out";
  return [ok(`upstream may dial out, and packets with forged addresses are refused on all other ways${rest}`)];
}
