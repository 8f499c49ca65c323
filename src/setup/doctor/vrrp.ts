/** What moves the shared addresses of a pair: whether it is there, moves all of them, and asks branchline first. */
import type { Config } from "../../app/config/config.ts";
import { canonicalAddress, ipVersion, isLoopback } from "../../base/ip-range.ts";
import type { ClusterSettings } from "../../cluster/settings.ts";
import { type Cure, type Facts, type Family, fault, NEEDS_ROOT, ok, skipped, type Verdict, warning } from "./facts.ts";
import { EDGEOS_CONFIG, NONLOCAL4, NONLOCAL6, setLines, VRRP_CONFIG, VRRP_RUNS } from "./families.ts";
import { readKeepalived, type VrrpView } from "./keepalived-text.ts";

/** What is told where the file has no pair. */
export const NO_PAIR = "the file has no cluster";

/** What is told where no address moves. */
export const NOT_A_PAIR = "the file has mode anycast: all members have the address at the same time";

/** VRRP, and whether sockets can be open before the addresses come. */
export function vrrp(facts: Facts, { cluster }: Config): Verdict[] {
  if (cluster === undefined) return [ok(NO_PAIR)];
  if (cluster.mode === "anycast") return [ok(NOT_A_PAIR)];
  // The kernel has them always: a pair that is tried on one machine.
  const isTrial = addressesOf(cluster).every(isLoopback);
  if (isTrial) return [ok("the shared addresses are loopback addresses: nothing has to move them")];
  const moves = facts.family === "edgeos" ? edgeos(facts, cluster) : processes(facts, cluster);
  const versions = [...new Set(cluster.shared.map(({ address }) => ipVersion(address)))];
  return [...moves, ...versions.map((version) => early(facts, version))];
}

/** By the processes that run. */
function processes(facts: Facts, cluster: ClusterSettings): Verdict[] {
  const { said, isRoot, family } = facts;
  const text = said[VRRP_RUNS];
  if (text === undefined) return [skipped("the processes of this router can't be listed")];
  const names = text.split("\n").flatMap((line) => (line.startsWith("#") ? [] : [line.split(" ")[0] ?? ""]));
  const config = said[VRRP_CONFIG];
  if (names.some((name) => name.startsWith("keepalived"))) {
    if (config === undefined) {
      return [skipped(isRoot ? "keepalived runs, and its configuration can't be read" : NEEDS_ROOT)];
    }
    return judge(readKeepalived(config, addressesOf(cluster), cluster.health_file), cluster, "keepalived", family);
  }
  const [other] = names;
  if (other !== undefined) {
    const hint = `it must give the addresses away while healthy.sh ${cluster.health_file} ends with 1`;
    return [skipped(`${other} runs here, whose configuration doctor can't judge: ${hint}`, { vrrp: other })];
  }
  const harm = `no VRRP runs here: nothing moves ${addressesOf(cluster).join(", ")} to this router or away from it`;
  return [fault(harm, config === undefined ? MAKE[family] : START[family], { vrrp: null })];
}

/** EdgeOS' own VRRP, by its configuration: it can track nothing, and a script does it in its place. */
function edgeos({ files, isRoot }: Facts, cluster: ClusterSettings): Verdict[] {
  const text = files[EDGEOS_CONFIG];
  if (text === undefined) return [skipped(isRoot ? `${EDGEOS_CONFIG} can't be read` : NEEDS_ROOT)];
  const lines = setLines(text);
  const groups = lines.flatMap((line) => {
    const [, path, address] = /^interfaces (.* vrrp vrrp-group \d+) virtual-address (\S+)$/.exec(line) ?? [];
    return path === undefined || address === undefined
      ? []
      : [{ path: `interfaces/${path.replace(/ /g, "/")}`, address: canonicalAddress(address.replace(/\/.*/, "")) }];
  });
  const shared = addressesOf(cluster);
  if (groups.length === 0) {
    const harm = `no VRRP group is configured here: nothing moves ${shared.join(", ")} to this router or away from it`;
    return [fault(harm, MAKE.edgeos, { vrrp: null })];
  }
  const tasks = lines.flatMap((line) => {
    const [, name, words = ""] = /^system task-scheduler task (\S+) executable arguments (.*)$/.exec(line) ?? [];
    const runs = lines.some(
      (one) => one.startsWith(`system task-scheduler task ${name} executable path `) && one.endsWith("/vrrp-follow.sh"),
    );
    return name !== undefined && runs && words.split(" ").includes(cluster.health_file) ? [words.split(" ")] : [];
  });
  const own = groups.filter(({ address }) => shared.includes(address));
  const syncs = new Set(
    own.map(({ path }) => {
      const head = `${path.replace(/\//g, " ")} sync-group `;
      return lines.find((line) => line.startsWith(head))?.slice(head.length);
    }),
  );
  const view: VrrpView = {
    missing: shared.filter((address) => !groups.some((group) => group.address === address)),
    untracked: [...new Set(own.map(({ path }) => path))].filter((path) => !tasks.some((task) => task.includes(path))),
    isInverted: false,
    isApart: new Set(own.map(({ path }) => path)).size > 1 && (syncs.size > 1 || syncs.has(undefined)),
    isSilent: false,
  };
  return judge(view, cluster, "the router's VRRP", "edgeos");
}

function judge(view: VrrpView, cluster: ClusterSettings, what: string, family: Family): Verdict[] {
  const { missing, untracked, isInverted, isApart, isSilent } = view;
  const { health_file } = cluster;
  const cure = MEND[family];
  const known = { vrrp: what, missing: [...missing], untracked: [...untracked], health_file };
  const verdicts: Verdict[] = [];
  if (missing.length > 0)
    verdicts.push(
      fault(
        `${what} has no virtual router with ${missing.join(", ")}: nothing moves ${missing.length === 1 ? "it" : "them"}`,
        cure,
        known,
      ),
    );
  if (untracked.length > 0) {
    const harm = "a branchline that drains, hangs or has ended keeps the shared addresses";
    verdicts.push(fault(`${what} doesn't look at ${health_file} (${untracked.join(", ")}): ${harm}`, cure, known));
  }
  if (isInverted) {
    const harm = `${what} takes the 1 in ${health_file} for a fault: the addresses go to the member that isn't well`;
    verdicts.push(fault(harm, cure, known));
  }
  if (isApart) {
    const harm = "the shared addresses are in several virtual routers without one sync group: they may part";
    verdicts.push(fault(harm, cure, known));
  }
  if (isSilent) {
    const harm = `${what} sends no gratuitous ARP: neighbours go on sending to the router that had the addresses before`;
    verdicts.push(fault(harm, cure, known));
  }
  const well = `${what} moves ${addressesOf(cluster).join(", ")}, and looks at ${health_file}`;
  return verdicts.length > 0 ? verdicts : [ok(well, known)];
}

/** Whether a socket can be bound while its address is at the other member. */
function early({ files, family }: Facts, version: number): Verdict {
  const path = version === 6 ? NONLOCAL6 : NONLOCAL4;
  const name = `net.ipv${version}.ip_nonlocal_bind`;
  const value = files[path]?.trim();
  if (value === undefined) return skipped(`${path} can't be read`);
  const known = { setting: name, value: Number(value) };
  if (value !== "0")
    return ok(`sockets at shared addresses are open before an address comes (${name} ${value})`, known);
  const set = `${name}=1`;
  const now = `sysctl -w ${set}`;
  const before = `sysctl -w ${name}=0`;
  const text = `branchline can open sockets at shared addresses only once an address is here (${name} 0): what arrives until then is lost`;
  if (family === "debian") {
    const file = `/etc/sysctl.d/90-branchline-pair${version}.conf`;
    return { ...warning(text, [`echo ${set} >${file}`, now], known), undo: [`rm ${file}`, before] };
  }
  if (family === "openwrt") {
    const undo = [`sed -i /^${set}/d /etc/sysctl.conf`, before];
    return { ...warning(text, [`echo ${set} >>/etc/sysctl.conf`, now], known), undo };
  }
  return warning(text, [now, "# and in a script that runs at boot"], known);
}

function addressesOf({ shared }: ClusterSettings): readonly string[] {
  return shared.map(({ address }) => address);
}

const KEEPALIVED: Cure = [
  "branchline cluster keepalived",
  "# write that to /etc/keepalived/keepalived.conf, and start keepalived",
];

/** Where there is no VRRP at all. */
const MAKE: Readonly<Record<Family, Cure>> = {
  edgeos: ["branchline cluster edgeos", "# paste these commands into the router's shell"],
  openwrt: [
    "opkg update",
    "opkg install keepalived",
    "# OpenWrt 25.12 and newer: apk update; apk add keepalived",
    "branchline cluster openwrt >/etc/config/keepalived",
    "/etc/init.d/keepalived enable",
    "/etc/init.d/keepalived restart",
  ],
  tomato: KEEPALIVED,
  debian: [
    "apt install keepalived",
    "branchline cluster keepalived >/etc/keepalived/keepalived.conf",
    "systemctl enable keepalived",
    "systemctl restart keepalived",
  ],
  unknown: KEEPALIVED,
};

/** Where its configuration is there. */
const START: Readonly<Record<Family, Cure>> = {
  edgeos: MAKE.edgeos,
  openwrt: ["/etc/init.d/keepalived enable", "/etc/init.d/keepalived restart", "logread -e Keepalived"],
  tomato: KEEPALIVED,
  debian: ["systemctl enable keepalived", "systemctl restart keepalived", "journalctl -u keepalived"],
  unknown: ["keepalived --config-test", "# start keepalived, also at boot"],
};

/** Where it does something else. The file that is there may serve others too, so it isn't overwritten. */
const MEND: Readonly<Record<Family, Cure>> = {
  edgeos: MAKE.edgeos,
  openwrt: ["branchline cluster openwrt", "# make /etc/config/keepalived so, and restart keepalived"],
  tomato: ["branchline cluster keepalived", "# make keepalived's configuration so, and restart keepalived"],
  debian: ["branchline cluster keepalived", "# make /etc/keepalived/keepalived.conf so, and restart keepalived"],
  unknown: ["branchline cluster keepalived", "# make keepalived's configuration so, and restart keepalived"],
};
