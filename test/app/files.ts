/** Configuration files for tests. */
import { loadConfig } from "../../src/app/config/load-config.ts";
import { ALONE, type Sources } from "../../src/app/config/sources.ts";

/** A file that says more than it must: most keys, in their longer forms. */
export const WHOLE = `# a branch office
listen:
  - udp:10.222.237.1:5060
  - {address: "udp:[2001:db8:1::1]:5070", advertise: "branch.example.com:5070"}
localnet: [10.222.237.0/24, "2001:db8:1::/64"]
upstream:
  targets: ["sip:pbx.example.com", sip:198.51.100.7:5070]
  fr_timer: 3s
  probe: {interval: 20s, suspect_interval: 500ms, down_interval: 7s, timeout: 1.5s, failures: 2, successes: 4}
  hold: 2m
  hold_max: 1h
gateways: [sip:10.10.1.3, {uri: "sip:10.10.1.4:5080"}]
survival: {answer: 380, notice: "Bitte warten", notice_hold: 0s}
hunt_groups:
  default: {members: [sip:201@10.222.237.21, "sip:202@[2001:db8:1::22]:5062"], strategy: parallel, ring: 45s}
  +49301234: {members: sip:203@10.222.237.23}
  0815: {members: [sip:204@10.222.237.24]}
strangers: reject
state: /var/lib/branchline
log: debug
`;

/** What no file can do without. */
export const LEAST = "listen: [udp:10.222.237.1]\nlocalnet: [10.222.237.0/24]\n";

/** What examples have: an included file, which says nothing here, and a value for each variable that they name. */
const EXAMPLES: Sources = {
  ...ALONE,
  variables: new Map(
    Object.entries({ LAN_ADDRESS: "10.1.7.1", LAN: "10.1.7.0/24", GATEWAY: "10.1.7.3", SITE: "berlin" }),
  ),
  read: (name) => ({ name, id: name, text: "", why: "" }),
};

export const load = (text: string) =>
  loadConfig(text, (path) => `at ${path}`, undefined, undefined, undefined, undefined, undefined, EXAMPLES);

/** What isn't a fault, but looks odd on a router with these interfaces, the first with all addresses, as "line:column path message". */
export function hints(text: string, names: readonly string[] | undefined, addresses: readonly string[] = []): string[] {
  const interfaces = names && new Map(names.map((name, index) => [name, index === 0 ? addresses : []]));
  const { problems, hints: found } = loadConfig(text, (path) => path, undefined, interfaces);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return found.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
}

/** The faults as "line:column path message". */
export function faults(text: string): string[] {
  return load(text).problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
}
