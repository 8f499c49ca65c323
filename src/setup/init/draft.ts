/** A site as far as it has been described: the answers so far, and the YAML file that they make. */

import { loadConfig } from "../../app/config/load-config.ts";
import { PROTOCOLS, splitProtocol, TRANSPORTS } from "../../transport/flow.ts";

/** The keys of the file that `init` asks for; "members" are those of the default hunt group. */
export type Key = "localnet" | "upstream" | "gateways" | "members" | "emergency" | "listen";

/** What has been answered; [] for "none". */
export type Draft = { readonly [key in Key]?: readonly string[] };

/** What has been answered beforehand, as it was typed. */
export type Given = { readonly [key in Key]?: string | undefined };

export interface Extras {
  readonly state: string | undefined;
  /** Our address towards upstream is a private one. */
  readonly isBehindNat: boolean;
  /** Where the JSON Schema is by which editors check the file; undefined where it isn't installed. */
  readonly schema?: string | undefined;
}

const EXAMPLES: Record<Key, string> = {
  listen: "listen: [udp:10.222.237.1:5060]",
  localnet: "localnet: [10.222.237.0/24]",
  upstream: "upstream: sip:pbx.example.com",
  gateways: "gateways: [sip:10.10.1.3]",
  emergency: 'emergency: ["112", "911"]',
  members: 'hunt_groups: {default: {members: ["201", "202"]}}',
};

/** Where there is a gateway, the file says whose calls leave by it. */
const DIAL_OUT = "  may_dial_out: false   # true: headquarters may call out through the gateway";

/** Text that is nothing but itself in YAML. */
const PLAIN = new RegExp(`^((${PROTOCOLS.join("|")}|sip):[\\w.@:;=+-]*\\w|\\d+(\\.\\d+){3}/\\d+|(/[\\w.-]+)+)$`);

/** The whole file. What hasn't been answered, or with "none", stands there as an example in a comment. */
export function yamlOf(draft: Draft, { state, isBehindNat, schema }: Extras): string {
  const line = (key: Key) => {
    const values = draft[key] ?? [];
    const list = `[${values.map(spell).join(", ")}]`;
    if (values.length === 0) return `# ${EXAMPLES[key]}`;
    if (key === "members") return `hunt_groups:\n  default:\n    members: ${list}`;
    if (key === "upstream" && (draft.gateways ?? []).length > 0) return `upstream:\n  targets: ${list}\n${DIAL_OUT}`;
    return `${key}: ${list}`;
  };
  const nat = `# Behind NAT, where its public address is always the same, upstream must be told:
# listen: [{address: "udp:192.168.1.2:5060", advertise: "203.0.113.2:5060"}]
`;
  const tls = `
# TLS: our certificate and key (PEM); ca: FILE too if upstream's authority is private.
tls: {certificate: tls/branch.pem, key: tls/branch.key}
`;
  const editors = schema === undefined ? "" : `# yaml-language-server: $schema=${schema}\n`;
  return `${editors}# By \`branchline init\`. \`branchline check\` says in words what it does; deploy/configuration.md has all keys.

# This router's addresses towards phones, upstream and gateway. An interface's name stands for the address that it has.
${line("listen")}
${isBehindNat ? nat : ""}${draft.listen?.some(isSecure) === true ? tls : ""}
# The phones' networks: all machines in them may dial out in an outage.
${line("localnet")}

# The PBX; several in order of preference. Without it, the domain of each Request-URI.
${line("upstream")}

# The PSTN gateway on the spot, by IP address: DNS is gone when it is needed.
${line("gateways")}

# Numbers that go to the gateway even while upstream lives.
${line("emergency")}

# Who rings when the gateway brings a call: extensions, or URIs of phones.
${line("members")}

# A phone's call in an outage: 302, 380, relay or auto.
# survival: {answer: 302}

# Keeps the secret, and where phones are.
${state === undefined ? "# state: state" : `state: ${spell(state)}`}
`;
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
