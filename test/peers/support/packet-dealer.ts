/** Two ways in which a router of Linux deals packets to its next hops one by one, and not flow by flow: the tests' own program for the kernel, and nftables. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import { defer } from "./cleanup.ts";
import type { Namespace } from "./namespace.ts";
import { pathOf } from "./peers.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const SOURCE = fileURLToPath(new URL("packet-dealer.c", import.meta.url));
/** In a mount namespace of its own: nothing is left mounted. */
const ATTACH = `
mount -t bpf bpf "$1" && "$2" "$1/dealer" &&
"$3" -n "$4" qdisc add dev "$5" clsact &&
"$3" -n "$4" filter add dev "$5" ingress bpf direct-action object-pinned "$1/dealer"`;
/** Marks and tables of the next hops by nftables: this and what follows. */
const FIRST_MARK = 101;

/** Where packets are dealt to at this moment: addresses, in order. */
export type DealtTo = () => readonly string[];

/** From now on the kernel gives each packet from `device` to `address` another hash, and chooses the next hop by it. */
export function dealByHash(router: Namespace, device: string, address: string): DealtTo {
  const folder = temporaryFolder();
  const mounted = join(folder, "bpf");
  mkdirSync(mounted);
  const loader = join(folder, "packet-dealer");
  execFileSync(pathOf("cc"), ["-O1", "-Wall", "-Wextra", "-Werror", "-o", loader, SOURCE]);
  router.set("net.ipv4.fib_multipath_hash_policy=1");
  const words = ["sh", mounted, loader, pathOf("tc"), router.name, device];
  execFileSync(pathOf("unshare"), ["--mount", "sh", "-c", ATTACH, ...words], { stdio: ["ignore", "ignore", "pipe"] });
  return () => nextHops(router, address);
}

/**
 * From now on nftables counts the packets from `device` to `address`, and each count has a table of routes of its own.
 * @param hosts all next hops that there may be
 */
export function dealByMark(router: Namespace, device: string, address: string, hosts: readonly string[]): DealtTo {
  for (const [index, host] of hosts.entries()) {
    const mark = String(FIRST_MARK + index);
    router.ip("rule", "add", "fwmark", mark, "lookup", mark, "pref", mark);
    router.ip("route", "add", address, "via", host, "table", mark);
  }
  let followed: readonly string[] = [];
  const follow = () => {
    const hops = nextHops(router, address);
    const marks = hops.map((host) => FIRST_MARK + hosts.indexOf(host));
    const turns = marks.map((mark, turn) => `${turn} : ${mark}`).join(", ");
    const rule = `add rule ip deal packets iifname ${device} ip daddr ${address} meta mark set numgen inc mod ${marks.length} map { ${turns} }; `;
    router.nft(
      "add table ip deal; delete table ip deal; add table ip deal; " +
        "add chain ip deal packets { type filter hook prerouting priority mangle; }; " +
        (marks.length > 0 ? rule : ""),
    );
    followed = hops;
  };
  follow();
  const monitor = new Child("ip", ["monitor", "route"], { namespace: router.name });
  defer(() => monitor.stop());
  monitor.watch(follow);
  return () => {
    // The daemon's routes come first: what it has withdrawn gets packets until nftables has followed.
    if (nextHops(router, address).join() !== followed.join()) follow();
    return followed;
  };
}

/** By the router's own routes. */
function nextHops(router: Namespace, address: string): readonly string[] {
  const routes = router.output("ip", "-4", "route", "show", address);
  return [...routes.matchAll(/\bvia ([\d.]+)/g)].map(([, host = ""]) => host).sort();
}
