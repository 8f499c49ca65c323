/** EdgeOS' firewall: a local ruleset for each interface, whose rules have numbers. */
import type { Cure } from "./facts.ts";
import { configure } from "./families.ts";
import { type Chain, covers, judge, type Packet, type Rule } from "./rules.ts";
import { NAME, type Opening, type Wall, WORD } from "./wall.ts";

/** The local ruleset of the interface, from the configuration as `set` lines; undefined where it can't be read. */
export function edgeosWall(lines: readonly string[], opening: Opening): Wall | undefined {
  if (lines.length === 0) return undefined;
  const { device } = opening;
  const six = opening.version === 6 ? "6" : "";
  const v6 = six && "ipv6-";
  const kind = `${v6}name`;
  const named = lines.flatMap((line) => {
    const [, path = "", name = ""] = new RegExp(`^interfaces (.+) firewall local ${kind} (\\S+)$`).exec(line) ?? [];
    return edgeosDevice(path) === device ? [name] : [];
  });
  const [name] = named;
  if (name === undefined) {
    const shut = () => newRuleset(lines, opening);
    return { chains: [], open: shut, shut };
  }
  if (!WORD.test(name)) return undefined;
  const start = `firewall ${kind} ${name} `;
  const values = (path: string) => lines.flatMap((line) => (line.startsWith(path) ? [line.slice(path.length)] : []));
  const rules = new Map<number, string[]>();
  for (const line of values(`${start}rule `)) {
    const [number = "", ...rest] = line.split(" ");
    rules.set(Number(number), [...(rules.get(Number(number)) ?? []), rest.join(" ")]);
  }
  const numbers = [...rules.keys()].sort((a, b) => a - b);
  const ours = numbers.find((number) => rules.get(number)?.includes(`description ${NAME}`));
  let free = ours ?? 25;
  while (ours === undefined && rules.has(free)) free += 1;
  // Groups of both kinds share their names.
  const group = `${v6}address-group branchline-upstream${six}`;
  const remote = lines.flatMap((line) => /^vpn ipsec .*remote prefix (\S+)$/.exec(line)?.[1] ?? []);
  const isTunnelled = opening.sources.every((source) => remote.some((prefix) => covers(prefix, source)));
  const accept = [
    // What upstream's addresses were before must not stay open.
    ...(ours === undefined ? [] : [`delete ${start}rule ${free}`]),
    ...(values(`firewall group ${group} `).length === 0 ? [] : [`delete firewall group ${group}`]),
    ...opening.sources.map((source) => `set firewall group ${group} ${v6}address ${source}`),
    ...ruleLines(`${start}rule ${free}`, "accept", opening, group),
    ...(isTunnelled ? [`set ${start}rule ${free} ipsec match-ipsec`] : []),
  ];
  const chain: Chain = {
    rules: numbers.map((number) => edgeosRule(rules.get(number) ?? [], values)),
    standard: values(`${start}default-action `)[0] === "accept" ? "accept" : "drop",
  };
  return {
    chains: [chain],
    open: () => configure(...accept),
    undo: configure(`delete ${start}rule ${free}`, `delete firewall group ${group}`),
    shut: (packet) => shutRules(chain, numbers, start, opening, packet),
  };
}

/** A rule for SIP. @param rule "firewall name WAN_LOCAL rule 25" @param group of the sources; undefined: all */
function ruleLines(rule: string, action: "accept" | "drop", { protocol, ports }: Opening, group?: string): string[] {
  return [
    `set ${rule} action ${action}`,
    `set ${rule} description ${NAME}`,
    `set ${rule} protocol ${protocol}`,
    `set ${rule} destination port ${ports.join(",")}`,
    ...(group === undefined ? [] : [`set ${rule} source group ${group}`]),
  ];
}

/** Two rules: the known senders are let in, and all others kept out. */
function closingLines(start: string, accept: number, drop: number, opening: Opening): string[] {
  const { version, sources, others } = opening;
  const [v6, six, bits] = version === 6 ? ["ipv6-", "6", 128] : ["", "", 32];
  // A network group has addresses too.
  const group = `${v6}network-group ${NAME}-senders${six}`;
  const whole = (one: string) => (one.includes("/") ? one : `${one}/${bits}`);
  const known = [...sources, ...others];
  return [
    ...known.map((one) => `set firewall group ${group} ${v6}network ${whole(one)}`),
    // Without a source the rule would let everybody in.
    ...(known.length === 0 ? [] : ruleLines(`${start}rule ${accept}`, "accept", opening, group)),
    ...ruleLines(`${start}rule ${drop}`, "drop", opening),
  ];
}

/** In a ruleset that there is: before the rule that lets everybody in. */
function shutRules(
  { rules }: Chain,
  numbers: readonly number[],
  start: string,
  opening: Opening,
  packet: Packet,
): Cure {
  const letsAllIn = (_: number, index: number) =>
    ["everybody", "open"].includes(judge(rules.slice(0, index + 1), "drop", packet));
  const last = numbers.find(letsAllIn) || RULE_MAX;
  const free: number[] = [];
  for (let number = last - 1; number > 0 && free.length < 2; number--) {
    if (!numbers.includes(number)) free.unshift(number);
  }
  const [accept, drop] = free;
  if (accept === undefined || drop === undefined) return [`# move rule ${last} of ${start} to a higher number`];
  return configure(...closingLines(start, accept, drop, opening));
}

/** The interface has none: one that only these two rules are in. */
function newRuleset(lines: readonly string[], opening: Opening): Cure {
  const { device, version } = opening;
  const kind = version === 6 ? "ipv6-name" : "name";
  const name = `BRANCHLINE_LOCAL${version === 6 ? "6" : ""}`;
  // "interfaces ethernet eth0 vif 10": the first words of a line about it.
  const paths = lines.flatMap((line) => [3, 5, 7].map((count) => line.split(" ").slice(0, count)));
  const path = paths.find(([top, ...words]) => top === "interfaces" && edgeosDevice(words.join(" ")) === device);
  if (path === undefined) return [`# give ${device} a local ruleset that lets only upstream in`];
  const start = `firewall ${kind} ${name} `;
  return configure(
    `set ${start}default-action accept`,
    ...closingLines(start, 10, 20, opening),
    `set ${path.join(" ")} firewall local ${kind} ${name}`,
  );
}

/** Rules have numbers up to this one. */
const RULE_MAX = 9_999;

/** "ethernet eth0 vif 10 pppoe 0" is pppoe0. */
function edgeosDevice(path: string): string | undefined {
  const [, device, ...more] = path.split(" ");
  let name = device;
  for (let index = 0; index < more.length; index += 2) {
    name = more[index] === "pppoe" ? `pppoe${more[index + 1]}` : `${name}.${more[index + 1]}`;
  }
  return name;
}

/** Undefined: it asks something that isn't known here. */
function edgeosRule(asks: readonly string[], values: (path: string) => string[]): Rule | undefined {
  const read = (path: string) => asks.flatMap((ask) => (ask.startsWith(path) ? [ask.slice(path.length)] : []));
  const states = read("state ");
  const never: Rule = { verdict: "accept", sources: ["0.0.0.0/32"], protocols: [], ports: [] };
  if (asks.includes("disable") || (states.length > 0 && !states.includes("new enable"))) return never;
  const known =
    /^(?:action|description|log|protocol|state|source (?:address|group)|destination (?:port|group port-group)|ipsec match-ipsec)/;
  if (asks.some((ask) => ask.includes("!"))) return undefined;
  const members = (side: string) =>
    read(`${side} group `).flatMap((group) =>
      values(`firewall group ${group} `).map((one) => one.replace(/^\S+ /, "")),
    );
  return {
    verdict: asks.some((ask) => !known.test(ask)) ? "unclear" : read("action ")[0] === "accept" ? "accept" : "drop",
    sources: [...read("source address "), ...members("source")],
    protocols: read("protocol "),
    ports: [...read("destination port ").flatMap((ports) => ports.split(",")), ...members("destination")],
  };
}
