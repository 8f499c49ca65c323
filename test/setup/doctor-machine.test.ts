/** doctor on the router itself. */
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { examine } from "../../src/setup/doctor/checks.ts";
import type { Facts, Family } from "../../src/setup/doctor/facts.ts";
import {
  EDGEOS_BOOT,
  EDGEOS_RUNS,
  familyOf,
  filterOf,
  MEMORY,
  MOUNTS,
  ROUTES,
  SOCKETS,
  space,
  TOMATO_RUNS,
} from "../../src/setup/doctor/families.ts";
import { ports } from "../../src/setup/doctor/machine.ts";
import { configOf, healthy, LAN, peer, status, told, WAN, YAML } from "./healthy.ts";

test("doctor: families by what lies about", () => {
  const wrapper = { "/opt/vyatta/sbin/vyatta-cfg-cmd-wrapper": "#!/bin/bash" };
  const debian = { "/etc/debian_version": "9.13" };
  expect(familyOf({ ...wrapper, ...debian })).toBe("edgeos");
  expect(familyOf({ ...wrapper, ...debian, "/etc/os-release": "ID=vyos" })).toBe("debian");
  expect(familyOf({ "/etc/openwrt_release": "" })).toBe("openwrt");
  expect(familyOf({ "/bin/nvram": "" })).toBe("tomato");
  expect(familyOf({})).toBe("unknown");
});

describe("doctor: ports", () => {
  test("who has the ports", () => {
    const has = (code: string | undefined, isRunning: boolean, sockets?: string) =>
      told("ports", { ports: [code, undefined], isRunning, said: { [SOCKETS]: sockets } }).split("\n")[0];
    expect(has(undefined, false)).toBe(`ok udp:${LAN}:5060 is free`);
    expect(has("EADDRINUSE", true)).toBe(`ok udp:${LAN}:5060 is ours`);
    expect(has(undefined, true)).toMatch(/^warning the branchline that runs doesn't listen on/);
    expect(has("EACCES", false)).toMatch(/^skipped/);
    expect(has("EADDRINUSE", false)).toMatch(/^fault another program has udp/);
    const ss = 'udp UNCONN 0 0 0.0.0.0:5060 0.0.0.0:* users:(("asterisk",pid=812,fd=9))';
    expect(has("EADDRINUSE", false, ss)).toMatch(/^fault asterisk \(process 812\) has udp/);
    const netstat = "udp        0      0 0.0.0.0:5060            0.0.0.0:*                           812/asterisk";
    expect(has("EADDRINUSE", false, netstat)).toMatch(/^fault asterisk \(process 812\) has udp/);
    const isNotTold = {
      isRunning: true,
      status: status({ listen: [] }),
      ports: ["EADDRINUSE"],
      said: { [SOCKETS]: ss },
    };
    expect(told("ports", isNotTold)).toMatch(/^fault asterisk \(process 812\) has udp.*\nkill 812\n/);
    expect(has("EADDRNOTAVAIL", false)).toMatch(/^fault no interface that is up has 10\.222\.237\.1/);
  });

  test("an interface that the file names, with an address and without one", () => {
    const { listeners } = configOf(YAML.replace(`udp:${WAN}`, "udp:pppoe0"));
    const [, wan] = listeners;
    wan?.settle(new Map([["pppoe0", [WAN]]]));
    expect(ports(healthy(), { ...configOf(), listeners })[1]).toMatchObject({ text: `udp:${WAN}:5060 is free` });
    wan?.settle(new Map());
    expect(ports(healthy(), { ...configOf(), listeners })[1]).toMatchObject({
      severity: "fault",
      text: "udp:pppoe0:5060 has no address now: calls by it reach nothing",
    });
  });
});

describe("doctor: storage, memory, buffers", () => {
  const df = (free: number, change: Partial<Facts> = {}) => {
    const text = `Filesystem 1024-blocks Used Available Capacity Mounted on\nubi0:config 214900 146000 ${free} 70% /config`;
    return told("storage", { ...change, said: { [space(configOf())]: text } });
  };

  test("space", () => {
    expect(df(64_200, { family: "edgeos" })).toBe("ok 63 MB free for /tmp/branchline");
    expect(df(11_100, { family: "edgeos" })).toMatch(/^warning .*won't fit\ndelete system image$/);
    expect(df(500)).toMatch(/^fault/);
    expect(told("storage")).toMatch(/^skipped/);
    expect(df(64_200, { stateFault: "EROFS", isRoot: false })).toMatch(/^warning .*can't be written \(EROFS\)/);
    expect(df(64_200, { stateFault: "EACCES", isRoot: false })).toMatch(/^ok/);
  });

  test("a state folder on a RAM disk is a warning, with a place that lasts", () => {
    const on = (mount: string, change: Partial<Facts> = {}) => {
      const text = `Filesystem 1024-blocks Used Available Capacity Mounted on\ntmpfs 64200 0 64200 0% ${mount}`;
      const mounts =
        "rootfs / rootfs rw 0 0\nubi0 /tmp ubifs rw 0 0\ntmpfs /tmp tmpfs rw 0 0\nubi1 /a\\040b ubifs rw 0 0\n";
      return told("storage", { files: { [MOUNTS]: mounts }, said: { [space(configOf())]: text }, ...change });
    };
    expect(on("/tmp")).toMatch(/^warning \/tmp\/branchline is on a RAM disk \(tmpfs\): a reboot forgets phones/);
    expect(on("/tmp", { file: "/opt/etc/branchline.yaml" })).toContain("# state: /opt/var/lib/branchline");
    expect(on("/a b")).toMatch(/^ok/);
    expect(on("/elsewhere")).toMatch(/^ok/);
  });

  test("memory, on old kernels too", () => {
    const has = (text: string, isRunning = false) => told("memory", { files: { [MEMORY]: text }, isRunning });
    expect(told("memory")).toBe("ok 166 MB of memory available");
    expect(has("MemFree: 20000 kB\nBuffers: 4000 kB\nCached: 70000 kB")).toBe("ok 92 MB of memory available");
    expect(has("MemAvailable: 60000 kB")).toMatch(/^warning/);
    expect(has("MemAvailable: 60000 kB", true)).toMatch(/^ok/);
    const small = { files: { [MEMORY]: "MemAvailable: 30000 kB" }, isRunning: false };
    expect(told("memory", small)).toMatch(/^warning/);
    expect(told("memory", { ...small, start_kB: 12_288 })).toMatch(/^ok/);
    expect(has("MemAvailable: 9000 kB", true)).toMatch(/^warning/);
    expect(has("")).toMatch(/^skipped/);
  });

  test("receive buffers: kept where the family keeps them", () => {
    const small = (family: Family) => told("buffers", { family, files: { "/proc/sys/net/core/rmem_max": "212992\n" } });
    expect(told("buffers")).toMatch(/^ok/);
    expect(small("debian")).toContain(
      "echo net.core.rmem_max=4194304 >/etc/sysctl.d/90-branchline.conf\nsysctl -w net.core.rmem_max=4194304\nundo:",
    );
    expect(small("openwrt")).toContain(">>/etc/sysctl.conf");
    expect(small("edgeos")).not.toContain("undo:");
  });
});

describe("doctor: routes, boot", () => {
  const filter = (all: string, eth0: string, family: Family = "debian") =>
    told("routes", {
      family,
      files: { "/proc/sys/net/ipv4/conf/all/rp_filter": all, "/proc/sys/net/ipv4/conf/eth0/rp_filter": eth0 },
    });

  test("a default route, and a filter for forged addresses towards upstream", () => {
    expect(filter("0", "1")).toMatch(/^ok/);
    expect(filter("1", "0")).toMatch(/^ok/);
    expect(filter("0", "0")).toMatch(/^warning eth0 accepts packets with a forged source address from the LAN/);
    expect(filter("0", "0", "edgeos")).toContain("set firewall source-validation strict");
  });

  test("its cure has slashes: VLANs have a dot in their names", () => {
    expect(filter("0", "0")).toContain("sysctl -w net/ipv4/conf/eth0/rp_filter=1");
  });

  test("a loose filter (2) lets inside addresses pass: they are reachable, if by another interface", () => {
    expect(filter("0", "2")).toMatch(/^warning eth0 accepts .*\/eth0\/rp_filter=1/s);
    expect(filter("0", "2")).not.toContain("/all/");
    expect(filter("2", "1")).toMatch(/^warning eth0 accepts .*\/all\/rp_filter=0/s);
  });

  test("without an upstream whose way is known the default route's interface is judged all the more", () => {
    expect(told("routes", { peers: [] })).toBe(
      "ok there is a default route, and packets with a forged source address from the LAN are refused",
    );
    const files = { [filterOf("all")]: "0", [filterOf("eth0")]: "0" };
    expect(told("routes", { peers: [], files })).toMatch(/^warning eth0 accepts/);
  });

  test.each([
    ["debian", "# and, so that a reboot keeps it, without sysctl -w, in /etc/sysctl.d/90-branchline-filter.conf"],
    ["openwrt", "# and, so that a reboot keeps it, without sysctl -w, in /etc/sysctl.conf"],
    ["tomato", "# and, so that a reboot keeps it, in Administration, Scripts, WAN Up"],
    ["unknown", "# and, so that a reboot keeps it, in a script that runs at boot"],
  ] as const)("what sysctl sets doesn't outlive a reboot: on %s the cure says where it is kept", (family, line) => {
    expect(filter("0", "0", family).split("\n").slice(1)).toEqual(["sysctl -w net/ipv4/conf/eth0/rp_filter=1", line]);
  });

  test("before a file says where the phones are, doctor says nothing of forged addresses; a missing route is still told", () => {
    const { config } = loadConfig("upstream: sip:198.51.100.10\n", (path) => path);
    const said = (files: Facts["files"]) =>
      examine(healthy({ fileFaults: ["x"], peers: [], files }), config, ["routes"]).map(({ severity }) => severity);
    const files = { [filterOf("all")]: "0", [filterOf("eth0")]: "0" };
    expect(said(files)).toEqual(["skipped"]);
    expect(said({ ...files, [ROUTES]: "Iface\tDestination\n" })).toEqual(["warning", "skipped"]);
  });

  test("no route", () => {
    const none = { files: { [ROUTES]: "Iface\tDestination\n" } };
    expect(told("routes", { ...none, peers: [peer({ source: undefined })] })).toMatch(
      /^fault there is no default route, and no other route to upstream/,
    );
    expect(told("routes", { ...none, peers: [] })).toMatch(/^warning .* upstream's address isn't known/);
    expect(told("routes", none)).toMatch(/^ok a route leads to upstream/);
    expect(told("routes", { files: { [ROUTES]: undefined } })).toMatch(/^skipped/);
  });

  test.each([
    ["edgeos", { said: { [EDGEOS_RUNS]: "yes" } }, "ok branchline starts at boot"],
    ["edgeos", { files: { [EDGEOS_BOOT]: "#!/bin/sh" } }, `chmod 755 ${EDGEOS_BOOT}`],
    ["edgeos", {}, "# install the package"],
    ["openwrt", { files: { "/etc/rc.d": "S10boot\nS95branchline" } }, "ok branchline starts at boot"],
    [
      "openwrt",
      { files: { "/etc/rc.d": "S10boot", "/etc/init.d": "boot\nbranchline" } },
      "/etc/init.d/branchline enable\nundo:",
    ],
    ["tomato", { files: { "/opt/etc/init.d": "S80branchline\nrc.func" } }, "ok branchline starts at boot"],
    ["tomato", { said: { [TOMATO_RUNS]: "on /jffs\n" } }, "ok branchline starts at boot"],
    ["tomato", { said: { [TOMATO_RUNS]: "off /tmp/mnt/KEY\n" } }, "/tmp/mnt/KEY/branchline/service.sh enable\nundo:"],
    ["tomato", {}, "# install the package"],
    ["debian", { files: { "/lib/systemd/system/branchline.service": "[Unit]" } }, "systemctl enable branchline\nundo:"],
    ["unknown", {}, "skipped how programs start"],
    [
      "unknown",
      { files: { "/etc/systemd/system/branchline.service": "[Unit]" } },
      "systemctl enable branchline\nundo:",
    ],
  ] as const)("boot on %s: %j", (family, change, expected) => {
    expect(told("boot", { family, ...change })).toContain(expected);
  });
});
