/** A site as far as it has been described: the answers so far, and the YAML file that they make. */

import { loadConfig } from "../../app/config/load-config.ts";
import { PROTOCOLS, splitProtocol, TRANSPORTS } from "../../transport/flow.ts";
import { type Draft, type Key, NONE } from "./answers.ts";
import { type Kept, otherBlocks, sameBlock } from "./kept.ts";

export interface Extras {
  readonly state: string | undefined;
  /** Our address towards upstream is a private one. */
  readonly isBehindNat: boolean;
  /** Where the JSON Schema is by which editors check the file; undefined where it isn't installed. */
  readonly schema?: string | undefined;
  /** Of the file that a running branchline has: see {@link keptOf}. */
  readonly kept?: Kept | undefined;
  /** Whether the file takes that one's place. */
  readonly isHere?: boolean;
}

const EXAMPLES: Record<Key, string> = {
  listen: "listen: [udp:10.222.237.1:5060]",
  localnet: "localnet: [10.222.237.0/24]",
  upstream: "upstream: sip:pbx.example.com",
  gateways: "gateways: [sip:10.10.1.3]",
  emergency: 'emergency: ["112", "911"]',
  members: 'hunt_groups: {default: {members: ["201", "202"]}}',
};

/** The answer "none" in the file, where check warns that a key has been forgotten. */
const EMPTY: { readonly [key in Key]?: string } = { emergency: "emergency: []", members: "hunt_groups: {}" };

/** Where there is a gateway, the file says whose calls leave by it. */
const DIAL_OUT = "  may_dial_out: false   # true: the PBX may call out through the gateway";

/** Text that is nothing but itself in YAML. */
const PLAIN = new RegExp(`^((${PROTOCOLS.join("|")}|sip):[\\w.@:;=+-]*\\w|\\d+(\\.\\d+){3}/\\d+|(/[\\w.-]+)+)$`);

/** The whole file. What hasn't been answered, or with "none", stands there as an example in a comment, or as {@link EMPTY} has it. */
export function yamlOf(draft: Draft, { state, isBehindNat, schema, kept, isHere = false }: Extras): string {
  const others = new Map(kept === undefined ? [] : otherBlocks(kept, isHere));
  /** The old file's text in its usual place, or else this. */
  const keptOr = (top: string, text: string) => {
    const old = others.get(top);
    others.delete(top);
    return old?.trimEnd() ?? text;
  };
  const line = (key: Key) => {
    const values = draft[key] ?? [];
    const same = sameBlock(kept, key, draft);
    if (same !== undefined) return same;
    const list = `[${values.map(spell).join(", ")}]`;
    // Without this key, check warns that it has been forgotten.
    if (draft[key] === NONE && EMPTY[key] !== undefined) return EMPTY[key];
    if (values.length === 0) return `# ${EXAMPLES[key]}`;
    if (key === "members") return `hunt_groups:\n  default:\n    members: ${list}`;
    if (key === "upstream" && (draft.gateways ?? []).length > 0) return `upstream:\n  targets: ${list}\n${DIAL_OUT}`;
    return `${key}: ${list}`;
  };
  const nat = `# Behind NAT, where its public address is always the same, upstream must be told:
# listen: [{address: "udp:192.168.1.2:5060", advertise: "203.0.113.2:5060"}]
`;
  const tls = () => `
# TLS: certificate and key (PEM). If upstream's authority is private, name its certificate too: ca: FILE.
${keptOr("tls", "tls: {certificate: tls/branch.pem, key: tls/branch.key}")}
`;
  const secured = draft.listen?.some(isSecure) === true ? tls() : "";
  const inbound = keptOr("inbound", "# inbound: upstream-first");
  const survival = keptOr("survival", "# survival: {answer: 302}");
  const folder = keptOr("state", state === undefined ? "# state: state" : `state: ${spell(state)}`);
  const more = others.size === 0 ? "" : `\n# Kept from the old file.\n${[...others.values()].join("")}`;
  const editors = schema === undefined ? "" : `# yaml-language-server: $schema=${schema}\n`;
  return `${editors}# Written by \`branchline init\`. \`branchline check\` says in words what this file does; deploy/configuration.md explains all keys.

# This router's addresses towards phones, upstream and gateway. The name of an interface stands for its address.
${line("listen")}
${isBehindNat ? nat : ""}${secured}
# The phones' networks. All machines in them may dial out at any time, by a call that names a gateway.
${line("localnet")}

# The PBX, or several in order of preference. Without this key, the domain of each Request-URI.
${line("upstream")}

# The PSTN gateway at the branch, by IP address: in an outage, DNS may not answer.
${line("gateways")}

# Emergency numbers. They go to the gateway in every state of upstream.
${line("emergency")}

# The phones that ring when the gateway calls: extensions, or URIs of phones.
${line("members")}
# The gateway's calls ring here even while the PBX is up. If the PBX takes them from this router:
${inbound}

# A phone's call in an outage: 302, 380, relay or auto.
${survival}

# The state folder: it keeps the secret, the registered phones and the last calls.
${folder}
${more}`;
}

function isSecure(listen: string): boolean {
  const parts = splitProtocol(listen);
  return parts !== undefined && TRANSPORTS[parts.protocol].isSecure;
}

function spell(value: string): string {
  return PLAIN.test(value) ? value : JSON.stringify(value);
}

/** What is wrong with the answers so far, by the rules of the file. */
export function faultsOf(draft: Draft): string[] {
  const answered = Object.keys(draft).map((key) => (key === "members" ? "hunt_groups" : key));
  const { problems } = loadConfig(yamlOf(draft, { state: undefined, isBehindNat: false }), (path) => path);
  return problems.flatMap(({ path, message }) => (answered.includes(path.replace(/\W.*/, "")) ? [message] : []));
}
