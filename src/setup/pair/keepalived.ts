/** The configuration of keepalived for one member of a pair. */
import type { PairPlan, VirtualRouter } from "./plan.ts";

/** Node's loop writes the file each second; healthy.sh allows 3 s. */
const SCRIPT = ["  interval 1", "  timeout 1", "  fall 2", "  rise 1", "  init_fail", "  user root"];

/** For keepalived 2.1 and newer, which can turn the meaning of a tracked file around. @param head lines that say what made it */
export function keepalivedConfig(plan: PairPlan, head: readonly string[]): string {
  const { member, health_file, script, routers } = plan;
  const lines = [
    ...head.map((line) => `# ${line}`),
    "global_defs {",
    `  router_id branchline-${member}`,
    // Only version 3 has intervals below a second, and it has no authentication.
    "  vrrp_version 3",
    // Ethernet switches and neighbours learn of the move by three gratuitous ARPs at once, by three a second later, and by one a minute.
    "  vrrp_garp_master_delay 1",
    "  vrrp_garp_master_repeat 3",
    "  vrrp_garp_master_refresh 60",
    "  script_user root",
    "  enable_script_security",
    "}",
    "",
    "# 1: branchline may hold the addresses. 0, or no file: another member must. keepalived hears of a change at once.",
    "track_file branchline_health {",
    `  file "${health_file}"`,
    "  weight 0 reverse",
    "  init_file 0",
    "}",
    "",
    "# A branchline that hangs doesn't write the file any more.",
    "vrrp_script branchline_lives {",
    `  script "${script} ${health_file}"`,
    ...SCRIPT,
    "}",
    ...(isAlone(plan) ? [] : groupLines(routers)),
    ...routers.flatMap((one) => instanceLines(one, plan)),
  ];
  return `${lines.join("\n")}\n`;
}

/** keepalived refuses a group of one. */
function isAlone({ routers }: PairPlan): boolean {
  return routers.length === 1;
}

function groupLines(routers: readonly VirtualRouter[]): string[] {
  const names = routers.map((one) => `    ${nameOf(one)}`);
  return [
    "",
    "# The addresses move together or not at all.",
    "vrrp_sync_group branchline {",
    "  group {",
    ...names,
    "  }",
    ...TRACKS,
    "}",
  ];
}

const TRACKS = ["  track_file {", "    branchline_health", "  }", "  track_script {", "    branchline_lives", "  }"];

export function nameOf({ device }: VirtualRouter): string {
  return `branchline_${device.replace(/[^A-Za-z0-9]/g, "_")}`;
}

function instanceLines(router: VirtualRouter, plan: PairPlan): string[] {
  const { priority, other } = plan;
  const { device, id, unicast } = router;
  const [named, unnamed] = addressLines(router);
  return [
    "",
    `vrrp_instance ${nameOf(router)} {`,
    // Both begin so: a member that is started anew takes nothing from one that works.
    "  state BACKUP",
    "  nopreempt",
    `  interface ${device}`,
    `  virtual_router_id ${id}`,
    `  priority ${priority}`,
    "  advert_int 0.1",
    ...(unicast === undefined
      ? []
      : [
          `  unicast_src_ip ${unicast.from}`,
          "  check_unicast_src",
          "  unicast_peer {",
          `    # ${other}`,
          `    ${unicast.to}`,
          "  }",
        ]),
    ...block("virtual_ipaddress", named),
    ...block("virtual_ipaddress_excluded", unnamed),
    // An interface without an address of its own can't advertise; its cable counts all the same.
    ...block("track_interface", besideOf(router)),
    ...(isAlone(plan) ? TRACKS : []),
    "}",
  ];
}

/** The addresses that advertisements name, of which there must be one, and those that move along. */
export function addressLines({ addresses, others, beside }: VirtualRouter): [named: string[], unnamed: string[]] {
  const along = [...others, ...beside.map(({ address, device }) => `${address} dev ${device}`)];
  return addresses.length > 0 ? [[...addresses], along] : [along.slice(0, 1), along.slice(1)];
}

/** The interfaces whose addresses move along. */
export function besideOf({ beside }: VirtualRouter): string[] {
  return [...new Set(beside.map(({ device }) => device))];
}

function block(name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${name} {`, ...lines.map((line) => `    ${line}`), "  }"];
}
