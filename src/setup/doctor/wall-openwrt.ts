/** OpenWrt's firewall: zones of networks, and rules in sections of `uci`. */
import { uciValues } from "./families.ts";
import type { Chain } from "./rules.ts";
import { NAME, type Opening, type Wall, WORD } from "./wall.ts";

/** The zone of the interface, from what `uci` and `ubus` print; undefined where it can't be found. */
export function openwrtWall(uci: string | undefined, ubus: string | undefined, opening: Opening): Wall | undefined {
  const { device, sources, others, protocol, ports, version } = opening;
  const sections = [...uciValues(uci).values()];
  const of = (kind: string) => sections.filter((one) => one.get("")?.[0] === kind);
  const network = networkOf(ubus, device);
  const zone = of("zone").find((one) => network !== undefined && words(one.get("network")).includes(network));
  const name = zone?.get("name")?.[0];
  if (zone === undefined || name === undefined || !WORD.test(name)) return undefined;
  const rules = of("rule").filter(
    (one) =>
      [name, "*"].includes(one.get("src")?.[0] ?? "") &&
      !one.has("dest") &&
      one.get("enabled")?.[0] !== "0" &&
      !(one.get("family")?.[0] ?? "").endsWith(version === 6 ? "4" : "6"),
  );
  const own = version === 6 ? `${NAME}6` : NAME;
  const known = uciValues(uci);
  const end = ["uci commit firewall", "/etc/init.d/firewall reload"] as const;
  const section = (key: string, target: "ACCEPT" | "DROP", from: readonly string[]) => {
    const set = (option: string, value: string) => `uci set firewall.${key}${option}='${value}'`;
    return [
      ...(known.has(key) ? [`uci delete firewall.${key}`] : []),
      set("", "rule"),
      set(".name", key),
      set(".src", name),
      ...from.map((source) => `uci add_list firewall.${key}.src_ip='${source}'`),
      ...(target === "DROP" ? [set(".family", `ipv${version}`)] : []),
      set(".proto", protocol === "tcp_udp" ? "tcpudp" : protocol),
      set(".dest_port", ports.join(" ")),
      set(".target", target),
    ];
  };
  const chain: Chain = {
    rules: rules.map((one) => {
      const protocols = words(one.get("proto"));
      return {
        verdict: one.get("target")?.[0] === "ACCEPT" ? "accept" : "drop",
        sources: words(one.get("src_ip")),
        protocols: protocols.length === 0 ? ["tcpudp"] : protocols,
        ports: words(one.get("dest_port")),
      };
    }),
    standard: zone.get("input")?.[0] === "ACCEPT" ? "accept" : "drop",
  };
  return {
    chains: [chain],
    open: () => [...section(own, "ACCEPT", sources), ...end],
    undo: [`uci delete firewall.${own}`, ...end],
    // The first rule that matches decides: ours must stand before the one that lets everybody in.
    shut: () => {
      const known = [...sources, ...others];
      // Without a source the rule would let everybody in.
      const [accept, first] =
        known.length === 0 ? [[], []] : [section(own, "ACCEPT", known), [`uci reorder firewall.${own}=0`]];
      return [
        ...section(`${own}_others`, "DROP", []),
        ...accept,
        `uci reorder firewall.${own}_others=0`,
        ...first,
        ...end,
      ];
    },
  };
}

const words = (values: readonly string[] = []) => values.flatMap((value) => value.split(" "));

/** OpenWrt's own name of the network behind a device. */
function networkOf(ubus: string | undefined, device: string): string | undefined {
  try {
    const { interface: all } = JSON.parse(ubus ?? "{}") as {
      interface?: { interface: string; l3_device?: string; device?: string }[];
    };
    return all?.find((one) => one.l3_device === device || one.device === device)?.interface;
  } catch {
    return undefined;
  }
}
