/** post-config.d/50-branchline through an EdgeRouter's life: installed, rebooted, killed, another firmware, removed. */
import { beforeAll, expect, test } from "vitest";
import { Subnet } from "../peers/support/addresses.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { MACHINE_TOLERANCE_MS, PATIENCE_MS } from "../support/machine.ts";
import { makePackage } from "./support/edgeos-package.ts";
import { makeImage } from "./support/edgeos-root.ts";
import { CONFIG, EdgeRouter, HOOK, type Model } from "./support/edgeos-router.ts";
import { answerToOptions } from "./support/options.ts";

const subnet = new Subnet(66);
const ME = subnet.host(1);
const PHONE = subnet.host(2);
const YAML = `listen: [udp:${ME}:5060]\nlocalnet: [${subnet.network(0)}]\nupstream: sip:${subnet.host(20)}\n`;
const SCRIPT = "sh /usr/src/branchline-*/50-branchline";
/** Two dozen starts of Node. */
const LIMIT_MS = 270_000;
const OTHERS: readonly Model[] = [
  { init: "systemd", shell: "ash" },
  { init: "sysvinit", shell: "dash" },
];
const PID_FILES = { systemd: "/run/systemd/branchline.service.main", sysvinit: "/run/branchline/node.pid" };

cleanUpAfterEach();

describeWith(["busybox", "mksquashfs", "loop mounts"], "50-branchline", () => {
  let packed: Buffer;
  beforeAll(async () => {
    packed = (await makePackage({ image: makeImage(temporaryFolder(), "one") })).contents;
  });

  /** The unpacked package on it, where a user would have put it. */
  function unpack(router: EdgeRouter): void {
    router.write("/usr/src/package.tar.gz", packed);
    expect(router.run("cd /usr/src && tar -xzf package.tar.gz && rm package.tar.gz")).toEqual({ status: 0, text: "" });
  }

  /** As EdgeOS boots: in no time, without a word, without the network, and then branchline answers. */
  async function bootAndAnswer(router: EdgeRouter): Promise<void> {
    const callsBefore = router.calls().length;
    const { status, text, took_ms } = await router.boot();
    expect({ status, text }).toEqual({ status: 0, text: "" });
    // It waits for nothing: neither for the network, nor until branchline answers.
    expect(took_ms).toBeLessThan(MACHINE_TOLERANCE_MS);
    expect(router.calls().slice(callsBefore)).not.toMatch(/curl|wget|deadlock/);
    expect(router.log()).toMatch(/^daemon.notice branchline-boot: version .* is started$/m);
    expect(await answerToOptions(ME, PHONE)).toMatch(/^SIP\/2.0 \d/);
  }

  test.each<Model>([
    { init: "sysvinit", shell: "ash" },
    { init: "systemd", shell: "dash" },
    // The upgrades' tests have these two.
    ...(process.env["BRANCHLINE_LONG"] === "1" ? OTHERS : []),
  ])(
    "lives with $init and $shell",
    async (model) => {
      const router = new EdgeRouter(model);
      router.write("/config/scripts/post-config.d/10-other", "#!/bin/sh\ntrue\n", 0o755);
      await router.boot();
      unpack(router);
      const untouched = router.tree();

      const checked = router.run(`${SCRIPT} check`);
      expect(checked.text).toMatch(/^(ok {7}.*\n){10}$/);
      expect(checked.status).toBe(0);
      expect(router.tree()).toEqual(untouched);

      const installed = router.run(`${SCRIPT} install`);
      expect(installed.text).toMatch(/branchline [\d.]+ is installed.*branchline init.*branchline doctor/s);
      expect(installed.status).toBe(0);
      expect(router.run(`${HOOK} start`)).toMatchObject({ status: 1, text: expect.stringContaining(CONFIG) });

      router.write(CONFIG, YAML);
      expect(router.run(`${HOOK} start`)).toEqual({ status: 0, text: "It runs and answers.\n" });
      expect(await answerToOptions(ME, PHONE)).toMatch(/^SIP\/2.0 \d/);
      expect(router.run("branchline status").text).toMatch(/^branchline [\d.]+, running for/);
      expect(router.run(`${HOOK} status`)).toMatchObject({ status: 0, text: expect.stringMatching(/^answers +yes/m) });

      router.write(CONFIG, `${YAML}log: debu\n`);
      const faulty = { status: 1, text: expect.stringMatching(/yaml:4:6: .*\nNothing has been/) };
      for (const verb of ["start", "reload", "restart"])
        expect(router.run(`${HOOK} ${verb}`), verb).toMatchObject(faulty);
      expect(await answerToOptions(ME, PHONE)).toMatch(/^SIP\/2.0 \d/);
      await router.powerOff();
      expect(await router.boot()).toMatchObject({ status: 0, text: "" });
      await expect.poll(() => router.log(), { timeout: PATIENCE_MS }).toMatch(/yaml:4:6: log must be/);
      router.write(CONFIG, YAML);
      expect(router.run(`${HOOK} start`)).toEqual({ status: 0, text: "It runs and answers.\n" });
      expect(router.run(`${HOOK} reload`)).toEqual({ status: 0, text: "Nothing has changed.\n" });
      await expect.poll(() => router.log()).toMatch(/\breloaded /);
      router.write(CONFIG, YAML.replace("listen: [", "listen: [udp:127.0.0.1:5099, "));
      const refused = "listen has changed: that needs a restart\n";
      expect(router.run(`${HOOK} reload`)).toEqual({
        status: 1,
        text:
          `${refused}Reload refused: the old configuration stays active.\n` +
          `To restart it: sudo ${HOOK} restart\nNothing has been changed.\n`,
      });
      router.write(CONFIG, YAML);

      await router.powerOff();
      await bootAndAnswer(router);

      const pid = () => router.read(PID_FILES[model.init]).split(" ")[0]?.trim();
      const killed = pid();
      expect(router.run(`kill -9 ${killed}`).status).toBe(0);
      await expect.poll(pid, { timeout: PATIENCE_MS }).not.toBe(killed);
      expect(await answerToOptions(ME, PHONE)).toMatch(/^SIP\/2.0 \d/);

      await router.upgradeFirmware();
      expect(router.has("/usr/bin/branchline")).toBe(false);
      await bootAndAnswer(router);
      expect(router.run("branchline --version").status).toBe(0);

      unpack(router);
      expect(router.run(`${HOOK} remove`)).toMatchObject({ status: 0, text: expect.stringContaining("is removed") });
      const isUsers = (line: string) => line.startsWith("/config/branchline ") || line.startsWith(`${CONFIG} `);
      expect(router.tree().filter((line) => !isUsers(line))).toEqual(untouched);
      expect(router.read(CONFIG)).toBe(YAML);
      expect(router.run("ps").text).not.toMatch(/branchline.js|supervise/);

      expect(router.run(`${SCRIPT} install`)).toMatchObject({
        status: 0,
        text: expect.stringContaining("runs and ans"),
      });
      expect(router.run(`${HOOK} remove --purge`)).toEqual({ status: 0, text: "branchline is removed.\n" });
      expect(router.tree()).toEqual(untouched);
    },
    LIMIT_MS,
  );
});
