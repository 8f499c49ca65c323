/** The commands of EdgeOS for one member of a pair: virtual routers, by `set` in configure. */
import type { PairPlan, VirtualRouter } from "./plan.ts";

/** Why EdgeOS's VRRP can't do what the plan says, for a person; undefined: it can. */
export function edgeosFault({ routers }: PairPlan): string | undefined {
  const [beside] = routers.flatMap((one) => one.beside);
  if (beside !== undefined) {
    return `${beside.device} has no IPv4 address of this router's own, and EdgeOS's VRRP needs one there: give it one, which may be private`;
  }
  const strange = routers.find(({ device }) => POINT_TO_POINT.test(device));
  if (strange === undefined) return undefined;
  return `EdgeOS has no VRRP on ${strange.device}: leave its address out of cluster.shared`;
}

/** What EdgeOS can't do is said in comments, which its shell passes over. @param head lines that say what made it */
export function edgeosCommands(plan: PairPlan, head: readonly string[]): string {
  const { routers, priority, script, health_file } = plan;
  const follow = script.replace(/[^/]*$/, "vrrp-follow.sh");
  const paths = routers.filter(isIpv4).map(({ device, id }) => `interfaces/${groupOf(device, id).replace(/ /g, "/")}`);
  const lines = [
    ...head.map((line) => `# ${line}`),
    "configure",
    ...routers.flatMap((router) => groupLines(router, priority)),
    // EdgeOS's VRRP can track nothing: a script disables the groups while branchline isn't well.
    "set system task-scheduler task branchline-vrrp interval 1m",
    `set system task-scheduler task branchline-vrrp executable path ${follow}`,
    `set system task-scheduler task branchline-vrrp executable arguments "${[health_file, ...paths].join(" ")}"`,
    "commit",
    "save",
    "exit",
  ];
  return `${lines.join("\n")}\n`;
}

function groupLines(router: VirtualRouter, priority: number): string[] {
  const { device, id, addresses, others } = router;
  const all = [...addresses, ...others];
  const path = `set interfaces ${groupOf(device, id)}`;
  const lines = all.filter((one) => one.includes(":")).map((one) => `# ${one}: EdgeOS has no virtual router for IPv6`);
  const addresses4 = all.filter((one) => !one.includes(":"));
  if (!isIpv4(router)) return lines;
  return [
    ...lines,
    // Whole seconds: a dead router is noticed after three to four of them.
    `${path} advertise-interval 1`,
    `${path} preempt false`,
    `${path} priority ${priority}`,
    `${path} sync-group branchline`,
    ...addresses4.map((address) => `${path} virtual-address ${address}`),
  ];
}

function isIpv4({ addresses, others }: VirtualRouter): boolean {
  return [...addresses, ...others].some((one) => !one.includes(":"));
}

/** "eth1.20" → "ethernet eth1 vif 20 vrrp vrrp-group 51", as the router's configuration has it. */
function groupOf(device: string, id: number): string {
  const [base = "", vlan] = device.split(".");
  const kind = KINDS.find(([begin]) => base.startsWith(begin))?.[1] ?? "ethernet";
  return `${kind} ${base}${vlan === undefined ? "" : ` vif ${vlan}`} vrrp vrrp-group ${id}`;
}

/** The other router has no end of such a line: no address of it can move there. */
const POINT_TO_POINT = /^(?:ppp|pppoe|l2tp|tun|vtun|vti|wg)\d/;

const KINDS: readonly (readonly [begin: string, kind: string])[] = [
  ["switch", "switch"],
  ["br", "bridge"],
  ["bond", "bonding"],
  ["eth", "ethernet"],
];
