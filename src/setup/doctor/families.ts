/** What tells the families of routers apart, and what they know about themselves. */
import type { Config } from "../../app/config/config.ts";
import type { Cure, Facts, Family, PeerFact, Texts } from "./facts.ts";

const WRAPPER = "/opt/vyatta/sbin/vyatta-cfg-cmd-wrapper";
const OPENWRT = "/etc/openwrt_release";
const NVRAM = ["/bin/nvram", "/usr/sbin/nvram", "/usr/bin/nvram", "/sbin/nvram"];
const DEBIAN = "/etc/debian_version";
const OS = "/etc/os-release";

export const MODULES = "/proc/modules";
export const BUILT_IN = "/sys/module/nf_conntrack_sip";
export const HELPER = "/proc/sys/net/netfilter/nf_conntrack_helper";
export const MEMORY = "/proc/meminfo";
export const ROUTES = "/proc/net/route";
export const BUFFER = "/proc/sys/net/core/rmem_max";
export const NONLOCAL4 = "/proc/sys/net/ipv4/ip_nonlocal_bind";
export const NONLOCAL6 = "/proc/sys/net/ipv6/ip_nonlocal_bind";
export const MOUNTS = "/proc/mounts";
export const NETSTAT = "/proc/net/netstat";
export const EDGEOS_CONFIG = "/config/config.boot";
export const EDGEOS_BOOT = "/config/scripts/post-config.d/50-branchline";
export const OPENWRT_BOOT = "/etc/rc.d";
export const ENTWARE_BOOT = "/opt/etc/init.d";
export const SYSTEMD_BOOT = "/etc/systemd/system/multi-user.target.wants/branchline.service";
export const SYSTEMD_UNITS = [
  "/lib/systemd/system/branchline.service",
  "/etc/systemd/system/branchline.service",
] as const;

/** Files and folders to read; of some only whether they are there counts. */
export const FILES: readonly string[] = [
  ...[WRAPPER, OPENWRT, ...NVRAM, DEBIAN, OS],
  ...[
    MODULES,
    BUILT_IN,
    "/sys/module",
    HELPER,
    MEMORY,
    ROUTES,
    BUFFER,
    NONLOCAL4,
    NONLOCAL6,
    MOUNTS,
    NETSTAT,
    EDGEOS_CONFIG,
    EDGEOS_BOOT,
  ],
  ...[OPENWRT_BOOT, "/etc/init.d", ENTWARE_BOOT, SYSTEMD_BOOT, ...SYSTEMD_UNITS, "/etc/resolv.conf"],
];

/** Whose settings these are, by the files that only one family has. */
export function familyOf(files: Texts): Family {
  const has = (path: string) => files[path] !== undefined;
  // VyOS has Vyatta's wrapper too, but another way to say these things.
  if (has(WRAPPER) && !/vyos/i.test(files[OS] ?? "")) return "edgeos";
  if (has(OPENWRT)) return "openwrt";
  if (NVRAM.some(has)) return "tomato";
  return has(DEBIAN) ? "debian" : "unknown";
}

/** A folder for each interface, beside "all" and "default". */
export const INTERFACES = "/proc/sys/net/ipv4/conf";
/** Strict reverse path filter of an interface. */
export const filterOf = (device: string) => `${INTERFACES}/${device}/rp_filter`;

/** The lines with "#" say which of them is there, though it has no rules. */
export const RULES = "iptables-save && echo '#iptables'; nft list ruleset && echo '#nft'";
export const RULES6 = RULES.replace("ip", "ip6");
export const TRACKED = "{ conntrack -L -p udp || cat /proc/net/nf_conntrack; } && echo '#'";
export const HAS_CONNTRACK = "command -v conntrack";
/** How often the kernel has told that its helper dropped something. */
export const DROPPED = "dmesg | grep -c 'nf_ct_sip: dropping'";
/** Whether the time is kept right, by what this system has to ask. */
export const TIME_SYNC = "timedatectl || adjtimex || ntpq -c rv";
export const SOCKETS = "ss -lnptu || netstat -lnptu";
/** For each process of a VRRP, in our network namespace as far as that can be seen: `do` and what follows. */
const EACH_VRRP =
  "m=$(readlink /proc/self/ns/net); for p in /proc/[0-9]*; do read -r n <$p/comm || continue; " +
  "case $n in keepalived*|vrrpd|uvrrpd|ucarp|corosync|pacemakerd) ;; *) continue;; esac; " +
  'o=$(readlink $p/ns/net); [ -z "$o" ] || [ "$o" = "$m" ] || continue;';
/** Which of them run; the line with "#" says that it could be looked. */
export const VRRP_RUNS = `${EACH_VRRP} echo "$n"; done; echo '#'`;
/** keepalived's configuration, and what it includes. */
export const VRRP_CONFIG =
  `f=/etc/keepalived/keepalived.conf; ${EACH_VRRP} a=$(tr '\\0' '\\n' <$p/cmdline | ` +
  "sed -n -e '/^-f$/{n;p;}' -e '/^--use-file$/{n;p;}' -e 's/^-f\\(.\\)/\\1/p' -e 's/^--use-file=//p' | head -n 1); " +
  '[ -z "$a" ] || f=$a; done; cat "$f" && cd "$(dirname "$f")" && ' +
  `cat $(sed -n 's/^[[:space:]]*include[[:space:]]*//p' "$f")`;
export const UCI_FIREWALL = "uci show firewall";
export const UBUS = "ubus call network.interface dump";
export const NVRAM_SIP = "nvram get nf_sip";
export const EDGEOS_RUNS = `test -x ${EDGEOS_BOOT} && echo yes`;
/** Where the package for FreshTomato is: "on PLACE", or "off PLACE" when its owner has disabled it. */
export const TOMATO_RUNS =
  "for p in /jffs /tmp/mnt/* /mnt/*; do [ -x $p/branchline.autorun ] || continue; " +
  "[ -e $p/branchline/disabled ] && echo off $p || echo on $p; done";
export const space = ({ state }: Config) =>
  `p='${state.folder.replace(/'/g, "'\\''")}'; until [ -e "$p/" ]; do p=\${p%/*}; done; df -Pk "$p/"`;

/** Where a program is; nothing: it isn't there. */
export const programLine = (program: string) => `command -v '${program.replace(/'/g, "'\\''")}'`;

/** Command lines whose output the checks read; none changes anything. */
export function commandsFor(family: Family, config: Config): string[] {
  const own = {
    edgeos: [EDGEOS_RUNS],
    openwrt: [UCI_FIREWALL, UBUS],
    tomato: [NVRAM_SIP, TOMATO_RUNS],
    debian: [],
    unknown: [],
  };
  const pair = config.cluster?.mode === "pair" ? [VRRP_RUNS, VRRP_CONFIG] : [];
  const { announce = [], withdraw = [] } = config.cluster?.route ?? {};
  const programs = [...new Set([...announce.slice(0, 1), ...withdraw.slice(0, 1)])].map(programLine);
  const rules = config.listeners.some(({ settings }) => settings.version === 6) ? [RULES, RULES6] : [RULES];
  return [
    ...rules,
    TRACKED,
    HAS_CONNTRACK,
    DROPPED,
    TIME_SYNC,
    SOCKETS,
    space(config),
    ...own[family],
    ...pair,
    ...programs,
  ];
}

/**
 * One script for each thing to do. The lines between `configure` and `exit` are a configuration session of EdgeOS: as
 * group vyattacfg, or administrators could change nothing afterwards; by one shell, which the session belongs to.
 */
export function scriptsOf(cure: readonly string[]): string[] {
  const scripts: string[] = [];
  let session: string[] | undefined;
  for (const line of cure) {
    if (line === "configure") session = ["begin"];
    else if (session === undefined) scripts.push(line);
    else if (line !== "exit") session.push(line);
    else {
      const steps = session.map((step) => `${WRAPPER} ${step}`).join(" && ");
      scripts.push(`sg vyattacfg -c "umask 2; ${steps}; r=\\$?; ${WRAPPER} end; exit \\$r"`);
      session = undefined;
    }
  }
  return scripts;
}

export const configure = (...lines: readonly string[]): Cure => ["configure", ...lines, "commit", "save", "exit"];

/** EdgeOS' configuration file as the `set` commands that make it, without the word. */
export function setLines(boot: string | undefined): string[] {
  const path: string[] = [];
  const lines: string[] = [];
  for (const raw of (boot ?? "").split("\n")) {
    const line = raw.trim().replace(/"/g, "");
    if (line.endsWith("{")) path.push(line.slice(0, -1).trim());
    else if (line === "}") path.pop();
    else if (line !== "" && !line.startsWith("/*")) lines.push([...path, line].join(" "));
  }
  return lines;
}

/** `uci show`: the values of each option, by section and option. */
export function uciValues(text: string | undefined): Map<string, Map<string, string[]>> {
  const sections = new Map<string, Map<string, string[]>>();
  for (const line of (text ?? "").split("\n")) {
    const [, section = "", option = "", value = ""] = /^\w+\.([^.=]+)\.?([^=]*)=(.*)$/.exec(line) ?? [];
    const values = value.match(/'[^']*'|[^' ]+/g) ?? [];
    const options = sections.get(section) ?? new Map<string, string[]>();
    sections.set(
      section,
      options.set(
        option,
        values.map((one) => one.replace(/'/g, "")),
      ),
    );
  }
  return sections;
}

/** The interface that has this address. */
export function deviceOf({ addresses }: Facts, address: string | undefined): string | undefined {
  return addresses.find((one) => one.address === address)?.device;
}

/**
 * The interface by which the kernel sends to this peer: the `dev` of its route. The source address may be another interface's
 * (`src` of a route). Only where the route can't be asked for, the owner of that address is taken for it.
 */
export function wayTo(facts: Facts, { source, local, route }: PeerFact): string | undefined {
  const device = source === undefined ? undefined : /\bdev (\S+)/.exec(route ?? "")?.[1];
  return device ?? deviceOf(facts, source) ?? deviceOf(facts, local);
}

/** Whether what comes in there has come through a VPN. */
export function isTunnel(device: string | undefined): boolean {
  return /^(?:wg|tun|vtun|ipsec|vti)/.test(device ?? "");
}
