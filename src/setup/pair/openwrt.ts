/** The configuration of OpenWrt's package keepalived for one member of a pair: /etc/config/keepalived. */
import { besideOf, nameOf } from "./keepalived.ts";
import type { PairPlan, VirtualRouter } from "./plan.ts";

/** Also the name of its tracking: with older init scripts an instance names a section track_script, with newer ones the script. */
const SCRIPT = "branchline_lives";

/** @param head lines that say what made it */
export function openwrtConfig(plan: PairPlan, head: readonly string[]): string {
  const { member, other, health_file, script, routers } = plan;
  const peer = routers.find(({ unicast }) => unicast !== undefined)?.unicast;
  const sections = [
    section("globals 'globals'", [["router_id", `branchline-${member}`]]),
    // Its init script knows no track_file: the script looks at the file each second.
    section("vrrp_script", [
      ["name", SCRIPT],
      ["script", `${script} ${health_file}`],
      ["interval", "1"],
      ["fall", "2"],
      ["rise", "1"],
    ]),
    section("track_script", [
      ["name", SCRIPT],
      ["value", SCRIPT],
    ]),
    ...(peer === undefined
      ? []
      : [
          section("peer", [
            ["name", other],
            ["address", peer.to],
          ]),
        ]),
    ...routers.flatMap((one) =>
      allOf(one).map(({ address, device }, index) =>
        section("ipaddress", [
          ["name", addressName(one, index)],
          ["address", address],
          ...(device === undefined ? [] : ([["device", device]] as const)),
        ]),
      ),
    ),
    ...routers.flatMap(besideOf).map((device) =>
      section("track_interface", [
        ["name", device],
        ["value", device],
      ]),
    ),
    ...(routers.length === 1 ? [] : [group(routers)]),
    ...routers.map((one) => instance(one, plan)),
  ];
  return `${[head.map((line) => `# ${line}`).join("\n"), ...sections].join("\n\n")}\n`;
}

/** Key and value; "list" where the key may come again. */
type Option = readonly [key: string, value: string, kind?: "list"];

function section(type: string, options: readonly Option[]): string {
  return [`config ${type}`, ...options.map(([key, value, kind = "option"]) => `  ${kind} ${key} '${value}'`)].join(
    "\n",
  );
}

function group(routers: readonly VirtualRouter[]): string {
  return section("vrrp_sync_group", [
    ["name", "branchline"],
    ...routers.map((one) => ["group", nameOf(one), "list"] as const),
  ]);
}

function addressName({ id }: VirtualRouter, index: number): string {
  return `branchline_${id}_${index + 1}`;
}

/** All addresses, those that advertisements name first. */
function allOf({ addresses, others, beside }: VirtualRouter): { address: string; device?: string }[] {
  return [...[...addresses, ...others].map((address) => ({ address })), ...beside];
}

function instance(router: VirtualRouter, { priority, other }: PairPlan): string {
  const { device, id, addresses, unicast } = router;
  const names = allOf(router).map((_, index) => addressName(router, index));
  const named = Math.max(addresses.length, 1);
  return section("vrrp_instance", [
    ["name", nameOf(router)],
    ["state", "BACKUP"],
    ["nopreempt", "1"],
    ["interface", device],
    ["virtual_router_id", `${id}`],
    ["version", "3"],
    ["priority", `${priority}`],
    ["advert_int", "0.1"],
    ["garp_master_delay", "1"],
    ["garp_master_repeat", "3"],
    ["garp_master_refresh", "60"],
    ...(unicast === undefined
      ? []
      : ([
          ["unicast_src_ip", unicast.from],
          ["unicast_peer", other, "list"],
        ] as const)),
    ...names.slice(0, named).map((name) => ["virtual_ipaddress", name, "list"] as const),
    ...names.slice(named).map((name) => ["virtual_ipaddress_excluded", name, "list"] as const),
    ...besideOf(router).map((one) => ["track_interface", one, "list"] as const),
    ["track_script", SCRIPT, "list"],
  ]);
}
