/** Real machines, as their kernels and programs describe them. */

import { parseSipUri } from "../../src/message/uri.ts";
import type { Given } from "../../src/setup/init/answers.ts";
import { type Stand, settle } from "../../src/setup/init/dialogue.ts";
import type { Heard } from "../../src/setup/init/heard.ts";
import type { Kept } from "../../src/setup/init/kept.ts";
import { type Network, type RawNetwork, readNetwork } from "../../src/setup/init/network.ts";
import type { Ways } from "../../src/setup/init/ways.ts";
import { DEFAULT_PROTOCOL } from "../../src/transport/flow.ts";
import { hopOf, portOf } from "../../src/transport/locator.ts";

/** The local address from which such a machine's kernel would send to an IPv4 address, by its routes. */
function sourceOn({ routes, interfaces }: Network, address: string): string | undefined {
  const value = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const fitting = routes.filter(({ network, mask }) => (value & mask) >>> 0 === network);
  const [best] = fitting.sort((one, other) => other.mask - one.mask || one.metric - other.metric);
  return interfaces.find((one) => one.name === best?.name && !one.address.includes(":"))?.address;
}

/**
 * What DNS and the kernel of such a machine say of these URIs.
 * @param names the addresses of each name; one that isn't among them is at an address of the internet
 * @param sources6 the local address towards each IPv6 address
 */
export function waysOn(
  raw: RawNetwork,
  uris: readonly string[],
  names: Readonly<Record<string, readonly string[]>> = {},
  sources6: Readonly<Record<string, string>> = {},
): Ways {
  const network = readNetwork(raw);
  return new Map(
    uris.map((text) => {
      const uri = parseSipUri(text);
      if (uri === undefined) throw new Error(`${text} is no URI`);
      const hop = hopOf(uri);
      const isName = /[a-z]/i.test(uri.host) && !uri.host.includes(":");
      const addresses = names[uri.host] ?? (isName ? [INTERNET] : [uri.host]);
      const { protocol = DEFAULT_PROTOCOL } = hop;
      const ways = addresses.map((address) => ({
        to: { address, port: portOf(hop), protocol },
        source: address.includes(":") ? sources6[address] : sourceOn(network, address),
      }));
      return [text, ways];
    }),
  );
}

/** What is settled with these flags on such a machine, once what its answers name has been looked for. */
export function settleOn(
  raw: RawNetwork,
  given: Given,
  { isTrusting = true, heard = [], names, sources6, kept }: SettleOptions = {},
): Stand {
  const facts = { network: readNetwork(raw), heard, kept };
  const stand = settle({}, facts, given, isTrusting);
  if (stand.wanted === undefined) return stand;
  const ways = waysOn(
    raw,
    stand.wanted.map(({ text }) => text),
    names,
    sources6,
  );
  return settle(stand.draft, { ...facts, ways }, given, isTrusting);
}

interface SettleOptions {
  readonly kept?: Kept | undefined;
  readonly isTrusting?: boolean;
  readonly heard?: readonly Heard[];
  /** See {@link waysOn}. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
  readonly sources6?: Readonly<Record<string, string>>;
}

/** Somewhere behind the default route. */
const INTERNET = "192.88.99.10";

/** A line of /proc/net/route: interface, network, mask and metric, in the host's byte order. */
function routeLine(isLittleEndian: boolean, [name, cidr, metric = 0]: readonly [string, string, number?]): string {
  const [network = "", bits = "0"] = cidr.split("/");
  const mask = 0xffffffff << (32 - Number(bits));
  const octets = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
  const hex = (all: readonly number[]) =>
    (isLittleEndian ? [...all].reverse() : all)
      .map((octet) => octet.toString(16).padStart(2, "0").toUpperCase())
      .join("");
  const masked = bits === "0" ? [0, 0, 0, 0] : octets(mask);
  return [name, hex(network.split(".").map(Number)), "00000000", "0001", 0, 0, metric, hex(masked), 0, 0, 0].join("\t");
}

export function router(parts: {
  readonly addresses: Readonly<Record<string, string>>;
  readonly routes: readonly (readonly [string, string, number?])[];
  readonly neighbours?: readonly string[];
  readonly table?: string;
  readonly programs?: readonly string[];
  readonly isLittleEndian?: boolean;
}): RawNetwork {
  const { addresses, routes, neighbours = [], table = "", programs = [], isLittleEndian = true } = parts;
  return {
    addresses: Object.entries(addresses).map(([name, cidr]) => ({ name, cidr })),
    routes: ["Iface\tDestination\tGateway \tFlags", ...routes.map((one) => routeLine(isLittleEndian, one)), ""].join(
      "\n",
    ),
    isLittleEndian,
    neighbours: [
      "IP address       HW type     Flags       HW address            Mask     Device",
      ...neighbours,
      "",
    ].join("\n"),
    table,
    programs: ["/sbin/init", ...programs],
  };
}

/** EdgeRouter X: eth0 carries PPPoE, the switch has the phones. */
export const EDGEROUTER = router({
  addresses: { switch0: "10.222.237.1/24", pppoe0: "203.0.113.7/32", "switch0:1": "fe80::1/64" },
  routes: [
    ["pppoe0", "0.0.0.0/0"],
    ["switch0", "10.222.237.0/24"],
  ],
});

/** OpenWrt: the bridge with the phones, DHCP towards the provider. */
export const OPENWRT = router({
  addresses: { "br-lan": "192.168.1.1/24", eth1: "198.51.100.20/24" },
  routes: [
    ["eth1", "0.0.0.0/0"],
    ["eth1", "198.51.100.0/24"],
    ["br-lan", "192.168.1.0/24"],
  ],
  programs: ["udhcpc -p /var/run/udhcpc-eth1.pid -s /lib/netifd/dhcp.script -f -t 0 -i eth1 -x hostname:OpenWrt -C"],
});

/** A Raspberry Pi behind somebody else's router; systemd-networkd has asked for its address. */
export const RASPBERRY = router({
  addresses: { eth0: "192.168.178.40/24", wlan0: "fe80::2/64" },
  routes: [
    ["eth0", "0.0.0.0/0", 1024],
    ["eth0", "192.168.178.0/24", 1024],
  ],
  table:
    "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n" +
    "2: eth0    inet 192.168.178.40/24 metric 1024 brd 192.168.178.255 scope global dynamic eth0\\       valid_lft 863000sec\n",
});

/** EdgeRouter 4, big-endian: data, phones and guests apart; the PBX behind WireGuard, the gateway on a port of its own. */
export const EDGEROUTER_4 = router({
  addresses: {
    eth0: "203.0.113.2/29",
    "eth1.10": "10.1.10.1/24",
    "eth1.20": "10.1.20.1/24",
    "eth1.30": "10.1.30.1/24",
    eth2: "10.10.1.1/24",
    wg0: "10.99.0.2/24",
    docker0: "172.17.0.1/16",
  },
  routes: [
    ["eth0", "0.0.0.0/0"],
    ["wg0", "192.0.2.0/24"],
    ["eth1.10", "10.1.10.0/24"],
    ["eth1.20", "10.1.20.0/24"],
    ["eth1.30", "10.1.30.0/24"],
    ["eth2", "10.10.1.0/24"],
    ["wg0", "10.99.0.0/24"],
  ],
  neighbours: ["10.1.10.7        0x1         0x2         3c:22:fb:00:00:01     *        eth1.10"],
  isLittleEndian: false,
});
