/** Members behind an anycast address, and what `branchline cluster` makes of them. */
import type { ClusterSettings } from "../../src/cluster/settings.ts";
import { type AnycastPlan, type AnycastWishes, anycastPlanOf } from "../../src/setup/anycast/plan.ts";
import { type OwnAddress, OwnListener } from "../../src/transport/own-listener.ts";

const CLUSTER: ClusterSettings = {
  mode: "anycast",
  name: "node1",
  members: [
    { name: "node1", address: "10.205.205.11", port: 5059 },
    { name: "node2", address: "10.205.205.12", port: 5059 },
    { name: "node3", address: "10.205.205.13", port: 5059 },
  ],
  secret: { file: "/etc/branchline/state/cluster-secret" },
  second_secret: undefined,
  shared: [],
  health_file: "/run/branchline-pair/node1.healthy",
  hand_over: "none",
  route: undefined,
  log_calls_ms: undefined,
};

export const at = (device: string, cidr: string): OwnAddress => ({ device, cidr, address: cidr.replace(/\/.*/, "") });
export const OWN = [at("lo", "127.0.0.1/8"), at("lo", "10.206.206.1/32"), at("eth0", "10.205.205.11/24")];
const SCRIPT = "/usr/lib/branchline/route-follow.sh";
export const OSPF: AnycastWishes = { neighbors: [], as: 65001, script: SCRIPT };
export const BGP: AnycastWishes = { ...OSPF, neighbors: [{ address: "10.205.205.254", as: 65000 }] };

export function listeners(...hosts: readonly string[]): OwnListener[] {
  return hosts.map((host, index) => {
    const version = host.includes(":") ? 6 : 4;
    return new OwnListener(index, { protocol: "udp", at: host, version, port: 5060 + index, advertise: undefined });
  });
}

export const LISTENERS = listeners("10.206.206.1");

interface Change {
  readonly cluster?: Partial<ClusterSettings>;
  readonly own?: readonly OwnAddress[];
  readonly at?: readonly OwnListener[];
}

function found(wishes: AnycastWishes, { cluster = {}, own = OWN, at: all = LISTENERS }: Change) {
  return anycastPlanOf({ ...CLUSTER, ...cluster }, all, own, wishes);
}

export function plan(wishes: AnycastWishes, change: Change = {}): AnycastPlan {
  const made = found(wishes, change);
  if ("fault" in made) throw new Error(made.fault);
  return made;
}

export function faultOf(change: Change, wishes = OSPF): string | undefined {
  const made = found(wishes, change);
  return "fault" in made ? made.fault : undefined;
}

/** Without the comments. */
export function settingsOf(text: string): string {
  return text
    .split("\n")
    .filter((line) => !/^\s*[#!]/.test(line))
    .join("\n");
}
