/**
 * The .deb on a Debian that boots, with systemd as its PID 1: installed, started, reloaded, killed, upgraded and removed,
 * with calls up. One network namespace has all addresses:
 *
 *   phone 10.223.41.17    branchline 10.223.41.1    upstream 10.223.41.2
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { converse, reinviteBothWays } from "../peers/support/both-ways.ts";
import { QUICK_PROBES, type Settings } from "../peers/support/branchline.ts";
import type { Child } from "../peers/support/child.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import { debOf } from "./support/deb.ts";
import { SystemdMachine, whyNoSystemd } from "./support/systemd-machine.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FILE = "/etc/branchline/branchline.yaml";
const UNIT = "branchline.service";
const MONITOR_SOCKET = "/run/branchline/monitor.sock";
const SIP = 5060;
const PROXY = { host: "10.223.41.1", port: SIP };
const UPSTREAM = { host: "10.223.41.2", port: SIP };
const PHONE = { host: "10.223.41.17", port: SIP };
const SETTINGS: Settings = {
  listen: [`udp:${PROXY.host}:${SIP}`],
  localnet: ["10.223.41.16/28"],
  upstream: { targets: [`sip:${UPSTREAM.host}`], probe: QUICK_PROBES },
};
const outwards = { to: "sip:5551234@pbx.example.com", through: PROXY };
const OLD = (JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { version: string }).version;
const NEW = "99.0.0";

/** Packages are installed, and Nodes started, a dozen times in a test. */
vi.setConfig({ testTimeout: 60_000 });
cleanUpAfterEach();

class Box {
  readonly space: Namespace;
  readonly machine: SystemdMachine;
  private readonly log: Child;

  private constructor(space: Namespace, machine: SystemdMachine) {
    this.space = space;
    this.machine = machine;
    this.log = machine.follow(UNIT);
  }

  /** Booted, the package installed. */
  static async build(): Promise<Box> {
    const space = Namespace.create("debian");
    for (const { host } of [PROXY, UPSTREAM, PHONE]) space.addAddress(`${host}/24`);
    return new Box(space, await SystemdMachine.boot(space));
  }

  async install(version: string): Promise<string> {
    this.machine.write("/run/branchline.deb", (await debOf(version)).contents);
    return this.machine.run("dpkg", "-i", "/run/branchline.deb");
  }

  configure(settings: unknown): void {
    this.machine.write(FILE, stringify(settings));
  }

  /** The service has logged such a line, or does so soon. */
  async logged(pattern: RegExp): Promise<void> {
    await this.log.line(pattern, PATIENCE_MS);
  }

  /** It will log such a line. */
  async logs(pattern: RegExp): Promise<void> {
    await this.log.nextLine(pattern, PATIENCE_MS);
  }

  async show(property: string): Promise<string> {
    return (await this.machine.run("systemctl", "show", "-p", property, "--value", UNIT)).trim();
  }

  /** Installed, configured, started, upstream found alive, and ready for commands; and who speaks through it. */
  async office() {
    const phone = await SipAgent.open(PHONE, this.space.name);
    const upstream = await SipAgent.open(UPSTREAM, this.space.name);
    await this.install(OLD);
    this.configure(SETTINGS);
    await this.machine.run("systemctl", "enable", "--now", UNIT);
    await this.logged(/^upstream_state .*to=up/);
    // Upstream may answer before the sockets for commands are open; this line comes after them.
    await this.logged(/^started /);
    return { phone, upstream };
  }
}

describeUnless(whyNoSystemd(), ".deb", () => {
  test("installs without starting anything, says what to do, and a start without a file fails once with its reason", async () => {
    const box = await Box.build();
    const { machine } = box;
    const words = await box.install(OLD);
    expect(words).toContain(`branchline needs ${FILE} before it can start`);
    expect((await machine.try("systemctl", "is-enabled", UNIT)).text.trim()).toBe("disabled");
    expect(await box.show("ActiveState")).toBe("inactive");
    expect(await machine.run("dpkg-query", "-W", "-f", "$" + "{Conffiles}", "branchline")).toBe("");

    expect((await machine.try("systemctl", "start", UNIT)).status).toBe(1);
    await box.logged(/branchline\.yaml: no such file/);
    await box.logged(/Failed with result 'exit-code'/);
    expect(await box.show("ActiveState")).toBe("failed");
    expect(await box.show("NRestarts")).toBe("0");

    // The sample is whole.
    await machine.run("cp", "/usr/share/doc/branchline/examples/branchline.yaml", FILE);
    expect(await machine.run("branchline", "check")).toContain("10.222.237.0/24");
    machine.write("/tmp/other.yaml", stringify(SETTINGS));
    expect(await machine.run("branchline", "check", "-c", "/tmp/other.yaml")).toContain("10.223.41.16/28");
    expect(await machine.run("branchline", "--version")).toContain(`branchline ${OLD} (commit `);
  });

  test("installs and goes where no systemd runs, as while an image is built", async () => {
    const { machine } = await Box.build();
    machine.write("/opt/branchline.deb", (await debOf(OLD)).contents);
    const within = ["--mount", "sh", "-euc"];
    await machine.run("unshare", ...within, "mount -t tmpfs tmpfs /run/systemd; dpkg -i /opt/branchline.deb");
    expect(await machine.run("branchline", "--version")).toContain(`branchline ${OLD} (commit `);
    await machine.run("unshare", ...within, "mount -t tmpfs tmpfs /run/systemd; dpkg --purge branchline");
    expect((await machine.try("test", "-e", "/etc/branchline")).status).toBe(1);
  });

  test("the service has no rights: a user of its own, no capability, exposure below 2.0", async () => {
    const box = await Box.build();
    const { machine } = box;
    const { phone, upstream } = await box.office();
    const pid = await box.show("MainPID");
    const status = await machine.run("cat", `/proc/${pid}/status`);
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^CapBnd:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    expect(await machine.run("stat", "-c", "%U", `/proc/${pid}`)).toBe("branchline\n");
    expect((await machine.try("grep", "^branchline:", "/etc/passwd", "/etc/group")).text).toBe("");
    const state = await machine.run(
      "stat",
      "-L",
      "-c",
      "%U %a %n",
      "/etc/branchline/state",
      "/etc/branchline/state/secret",
    );
    expect(state).toBe("branchline 700 /etc/branchline/state\nbranchline 600 /etc/branchline/state/secret\n");

    const analysis = await machine.run("systemd-analyze", "security", "--no-pager", UNIT);
    const exposure = /exposure level for branchline\.service: ([\d.]+)/.exec(analysis)?.[1] ?? "";
    console.log(`.deb: exposure ${exposure}`);
    expect(Number.parseFloat(exposure)).toBeLessThan(2);

    expect(await machine.run("branchline", "status")).toContain(`Upstream ${UPSTREAM.host}: up for `);
    const asked = await machine.try("setpriv", "--reuid=65534", "--clear-groups", "branchline", "status");
    expect(asked.status).toBe(1);
    expect(asked.text).toContain("Permission denied to ask the branchline of");
    const { caller } = await converse(phone, upstream, outwards);
    await caller.ask("BYE", upstream);
  });

  test("members of branchline-monitor may ask what changes nothing, and see nothing of what is kept", async () => {
    const box = await Box.build();
    const { machine } = box;
    await box.office();
    const gid = (await machine.run("getent", "group", "branchline-monitor")).split(":")[2] ?? "";
    const asMember = (...words: string[]) =>
      machine.try("setpriv", "--reuid=65534", "--regid=65534", `--groups=${gid}`, ...words);
    const places = await machine.run("stat", "-c", "%U %G %a %n", "/run/branchline", MONITOR_SOCKET);
    expect(places).toBe(
      `branchline branchline-monitor 750 /run/branchline\nbranchline branchline-monitor 660 ${MONITOR_SOCKET}\n`,
    );

    expect(JSON.parse((await asMember("branchline", "status", "--json")).text)).toMatchObject({
      upstream: [{ state: "up" }],
    });
    for (const command of ["registered", "calls", "history"])
      expect(await asMember("branchline", command)).toMatchObject({ status: 0 });
    expect(await asMember("branchline", "force", "down")).toEqual({
      status: 1,
      text: "only root may ask for that; others: status, registered, calls, trace, history, readiness, drills\n",
    });
    expect((await asMember("branchline", "reload")).status).toBe(1);
    expect(await machine.run("branchline", "status")).toContain(`Upstream ${UPSTREAM.host}: up for `);
    machine.write("/tmp/other.yaml", stringify({ ...SETTINGS, state: "/var/lib/branchline" }));
    const other = await asMember("branchline", "status", "-c", "/tmp/other.yaml");
    expect(other).toMatchObject({ status: 1, text: expect.stringContaining("run with sudo") });
    for (const file of ["secret", "bindings.json", "control.sock"]) {
      expect((await asMember("cat", `/var/lib/branchline/${file}`)).text).toContain("Permission denied");
    }

    // Another branchline that is started by hand leaves the service's socket alone.
    expect((await machine.try("branchline", "run", "-c", "/nonexistent.yaml")).status).toBe(2);
    await machine.run("systemctl", "reload", UNIT);
    expect(await asMember("branchline", "status")).toMatchObject({ status: 0 });
    await machine.run("systemctl", "stop", UNIT);
    expect((await machine.try("test", "-e", "/run/branchline")).status).toBe(1);
  });

  test("calls that are up survive a reload, a refused reload, a kill and an upgrade", async () => {
    const box = await Box.build();
    const { machine } = box;
    const { phone, upstream } = await box.office();
    const reloaded = await converse(phone, upstream, outwards);
    const killed = await converse(phone, upstream, outwards);
    const upgraded = await converse(phone, upstream, outwards);
    const first = await box.show("MainPID");
    const secret = await machine.run("cat", "/var/lib/branchline/secret");

    await machine.run("systemctl", "reload", UNIT);
    await box.logged(/^reloaded /);
    machine.write(FILE, "nonsense: 1\n");
    expect((await machine.try("systemctl", "reload", UNIT)).status).not.toBe(0);
    await box.logged(/nonsense is not a key that branchline knows/);
    box.configure(SETTINGS);
    expect(await box.show("MainPID")).toBe(first);
    await reinviteBothWays(reloaded);
    await reloaded.caller.ask("BYE", upstream);

    const again = box.logs(/^started /);
    await machine.run("kill", "-9", first);
    await again;
    expect(await box.show("MainPID")).not.toBe(first);
    await reinviteBothWays(killed);
    await killed.callee.ask("BYE", phone);

    const file = await machine.run("cat", FILE);
    await box.install(NEW);
    await box.logged(new RegExp(`^started version=${NEW} `));
    expect(await machine.run("cat", FILE)).toBe(file);
    expect(await machine.run("cat", "/var/lib/branchline/secret")).toBe(secret);
    await reinviteBothWays(upgraded);
    await upgraded.callee.ask("BYE", phone);
  });

  test("an upgrade whose version can't use the file leaves the old one running, and says so", async () => {
    const box = await Box.build();
    const { machine } = box;
    const { phone, upstream } = await box.office();
    const pid = await box.show("MainPID");
    machine.write(FILE, `${stringify(SETTINGS)}nonsense: 1\n`);
    const words = await box.install(NEW);
    expect(words).toMatch(/nonsense is not a key.*\n.*the old version runs on/);
    expect(await box.show("MainPID")).toBe(pid);
    const { caller } = await converse(phone, upstream, outwards);
    await caller.ask("BYE", upstream);
  });

  test("a TLS key that only a group may read is read, and read anew at a reload", async () => {
    const box = await Box.build();
    const { machine } = box;
    await box.office();
    const tls = "/etc/branchline/tls";
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", `${tls}/branch.key`];
    await machine.run("mkdir", tls);
    await machine.run(
      "openssl",
      "req",
      "-x509",
      ...key,
      "-out",
      `${tls}/branch.pem`,
      "-subj",
      "/CN=branch.example.com",
    );
    // As `deploy/debian/README.md` says.
    await machine.run("groupadd", "--system", "branchline-tls");
    await machine.run("chgrp", "branchline-tls", `${tls}/branch.key`);
    await machine.run("chmod", "640", `${tls}/branch.key`);
    box.configure({
      ...SETTINGS,
      listen: [...SETTINGS.listen, `tls:${PROXY.host}:5061`],
      tls: { certificate: "tls/branch.pem", key: "tls/branch.key" },
    });
    expect((await machine.try("systemctl", "restart", UNIT)).status).toBe(1);
    await box.logged(/tls\.key can't be read: permission denied/);

    const dropIn = `/etc/systemd/system/${UNIT}.d`;
    await machine.run("mkdir", dropIn);
    machine.write(`${dropIn}/override.conf`, "[Service]\nSupplementaryGroups=branchline-tls\n");
    await machine.run("systemctl", "daemon-reload");
    await machine.run("systemctl", "restart", UNIT);
    await box.logged(/^started .*tls:10\.223\.41\.1:5061/);
    await machine.run("systemctl", "reload", UNIT);
    await box.logged(/^reloaded /);
  });

  test("remove keeps the file and the secret; purge leaves nothing", async () => {
    const box = await Box.build();
    const { machine } = box;
    await box.office();
    await machine.run("dpkg", "--remove", "branchline");
    expect((await machine.try("systemctl", "is-active", UNIT)).text.trim()).toBe("inactive");
    const kept = await machine.run("ls", "-L", FILE, "/var/lib/branchline/secret");
    expect(kept.trim().split("\n")).toHaveLength(2);

    await box.install(NEW);
    await box.logged(new RegExp(`^started version=${NEW} `));
    await machine.run("rm", "/run/branchline.deb");
    await machine.run("dpkg", "--purge", "branchline");
    const named = ["-name", "*branchline*"];
    expect(await machine.run("find", "/etc", "/usr/bin", "/usr/lib/systemd", "/var/lib", "/run", ...named)).toBe("");
    expect(await machine.run("find", "/usr/lib", "/usr/share/doc", "-maxdepth", "1", ...named)).toBe("");
    expect((await machine.try("pidof", "branchline")).text).toBe("");
  });
});
