/** Firewall rules, in each family's way of writing: whether upstream's requests get in, as far as that can be read. */
import { IpRange } from "../../base/ip-range.ts";

/** A rule that decides when all that it asks is so; what is empty asks nothing. */
export interface Rule {
  /** "unclear": it asks more than can be read, or goes on elsewhere. */
  readonly verdict: "accept" | "drop" | "unclear";
  readonly sources: readonly string[];
  readonly protocols: readonly string[];
  /** "5060", "5060-5062", "5060:5062". */
  readonly ports: readonly string[];
}

export type Standard = "accept" | "drop";

/** "everybody": open for upstream, and for all the world; "unclear": something asks what we can't read. */
export type Openness = "open" | "everybody" | "closed" | "unclear";

interface Packet {
  readonly source: string;
  readonly protocol: string;
  readonly port: number;
}

/** What comes of a new packet for `port`; the first rule that matches decides, at last `standard`. */
export function judge(rules: readonly (Rule | undefined)[], standard: Standard, packet: Packet): Openness {
  let isUnclear = false;
  for (const rule of rules) {
    if (rule !== undefined && !concerns(rule, packet)) continue;
    if (rule === undefined || rule.verdict === "unclear") isUnclear = true;
    else if (rule.verdict === "accept") return rule.sources.length === 0 ? "everybody" : "open";
    else return isUnclear ? "unclear" : "closed";
  }
  return isUnclear ? "unclear" : standard === "accept" ? "everybody" : "closed";
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

const LIST = '(\\{[^}]*\\}|"[^"]*"|\\S+)';
const PARTS = {
  source: new RegExp(`(?:-s|ip6? saddr) ${LIST}`),
  ports: new RegExp(`(?:--dports?|dport) ${LIST}`),
  device: new RegExp(`(?:-i|iif|iifname) ${LIST}`),
  protocol: new RegExp(`(?:-p|l4proto|ip protocol|ip6 nexthdr) ${LIST}|\\b(?:tcp|udp|icmp(?:v6)?)\\b`),
  states: /(?:--ctstate|--state|ct state) (\{[^}]*\}|\S+(?:, \S+)*)/,
  verdict: /-j (\S+)|\b(accept|drop|reject)\b|\b(?:jump|goto) (\S+)/,
};
const VERDICTS: Readonly<Record<string, Standard>> = { accept: "accept", drop: "drop", reject: "drop" };
const COMMENT = /--comment (?:"[^"]*"|\S+)| comment "[^"]*"/;
const NOISE = /^-A INPUT|-m \S+|--reject-with \S+|reject with .*|counter packets \d+ bytes \d+|counter|meta/g;

/**
 * The input chain of `iptables-save` (`ip6tables-save`), or else of `nft list ruleset` for this IP version, as far as it
 * concerns new packets from `device`.
 * Undefined when there is none,
 * or nobody could read it; a kernel without rules lets all in.
 */
export function inputRules(
  text: string,
  device: string,
  version: 4 | 6,
): { rules: (Rule | undefined)[]; standard: Standard } | undefined {
  const tables = /^:INPUT (\S+)[\s\S]*?COMMIT/m.exec(text.slice(Math.max(0, text.indexOf("*filter"))));
  const nft = /chain \S+ \{\s+type filter hook input[^;]*;(?: policy (\w+);)?([\s\S]*?)\n\s*\}/.exec(
    // Rules for the other version have tables of their own, or stand beside ours.
    text.replace(new RegExp(`^table ip${version === 4 ? "6" : ""} [\\s\\S]*?^\\}`, "gm"), ""),
  );
  const isTables = tables !== null && text.includes("*filter");
  if (!isTables && nft === null) return text.includes("#") ? { rules: [], standard: "accept" } : undefined;
  const body: readonly string[] = isTables ? (tables[0].match(/^-A INPUT .*/gm) ?? []) : (nft?.[2] ?? "").split("\n");
  const policy = isTables ? tables[1] : nft?.[1];
  const rules = body
    .map((line) => readRule(line.replace(COMMENT, "").trim(), device))
    .filter((rule) => rule !== "other");
  return { rules: rules as (Rule | undefined)[], standard: policy?.toLowerCase() === "drop" ? "drop" : "accept" };
}

/** "other": it doesn't concern such packets; undefined: it can't be told. */
function readRule(line: string, device: string): Rule | undefined | "other" {
  const found = (part: RegExp) => part.exec(line);
  const devices = items(found(PARTS.device)?.[1]);
  const states = found(PARTS.states)?.[1];
  if (line === "" || (states !== undefined && !/new/i.test(states))) return "other";
  if (devices.length > 0 && !devices.includes(device)) return "other";
  const verdict = (found(PARTS.verdict)?.[1] ?? found(PARTS.verdict)?.[2] ?? "").toLowerCase();
  const rest = Object.values(PARTS)
    .reduce((text, part) => text.replace(part, ""), line.replace(NOISE, ""))
    .replace(/\b(?:tcp|udp)\b/g, "")
    .trim();
  if (verdict === "log" || (verdict === "" && !/jump|goto/.test(line))) return "other";
  if (line.includes("!")) return undefined;
  const protocol = found(PARTS.protocol);
  const sources = items(found(PARTS.source)?.[1]);
  const isKnown = sources.every((one) => IpRange.parse(one) !== undefined);
  return {
    verdict: rest !== "" || !isKnown ? "unclear" : (VERDICTS[verdict] ?? "unclear"),
    sources: isKnown ? sources : [],
    protocols: protocol === null ? [] : items(protocol[1] ?? protocol[0]),
    ports: items(found(PARTS.ports)?.[1]),
  };
}
