/** What `branchline cluster` prints for the VRRP of a pair. keepalived itself reads the first in `test/peers/pair-keepalived.test.ts`. */
import { describe, expect, test } from "vitest";
import type { ClusterSettings } from "../../src/cluster/settings.ts";
import { edgeosCommands, edgeosFault } from "../../src/setup/pair/edgeos.ts";
import { keepalivedConfig } from "../../src/setup/pair/keepalived.ts";
import { openwrtConfig } from "../../src/setup/pair/openwrt.ts";
import { type PairPlan, planOf } from "../../src/setup/pair/plan.ts";
import type { OwnAddress } from "../../src/transport/own-listener.ts";

const shared = (address: string, device?: string, prefix_bits?: number) => ({
  address,
  interface: device,
  prefix_bits,
});

const CLUSTER: ClusterSettings = {
  mode: "pair",
  name: "left",
  members: [
    { name: "left", address: "10.222.237.2", port: 5059 },
    { name: "right", address: "10.222.237.3", port: 5059 },
  ],
  secret: { file: "/etc/branchline/state/cluster-secret" },
  second_secret: undefined,
  shared: [shared("10.222.237.1"), shared("198.51.100.1")],
  health_file: "/var/run/branchline-pair/left.healthy",
  hand_over: "none",
  route: undefined,
  log_calls_ms: undefined,
};

const at = (device: string, cidr: string): OwnAddress => ({ device, cidr, address: cidr.replace(/\/.*/, "") });
const OWN = [at("lo", "127.0.0.1/8"), at("br-lan", "10.222.237.2/24"), at("eth0", "198.51.100.2/28")];
const SCRIPT = "/usr/lib/branchline/healthy.sh";

function plan(change: Partial<ClusterSettings> = {}, own: readonly OwnAddress[] = OWN, id?: number): PairPlan {
  const found = planOf({ ...CLUSTER, ...change }, own, SCRIPT, id);
  if ("fault" in found) throw new Error(found.fault);
  return found;
}

function faultOf(change: Partial<ClusterSettings>, own: readonly OwnAddress[] = OWN, id?: number): string | undefined {
  const found = planOf({ ...CLUSTER, ...change }, own, SCRIPT, id);
  return "fault" in found ? found.fault : undefined;
}

describe("a shared address", () => {
  test("belongs to the interface that has another address in its network, with that one's prefix", () => {
    expect(plan().routers).toMatchObject([
      { device: "br-lan", id: 51, addresses: ["10.222.237.1/24"] },
      { device: "eth0", id: 52, addresses: ["198.51.100.1/28"] },
    ]);
  });

  test("is placed alike while it is here, by itself or as a single host", () => {
    const here = [at("br-lan", "10.222.237.1/32"), at("eth0", "198.51.100.1/28"), ...OWN];
    expect(plan({}, here)).toEqual(plan());
  });

  test("belongs to the interface that the file names, with its prefix", () => {
    const wan = shared("203.0.113.9", "eth0", 29);
    expect(plan({ shared: [wan] }).routers).toMatchObject([{ device: "eth0", addresses: ["203.0.113.9/29"] }]);
  });

  test("of an interface that has no other address moves with the virtual router by which the members hear each other", () => {
    const wan = shared("203.0.113.9", "eth1", 29);
    const [lan, ...rest] = plan({ shared: [shared("10.222.237.1"), wan] }).routers;
    expect(rest).toEqual([]);
    expect(lan).toMatchObject({
      device: "br-lan",
      addresses: ["10.222.237.1/24"],
      beside: [{ device: "eth1", address: "203.0.113.9/29" }],
    });
    // While the address is here, the plan is the same.
    const here = [...OWN, at("eth1", "203.0.113.9/29")];
    expect(plan({ shared: [shared("10.222.237.1"), wan] }, here).routers).toEqual([lan]);
    expect(faultOf({ shared: [wan] }, [at("eth0", "198.51.100.2/28")])).toBe(
      "no interface here has 10.222.237.2 now, this member's address: VRRP has nowhere to speak",
    );
  });

  test("that nothing here is near can't be placed, and the cure is told", () => {
    expect(faultOf({ shared: [shared("203.0.113.9")] })).toBe(
      'no interface here has another address in the network of 203.0.113.9; name both in the file: cluster: {shared: [{address: "203.0.113.9/24", interface: eth0}]}',
    );
    expect(faultOf({ shared: [shared("203.0.113.9", "pppoe0")] })).toBe(
      'pppoe0 has no other address in the network of 203.0.113.9; name both in the file: cluster: {shared: [{address: "203.0.113.9/24", interface: pppoe0}]}',
    );
  });

  test("shares a virtual router with others of its interface; the other version of IP is named beside", () => {
    const own = [...OWN, at("br-lan", "2001:db8::2/64")];
    const all = [shared("2001:db8::1"), shared("10.222.237.1"), shared("10.222.237.9")];
    expect(plan({ shared: all }, own).routers).toMatchObject([
      { device: "br-lan", id: 51, addresses: ["10.222.237.1/24", "10.222.237.9/24"], others: ["2001:db8::1/64"] },
    ]);
  });
});

describe("advertisements", () => {
  test("go to the other member alone where both reach each other, else to all of the network", () => {
    expect(plan().routers.map(({ unicast }) => unicast)).toEqual([
      { from: "10.222.237.2", to: "10.222.237.3" },
      undefined,
    ]);
  });

  test("of IPv4 addresses are multicast where the members speak IPv6", () => {
    const members = [
      { name: "left", address: "fd00::2", port: 5059 },
      { name: "right", address: "fd00::3", port: 5059 },
    ];
    expect(plan({ members }, [...OWN, at("br-lan", "fd00::2/64")]).routers[0]).toMatchObject({
      addresses: ["10.222.237.1/24"],
      unicast: undefined,
    });
  });
});

test("the member that the file names first comes first", () => {
  expect([plan().priority, plan({ name: "right" }).priority]).toEqual([150, 100]);
});

test("virtual routers are numbered from where it is wished, on both members alike", () => {
  expect(plan({}, OWN, 254).routers.map(({ id }) => id)).toEqual([254, 255]);
  expect(faultOf({}, OWN, 255)).toBe("virtual routers have numbers up to 255");
});

test.each([
  ["a path with a quote and a command", { health_file: '/run/x" & reboot #' }],
  ["a path with a command that a shell runs within quotes", { health_file: "/run/$(reboot)" }],
  ["a path with two lines", { health_file: "/run/x\n}\nvrrp_script y {" }],
  ["a path with a blank, which keepalived takes for two words", { health_file: "/run/a pair/left.healthy" }],
  ["a path with OpenWrt's quote", { health_file: "/run/x'" }],
])("%s is in no configuration that is printed", (_, change) => {
  expect(faultOf(change)).toContain("health_file");
});

test("an interface of the kernel that has such a name is in none", () => {
  for (const device of ["eth0;reboot", "a'b", "$(id)", "e{th"]) {
    expect(faultOf({}, [at(device, "10.222.237.2/24"), at("eth0", "198.51.100.2/28")])).toContain(device);
  }
});

test("keepalived gets one sync group that follows the file at once and notices a process that hangs", () => {
  expect(keepalivedConfig(plan(), ["For left"])).toBe(`# For left
global_defs {
  router_id branchline-left
  vrrp_version 3
  vrrp_garp_master_delay 1
  vrrp_garp_master_repeat 3
  vrrp_garp_master_refresh 60
  script_user root
  enable_script_security
}

# 1: branchline may hold the addresses. 0, or no file: another member must. keepalived hears of a change at once.
track_file branchline_health {
  file "/var/run/branchline-pair/left.healthy"
  weight 0 reverse
  init_file 0
}

# A branchline that hangs doesn't write the file any more.
vrrp_script branchline_lives {
  script "/usr/lib/branchline/healthy.sh /var/run/branchline-pair/left.healthy"
  interval 1
  timeout 1
  fall 2
  rise 1
  init_fail
  user root
}

# The addresses move together or not at all.
vrrp_sync_group branchline {
  group {
    branchline_br_lan
    branchline_eth0
  }
  track_file {
    branchline_health
  }
  track_script {
    branchline_lives
  }
}

vrrp_instance branchline_br_lan {
  state BACKUP
  nopreempt
  interface br-lan
  virtual_router_id 51
  priority 150
  advert_int 0.1
  unicast_src_ip 10.222.237.2
  check_unicast_src
  unicast_peer {
    # right
    10.222.237.3
  }
  virtual_ipaddress {
    10.222.237.1/24
  }
}

vrrp_instance branchline_eth0 {
  state BACKUP
  nopreempt
  interface eth0
  virtual_router_id 52
  priority 150
  advert_int 0.1
  virtual_ipaddress {
    198.51.100.1/28
  }
}
`);
});

test("one virtual router is no group: it tracks by itself", () => {
  const one = plan({ shared: [shared("10.222.237.1")] });
  const config = keepalivedConfig(one, []);
  expect(config).not.toContain("vrrp_sync_group");
  expect(config).toMatch(/vrrp_instance [\s\S]* {2}track_file {\n {4}branchline_health\n {2}}\n {2}track_script {\n/);
  expect(openwrtConfig(one, [])).not.toContain("vrrp_sync_group");
  expect(openwrtConfig(one, [])).toContain("  list track_script 'branchline_lives'\n");
});

describe("an address that moves along on an interface without another address", () => {
  const wan = shared("203.0.113.9", "eth1", 29);

  test("is no part of keepalived's advertisements, and the cable of its interface counts", () => {
    expect(keepalivedConfig(plan({ shared: [shared("10.222.237.1"), wan] }), [])).toContain(`
  virtual_ipaddress {
    10.222.237.1/24
  }
  virtual_ipaddress_excluded {
    203.0.113.9/29 dev eth1
  }
  track_interface {
    eth1
  }
  track_file {
`);
  });

  test("is in the advertisements where it is alone: there must be one", () => {
    const config = keepalivedConfig(plan({ shared: [wan] }), []);
    expect(config).toContain("interface br-lan\n");
    expect(config).toContain("  virtual_ipaddress {\n    203.0.113.9/29 dev eth1\n  }\n");
    expect(config).not.toContain("excluded");
  });

  test("has its interface named for OpenWrt's package", () => {
    const config = openwrtConfig(plan({ shared: [shared("10.222.237.1"), wan] }), []);
    expect(config).toContain(`
config ipaddress
  option name 'branchline_51_2'
  option address '203.0.113.9/29'
  option device 'eth1'

config track_interface
  option name 'eth1'
  option value 'eth1'
`);
    expect(config).toContain(`
  list virtual_ipaddress 'branchline_51_1'
  list virtual_ipaddress_excluded 'branchline_51_2'
  list track_interface 'eth1'
  list track_script 'branchline_lives'
`);
  });

  test("is more than EdgeOS's VRRP can do", () => {
    expect(edgeosFault(plan())).toBeUndefined();
    expect(edgeosFault(plan({ shared: [shared("10.222.237.1"), wan] }))).toBe(
      "eth1 has no IPv4 address of this router's own, and EdgeOS's VRRP needs one there: give it one, which may be private",
    );
  });
});

test("EdgeOS has no VRRP on tunnels and dialled lines", () => {
  const own = [at("wg0", "10.222.237.2/24"), at("pppoe0", "198.51.100.2/28")];
  expect(edgeosFault(plan({}, own))).toBe("EdgeOS has no VRRP on wg0: leave its address out of cluster.shared");
});

test("OpenWrt's package gets the same, with the script alone", () => {
  expect(openwrtConfig(plan(), ["For left"])).toBe(`# For left

config globals 'globals'
  option router_id 'branchline-left'

config vrrp_script
  option name 'branchline_lives'
  option script '/usr/lib/branchline/healthy.sh /var/run/branchline-pair/left.healthy'
  option interval '1'
  option fall '2'
  option rise '1'

config track_script
  option name 'branchline_lives'
  option value 'branchline_lives'

config peer
  option name 'right'
  option address '10.222.237.3'

config ipaddress
  option name 'branchline_51_1'
  option address '10.222.237.1/24'

config ipaddress
  option name 'branchline_52_1'
  option address '198.51.100.1/28'

config vrrp_sync_group
  option name 'branchline'
  list group 'branchline_br_lan'
  list group 'branchline_eth0'

config vrrp_instance
  option name 'branchline_br_lan'
  option state 'BACKUP'
  option nopreempt '1'
  option interface 'br-lan'
  option virtual_router_id '51'
  option version '3'
  option priority '150'
  option advert_int '0.1'
  option garp_master_delay '1'
  option garp_master_repeat '3'
  option garp_master_refresh '60'
  option unicast_src_ip '10.222.237.2'
  list unicast_peer 'right'
  list virtual_ipaddress 'branchline_51_1'
  list track_script 'branchline_lives'

config vrrp_instance
  option name 'branchline_eth0'
  option state 'BACKUP'
  option nopreempt '1'
  option interface 'eth0'
  option virtual_router_id '52'
  option version '3'
  option priority '150'
  option advert_int '0.1'
  option garp_master_delay '1'
  option garp_master_repeat '3'
  option garp_master_refresh '60'
  list virtual_ipaddress 'branchline_52_1'
  list track_script 'branchline_lives'
`);
});

test("EdgeOS gets groups of whole seconds, without IPv6", () => {
  const own = [at("switch0", "10.222.237.2/24"), at("switch0", "2001:db8::2/64"), at("eth0.20", "198.51.100.2/28")];
  const all = [...CLUSTER.shared, shared("2001:db8::1")];
  expect(edgeosCommands(plan({ shared: all }, own), ["For left"])).toBe(`# For left
configure
# 2001:db8::1/64: EdgeOS has no virtual router for IPv6
set interfaces switch switch0 vrrp vrrp-group 51 advertise-interval 1
set interfaces switch switch0 vrrp vrrp-group 51 preempt false
set interfaces switch switch0 vrrp vrrp-group 51 priority 150
set interfaces switch switch0 vrrp vrrp-group 51 sync-group branchline
set interfaces switch switch0 vrrp vrrp-group 51 virtual-address 10.222.237.1/24
set interfaces ethernet eth0 vif 20 vrrp vrrp-group 52 advertise-interval 1
set interfaces ethernet eth0 vif 20 vrrp vrrp-group 52 preempt false
set interfaces ethernet eth0 vif 20 vrrp vrrp-group 52 priority 150
set interfaces ethernet eth0 vif 20 vrrp vrrp-group 52 sync-group branchline
set interfaces ethernet eth0 vif 20 vrrp vrrp-group 52 virtual-address 198.51.100.1/28
set system task-scheduler task branchline-vrrp interval 1m
set system task-scheduler task branchline-vrrp executable path /usr/lib/branchline/vrrp-follow.sh
set system task-scheduler task branchline-vrrp executable arguments "/var/run/branchline-pair/left.healthy interfaces/switch/switch0/vrrp/vrrp-group/51 interfaces/ethernet/eth0/vif/20/vrrp/vrrp-group/52"
commit
save
exit
`);
});
