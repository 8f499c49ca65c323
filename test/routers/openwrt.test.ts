/** OpenWrt: procd's parameters and what follows from them, opkg, what a new firmware keeps. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { asks, configuration, OPKG, type Package, packages } from "./support/release.ts";
import { missingForRouters, Router, type RouterOptions } from "./support/router.ts";

const NODE = "/usr/bin/node";
const SERVICE = "/etc/init.d/branchline";
const CONFIG = "/etc/branchline.yaml";
const RC_COMMON = readFileSync(fileURLToPath(new URL("support/rc.common.sh", import.meta.url)), "utf8");
/** Others live here too. */
const NEIGHBOURS = {
  "/etc/init.d/cron": "#!/bin/sh\n",
  "/lib/upgrade/keep.d/base-files": "/etc/hosts\n",
  "/usr/share/zoneinfo/UTC": "",
};
const answers = asks(NODE);
/** The process that procd watches. */
const PID = "cat /tmp/procd/branchline/pid";
const MINE = configuration("/etc/branchline");

cleanUpAfterEach();

async function openwrt(options: RouterOptions = {}): Promise<Router> {
  const box = await Router.start({
    node: NODE,
    atBoot: 'for service in /etc/rc.d/S*; do [ ! -x "$service" ] || "$service" boot; done',
    ...options,
    files: { "/bin/opkg": OPKG, "/etc/rc.common": RC_COMMON, ...NEIGHBOURS, ...options.files },
  });
  box.ok("mkdir -p /etc/rc.d /usr/lib/opkg/info; ln -s ../init.d/cron /etc/rc.d/S50cron");
  return box;
}

function install(box: Router, file: Package): string {
  box.ok("mkdir -p /tmp/packages");
  const base64 = Buffer.from(file.contents).toString("base64");
  box.write("mnt/base64", base64, 0o600);
  box.ok(`base64 -d /mnt/base64 >/tmp/packages/${file.name}; rm /mnt/base64`);
  return box.ok(`opkg install /tmp/packages/${file.name}`);
}

describeUnless(missingForRouters(), "OpenWrt", () => {
  test("a branch's life: install, configure, reboot, upgrade, remove; nothing is left", async () => {
    const [old, next] = await Promise.all([packages("openwrt", "1.0.0"), packages("openwrt", "1.1.0")]);
    const box = await openwrt();
    const before = box.files();
    expect(install(box, old.ipk)).toBe(
      `Next: branchline init writes ${CONFIG} (by hand: ${CONFIG}.sample is one to begin with), then: ${SERVICE} start`,
    );
    expect(box.run(`${SERVICE} start`).text).toBe(
      `branchline is not started: there is no ${CONFIG} yet; branchline init writes one`,
    );
    box.write(CONFIG, MINE, 0o644);
    expect(box.ok("branchline check")).toContain("Serves the phones in 127.0.0.0/24.");
    box.ok(`${SERVICE} start`);
    await box.becomes(answers);
    await box.becomes("grep -q 'daemon.info branchline: started ' /tmp/messages");
    expect(box.ok("branchline status")).toContain("127.0.1.1");
    expect(box.ok("stat -c %a /etc/branchline/*secret*")).toBe("600");

    await box.reboot();
    await box.becomes(answers);

    const running = box.ok(PID);
    install(box, next.ipk);
    await box.becomes(`[ "$(${PID})" != ${running} ] && ${answers}`);
    expect(box.read(CONFIG)).toBe(MINE);
    expect(box.ok("tail -n 1 /usr/share/branchline/branchline.js")).toBe("// 1.1.0");

    const last = box.ok(PID);
    box.ok("opkg remove branchline");
    expect(box.run(`kill -0 ${last}`).status).toBe(1);
    box.ok(`rm ${CONFIG}`);
    expect(box.files()).toEqual(before);
  });

  test("what procd is told: for ever, after 2 s, by SIGHUP when the file changes", async () => {
    const { tree } = await packages("openwrt", "1.0.0");
    const box = await openwrt();
    box.write("mnt/tree.tar.gz", tree.contents);
    box.ok("tar -xzf /mnt/tree.tar.gz -C /");
    box.write(CONFIG, MINE, 0o644);
    box.ok("/usr/share/branchline/setup.sh install");
    await box.becomes(answers);
    expect(box.ok("cd /tmp/procd/branchline; grep '' [!p]*").split("\n")).toEqual([
      `command:/usr/share/branchline/run.sh ${CONFIG}`,
      "env:BRANCHLINE_LOGGER=1",
      `file:${CONFIG}`,
      "reload_signal:HUP",
      "respawn:3600 2 0",
      "stderr:1",
      "stdout:1",
    ]);
    expect(box.ok(`${SERVICE} reload`)).toBe("Nothing has changed.");
    await box.becomes("grep -q 'branchline: reloaded ' /tmp/messages");
    box.write(CONFIG, `${MINE}nonsense: 1\n`, 0o644);
    expect(box.run(`${SERVICE} reload`)).toMatchObject({ status: 2, text: expect.stringContaining("nonsense") });
    box.write(CONFIG, MINE, 0o644);
    expect(box.log()).not.toContain("procd-says");
    const first = box.ok(PID);
    box.ok(`kill -9 ${first}`);
    await box.becomes(`[ "$(${PID})" != ${first} ] && ${answers}`);
    box.ok("/usr/share/branchline/setup.sh remove --purge");
    expect(box.files().filter((path) => path.includes("branchline"))).toEqual([]);
  });

  test("a faulty file isn't started by hand, and whoever tried reads the fault", async () => {
    const { ipk } = await packages("openwrt", "1.0.0");
    const box = await openwrt();
    install(box, ipk);
    box.write(CONFIG, MINE.replace("127.0.0.0/24", "127.0.0.0/240"), 0o644);
    const { status, text } = box.run(`${SERVICE} start`);
    expect(status).toBe(1);
    expect(text).toMatch(/^\/etc\/branchline.yaml:3:\d+: localnet.*\nbranchline is not started$/);
    expect(box.run("ls /tmp/procd").status).toBe(1);
  });

  test("an upgrade that can't use the file leaves the old version running, and says why", async () => {
    const [old, next] = await Promise.all([packages("openwrt", "1.0.0"), packages("openwrt", "1.1.0")]);
    const box = await openwrt();
    box.write(CONFIG, MINE, 0o644);
    install(box, old.ipk);
    await box.becomes(answers);
    const running = box.ok(PID);
    box.write(CONFIG, MINE.replace("127.0.0.0/24", "127.0.0.0/240"), 0o644);
    expect(install(box, next.ipk)).toMatch(/^\/etc\/branchline.yaml:3:\d+: localnet.*\nbranchline isn't restarted: /);
    expect(box.ok(PID)).toBe(running);
    box.ok(answers);
    box.write(CONFIG, MINE, 0o644);
    box.ok(`${SERVICE} restart`);
    await box.becomes(`[ "$(${PID})" != ${running} ] && ${answers}`);
  });

  test("what its owner has disabled stays so over upgrades: neither enabled nor started, only replaced while it runs", async () => {
    const [old, next] = await Promise.all([packages("openwrt", "1.0.0"), packages("openwrt", "1.1.0")]);
    const box = await openwrt();
    box.write(CONFIG, MINE, 0o644);
    install(box, old.ipk);
    await box.becomes(answers);
    box.ok(`${SERVICE} disable`);
    const running = box.ok(PID);
    install(box, next.ipk);
    await box.becomes(`[ "$(${PID})" != ${running} ] && ${answers}`);
    expect(box.run(`${SERVICE} enabled`).status).toBe(1);

    box.ok(`${SERVICE} stop`);
    box.write("mnt/tree.tar.gz", old.tree.contents);
    box.ok("tar -xzf /mnt/tree.tar.gz -C /");
    expect(box.ok("/usr/share/branchline/setup.sh install")).toBe(
      "branchline is disabled and doesn't run: that stays so",
    );
    expect(box.run(PID).status).toBe(1);
    await box.reboot();
    expect(box.run("ls /tmp/procd").status).toBe(1);

    box.ok(`${SERVICE} enable && ${SERVICE} start`);
    await box.becomes(answers);
    box.ok("/usr/share/branchline/setup.sh install");
    box.ok(`${SERVICE} enabled`);
    await box.becomes(answers);
  });

  test("25.12, with neither opkg nor a Node of its own: Entware's Node, unpacked, set up, upgraded, removed", async () => {
    const [old, next] = await Promise.all([packages("openwrt", "1.0.0"), packages("openwrt", "1.1.0")]);
    const box = await openwrt({ node: "/opt/bin/node" });
    box.remove("/bin/opkg");
    const setUp = (tree: Package) => {
      box.write("mnt/tree.tar.gz", tree.contents);
      box.ok("tar -xzf /mnt/tree.tar.gz -C / && rm /mnt/tree.tar.gz");
      box.ok("/usr/share/branchline/setup.sh check");
      return box.ok("/usr/share/branchline/setup.sh install");
    };
    const before = box.files();
    expect(setUp(old.tree)).toMatch(/^Next: branchline init writes /);
    const flags = "--localnet 127.0.0.0/24 --upstream 127.0.1.1 --gateway 127.0.0.9 --members 201 --listen 127.0.0.1";
    expect(box.ok(`branchline init ${flags}`)).toContain(`${CONFIG} written.`);
    box.ok(`branchline check && ${SERVICE} start`);
    const answersPhones = asks("/opt/bin/node");
    await box.becomes(answersPhones);
    await box.reboot();
    await box.becomes(answersPhones);
    const running = box.ok(PID);
    setUp(next.tree);
    await box.becomes(`[ "$(${PID})" != ${running} ] && ${answersPhones}`);
    expect(box.ok("tail -n 1 /usr/share/branchline/branchline.js")).toBe("// 1.1.0");
    box.ok("/usr/share/branchline/setup.sh remove --purge");
    expect(box.files()).toEqual(before);
  });

  test("in an image that is being built it is enabled, and nobody asks the builder's processor", async () => {
    const { ipk } = await packages("openwrt", "1.0.0");
    const box = await openwrt({ proc: { meminfo: "MemAvailable: 1 kB\n" } });
    box.write("mnt/branchline.ipk", ipk.contents);
    box.ok("mkdir -p /mnt/image/etc/rc.d && cd /mnt/image && tar -xzf ../branchline.ipk && tar -xzf control.tar.gz");
    box.ok("cd /mnt/image && tar -xzf data.tar.gz && ./preinst && ./postinst", { IPKG_INSTROOT: "/mnt/image" });
    expect(box.ok("readlink /mnt/image/etc/rc.d/S95branchline")).toBe("../init.d/branchline");
    expect(box.ok("ls /mnt/image/etc/rc.d")).toBe("K10branchline\nS95branchline");
    // Its first upgrade is no first installation.
    box.ok("ls /mnt/image/usr/share/branchline/installed");
    expect(box.run("ls /etc/rc.d/S95branchline").status).toBe(1);
  });

  test("a new firmware keeps all that it needs", async () => {
    const { ipk } = await packages("openwrt", "1.0.0");
    const box = await openwrt();
    box.write(CONFIG, MINE, 0o644);
    const before = box.files();
    install(box, ipk);
    box.write("/etc/tls/branch.key", "mine", 0o600);
    await box.becomes(answers);
    // As sysupgrade collects what it takes along, and puts it onto the new firmware.
    box.ok("tar -czf /mnt/kept.tgz $(find $(cat /lib/upgrade/keep.d/*) 2>/dev/null \\( -type f -o -type l \\) )");
    for (const path of box.files().filter((path) => !before.includes(path) && !/\/$|kept.tgz|opkg/.test(path))) {
      box.remove(path);
    }
    box.remove(CONFIG);
    await box.reboot();
    expect(box.run(answers).status).not.toBe(0);
    box.ok("tar -xzf /mnt/kept.tgz -C /");
    await box.reboot();
    await box.becomes(answers);
    expect(box.read("/etc/tls/branch.key")).toBe("mine");
  });

  test("with a root that can't be written it needs its state folder only", async () => {
    const { tree } = await packages("openwrt", "1.0.0");
    const box = await openwrt();
    box.write("mnt/tree.tar.gz", tree.contents);
    box.ok("tar -xzf /mnt/tree.tar.gz -C / && /usr/share/branchline/setup.sh install && mkdir /etc/branchline");
    box.write(CONFIG, MINE, 0o644);
    await box.reboot({ writable: ["/etc/branchline"] });
    expect(box.run("touch /etc/it").status).toBe(1);
    await box.becomes(answers);
  });
});
