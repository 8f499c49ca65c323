/** doctor on the way: whether a listen address lies on it, and whether answers find back. */
import { describe, expect, test } from "vitest";
import type { Facts } from "../../src/setup/doctor/facts.ts";
import { filterOf, NETSTAT } from "../../src/setup/doctor/families.ts";
import { listen } from "../../src/setup/doctor/way.ts";
import { interfacesOf } from "../../src/transport/own-listener.ts";
import { configOf, GATEWAY, healthy, peer, status, told, UPSTREAM, WAN, YAML } from "./healthy.ts";

const SILENT = { answer: undefined, error: "no answer in 3 s" };
/** The PBX is behind the WAN, and `listen` has only the gateway's side. */
const INSIDE = YAML.replace(/listen: .*/, "listen: [udp:10.10.1.1]");
const fromInside = { local: "10.10.1.1", source: WAN, listener: "udp:10.10.1.1:5060" };

describe("doctor: listen", () => {
  test("an address of the network that leads there is well, be it another one of the same interface", () => {
    expect(told("listen")).toBe(
      `ok listen has an address on the way to upstream ${UPSTREAM} (${UPSTREAM})\n` +
        "ok listen has an address on the way to gateway 10.10.1.3 (10.10.1.3)",
    );
    const addresses = [
      { device: "eth0", address: WAN, cidr: `${WAN}/24` },
      { device: "eth0", address: "203.0.113.77", cidr: "203.0.113.77/24" },
    ];
    expect(told("listen", { addresses, peers: [peer({ source: "203.0.113.77" })] })).toMatch(/^ok/);
  });

  test("no listen address on the way, and no answer: a fault that names both addresses and the cure", () => {
    expect(told("listen", { peers: [peer({ ...fromInside, ...SILENT }), GATEWAY] }, INSIDE)).toBe(
      `fault no listen address is on the way to upstream ${UPSTREAM}: this router reaches it from ${WAN} on eth0, ` +
        "but requests leave from 10.10.1.1, and no answer comes\n" +
        `# add udp:${WAN}:5060 to listen, unless ${UPSTREAM} has a route back to 10.10.1.1`,
    );
  });

  test("a peer that answers has a route back; what the running branchline sees counts for more", () => {
    const peers = [peer(fromInside)];
    expect(told("listen", { peers }, INSIDE)).toMatch(/^ok no listen address is on the way .*answers still come/);
    const down = status({ upstream: [{ name: UPSTREAM, state: "down", observed: "down" }] });
    expect(told("listen", { peers, isRunning: true, status: down }, INSIDE)).toMatch(/^fault/);
  });

  test("while an address of listen isn't here, no other is advised, and none is said to send that isn't here", () => {
    const yaml = YAML.replace(/listen: .*/, "listen: [udp:10.10.1.1, udp:10.99.0.9]");
    const addresses = [
      { device: "eth1", address: "10.10.1.1", cidr: "10.10.1.1/24" },
      { device: "eth0", address: WAN, cidr: `${WAN}/24` },
    ];
    const to = { address: "10.99.0.1", port: 5060, protocol: "udp" } as const;
    const config = configOf(yaml);
    for (const listener of config.listeners) listener.settle(interfacesOf(addresses));
    expect(listen(healthy({ addresses, peers: [peer({ ...fromInside, ...SILENT, to })] }), config)).toMatchObject([
      {
        severity: "fault",
        text: expect.stringMatching(/while udp:10\.99\.0\.9:5060 of listen isn't here, and no answer comes$/),
        cure: ["# bring the address of udp:10.99.0.9:5060 back, or correct it in listen"],
      },
    ]);
  });

  test("an address of a loopback or dummy interface is on no link, and may send by any", () => {
    const yaml = YAML.replace(/listen: .*/, "listen: [udp:10.255.0.1]");
    const addresses = [
      { device: "dummy0", address: "10.255.0.1", cidr: "10.255.0.1/32" },
      { device: "eth0", address: WAN, cidr: `${WAN}/24` },
    ];
    const from = { local: "10.255.0.1", source: "10.9.0.2", listener: "udp:10.255.0.1:5060", ...SILENT };
    expect(told("listen", { addresses, peers: [peer(from)] }, yaml)).toMatch(/^ok/);
  });

  test("no route, or no listener of that transport", () => {
    expect(told("listen", { peers: [peer({ source: undefined })] })).toMatch(/^fault this router has no route to/);
    const none = peer({ listener: undefined, to: { address: UPSTREAM, port: 5060, protocol: "tcp" } });
    expect(told("listen", { peers: [none] })).toContain(
      `listen has no tcp: address of IPv4\n# add tcp:${WAN}:5060 to listen`,
    );
  });
});

describe("doctor: return-path", () => {
  const SECOND = "192.0.2.2";
  const yaml = YAML.replace(`udp:${WAN}`, `udp:${SECOND}`);
  const twoLines = (filter: string, change: Partial<Facts> = {}) =>
    told(
      "return-path",
      {
        addresses: [
          { device: "eth0", address: WAN, cidr: `${WAN}/24` },
          { device: "eth3", address: SECOND, cidr: `${SECOND}/24` },
        ],
        files: { [filterOf("all")]: "0", [filterOf("eth3")]: filter },
        peers: [peer({ local: SECOND, source: WAN, listener: `udp:${SECOND}:5060`, ...SILENT })],
        ...change,
      },
      yaml,
    );

  test("a strict filter drops answers that come back by another interface than the way out", () => {
    expect(twoLines("1")).toBe(
      `warning eth3 drops answers of sip:${UPSTREAM} (rp_filter is strict): they come back to ${SECOND} there, ` +
        `while the way to ${UPSTREAM} leads out by eth0\n` +
        "# better: in listen, name the address of eth0. Only where that isn't possible, make the filter of eth3 loose:\n" +
        "sysctl -w net/ipv4/conf/eth3/rp_filter=2\n" +
        "# and, so that a reboot keeps it, in a script that runs at boot",
    );
    expect(twoLines("1", { family: "edgeos" })).toContain("set firewall source-validation loose");
  });

  test("the kernel's count of what its filter has dropped is the proof", () => {
    const files = {
      [filterOf("all")]: "1",
      [NETSTAT]: "TcpExt: SyncookiesSent IPReversePathFilter TW\nTcpExt: 0 812 5\nIpExt: InOctets\nIpExt: 7\n",
    };
    expect(twoLines("1", { files })).toContain("it has dropped 812 packets since the router started");
  });

  test("a loose filter, or an answer that has come, is well", () => {
    expect(twoLines("2")).toMatch(/^ok/);
    expect(twoLines("1", { peers: [peer({ local: SECOND, source: WAN, listener: `udp:${SECOND}:5060` })] })).toMatch(
      /^ok/,
    );
    expect(told("return-path")).toMatch(/^ok/);
  });
});
