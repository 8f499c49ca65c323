/** A member behind an anycast address on which nothing is wrong, for tests of doctor to spoil. */
import type { ClusterFacts, MemberFacts } from "../../src/app/cluster-facts.ts";
import type { Facts } from "../../src/setup/doctor/facts.ts";
import { programLine } from "../../src/setup/doctor/families.ts";
import { ANYCAST as NODES } from "../app/anycast-facts.ts";
import { healthy, LAN, peer, status, YAML } from "./healthy.ts";

export const HEALTH = "/var/run/branchline-anycast/node1.healthy";

export const ANYCAST_YAML = `${YAML.replace(/listen: .*/, 'listen: [{address: "udp:10.206.206.1:5060", anycast: true}]')}cluster:
  mode: anycast
  name: node1
  members: {node1: ${LAN}, node2: 10.10.9.2, node3: 10.10.9.3}
  secret: /etc/branchline/state/cluster-secret
  health_file: ${HEALTH}
  route: {announce: birdc enable anycast, withdraw: birdc disable anycast}
`;

const own = (one: MemberFacts, index: number) => ({ ...one, at: `10.10.9.${index + 2}:5059`, version: "0.1.0" });

export const ANYCAST: ClusterFacts = { ...NODES, health_file: HEALTH, members: NODES.members.map(own) };

/** A branchline that runs as a member. @param other node2 */
export function inAnycast(change: Partial<ClusterFacts> = {}, other: Partial<MemberFacts> = {}): Partial<Facts> {
  const [first, ...others] = ANYCAST.members;
  const members = first === undefined ? [] : [{ ...first, ...other }, ...others];
  const listen = [{ name: "udp:10.206.206.1:5060", address: "10.206.206.1" }];
  return { isRunning: true, status: status({ cluster: { ...ANYCAST, members, ...change }, listen }) };
}

/** The machine beneath: all that is asked of it goes by the interface of its own address. */
export function onMachine(change: Partial<Facts> = inAnycast()): Partial<Facts> {
  return {
    ...inAnycast(),
    addresses: [...healthy().addresses, { device: "lo", address: "10.206.206.1", cidr: "10.206.206.1/32" }],
    ports: ["EADDRINUSE"],
    peers: [peer({ local: LAN })],
    health: { file: HEALTH, stamp: { mode: 0o644, owner: 110, changed_at: "", age_s: 1 }, error: "" },
    said: { [programLine("birdc")]: "/usr/sbin/birdc\n" },
    ...change,
  };
}
