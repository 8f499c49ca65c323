/** The firewall of a Linux: iptables and nftables, or ufw and firewalld, which write these. */
import { cureFrom, type Family } from "./facts.ts";
import { type Chain, inputChains } from "./rules.ts";
import { kindsOf, NAME, type Opening, type Wall, WORD } from "./wall.ts";

/** How one tool is told. */
interface Tool {
  readonly open: (opening: Opening, closed: readonly Chain[]) => readonly string[];
  readonly shut: (opening: Opening) => readonly string[];
  /** How the rules outlive a reboot, where the tool doesn't see to it. */
  readonly keep: string | undefined;
}

const iptables = ({ version }: Opening) => `ip${version === 6 ? "6" : ""}tables -I INPUT`;
const everyone = ({ sources, others }: Opening) => [...sources, ...others];

/** "ip saddr { a, b } udp dport { 5060 }", for one transport. */
function nftAsks({ version, device, ports }: Opening, kind: string, sources: readonly string[]): string {
  const from = sources.length === 0 ? "" : `ip${version === 6 ? "6" : ""} saddr { ${sources.join(", ")} } `;
  return `iifname "${device}" ${from}${kind} dport { ${ports.join(", ")} }`;
}

/** A rich rule for each source, transport and port; no source: for everybody. @param order "priority=\"-2\" ", or "" */
function richRules(
  opening: Opening,
  zone: string,
  sources: readonly string[],
  order: string,
  verdict: string,
): string[] {
  const { version, ports } = opening;
  const froms = sources.length === 0 ? [""] : sources.map((source) => ` source address="${source}"`);
  return froms.flatMap((from) =>
    kindsOf(opening).flatMap((kind) =>
      ports.map(
        (port) =>
          `firewall-cmd --permanent --zone=${zone} --add-rich-rule='rule ${order}family="ipv${version}"${from} port port="${port}" protocol="${kind}" ${verdict}'`,
      ),
    ),
  );
}

const nft: Tool = {
  open: (opening, closed) =>
    closed.flatMap(({ name }) =>
      kindsOf(opening).map((kind) => `nft insert rule ${name} '${nftAsks(opening, kind, opening.sources)} accept'`),
    ),
  // A table of its own: what it drops is dropped, whatever the others accept.
  shut: (opening) => {
    const table = `${opening.version === 6 ? "ip6" : "ip"} ${NAME}`;
    const add = (rule: string) => `nft add rule ${table} input '${rule}'`;
    return [
      `nft add table ${table}`,
      `nft add chain ${table} input '{ type filter hook input priority 0; }'`,
      ...kindsOf(opening).flatMap((kind) => [
        // Without a source the rule would let everybody in.
        ...(everyone(opening).length === 0 ? [] : [add(`${nftAsks(opening, kind, everyone(opening))} accept`)]),
        add(`${nftAsks(opening, kind, [])} drop`),
      ]),
    ];
  },
  keep: "and in /etc/nftables.conf",
};

const tables: Tool = {
  open: (opening, closed) => {
    const rules = kindsOf(opening).flatMap((kind) =>
      opening.sources.map((source) => tablesRule(opening, kind, `-s ${source} `, "ACCEPT")),
    );
    // Chains of nftables beside those of iptables must be opened too.
    const beside = closed.filter(({ name }) => name !== undefined);
    return [...(beside.length < closed.length ? rules : []), ...nft.open(opening, beside)];
  },
  // Each is put before the last one.
  shut: (opening) =>
    kindsOf(opening).flatMap((kind) => [
      tablesRule(opening, kind, `-i ${opening.device} `, "DROP"),
      ...everyone(opening).map((source) => tablesRule(opening, kind, `-i ${opening.device} -s ${source} `, "ACCEPT")),
    ]),
  keep: "and where your firewall keeps its rules",
};

function tablesRule(opening: Opening, kind: string, asks: string, verdict: string): string {
  return `${iptables(opening)} ${asks}-p ${kind} -m multiport --dports ${opening.ports.join(",")} -j ${verdict}`;
}

const ufw: Tool = {
  open: (opening) => ufwRules("allow", opening, opening.sources),
  // Each is put before the last one.
  shut: (opening) => [
    ...ufwRules("prepend deny", opening, ["any"]),
    ...ufwRules("prepend allow", opening, everyone(opening)),
  ],
  keep: undefined,
};

function ufwRules(verb: string, opening: Opening, sources: readonly string[]): string[] {
  const { device, ports } = opening;
  return kindsOf(opening).flatMap((kind) =>
    sources.map((source) => `ufw ${verb} in on ${device} proto ${kind} from ${source} to any port ${ports.join(",")}`),
  );
}

const firewalld = (zone: string): Tool => ({
  open: (opening) => [...richRules(opening, zone, opening.sources, "", "accept"), "firewall-cmd --reload"],
  shut: (opening) => [
    ...(everyone(opening).length === 0 ? [] : richRules(opening, zone, everyone(opening), 'priority="-2" ', "accept")),
    ...richRules(opening, zone, [], 'priority="-1" ', "drop"),
    "firewall-cmd --reload",
  ],
  keep: undefined,
});

/** Which tool has written these rules; where there are none, the one that is there. */
function toolOf(text: string, { device }: Opening, family: Family): Tool {
  if (/\bufw6?-user-input\b/.test(text)) return ufw;
  const jumps = text.match(/.*(?:goto|-g) (?:filter_)?IN_[\w-]+/g);
  if (jumps !== null) {
    // The last one is for interfaces that are in no zone.
    const own = jumps.find((line) => line.split(/[" ]+/).includes(device)) ?? jumps[jumps.length - 1] ?? "";
    return firewalld(own.replace(/.*IN_/, ""));
  }
  if (/^\*filter$/m.test(text)) return tables;
  if (/hook input/.test(text)) return nft;
  if (family === "tomato") return tables;
  return /^#iptables$/m.test(text) && !/^#nft$/m.test(text) ? tables : nft;
}

/** @param text what `iptables-save` (`ip6tables-save`) and `nft list ruleset` print; undefined where nobody could read any rules */
export function linuxWall(text: string, opening: Opening, family: Family): Wall | undefined {
  const { device, version } = opening;
  const chains = WORD.test(device) ? inputChains(text, device, version) : undefined;
  if (chains === undefined) return undefined;
  const tool = toolOf(text, opening, family);
  const keep = family === "tomato" ? "and in Administration, Scripts, Firewall" : tool.keep;
  const cure = (lines: readonly string[]) => cureFrom([...lines, ...(keep === undefined ? [] : [`# ${keep}`])], "");
  return { chains, open: (closed) => cure(tool.open(opening, closed)), shut: () => cure(tool.shut(opening)) };
}
