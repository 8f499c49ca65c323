/** What `branchline cluster` prints for routing daemons. BIRD and FRR themselves read it in `test/peers/anycast-daemons.test.ts`. */
import { describe, expect, test } from "vitest";
import { asFault, neighborFault } from "../../src/cli/cluster-route.ts";
import { birdConfig } from "../../src/setup/anycast/bird.ts";
import { DAEMONS } from "../../src/setup/anycast/daemons.ts";
import { exabgpConfig, exabgpFault, exabgpRoute } from "../../src/setup/anycast/exabgp.ts";
import { frrConfig, frrRoute } from "../../src/setup/anycast/frr.ts";
import { routeInYaml } from "../../src/setup/anycast/plan.ts";
import { systemdCommands, systemdFault } from "../../src/setup/anycast/systemd.ts";
import { at, BGP, faultOf, listeners, OSPF, OWN, plan, settingsOf } from "./anycast-plans.ts";

describe("the plan", () => {
  test("has the interface and the network of this member's own address", () => {
    expect(plan(OSPF)).toMatchObject({
      member: "node1",
      own: "10.205.205.11",
      device: "eth0",
      network: "10.205.205.0/24",
      addresses: ["10.206.206.1/32"],
    });
  });

  test("has an address once, whatever its ports", () => {
    expect(plan(OSPF, { at: listeners("10.206.206.1", "10.206.206.1") }).addresses).toEqual(["10.206.206.1/32"]);
  });

  test("is none where this member's own address isn't here, or the addresses are of both versions", () => {
    expect(faultOf({ own: OWN.slice(0, 2) })).toBe(
      "no interface here has 10.205.205.11 now, this member's address: its routers are unknown",
    );
    expect(faultOf({ at: listeners("fd00:206::1", "10.206.206.1") })).toBe(
      "listen has addresses of IPv4 and of IPv6: for both, write the routing daemon's file by hand",
    );
  });

  test.each([
    ["a path with a quote", { cluster: { health_file: '/run/x" & reboot #' } }],
    ["a path with a command", { cluster: { health_file: "/run/$(reboot)" } }],
    ["a path with two lines", { cluster: { health_file: "/run/x\n}" } }],
    ["an interface with a command", { own: [at("eth0;reboot", "10.205.205.11/24")] }],
  ])("is none with %s", (_, change) => {
    expect(faultOf(change)).toContain("only letters, digits and");
  });
});

describe("BIRD", () => {
  test("announces by OSPF on the member's interface, once branchline has enabled it", () => {
    expect(birdConfig(plan(OSPF), ["For node1"])).toBe(`# For node1
#
# In branchline's file:
#   cluster:
#     route:
#       announce: birdc enable anycast
#       withdraw: birdc disable anycast
# This machine has the address at all times, announced or not:
#   ip address add 10.206.206.1/32 dev lo
# The router, for several members at the same time:
#   BIRD: protocol kernel { merge paths on; ipv4 { export all; }; }
#   BIRD: protocol ospf v2 { ecmp yes; merge external yes; area 0 { interface ... { hello 1; dead 4; bfd yes; }; }; }
#   FRR: router ospf, maximum-paths 16; interface ..., ip ospf hello-interval 1, ip ospf dead-interval 4, ip ospf bfd
log syslog all;
router id 10.205.205.11;

protocol device { }

# A machine that is dead is noticed after 300 ms.
protocol bfd {
  interface "eth0" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; };
}

# Enabled, it announces the address: branchline enables it when it takes calls.
protocol static anycast {
  disabled;
  ipv4;
  route 10.206.206.1/32 blackhole;
}

protocol ospf v2 routers {
  ipv4 { import none; export where proto = "anycast"; };
  area 0 {
    # hello and dead are the router's, too: with others, the two don't become neighbours.
    interface "eth0" { hello 1; dead 4; priority 0; bfd yes; };
  };
}
`);
  });

  test("announces by BGP to each router", () => {
    const two = { ...BGP, neighbors: [...BGP.neighbors, { address: "10.205.205.253", as: 64999 }] };
    const text = birdConfig(plan(two), []);
    expect(text).not.toContain("ospf");
    expect(settingsOf(text)).toContain(`
protocol bgp router1 {
  local 10.205.205.11 as 65001;
  neighbor 10.205.205.254 as 65000;
  bfd on;
  hold time 9;
  connect delay time 1;
  connect retry time 5;
  error wait time 1, 5;
  ipv4 { import none; export where proto = "anycast"; };
}

protocol bgp router2 {
  local 10.205.205.11 as 65001;
  neighbor 10.205.205.253 as 64999;
`);
  });
});

describe("FRR", () => {
  test("announces by OSPF, by a line that branchline adds and takes away", () => {
    const { announce, withdraw } = frrRoute(plan(OSPF));
    const begin = ["vtysh", "-c", "configure terminal", "-c", "router ospf", "-c"];
    expect(announce).toEqual([...begin, "redistribute connected route-map branchline"]);
    expect(withdraw).toEqual([...begin, "no redistribute connected"]);
    expect(settingsOf(frrConfig(plan(OSPF), []))).toBe(`log syslog
bfd
 profile branchline
  detect-multiplier 3
  transmit-interval 100
  receive-interval 100
 exit
exit
ip prefix-list branchline seq 5 permit 10.206.206.1/32
route-map branchline permit 10
 match ip address prefix-list branchline
exit
route-map branchline-none deny 10
exit
ip protocol ospf route-map branchline-none
interface eth0
 ip ospf bfd
 ip ospf bfd profile branchline
 ip ospf hello-interval 1
 ip ospf dead-interval 4
 ip ospf priority 0
exit
router ospf
 ospf router-id 10.205.205.11
 network 10.205.205.0/24 area 0.0.0.0
exit
`);
  });

  test("announces by BGP, and nothing else", () => {
    const begin = ["vtysh", "-c", "configure terminal", "-c", "router bgp 65001", "-c", "address-family ipv4 unicast"];
    expect(frrRoute(plan(BGP)).withdraw).toEqual([...begin, "-c", "no redistribute connected"]);
    expect(settingsOf(frrConfig(plan(BGP), []))).toContain(`
ip prefix-list branchline seq 5 permit 10.206.206.1/32
route-map branchline permit 10
 match ip address prefix-list branchline
exit
ip prefix-list branchline-none seq 5 deny any
router bgp 65001
 bgp router-id 10.205.205.11
 neighbor 10.205.205.254 remote-as 65000
 neighbor 10.205.205.254 bfd profile branchline
 neighbor 10.205.205.254 timers 3 9
 neighbor 10.205.205.254 timers connect 5
 address-family ipv4 unicast
  neighbor 10.205.205.254 prefix-list branchline out
  neighbor 10.205.205.254 prefix-list branchline-none in
 exit-address-family
exit
`);
  });

  test("needs a list of words in branchline's file", () => {
    expect(routeInYaml(frrRoute(plan(OSPF)))).toEqual([
      "cluster:",
      "  route:",
      "    announce: [vtysh, -c, configure terminal, -c, router ospf, -c, redistribute connected route-map branchline]",
      "    withdraw: [vtysh, -c, configure terminal, -c, router ospf, -c, no redistribute connected]",
    ]);
  });
});

describe("ExaBGP", () => {
  test("announces by its pipe", () => {
    expect(exabgpRoute(plan(BGP)).announce.join(" ")).toBe("exabgpcli announce route 10.206.206.1/32 next-hop self");
    expect(settingsOf(exabgpConfig(plan(BGP), []))).toBe(`
neighbor 10.205.205.254 {
  router-id 10.205.205.11;
  local-address 10.205.205.11;
  local-as 65001;
  peer-as 65000;
  hold-time 9;
  family {
    ipv4 unicast;
  }
}
`);
  });

  test("can't do without a router, or with two addresses", () => {
    expect(exabgpFault(plan(BGP))).toBeUndefined();
    expect(exabgpFault(plan(OSPF))).toBe("ExaBGP speaks BGP alone: name the router with --neighbor ADDRESS,AS");
    const two = plan(BGP, { at: listeners("10.206.206.1", "10.206.206.2") });
    expect(exabgpFault(two)).toBe("the file listens at 2 addresses, and a command of ExaBGP's announces one of them");
  });
});

test("all that is printed is ASCII", () => {
  for (const { config, route } of Object.values(DAEMONS)) {
    for (const wishes of [OSPF, BGP]) {
      const text = config(plan(wishes), ["For node1"]) + route(plan(wishes)).announce.join(" ");
      expect(text).toMatch(/^[\n -~]*$/);
    }
  }
});

describe("systemd", () => {
  const { bird, frr } = DAEMONS;

  test("withdraws the route when branchline ends, and starts what follows the health file", () => {
    const text = systemdCommands(plan(OSPF), bird.route(), bird, ["For node1"]);
    expect(text).toContain(`cat >/etc/systemd/system/branchline.service.d/route.conf <<'END'
[Unit]
After=bird.service

[Service]
# The address is here at all times, also while the route isn't: answers of calls that are ending leave from it.
ExecStartPre=-+/bin/sh -c "ip address replace 10.206.206.1/32 dev lo"
# branchline's user may tell the routing daemon.
SupplementaryGroups=bird
# A branchline that was killed has left the route behind. Where no other member takes calls, it stays while branchline is restarted.
ExecStopPost=+/bin/sh -c "grep -qsx alone /run/branchline-pair/node1.healthy || birdc disable anycast"
# One that hangs is started anew.
WatchdogSec=15
END
`);
    expect(text).toContain(`
ExecStart=/usr/lib/branchline/route-follow.sh /run/branchline-pair/node1.healthy "birdc enable anycast" "birdc disable anycast"
`);
  });

  test("gets words with blanks within quotes", () => {
    const text = systemdCommands(plan(BGP), frr.route(plan(BGP)), frr, []);
    expect(text).toContain(
      ` || vtysh -c 'configure terminal' -c 'router bgp 65001' -c 'address-family ipv4 unicast' -c 'no redistribute connected'"\n`,
    );
    expect(text).toContain("SupplementaryGroups=frrvty\n");
  });

  test("lets branchline's group write to ExaBGP's pipe", () => {
    const { exabgp } = DAEMONS;
    const text = systemdCommands(plan(BGP), exabgp.route(plan(BGP)), exabgp, []);
    expect(text).toContain("/exabgp.service.d/branchline.conf <<'END'\n[Service]\n");
    expect(text).toContain("\nUMask=0007\nEND\nsystemctl daemon-reload\nsystemctl restart exabgp.service\n");
  });

  test.each(["a'b", 'a"b', "$HOME", "50%", "a\\b", "a\nb", "", "a;b", "`x`"])("refuses the word %j", (word) => {
    expect(systemdFault({ announce: ["do", word], withdraw: ["undo"] })).toContain("put that into a script");
    expect(systemdFault({ announce: ["do", "this one"], withdraw: ["undo"] })).toBeUndefined();
  });
});

describe("what is asked for by options", () => {
  test.each(["10.205.205.254", "10.205.205.254,65000", "10.205.205.254,4294967295", "fd00:205::fe", "fd00:205::fe,1"])(
    "router %s",
    (text) => {
      expect(neighborFault(text)).toBeUndefined();
    },
  );

  test.each([
    ...["router", "fe80::1", "fe80::1%eth0", "[fd00::1]", "224.0.0.1", "10.205.205.254,", "10.205.205.254,0"],
    ...["10.205.205.254,1,2", ""],
  ])("router %j is refused", (text) => {
    expect(neighborFault(text)).toContain("Must be an IP address");
  });

  test("a number in BGP", () => {
    expect(["1", "65001", "4294967295"].map(asFault)).toEqual([undefined, undefined, undefined]);
    for (const text of ["0", "4294967296", "x", "-1", "1.1"]) expect(asFault(text)).toContain("Must be a number");
  });
});
