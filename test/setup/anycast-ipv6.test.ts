/** What `branchline cluster` prints for routing daemons where the anycast address is one of IPv6, or the members have the other version. */
import { describe, expect, test } from "vitest";
import { birdConfig } from "../../src/setup/anycast/bird.ts";
import { exabgpConfig, exabgpRoute } from "../../src/setup/anycast/exabgp.ts";
import { frrConfig, frrRoute } from "../../src/setup/anycast/frr.ts";
import type { AnycastWishes } from "../../src/setup/anycast/plan.ts";
import { at, BGP, faultOf, LISTENERS, listeners, OSPF, OWN, plan, settingsOf } from "./anycast-plans.ts";

const OWN6 = [at("lo", "fd00:206::1/128"), at("eth0", "fe80::b/64"), at("eth0", "fd00:205::b/64")];
const LISTENERS6 = listeners("fd00:206::1");
const IPV6 = {
  own: OWN6,
  at: LISTENERS6,
  cluster: {
    members: ["b", "c", "d"].map((end, index) => ({
      name: `node${index + 1}`,
      address: `fd00:205::${end}`,
      port: 5059,
    })),
  },
};
const BGP6: AnycastWishes = { ...OSPF, neighbors: [{ address: "fd00:205::fe", as: 65000 }] };

describe("the plan for IPv6", () => {
  test("has this member's own address, and the last 32 bits of it as what routers know it by", () => {
    expect(plan(BGP6, IPV6)).toMatchObject({
      version: 6,
      own: "fd00:205::b",
      device: "eth0",
      routerId: "0.0.0.11",
      addresses: ["fd00:206::1/128"],
    });
  });

  test("takes an IPv4 address of the same interface where there is one: no other router has it", () => {
    const own = [...OWN6, at("eth1", "10.1.1.1/24"), ...OWN.slice(2)];
    expect(plan(BGP6, { ...IPV6, own }).routerId).toBe("10.205.205.11");
  });

  test("members by IPv4 have an IPv6 address all the same, but for OSPF, which takes that of the link", () => {
    const own = [at("lo", "fd00:206::1/128"), at("eth0", "10.205.205.11/24"), at("eth0", "fe80::b/64")];
    const mixed = { at: LISTENERS6, own: [...own, at("eth0", "fd00:205::b/64")] };
    expect(plan(BGP6, mixed)).toMatchObject({ own: "fd00:205::b", routerId: "10.205.205.11" });
    expect(plan(OSPF, { at: LISTENERS6, own })).toMatchObject({ device: "eth0", routerId: "10.205.205.11" });
    expect(faultOf({ at: LISTENERS6, own }, BGP6)).toBe(
      "eth0 has no IPv6 address, from which routers could hear of fd00:206::1: give it one",
    );
  });

  test("members by IPv6 announce an address of IPv4 from the one that their interface has", () => {
    const own = [...OWN6, at("eth0", "10.205.205.11/24")];
    expect(plan(OSPF, { ...IPV6, at: LISTENERS, own })).toMatchObject({
      version: 4,
      own: "10.205.205.11",
      network: "10.205.205.0/24",
    });
    expect(faultOf({ ...IPV6, at: LISTENERS })).toBe(
      "eth0 has no IPv4 address, from which routers could hear of 10.206.206.1: give it one",
    );
  });

  test("is none with a router of the other version, or where routers couldn't tell members apart", () => {
    expect(faultOf(IPV6, BGP)).toBe(
      "fd00:206::1 is IPv6, and the router 10.205.205.254 isn't: name its address of IPv6",
    );
    expect(faultOf({}, BGP6)).toBe("10.206.206.1 is IPv4, and the router fd00:205::fe isn't: name its address of IPv4");
    const end = (node2: string) => ({
      ...IPV6.cluster,
      members: [...IPV6.cluster.members.slice(0, 1), { name: "node2", address: node2, port: 5059 }],
    });
    expect(faultOf({ ...IPV6, cluster: end("fd00:999::b") }, BGP6)).toBe(
      "fd00:205::b ends as another member's address, or with zeros, and routers tell members apart by these 32 bits: write other addresses in cluster.members",
    );
    expect(faultOf({ ...IPV6, cluster: end("fd00:205::c") }, BGP6)).toBeUndefined();
  });
});

describe("BIRD", () => {
  test("announces an IPv6 address by OSPF 3", () => {
    const text = birdConfig(plan(OSPF, IPV6), ["For node1"]);
    expect(text).toContain(`
#   ip address add fd00:206::1/128 dev lo
# The router, for several members at the same time:
#   BIRD: protocol kernel { merge paths on; ipv6 { export all; }; }
#   BIRD: protocol ospf v3 { ecmp yes; merge external yes; area 0 { interface ... { hello 1; dead 4; bfd yes; }; }; }
#   FRR: router ospf6, maximum-paths 16; interface ..., ipv6 ospf6 hello-interval 1, ipv6 ospf6 dead-interval 4, ipv6 ospf6 bfd
`);
    expect(settingsOf(text)).toContain(`router id 0.0.0.11;
`);
    expect(settingsOf(text)).toContain(`
protocol static anycast {
  disabled;
  ipv6;
  route fd00:206::1/128 blackhole;
}

protocol ospf v3 routers {
  ipv6 { import none; export where proto = "anycast"; };
`);
  });

  test("announces an IPv6 address by BGP", () => {
    expect(settingsOf(birdConfig(plan(BGP6, IPV6), []))).toContain(`
  local fd00:205::b as 65001;
  neighbor fd00:205::fe as 65000;
  bfd on;
  hold time 9;
  connect delay time 1;
  connect retry time 5;
  error wait time 1, 5;
  ipv6 { import none; export where proto = "anycast"; };
}
`);
  });
});

describe("FRR", () => {
  test("announces an IPv6 address by OSPF 3", () => {
    expect(frrRoute(plan(OSPF, IPV6)).announce.slice(3, 5)).toEqual(["-c", "router ospf6"]);
    const text = frrConfig(plan(OSPF, IPV6), []);
    expect(text).toContain("! In /etc/frr/daemons: ospf6d=yes and bfdd=yes\n");
    expect(settingsOf(text)).toContain(`
ipv6 prefix-list branchline seq 5 permit fd00:206::1/128
route-map branchline permit 10
 match ipv6 address prefix-list branchline
exit
route-map branchline-none deny 10
exit
ipv6 protocol ospf6 route-map branchline-none
interface eth0
 ipv6 ospf6 area 0.0.0.0
 ipv6 ospf6 bfd
 ipv6 ospf6 bfd profile branchline
 ipv6 ospf6 hello-interval 1
 ipv6 ospf6 dead-interval 4
 ipv6 ospf6 priority 0
exit
router ospf6
 ospf6 router-id 0.0.0.11
exit
`);
  });

  test("announces an IPv6 address by BGP, and no IPv4", () => {
    expect(frrRoute(plan(BGP6, IPV6)).withdraw.slice(5, 7)).toEqual(["-c", "address-family ipv6 unicast"]);
    expect(settingsOf(frrConfig(plan(BGP6, IPV6), []))).toContain(`
ipv6 prefix-list branchline-none seq 5 deny any
router bgp 65001
 bgp router-id 0.0.0.11
 no bgp default ipv4-unicast
 neighbor fd00:205::fe remote-as 65000
 neighbor fd00:205::fe bfd profile branchline
 neighbor fd00:205::fe timers 3 9
 neighbor fd00:205::fe timers connect 5
 address-family ipv6 unicast
  neighbor fd00:205::fe activate
  neighbor fd00:205::fe prefix-list branchline out
  neighbor fd00:205::fe prefix-list branchline-none in
 exit-address-family
exit
`);
  });
});

describe("ExaBGP", () => {
  test("announces an IPv6 address from this member's own one", () => {
    const made = plan(BGP6, IPV6);
    expect(exabgpRoute(made).announce.join(" ")).toBe("exabgpcli announce route fd00:206::1/128 next-hop self");
    expect(settingsOf(exabgpConfig(made, []))).toBe(`
neighbor fd00:205::fe {
  router-id 0.0.0.11;
  local-address fd00:205::b;
  local-as 65001;
  peer-as 65000;
  hold-time 9;
  family {
    ipv6 unicast;
  }
}
`);
  });
});
