/** Which machines `branchline init` asks whether they speak SIP, on real machines. */
import { describe, expect, test } from "vitest";
import { type RawNetwork, readNetwork } from "../../src/setup/init/network.ts";
import { earsOf } from "../../src/setup/init/proposal.ts";
import { roundFrom, roundText, strangersOf } from "../../src/setup/init/round.ts";
import { EDGEROUTER, EDGEROUTER_4, OPENWRT, RASPBERRY, router } from "./routers.ts";

/** The round on such a machine from the addresses where phones are listened for. */
function roundOn(raw: RawNetwork, listen?: string) {
  const network = readNetwork(raw);
  return roundFrom(
    network,
    earsOf(network, { listen }).map(({ address }) => address),
  );
}

const WAN: [string, string] = ["eth0", "0.0.0.0/0"];
/** A line of /proc/net/arp. */
const arp = (address: string) => `${address}  0x1  0x2  3c:22:fb:00:00:01  *  eth1`;

describe("machines that are asked for SIP", () => {
  test("all addresses of a small LAN, this router's own, the network's and the broadcast left out", () => {
    const { asked, whole } = roundOn(EDGEROUTER);
    expect(whole).toEqual(["10.222.237.0/24"]);
    const { known, strangers } = asked.get("10.222.237.1") ?? { known: [], strangers: [] };
    expect([...known, ...strangers].sort()).toEqual(
      Array.from({ length: 253 }, (_, index) => `10.222.237.${index + 2}`).sort(),
    );
  });

  test("a machine that the kernel knows is asked once, as one that is known", () => {
    const neighbours = `${OPENWRT.neighbours}${arp("192.168.1.21")}\n${arp("198.51.100.1")}`;
    const { asked } = roundOn({ ...OPENWRT, neighbours });
    expect([...asked.keys()]).toEqual(["192.168.1.1"]);
    expect(asked.get("192.168.1.1")?.known).toEqual(["192.168.1.21"]);
    expect(asked.get("192.168.1.1")?.strangers).not.toContain("192.168.1.21");
  });

  test.each([
    ["255.255.255.252", "10.10.1.1/30", ["10.10.1.2"]],
    ["255.255.255.248", "10.10.1.6/29", ["10.10.1.1", "10.10.1.2", "10.10.1.3", "10.10.1.4", "10.10.1.5"]],
  ])("the gateway's network with the mask %s: %s", (_mask, cidr, strangers) => {
    const raw = router({ addresses: { eth0: "203.0.113.2/29", eth1: cidr }, routes: [WAN] });
    expect([...roundOn(raw).asked.values()]).toEqual([{ known: [], strangers }]);
  });

  test.each(["10.5.0.1/23", "10.5.0.1/16", "192.168.1.1/22"])(
    "of a larger network, %s, only known machines",
    (cidr) => {
      const near = cidr.replace(/1\/.*/, "7");
      const raw = router({ addresses: { eth0: "203.0.113.2/29", eth1: cidr }, routes: [WAN], neighbours: [arp(near)] });
      const round = roundOn(raw);
      expect([...round.asked.values()]).toEqual([{ known: [near], strangers: [] }]);
      expect(roundText(round)).toMatch(/^Asking in [\d.]+\/\d+ only the machines that this router knows …\n$/);
    },
  );

  test("a router with one arm has its phones there, be it by DHCP", () => {
    expect(roundOn(RASPBERRY).whole).toEqual(["192.168.178.0/24"]);
  });

  test.each<[string, Record<string, string>, [string, string][]]>([
    ["a WAN with public addresses", { eth1: "198.51.100.2/30" }, []],
    ["a WAN with private addresses", { eth1: "192.168.8.2/24" }, [["eth1", "0.0.0.0/0"]]],
    ["a WAN with half of a default route", { eth1: "192.168.8.2/24" }, [["eth1", "128.0.0.0/1"]]],
    ["a tunnel", { wg0: "10.99.0.2/30" }, []],
    ["another kind of tunnel", { vti64: "10.99.0.2/24" }, []],
    ["containers", { docker0: "172.17.0.1/24" }, []],
  ])("never %s, though --listen names it", (_what, far, routes) => {
    const addresses = { lan: "10.5.0.1/24", ...far };
    const listen = Object.values(addresses).map((cidr) => cidr.replace(/\/.*/, ""));
    const { asked, whole } = roundOn(router({ addresses, routes: [WAN, ...routes] }), listen.join(" "));
    expect(whole).toEqual(["10.5.0.0/24"]);
    expect([...asked.keys()]).toEqual(["10.5.0.1"]);
  });

  test("never a line to other routers: where a route leads on, or DHCP gave the address beside fixed ones", () => {
    const addresses = { lan: "10.5.0.1/24", eth1: "10.200.0.2/24", eth2: "192.168.8.2/24" };
    const raw = router({
      addresses,
      routes: [
        ["lan", "224.0.0.0/4"],
        ["eth1", "10.0.0.0/8"],
      ],
      programs: ["udhcpc -i eth2"],
    });
    const via = raw.routes.replace(/(eth1\t\S+\t)00000000/, "$1010000C8");
    expect(via).not.toBe(raw.routes);
    expect(roundOn({ ...raw, routes: via }).whole).toEqual(["10.5.0.0/24"]);
  });

  test("at most 768 addresses that may be nobody's: the LAN in which most is known already isn't asked whole", () => {
    const round = roundOn(EDGEROUTER_4);
    expect(round.whole).toEqual(["10.1.20.0/24", "10.1.30.0/24", "10.10.1.0/24"]);
    expect(round.partly).toEqual(["10.1.10.0/24"]);
    expect(strangersOf(round)).toBe(3 * 253);
    expect(roundText(round)).toBe(
      "Asking all 759 addresses of 10.1.20.0/24, 10.1.30.0/24, 10.10.1.0/24 whether they speak SIP (OPTIONS) …\n" +
        "Asking in 10.1.10.0/24 only the machines that this router knows …\n",
    );
  });

  test("only from the addresses that --listen names", () => {
    expect(roundOn(EDGEROUTER_4, "10.10.1.1").whole).toEqual(["10.10.1.0/24"]);
    expect(roundOn(EDGEROUTER_4, "127.0.0.1").asked.size).toBe(0);
  });
});
