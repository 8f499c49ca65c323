/** The configuration of FRR 8 for one member of mode anycast. It announces, and changes no route of this machine. */
import type { RouteCommands } from "../../cluster/settings.ts";
import { type AnycastPlan, notes } from "./plan.ts";

/**
 * A command of FRR's shell for each line; it can be given again without a fault. It isn't written to disk: after a start of FRR the address is
 * announced once branchline says so.
 */
export function frrRoute({ version, neighbors, as }: AnycastPlan): RouteCommands {
  const place =
    neighbors.length === 0
      ? [`router ${WORDS[version].ospf}`]
      : [`router bgp ${as}`, `address-family ipv${version} unicast`];
  const command = (line: string) => ["vtysh", ...["configure terminal", ...place, line].flatMap((one) => ["-c", one])];
  return {
    announce: command("redistribute connected route-map branchline"),
    withdraw: command("no redistribute connected"),
  };
}

/** What its lines begin with, and what it calls OSPF. */
const WORDS = { 4: { ip: "ip", ospf: "ospf" }, 6: { ip: "ipv6", ospf: "ospf6" } } as const;

/** @param head lines that say what made it */
export function frrConfig(plan: AnycastPlan, head: readonly string[]): string {
  const { ip, ospf: name } = WORDS[plan.version];
  const isOspf = plan.neighbors.length === 0;
  const daemons = `In /etc/frr/daemons: ${isOspf ? name : "bgp"}d=yes and bfdd=yes`;
  const lines = [
    ...[...head, "", ...notes(plan, frrRoute(plan)), daemons].map((line) => (line === "" ? "!" : `! ${line}`)),
    "log syslog",
    "!",
    "! A machine that is dead is noticed after 300 ms.",
    "bfd",
    " profile branchline",
    "  detect-multiplier 3",
    "  transmit-interval 100",
    "  receive-interval 100",
    " exit",
    "exit",
    "!",
    "! Of the addresses of this machine, one may be told.",
    ...plan.addresses.map((one, index) => `${ip} prefix-list branchline seq ${5 * (index + 1)} permit ${one}`),
    "route-map branchline permit 10",
    ` match ${ip} address prefix-list branchline`,
    "exit",
    "!",
    "! Nothing that is learned becomes a route here.",
    ...(isOspf ? ospf(plan) : bgp(plan)),
  ];
  return `${lines.join("\n")}\n`;
}

function ospf({ version, routerId, device, network }: AnycastPlan): string[] {
  const { ip, ospf: name } = WORDS[version];
  const here = ` ${ip} ${name}`;
  return [
    "route-map branchline-none deny 10",
    "exit",
    `${ip} protocol ${name} route-map branchline-none`,
    "!",
    `interface ${device}`,
    ...(version === 4 ? [] : [`${here} area 0.0.0.0`]),
    `${here} bfd`,
    `${here} bfd profile branchline`,
    " ! hello and dead are the router's, too: with others, the two don't become neighbours.",
    `${here} hello-interval 1`,
    `${here} dead-interval 4`,
    `${here} priority 0`,
    "exit",
    "!",
    `router ${name}`,
    ` ${name} router-id ${routerId}`,
    ...(version === 4 ? [` network ${network} area 0.0.0.0`] : []),
    "exit",
  ];
}

function bgp({ version, routerId, as, neighbors }: AnycastPlan): string[] {
  const { ip } = WORDS[version];
  return [
    `${ip} prefix-list branchline-none seq 5 deny any`,
    "!",
    `router bgp ${as}`,
    ` bgp router-id ${routerId}`,
    ...(version === 4 ? [] : [" no bgp default ipv4-unicast"]),
    ...neighbors.flatMap(({ address, as: theirs }) =>
      [`remote-as ${theirs}`, "bfd profile branchline", "timers 3 9", "timers connect 5"].map(
        (line) => ` neighbor ${address} ${line}`,
      ),
    ),
    ` address-family ipv${version} unicast`,
    ...neighbors.flatMap(({ address }) =>
      [...(version === 4 ? [] : ["activate"]), "prefix-list branchline out", "prefix-list branchline-none in"].map(
        (line) => `  neighbor ${address} ${line}`,
      ),
    ),
    " exit-address-family",
    "exit",
  ];
}
