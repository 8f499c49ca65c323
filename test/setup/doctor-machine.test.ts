/** doctor on the router itself. */
import { describe, expect, test } from "vitest";
import type { RunningStatus } from "../../src/app/control.ts";
import type { Facts, Family } from "../../src/setup/doctor/facts.ts";
import { EDGEOS_BOOT, EDGEOS_RUNS, familyOf, MEMORY, ROUTES, SOCKETS, space } from "../../src/setup/doctor/families.ts";
import { ports } from "../../src/setup/doctor/machine.ts";
import { configOf, healthy, LAN, told, WAN, YAML } from "./healthy.ts";

const status = (change: Partial<RunningStatus> = {}): RunningStatus => ({
  force: "auto",
  upstream: [{ name: "pbx", state: "up", observed: "up" }],
  gateways: [],
  phones: { addresses: 3, contacts: 3 },
  version: "0.1.0",
  up_s: 3_600,
  listen: [],
  dropped: {},
  tables: [],
  history: [],
  ...change,
});

test("doctor: families by what lies about", () => {
  const wrapper = { "/opt/vyatta/sbin/vyatta-cfg-cmd-wrapper": "#!/bin/bash" };
  const debian = { "/etc/debian_version": "9.13" };
  expect(familyOf({ ...wrapper, ...debian })).toBe("edgeos");
  expect(familyOf({ ...wrapper, ...debian, "/etc/os-release": "ID=vyos" })).toBe("debian");
  expect(familyOf({ "/etc/openwrt_release": "" })).toBe("openwrt");
  expect(familyOf({ "/bin/nvram": "" })).toBe("tomato");
  expect(familyOf({})).toBe("unknown");
});

describe("doctor: running, ports, phones", () => {
  test("not running is told; upstream's state when it does", () => {
    expect(told("running")).toMatch(/^warning no branchline runs/);
    expect(told("running", { isRunning: true })).toMatch(/^unseen/);
    expect(told("running", { isRunning: true, status: status() })).toMatch(
      /^ok branchline 0\.1\.0 has run for 3600 s$/,
    );
    const down = status({ upstream: [{ name: "pbx", state: "down", observed: "down" }] });
    expect(told("running", { isRunning: true, status: down })).toMatch(/^warning .*pbx is down/);
  });

  test("who has the ports", () => {
    const has = (code: string | undefined, isRunning: boolean, sockets?: string) =>
      told("ports", { ports: [code, undefined], isRunning, said: { [SOCKETS]: sockets } }).split("\n")[0];
    expect(has(undefined, false)).toBe(`ok udp:${LAN}:5060 is free`);
    expect(has("EADDRINUSE", true)).toBe(`ok udp:${LAN}:5060 is ours`);
    expect(has(undefined, true)).toMatch(/^warning .*restart it/);
    expect(has("EACCES", false)).toMatch(/^unseen/);
    expect(has("EADDRINUSE", false)).toMatch(/^fault another program has udp/);
    const ss = 'udp UNCONN 0 0 0.0.0.0:5060 0.0.0.0:* users:(("asterisk",pid=812,fd=9))';
    expect(has("EADDRINUSE", false, ss)).toMatch(/^fault asterisk \(process 812\) has udp/);
    const netstat = "udp        0      0 0.0.0.0:5060            0.0.0.0:*                           812/asterisk";
    expect(has("EADDRINUSE", false, netstat)).toMatch(/^fault asterisk \(process 812\) has udp/);
    expect(has("EADDRNOTAVAIL", false)).toMatch(/^fault no interface that is up has 10\.222\.237\.1/);
  });

  test("an interface that the file names, with an address and without one", () => {
    const { listeners } = configOf(YAML.replace(`udp:${WAN}`, "udp:pppoe0"));
    const [, wan] = listeners;
    wan?.settle(new Map([["pppoe0", [WAN]]]));
    expect(ports(healthy(), { ...configOf(), listeners })[1]).toMatchObject({ text: `udp:${WAN}:5060 is free` });
    wan?.settle(new Map());
    expect(ports(healthy(), { ...configOf(), listeners })[1]).toMatchObject({
      state: "fault",
      text: "udp:pppoe0:5060 has no address now: whoever calls by it reaches nobody",
    });
  });

  test("an address in the phones' network, and phones that have come", () => {
    const running = (change: Partial<RunningStatus>) => told("phones", { isRunning: true, status: status(change) });
    expect(running({})).toBe("ok 3 phones have registered; 0 requests came from outside localnet and upstream");
    expect(running({ phones: { addresses: 0, contacts: 0 }, dropped: { forbidden: 7 } })).toMatch(
      /^warning no phone has registered yet; 7 requests/,
    );
    expect(told("phones")).toMatch(/^unseen phones can be seen only while/);
    const outside = YAML.replace(`udp:${LAN}, `, "");
    expect(told("phones", {}, outside)).toContain(`listen names none of them: they reach us only if`);
    expect(told("phones", {}, outside)).toContain(`# listen: [udp:${LAN}:5060]`);
    expect(told("phones", { addresses: [] })).toContain("no interface that is up lies there");
  });
});

describe("doctor: clock", () => {
  const tls = YAML.replace(/listen: .*/, `listen: [udp:${LAN}, tls:${WAN}]\ntls: {certificate: c.pem, key: k.pem}`);
  const valid: Facts["certificate"] = ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"];

  test("before the program was built: worse with TLS", () => {
    const now = "1970-01-01T00:03:00Z";
    expect(told("clock")).toMatch(/^ok/);
    expect(told("clock", { now })).toMatch(/^warning the clock says 1970/);
    expect(told("clock", { now, certificate: valid }, tls)).toMatch(/^fault .*nothing connects over TLS/);
    expect(told("clock", { now, family: "edgeos" })).toContain("set system ntp server");
  });

  test.each([
    [undefined, /^unseen/],
    [valid, /^ok c\.pem is valid until 2027/],
    [["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"], /^fault c\.pem is valid from 2026-12-01T00:00:00Z only/],
    [["2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"], /^fault c\.pem has been invalid since/],
    [["2025-01-01T00:00:00Z", "2026-12-01T00:00:00Z"], /^warning c\.pem is valid until/],
  ] as const)("a certificate valid %j", (certificate, expected) => {
    expect(told("clock", { certificate }, tls)).toMatch(expected);
  });
});

describe("doctor: storage, memory, buffers", () => {
  const df = (free: number, change: Partial<Facts> = {}) => {
    const text = `Filesystem 1024-blocks Used Available Capacity Mounted on\nubi0:config 214900 146000 ${free} 70% /config`;
    return told("storage", { ...change, said: { [space(configOf())]: text } });
  };

  test("space", () => {
    expect(df(64_200, { family: "edgeos" })).toMatch(/^ok 64200 kB/);
    expect(df(11_100, { family: "edgeos" })).toMatch(/^warning .*won't fit\ndelete system image$/);
    expect(df(500)).toMatch(/^fault/);
    expect(told("storage")).toMatch(/^unseen/);
    expect(df(64_200, { stateFault: "EROFS", isRoot: false })).toMatch(/^warning .*can't be written \(EROFS\)/);
    expect(df(64_200, { stateFault: "EACCES", isRoot: false })).toMatch(/^ok/);
  });

  test("memory, on old kernels too", () => {
    const has = (text: string, isRunning = false) => told("memory", { files: { [MEMORY]: text }, isRunning });
    expect(told("memory")).toMatch(/^ok 170000 kB/);
    expect(has("MemFree: 20000 kB\nBuffers: 4000 kB\nCached: 70000 kB")).toMatch(/^ok 94000 kB/);
    expect(has("MemAvailable: 60000 kB")).toMatch(/^warning/);
    expect(has("MemAvailable: 60000 kB", true)).toMatch(/^ok/);
    expect(has("MemAvailable: 9000 kB", true)).toMatch(/^warning/);
    expect(has("")).toMatch(/^unseen/);
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
    expect(filter("0", "0")).toMatch(/^warning eth0 takes packets with forged/);
    expect(filter("0", "0", "edgeos")).toContain("set firewall source-validation strict");
  });

  test("its cure has slashes: VLANs have a dot in their names", () => {
    expect(filter("0", "0")).toContain("sysctl -w net/ipv4/conf/eth0/rp_filter=1");
  });

  test("a loose filter (2) lets inside addresses pass: they are reachable, if by another interface", () => {
    expect(filter("0", "2")).toMatch(/^warning eth0 takes .*\/eth0\/rp_filter=1/s);
    expect(filter("0", "2")).not.toContain("/all/");
    expect(filter("2", "1")).toMatch(/^warning eth0 takes .*\/all\/rp_filter=0/s);
  });

  test("without an upstream whose way is known nothing is said of a filter", () => {
    expect(told("routes", { peers: [] })).toBe("ok there is a default route");
  });

  test("no route", () => {
    expect(told("routes", { files: { [ROUTES]: "Iface\tDestination\n" } })).toMatch(
      /^warning there is no default route/,
    );
    expect(told("routes", { files: { [ROUTES]: undefined } })).toMatch(/^unseen/);
  });

  test.each([
    ["edgeos", { said: { [EDGEOS_RUNS]: "yes" } }, "ok branchline starts at boot"],
    ["edgeos", { files: { [EDGEOS_BOOT]: "#!/bin/sh" } }, `chmod 755 ${EDGEOS_BOOT}`],
    ["edgeos", {}, "# install it"],
    ["openwrt", { files: { "/etc/rc.d": "S10boot\nS95branchline" } }, "ok branchline starts at boot"],
    [
      "openwrt",
      { files: { "/etc/rc.d": "S10boot", "/etc/init.d": "boot\nbranchline" } },
      "/etc/init.d/branchline enable\nundo:",
    ],
    ["tomato", { files: { "/opt/etc/init.d": "S80branchline\nrc.func" } }, "ok branchline starts at boot"],
    ["tomato", {}, "# install it"],
    ["debian", { files: { "/lib/systemd/system/branchline.service": "[Unit]" } }, "systemctl enable branchline\nundo:"],
    ["unknown", {}, "unseen how programs start"],
  ] as const)("boot on %s: %j", (family, change, expected) => {
    expect(told("boot", { family, ...change })).toContain(expected);
  });
});
