/** The kernel's own SIP helper ("ALG"), and what connection tracking remembers of SIP. */
import type { Config } from "../../app/config/config.ts";
import { counted } from "../../app/words/lines.ts";
import {
  type Cure,
  cureFrom,
  type Facts,
  type Family,
  fault,
  NEEDS_ROOT,
  ok,
  skipped,
  type Verdict,
  warning,
} from "./facts.ts";
import {
  BUILT_IN,
  configure,
  DROPPED,
  HAS_CONNTRACK,
  HELPER,
  MODULES,
  NVRAM_SIP,
  RULES,
  TRACKED,
  UCI_FIREWALL,
  uciValues,
} from "./families.ts";

const NAMES = "nf_nat_sip nf_conntrack_sip";
const UNLOAD = `! grep -q _sip /proc/modules || rmmod ${NAMES}`;
const NEVER_LOAD = "/etc/modprobe.d/branchline.conf";
const NEVER_ATTACH = "/etc/sysctl.d/90-branchline-helper.conf";

/** Whether the kernel's helper is there, and whether anything makes it look at calls. */
export function sipHelper(facts: Facts): Verdict[] {
  const { files, said, isRoot } = facts;
  const modules = files[MODULES];
  const isLoaded = /^nf_(nat|conntrack)_sip /m.test(modules ?? "");
  if (!isLoaded && files[BUILT_IN] === undefined) {
    if (modules === undefined && files["/sys/module"] === undefined)
      return [skipped("the kernel's modules can't be read")];
    return [ok("the kernel has no SIP helper loaded", { loaded: false, used: false })];
  }
  const isUsed =
    isAutomatic(facts) || /--helper "?sip|type "sip"/.test(said[RULES] ?? "") || /helper=sip/.test(said[TRACKED] ?? "");
  const dropped = Number(said[DROPPED] ?? 0);
  const known = (used: boolean | null) => ({ loaded: isLoaded, used, dropped });
  const harm =
    "it rewrites addresses in SIP and drops calls and registrations once its table of expected media is full";
  if (!isUsed) {
    if (isRoot) return [ok("nf_conntrack_sip is there, but nothing makes it look at calls", known(false))];
    return [skipped(`nf_conntrack_sip is there; whether it looks at calls ${NEEDS_ROOT}`, known(null))];
  }
  const { cure, undo } = CURES[facts.family](facts);
  const flush = said[HAS_CONNTRACK] === undefined ? [] : ["conntrack -D -p udp --dport 5060"];
  const unload = isLoaded ? [UNLOAD] : [];
  const proof = dropped > 0 ? `; dmesg tells of ${dropped} messages dropped` : "";
  const verdict = fault(
    `nf_conntrack_sip processes all SIP here: ${harm}${proof}`,
    cureFrom([...cure, ...unload, ...flush], UNLOAD),
    known(true),
  );
  return [undo === undefined ? verdict : { ...verdict, undo }];
}

/** Whether the helper takes port 5060 by itself: kernels did until 4.7, and can until 6.0. */
function isAutomatic({ files, kernel, family }: Facts): boolean {
  const setting = files[HELPER]?.trim();
  return setting === undefined ? kernel < 407 || family === "tomato" : setting === "1";
}

interface Treatment {
  readonly cure: Cure;
  /** Undefined: not by doctor. */
  readonly undo?: readonly string[];
}

const CURES: Readonly<Record<Family, (facts: Facts) => Treatment>> = {
  edgeos: () => ({
    cure: configure("set system conntrack modules sip disable"),
    undo: configure("delete system conntrack modules sip disable"),
  }),
  openwrt: ({ said }) => {
    const sections = [...uciValues(said[UCI_FIREWALL])].filter(([, options]) =>
      ["zone", "defaults"].includes(options.get("")?.[0] ?? ""),
    );
    const end = ["uci commit firewall", "/etc/init.d/firewall reload"] as const;
    const key = (section: string) => `firewall.${section}.auto_helper`;
    const before = sections.map(([name, options]) => {
      const value = options.get("auto_helper")?.[0];
      return value === undefined ? `uci -q delete '${key(name)}'` : `uci set '${key(name)}=${value}'`;
    });
    return { cure: [...sections.map(([name]) => `uci set '${key(name)}=0'`), ...end], undo: [...before, ...end] };
  },
  tomato: ({ said }) => ({
    cure: ["nvram set nf_sip=0", "nvram commit"],
    undo: [`nvram set nf_sip=${said[NVRAM_SIP] ?? "1"}`, "nvram commit"],
  }),
  debian: ({ files, said }) => {
    const isSetting = files[HELPER]?.trim() === "1";
    const isRule = /--helper "?sip|type "sip"/.test(said[RULES] ?? "");
    const setting = [`echo net.netfilter.nf_conntrack_helper=0 >${NEVER_ATTACH}`, `sysctl -p ${NEVER_ATTACH}`];
    return {
      cure: [
        ...(isRule ? ['# take the rule with the helper "sip" out of your firewall'] : []),
        ...(isSetting ? setting : []),
        `printf 'install %s /bin/false\\n' ${NAMES} >${NEVER_LOAD}`,
      ],
      undo: [
        `rm ${NEVER_LOAD}${isSetting ? ` ${NEVER_ATTACH}` : ""}`,
        ...(isSetting ? ["sysctl -w net.netfilter.nf_conntrack_helper=1"] : []),
      ],
    };
  },
  unknown: () => ({ cure: ["sysctl -w net.netfilter.nf_conntrack_helper=0"] }),
};

/** Entries that keep an address alive that isn't ours any more: answers to them never come. */
export function tracking(facts: Facts, config: Config): Verdict[] {
  const entries = facts.said[TRACKED];
  if (entries === undefined) {
    return [skipped(facts.isRoot ? "connection tracking can't be read here" : NEEDS_ROOT)];
  }
  const ours = new Set(facts.addresses.map(({ address }) => address));
  const peers = new Set(facts.peers.map(({ to }) => to.address));
  const ports = config.listeners.map(({ port }) => String(port));
  const stale = entries.split("\n").filter((line) => {
    const [source = "", to = "", , replied = ""] = fieldsOf(line, /\b(?:src|dst)=(\S+)/g);
    const [from = "", port = ""] = fieldsOf(line, /\b[sd]port=(\S+)/g);
    if (ours.has(source) || !(ports.includes(port) || ports.includes(from))) return false;
    if (replied !== source) return replied !== "" && !ours.has(replied) && !ours.has(to) && peers.has(to);
    return peers.has(to) && ports.includes(from) && !config.site.localnet.contains(source);
  });
  if (stale.length === 0) return [ok("no stale tracked connections", { stale: 0 })];
  const addresses = [...new Set(stale.map((line) => fieldsOf(line, /\b(?:src|dst)=(\S+)/g)[3]))];
  const text = `${counted(stale.length, "tracked connection")} still on ${addresses.join(", ")}, which ${addresses.length === 1 ? "isn't" : "aren't"} this router's: phones behind them hear nothing`;
  const known = { stale: stale.length };
  if (facts.said[HAS_CONNTRACK] === undefined)
    return [warning(text, ["# install conntrack, then: conntrack -F"], known)];
  const flush = new Set(ports.map((port) => `conntrack -D -p udp --dport ${port}`));
  return [{ ...warning(text, cureFrom([...flush], "conntrack -F"), known), undo: [] }];
}

/** All that the first group of `pattern` finds. */
function fieldsOf(line: string, pattern: RegExp): string[] {
  return (line.match(pattern) ?? []).map((one) => one.slice(one.indexOf("=") + 1));
}
