/** `branchline-static`, the .deb with the binary: what is in it, and its life in the place of the package with Node, and back. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { converse, reinviteBothWays } from "../peers/support/both-ways.ts";
import { QUICK_PROBES } from "../peers/support/branchline.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { describeUnless, describeWith, pathOf } from "../peers/support/peers.ts";
import { register } from "../peers/support/registration.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import { debOf, filesOf, staticDebOf } from "./support/deb.ts";
import { VERSION } from "./support/edgeos-package.ts";
import { BUILD_LIMIT_MS, binaryLicenses, missingForBinary } from "./support/host-binary.ts";
import { SystemdMachine, whyNoSystemd } from "./support/systemd-machine.ts";

const FILE = "/etc/branchline/branchline.yaml";
const UNIT = "branchline.service";
const SIP = 5060;
const PROXY = { host: "10.223.42.1", port: SIP };
const UPSTREAM = { host: "10.223.42.2", port: SIP };
const PHONE = { host: "10.223.42.17", port: SIP };
const SETTINGS = {
  listen: [`udp:${PROXY.host}:${SIP}`],
  localnet: ["10.223.42.16/28"],
  upstream: { targets: [`sip:${UPSTREAM.host}`], probe: QUICK_PROBES },
};
const outwards = { to: "sip:5551234@pbx.example.com", through: PROXY };
const whyNoBinary = await missingForBinary();

vi.setConfig({ testTimeout: 180_000 });
cleanUpAfterEach();

describeUnless(whyNoBinary, "branchline-static", () => {
  let deb: Awaited<ReturnType<typeof staticDebOf>>;
  let licenses: string;
  beforeAll(async () => {
    deb = await staticDebOf(VERSION);
    licenses = await binaryLicenses();
  }, BUILD_LIMIT_MS);

  test("has what the package with Node has, but the binary in the bundle's place, and the licences of all that is in it", async () => {
    const [own, others] = [filesOf(deb.contents), filesOf((await debOf(VERSION)).contents)];
    const named = (path: string) =>
      path.replace(/(doc|overrides)\/branchline(?=\/(copyright|changelog)|$)/, "$1/branchline-static");
    const expected = [...others.keys()].map((path) => named(path).replace("branchline.js", "branchline-static"));
    expect([...own.keys()].sort()).toEqual(expected.sort());
    expect(own.get("usr/share/doc/branchline/LICENSES")?.toString()).toBe(licenses);
    const copyright = own.get("usr/share/doc/branchline-static/copyright")?.toString() ?? "";
    expect(copyright).toMatch(/^Files: usr\/lib\/branchline\/branchline-static\n/m);
    for (const holder of [
      "Fabrice Bellard",
      "Rich Felker, et al.",
      "Free Software Foundation, Inc.",
      "Ville Laurikari",
    ]) {
      expect(copyright).toMatch(new RegExp(`^ .*${holder}`, "m"));
    }
    expect(copyright).toMatch(
      /^License: GPL-3\+ with GCC-3\.1 exception\n The licence itself is in .*GPL-3 on Debian/m,
    );
  });

  describeWith(["lintian"], "lintian", () => {
    test("finds nothing to say, of whatever weight", { timeout: 540_000 }, () => {
      const path = join(temporaryFolder(), deb.name);
      writeFileSync(path, deb.contents);
      // Where a constant ends and the next one begins, its bytes make words by chance: of one build, not of another.
      const byChance = ["--suppress-tags", "spelling-error-in-binary"];
      const options = ["--display-info", "--pedantic", "--tag-display-limit", "0", "--allow-root", ...byChance];
      const { stdout, stderr } = spawnSync(pathOf("lintian"), [...options, path], { encoding: "utf8" });
      expect(stdout + stderr).toBe("");
    });
  });

  describeUnless(whyNoSystemd(), "on a Debian that boots", () => {
    async function boot() {
      const space = Namespace.create("debian");
      for (const { host } of [PROXY, UPSTREAM, PHONE]) space.addAddress(`${host}/24`);
      const machine = await SystemdMachine.boot(space);
      const log = machine.follow(UNIT);
      const install = (contents: Uint8Array) => {
        machine.write("/run/branchline.deb", contents);
        return machine.run("dpkg", "-i", "/run/branchline.deb");
      };
      const running = async () => {
        const pid = (await machine.run("systemctl", "show", "-p", "MainPID", "--value", UNIT)).trim();
        return (await machine.run("readlink", `/proc/${pid}/exe`)).trim();
      };
      return { space, machine, log, install, running };
    }

    test("installed, reloaded, killed, upgraded, removed and purged, with a call up, and without Node", async () => {
      const { space, machine, log, install, running } = await boot();
      const phone = await SipAgent.open(PHONE, space.name);
      const upstream = await SipAgent.open(UPSTREAM, space.name);
      expect(await install(deb.contents)).toContain(`branchline needs ${FILE} before it can start`);
      machine.write(FILE, stringify(SETTINGS));
      await machine.run("systemctl", "enable", "--now", UNIT);
      await log.line(/^upstream_state .*to=up/, PATIENCE_MS);
      expect(await running()).toBe("/usr/lib/branchline/branchline-static");
      expect(await machine.run("branchline", "--version")).toContain("QuickJS");
      const call = await converse(phone, upstream, outwards);
      await machine.run("systemctl", "reload", UNIT);
      await log.line(/^reloaded /, PATIENCE_MS);
      const again = log.nextLine(/^started /, PATIENCE_MS);
      await machine.run("systemctl", "kill", "-s", "KILL", UNIT);
      await again;
      await reinviteBothWays(call);

      const newer = VERSION.replace(/.$/, "9");
      const upgraded = log.nextLine(new RegExp(`^started version=${newer} `), PATIENCE_MS);
      await install((await staticDebOf(newer)).contents);
      await upgraded;
      await reinviteBothWays(call);
      await call.callee.ask("BYE", phone);

      await machine.run("rm", "/run/branchline.deb");
      await machine.run("dpkg", "--purge", "branchline-static");
      const named = ["-name", "*branchline*"];
      expect(await machine.run("find", "/etc", "/usr/bin", "/usr/lib/systemd", "/var/lib", "/run", ...named)).toBe("");
      expect(await machine.run("find", "/usr/lib", "/usr/share/doc", "-maxdepth", "1", ...named)).toBe("");
    });

    test("after a power cut it starts by itself where it is enabled, and knows the phones; disabled, it doesn't start", async () => {
      const { space, machine, log, install, running } = await boot();
      const phone = await SipAgent.open(PHONE, space.name);
      const upstream = await SipAgent.open(UPSTREAM, space.name);
      await install(deb.contents);
      machine.write(FILE, stringify(SETTINGS));
      await machine.run("systemctl", "enable", "--now", UNIT);
      await log.line(/^upstream_state .*to=up/, PATIENCE_MS);
      await register(phone, upstream, PROXY);
      const secret = await machine.run("cat", "/var/lib/branchline/secret");
      // A new phone is written down within seconds.
      const isKept = `grep -qF '${PHONE.host}' /var/lib/branchline/bindings.json`;
      await machine.run("sh", "-c", `until ${isKept}; do sleep 0.1; done 2>/dev/null`);

      await machine.powerCycle();
      await machine.follow(UNIT).line(/^upstream_state .*to=up/, PATIENCE_MS);
      expect(await running()).toBe("/usr/lib/branchline/branchline-static");
      expect(await machine.run("branchline", "registered")).toContain(PHONE.host);
      expect(await machine.run("cat", "/var/lib/branchline/secret")).toBe(secret);
      const call = await converse(phone, upstream, outwards);
      await call.caller.ask("BYE", upstream);

      await machine.run("systemctl", "disable", UNIT);
      await machine.powerCycle();
      expect((await machine.try("systemctl", "is-active", UNIT)).text).toBe("inactive\n");
    });

    test("takes the place of the package with Node and gives it back: calls go on, the file and the secret stay, even over a purge", async () => {
      const { space, machine, log, install, running } = await boot();
      const phone = await SipAgent.open(PHONE, space.name);
      const upstream = await SipAgent.open(UPSTREAM, space.name);
      await install((await debOf(VERSION)).contents);
      machine.write(FILE, stringify(SETTINGS));
      await machine.run("systemctl", "enable", "--now", UNIT);
      await log.line(/^upstream_state .*to=up/, PATIENCE_MS);
      const node = await running();
      const secret = await machine.run("cat", "/var/lib/branchline/secret");
      const call = await converse(phone, upstream, outwards);

      const binary = log.nextLine(/^started /, PATIENCE_MS);
      await install(deb.contents);
      await binary;
      expect(await running()).toBe("/usr/lib/branchline/branchline-static");
      expect((await machine.try("test", "-e", "/usr/lib/branchline/branchline.js")).status).toBe(1);
      await machine.try("dpkg", "--purge", "branchline");
      expect(await machine.run("cat", "/var/lib/branchline/secret")).toBe(secret);
      expect(await machine.run("branchline", "status")).toContain(`Upstream ${UPSTREAM.host}: up for `);
      await reinviteBothWays(call);

      const back = log.nextLine(/^started /, PATIENCE_MS);
      await install((await debOf(VERSION)).contents);
      await back;
      expect(await running()).toBe(node);
      expect((await machine.try("dpkg-query", "-W", "-f", "$" + "{Status}", "branchline-static")).text).not.toContain(
        "installed",
      );
      expect(await machine.run("cat", "/var/lib/branchline/secret")).toBe(secret);
      expect(await machine.run("systemctl", "is-enabled", UNIT)).toBe("enabled\n");
      await reinviteBothWays(call);
      await call.callee.ask("BYE", phone);
    });
  });
});
