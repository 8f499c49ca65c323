/** The configuration of BIRD 2 for one member of mode anycast. It announces, and changes no route of this machine. */
import type { RouteCommands } from "../../cluster/settings.ts";
import { type AnycastPlan, type Neighbor, notes } from "./plan.ts";

export const BIRD_ROUTE: RouteCommands = {
  announce: ["birdc", "enable", "anycast"],
  withdraw: ["birdc", "disable", "anycast"],
};

/** @param head lines that say what made it */
export function birdConfig(plan: AnycastPlan, head: readonly string[]): string {
  const { version, routerId, device, addresses, neighbors } = plan;
  const lines = [
    ...[...head, "", ...notes(plan, BIRD_ROUTE)].map(comment),
    "log syslog all;",
    `router id ${routerId};`,
    "",
    "protocol device { }",
    "",
    "# A machine that is dead is noticed after 300 ms.",
    "protocol bfd {",
    `  interface "${device}" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; };`,
    "}",
    "",
    "# Enabled, it announces the address: branchline enables it when it takes calls.",
    "protocol static anycast {",
    "  disabled;",
    `  ipv${version};`,
    ...addresses.map((one) => `  route ${one} blackhole;`),
    "}",
    "",
    ...(neighbors.length === 0 ? ospf(plan) : neighbors.flatMap((one, index) => bgp(plan, one, index + 1))),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function comment(line: string): string {
  return line === "" ? "#" : `# ${line}`;
}

/** Nothing of what is learned counts here, and nothing but the address is told. */
function filters({ version }: AnycastPlan): string {
  return `  ipv${version} { import none; export where proto = "anycast"; };`;
}

function ospf(plan: AnycastPlan): string[] {
  return [
    `protocol ospf v${plan.version === 4 ? 2 : 3} routers {`,
    filters(plan),
    "  area 0 {",
    "    # hello and dead are the router's, too: with others, the two don't become neighbours.",
    `    interface "${plan.device}" { hello 1; dead 4; priority 0; bfd yes; };`,
    "  };",
    "}",
  ];
}

function bgp(plan: AnycastPlan, { address, as: theirs }: Neighbor, number: number): string[] {
  return [
    `protocol bgp router${number} {`,
    `  local ${plan.own} as ${plan.as};`,
    `  neighbor ${address} as ${theirs};`,
    "  bfd on;",
    "  hold time 9;",
    "  connect delay time 1;",
    "  connect retry time 5;",
    "  error wait time 1, 5;",
    filters(plan),
    "}",
    "",
  ];
}
