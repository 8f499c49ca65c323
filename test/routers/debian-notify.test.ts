/** What systemd is told by the service of the .deb, on a Debian that boots: when it is ready, how it is, and that it lives. */
import { beforeAll, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { QUICK_PROBES } from "../peers/support/branchline.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import { debOf, staticDebOf } from "./support/deb.ts";
import { VERSION } from "./support/edgeos-package.ts";
import { BUILD_LIMIT_MS, missingForBinary } from "./support/host-binary.ts";
import { SystemdMachine, whyNoSystemd } from "./support/systemd-machine.ts";

const UNIT = "branchline.service";
const PROXY = { host: "10.223.46.1", port: 5060 };
const UPSTREAM = { host: "10.223.46.2", port: 5060 };
const SETTINGS = {
  listen: [`udp:${PROXY.host}:${PROXY.port}`],
  localnet: ["10.223.46.16/28"],
  upstream: { targets: [`sip:${UPSTREAM.host}`], probe: QUICK_PROBES },
};

vi.setConfig({ testTimeout: 180_000 });
cleanUpAfterEach();

/** Installed and configured, and not started. @param watchdog_s the unit's own limit takes a test too long */
async function installed(deb: { readonly contents: Uint8Array }, watchdog_s = 15) {
  const space = Namespace.create("debian");
  for (const { host } of [PROXY, UPSTREAM]) space.addAddress(`${host}/24`);
  const machine = await SystemdMachine.boot(space);
  const log = machine.follow(UNIT);
  machine.write("/run/branchline.deb", deb.contents);
  await machine.run("dpkg", "-i", "/run/branchline.deb");
  machine.write("/etc/branchline/branchline.yaml", stringify(SETTINGS));
  await machine.run("mkdir", "-p", `/etc/systemd/system/${UNIT}.d`);
  machine.write(`/etc/systemd/system/${UNIT}.d/soon.conf`, `[Service]\nWatchdogSec=${watchdog_s}\n`);
  await machine.run("systemctl", "daemon-reload");
  const show = async (property: string) =>
    (await machine.run("systemctl", "show", "-p", property, "--value", UNIT)).trim();
  /** Until it is so. */
  const shows = (property: string, pattern: RegExp) =>
    expect.poll(() => show(property), { timeout: PATIENCE_MS, interval: 250 }).toMatch(pattern);
  return { space, machine, log, show, shows };
}

const PACKAGES = [
  ["with Node", () => debOf(VERSION), []],
  ["with the binary", () => staticDebOf(VERSION), await missingForBinary()],
] as const;

for (const [title, packageOf, missing] of PACKAGES) {
  describeUnless([...whyNoSystemd(), ...missing], `.deb ${title}`, () => {
    let deb: { readonly contents: Uint8Array };
    beforeAll(async () => {
      deb = await packageOf();
    }, BUILD_LIMIT_MS);

    test("a start is over once commands are heard; systemctl status shows how upstream is; a reload is one", async () => {
      const { space, machine, log, show, shows } = await installed(deb);
      const upstream = await SipAgent.open(UPSTREAM, space.name);
      await machine.run("systemctl", "start", UNIT);
      expect(await machine.run("branchline", "status", "--json")).toContain('"upstream"');
      expect(await show("ActiveState")).toBe("active");
      await shows("StatusText", new RegExp(`^Upstream ${UPSTREAM.host} is up since \\S+Z; calls go to upstream; `));
      upstream.isAlive = false;
      await shows(
        "StatusText",
        new RegExp(`^Upstream ${UPSTREAM.host} is down since \\S+Z; calls go to phones here only`),
      );
      await machine.run("systemctl", "reload", UNIT);
      await log.line(/^reloaded /, PATIENCE_MS);
      await shows("ActiveState", /^active$/);
      await shows("SubState", /^running$/);
      expect(await show("NRestarts")).toBe("0");
      await machine.run("systemctl", "stop", UNIT);
      expect(await show("Result")).toBe("success");
    });

    test("one that hangs is killed and started anew", async () => {
      const { machine, log, show, shows } = await installed(deb, 6);
      await machine.run("systemctl", "start", UNIT);
      const pid = await show("MainPID");
      const again = log.nextLine(/^started /, PATIENCE_MS);
      await machine.run("kill", "-STOP", pid);
      await log.line(/Watchdog timeout/, PATIENCE_MS);
      await again;
      await shows("ActiveState", /^active$/);
      expect(await show("MainPID")).not.toBe(pid);
    });

    test("it starts, and lives on, where systemd-notify is missing", async () => {
      const { machine, show, shows } = await installed(deb);
      await machine.run("rm", "/usr/bin/systemd-notify");
      await machine.run("systemctl", "start", UNIT);
      await shows("StatusText", /is down since /);
      expect(await show("ActiveState")).toBe("active");
      expect(await show("NRestarts")).toBe("0");
    });
  });
}

describeUnless(whyNoSystemd(), "a Debian that has nothing to speak to systemd with", () => {
  test("has a branchline whose start isn't over, and that serves calls", async () => {
    const { machine, log, show } = await installed(await debOf(VERSION));
    await machine.run("rm", "/usr/bin/systemd-notify", "/usr/bin/perl");
    await machine.run("systemctl", "start", "--no-block", UNIT);
    await log.line(/^service_manager /, PATIENCE_MS);
    // The watchdog counts from the end of the start.
    await log.line(/^upstream_state .*to=down/, PATIENCE_MS);
    expect(await machine.run("branchline", "status")).toContain(UPSTREAM.host);
    expect(await show("ActiveState")).toBe("activating");
    expect(await show("NRestarts")).toBe("0");
  });
});
