/** The configuration of ExaBGP 4 for one member of mode anycast. */
import type { RouteCommands } from "../../cluster/settings.ts";
import { type AnycastPlan, type Neighbor, notes } from "./plan.ts";

/** Why ExaBGP can't do what the plan says, for a person; undefined: it can. */
export function exabgpFault({ addresses, neighbors }: AnycastPlan): string | undefined {
  if (neighbors.length === 0) return "ExaBGP speaks BGP alone: name the router with --neighbor ADDRESS,AS";
  if (addresses.length === 1) return undefined;
  return `the file listens at ${addresses.length} addresses, and a command of ExaBGP's announces one of them`;
}

/** By its pipe: the program that writes to it comes with ExaBGP. */
export function exabgpRoute({ addresses: [address = ""] }: AnycastPlan): RouteCommands {
  const command = (word: string) => ["exabgpcli", word, "route", address, "next-hop", "self"];
  return { announce: command("announce"), withdraw: command("withdraw") };
}

/** @param head lines that say what made it */
export function exabgpConfig(plan: AnycastPlan, head: readonly string[]): string {
  const { neighbors } = plan;
  const lines = [
    ...[...head, "", ...notes(plan, exabgpRoute(plan), false)].map((line) => (line === "" ? "#" : `# ${line}`)),
    "# ExaBGP has no BFD: the router notices a machine that is dead when the hold time is over, after 9 s.",
    ...neighbors.flatMap((one) => ["", ...neighborLines(plan, one)]),
  ];
  return `${lines.join("\n")}\n`;
}

function neighborLines({ version, own, routerId, as }: AnycastPlan, { address, as: theirs }: Neighbor): string[] {
  return [
    `neighbor ${address} {`,
    `  router-id ${routerId};`,
    `  local-address ${own};`,
    `  local-as ${as};`,
    `  peer-as ${theirs};`,
    "  hold-time 9;",
    "  family {",
    `    ipv${version} unicast;`,
    "  }",
    "}",
  ];
}
