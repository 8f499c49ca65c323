/** Firewall rules, in each family's way of writing: whether upstream's requests get in, as far as that can be read. */
import { IpRange } from "../../base/ip-range.ts";

/** A rule that decides when all that it asks is so; what is empty asks nothing. */
export interface Rule {
  /** "unclear": it asks more than can be read, or goes on elsewhere. "return": the rules of the chain before go on. */
  readonly verdict: "accept" | "drop" | "unclear" | "return";
  readonly sources: readonly string[];
  readonly protocols: readonly string[];
  /** "5060", "5060-5062", "5060:5062". */
  readonly ports: readonly string[];
  /** It goes on in this chain, whose end leads back behind the rule, or, of a "goto", back behind the jump to the rule's own chain. */
  readonly chain?: { readonly rules: readonly (Rule | undefined)[]; readonly isGoto: boolean };
}

export type Standard = "accept" | "drop";

/** A chain that the kernel asks about each packet for the router itself. */
export interface Chain {
  /** nftables: "inet filter input"; undefined: another firewall's. */
  readonly name?: string;
  readonly rules: readonly (Rule | undefined)[];
  /** What becomes of a packet that no rule decides about. */
  readonly standard: Standard;
}

/** "everybody": open for upstream, and for all the world; "unclear": something asks what we can't read. */
export type Openness = "open" | "everybody" | "closed" | "unclear";

/** A new one for the router itself. */
export interface Packet {
  readonly source: string;
  readonly protocol: string;
  readonly port: number;
}

/** What comes of a new packet that all of these chains are asked about: each must let it in. */
export function judgeAll(chains: readonly Chain[], packet: Packet): Openness {
  const found = new Set(chains.map(({ rules, standard }) => judge(rules, standard, packet)));
  return (["closed", "unclear", "open"] as const).find((one) => found.has(one)) ?? "everybody";
}

/** What comes of a new packet for `port`; the first rule that matches decides, at last `standard`. */
export function judge(rules: readonly (Rule | undefined)[], standard: Standard, packet: Packet): Openness {
  const seen = { isUnclear: false };
  const end = courseOf(rules, packet, seen, false);
  if (end !== undefined) return end;
  return seen.isUnclear ? "unclear" : standard === "accept" ? "everybody" : "closed";
}

/**
 * What the rules of one chain decide; undefined: nothing.
 * @param isBound a rule that leads here asks for the source
 */
function courseOf(
  rules: readonly (Rule | undefined)[],
  packet: Packet,
  seen: { isUnclear: boolean },
  isBound: boolean,
): Openness | undefined {
  for (const rule of rules) {
    if (rule !== undefined && !concerns(rule, packet)) continue;
    if (rule?.chain === undefined && (rule === undefined || rule.verdict === "unclear")) {
      seen.isUnclear = true;
      continue;
    }
    const end = endOf(rule, packet, seen, isBound || rule.sources.length > 0);
    if (end !== "next") return end;
  }
  return undefined;
}

/** What a rule that concerns the packet decides; undefined: its chain ends here; "next": the rules behind it go on. */
function endOf(
  { verdict, chain }: Rule,
  packet: Packet,
  seen: { isUnclear: boolean },
  isBound: boolean,
): Openness | undefined | "next" {
  if (chain !== undefined) {
    const isSure = verdict !== "unclear";
    const end = courseOf(chain.rules, packet, isSure ? seen : { isUnclear: false }, isBound);
    if (isSure && (end !== undefined || chain.isGoto)) return end;
    // Where the packet may not go there: a chain that only logs changes nothing.
    if (end !== undefined) seen.isUnclear = true;
    return "next";
  }
  if (verdict === "return") return undefined;
  if (verdict === "accept") return isBound ? "open" : "everybody";
  return seen.isUnclear ? "unclear" : "closed";
}

function concerns({ sources, protocols, ports }: Rule, { source, protocol, port }: Packet): boolean {
  const isOf = (range: string) => covers(range, source);
  return (
    (protocols.length === 0 || protocols.some((one) => ["all", "tcp_udp", "tcpudp", protocol].includes(one))) &&
    (ports.length === 0 || ports.some((one) => holds(one, port))) &&
    (sources.length === 0 || sources.some(isOf))
  );
}

function holds(ports: string, port: number): boolean {
  const [first = 0, last = first] = ports.split(/[-:]/).map((one) => (one === "sip" ? 5060 : Number(one)));
  return port >= first && port <= last;
}

/** Whether a network, or a single address, contains `address`; false for what is neither. */
export function covers(range: string, address: string): boolean {
  return IpRange.parse(range)?.contains(address) === true;
}

/** "a, b", "{ a, b }" or "a,b". */
const items = (text = ""): readonly string[] => text.match(/[^\s,{}"]+/g) ?? [];

/** "eth0", or all that begin so: "eth+" of iptables, "eth*" of nftables. */
function isDevice(pattern: string, device: string): boolean {
  return /[+*]$/.test(pattern) ? device.startsWith(pattern.slice(0, -1)) : pattern === device;
}

const LIST = '(\\{[^}]*\\}|"[^"]*"|\\S+)';
const PARTS = {
  source: new RegExp(`(?:-s|ip6? saddr) ${LIST}`),
  ports: new RegExp(`(?:--dports?|dport) ${LIST}`),
  device: new RegExp(`(?:-i|iif|iifname) ${LIST}`),
  protocol: new RegExp(`(?:-p|l4proto|ip protocol|ip6 nexthdr) ${LIST}|\\b(?:tcp|udp|icmp(?:v6)?)\\b`),
  states: /(?:--ctstate|--state|ct state) (\{[^}]*\}|\S+(?:, \S+)*)/,
  verdict: /-[jg] (\S+)|\b(?:jump|goto) (\S+)|\b(accept|drop|reject|return)\b/,
};
const VERDICTS: Readonly<Record<string, "accept" | "drop" | "return">> = {
  accept: "accept",
  drop: "drop",
  reject: "drop",
  return: "return",
};
const COMMENT = /--comment (?:"[^"]*"|\S+)| comment "[^"]*"/;
const NOISE =
  /^-A \S+|-m \S+|--dst-type LOCAL|--reject-with \S+|reject with .*|counter packets \d+ bytes \d+|counter|meta|nfproto ipv\d/g;
/** What no new packet for one of the router's own addresses is. */
const NEVER = /--dst-type (?:MULTICAST|BROADCAST|ANYCAST)|ct status dnat/;
/** Chains that lead to chains: no firewall goes deeper, and one that leads back to itself ends here. */
const DEPTH_MAX = 8;

/**
 * The input chain of `iptables-save` (`ip6tables-save`), and those of `nft list ruleset` for this IP version, as far as they concern
 * new packets from `device`. Undefined when nobody could read any; a kernel without rules lets all in: there are none then.
 */
export function inputChains(text: string, device: string, version: 4 | 6): readonly Chain[] | undefined {
  const filter = /^\*filter$[\s\S]*?^COMMIT$/m.exec(text)?.[0];
  const isTables = filter !== undefined && /^:INPUT /m.test(filter);
  const chains = [
    ...(isTables ? [tablesChain(filter, device, version)] : []),
    // What iptables has written by nftables stands there once more.
    ...nftChains(text, device, version).filter(({ name }) => !isTables || !/^ip6? filter INPUT$/.test(name ?? "")),
  ];
  return chains.length > 0 || text.includes("#") ? chains : undefined;
}

function tablesChain(filter: string, device: string, version: 4 | 6): Chain {
  const lines = new Map<string, string[]>();
  for (const line of filter.split("\n")) {
    const [, made, added] = /^(?::(\S+) |-A (\S+) )/.exec(line) ?? [];
    if (made !== undefined) lines.set(made, []);
    else if (added !== undefined) lines.set(added, [...(lines.get(added) ?? []), line]);
  }
  return { rules: rulesOf("INPUT", lines, device, version), standard: standardOf(/^:INPUT (\S+)/m.exec(filter)?.[1]) };
}

function nftChains(text: string, device: string, version: 4 | 6): Chain[] {
  const tables = text.match(/^table (?:inet|ip6?) \S+ \{[\s\S]*?^\}/gm) ?? [];
  return tables.flatMap((table) => {
    const [, family = "", name = ""] = /^table (\S+) (\S+)/.exec(table) ?? [];
    // Rules for the other version have tables of their own, or stand beside ours.
    if (family === `ip${version === 4 ? "6" : ""}`) return [];
    const bodies = table.match(/chain \S+ \{[\s\S]*?^\s*\}$/gm) ?? [];
    const lines = new Map(bodies.map((body) => [/^chain (\S+)/.exec(body)?.[1] ?? "", body.split("\n").slice(1, -1)]));
    return [...lines].flatMap(([chain, body]) => {
      const hook = /type filter hook input[^;]*;(?: policy (\w+);)?/.exec(body.join("\n"));
      if (hook === null) return [];
      const rules = rulesOf(chain, lines, device, version);
      return [{ name: `${family} ${name} ${chain}`, rules, standard: standardOf(hook[1]) }];
    });
  });
}

const standardOf = (policy = "accept"): Standard => (policy.toLowerCase() === "drop" ? "drop" : "accept");

/** The rules of one chain, with those to which they lead. */
function rulesOf(
  chain: string,
  chains: ReadonlyMap<string, readonly string[]>,
  device: string,
  version: 4 | 6,
  depth = 0,
): (Rule | undefined)[] {
  const inner = (name: string) =>
    depth >= DEPTH_MAX || !chains.has(name) ? undefined : rulesOf(name, chains, device, version, depth + 1);
  return (chains.get(chain) ?? [])
    .map((line) => readRule(line.replace(COMMENT, "").trim(), device, version, inner))
    .filter((rule): rule is Rule | undefined => rule !== "other");
}

/** Whether it is no rule, or concerns packets of the other IP version, of connections that there are, or to other addresses alone. */
function isOther(line: string, version: 4 | 6): boolean {
  const states = PARTS.states.exec(line)?.[1];
  if (states !== undefined && !/new/i.test(states)) return true;
  return (
    /^(?:type \w+ hook .*|)$/.test(line) || NEVER.test(line) || line.includes(`nfproto ipv${version === 4 ? 6 : 4}`)
  );
}

/** "other": it doesn't concern such packets; undefined: it can't be told. */
function readRule(
  line: string,
  device: string,
  version: 4 | 6,
  inner: (chain: string) => (Rule | undefined)[] | undefined,
): Rule | undefined | "other" {
  const found = (part: RegExp) => part.exec(line);
  if (isOther(line, version)) return "other";
  if (/!|\bvmap\b/.test(line)) return undefined;
  const devices = items(found(PARTS.device)?.[1]);
  if (devices.length > 0 && !devices.some((one) => isDevice(one, device))) return "other";
  const [, target, jump, word] = found(PARTS.verdict) ?? [];
  const verdict = target ?? jump ?? word ?? "";
  if (/^(?:(?:NF|U)?LOG|(?:CONN)?MARK|)$/.test(verdict)) return "other";
  const rest = Object.values(PARTS)
    .reduce((text, part) => text.replace(part, ""), line.replace(NOISE, ""))
    .replace(/\b(?:tcp|udp)\b/g, "")
    .trim();
  const protocol = found(PARTS.protocol);
  const sources = items(found(PARTS.source)?.[1]);
  const isKnown = sources.every((one) => IpRange.parse(one) !== undefined);
  const decided = VERDICTS[verdict.toLowerCase()];
  const rules = decided === undefined ? inner(verdict) : undefined;
  const isClear = rest === "" && isKnown;
  return {
    // The verdict of a jump is its chain's.
    verdict: isClear ? (decided ?? (rules === undefined ? "unclear" : "return")) : "unclear",
    sources: isKnown ? sources : [],
    protocols: protocol === null ? [] : items(protocol[1] ?? protocol[0]),
    ports: items(found(PARTS.ports)?.[1]),
    ...(rules === undefined ? {} : { chain: { rules, isGoto: /-g |\bgoto /.test(line) } }),
  };
}
