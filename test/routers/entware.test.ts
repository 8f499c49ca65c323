/** Entware on a FreshTomato: /opt on a disk, services by rc.unslung, cru, and logger into busybox's syslogd. */
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { asks, configuration, OPKG, packages } from "./support/release.ts";
import { missingForRouters, Router, type RouterOptions } from "./support/router.ts";

const NODE = "/opt/bin/node";
const SERVICE = "/opt/etc/init.d/S80branchline";
const CONFIG = "/opt/etc/branchline.yaml";
const answers = asks(NODE);
/** As Entware's: each service in the order of its name. */
const RC_UNSLUNG = `#!/bin/sh
for service in /opt/etc/init.d/S*; do [ -x "$service" ] && "$service" "$1"; done
`;
/** As Tomato's, into a file instead of crond's. */
const CRU = `#!/bin/sh
touch /tmp/cru
grep -v "#$2#" /tmp/cru >/tmp/cru.new
[ "$1" = a ] && echo "$3 #$2#" >>/tmp/cru.new
mv /tmp/cru.new /tmp/cru
`;
/** crond's minute. */
const MINUTE = "sed 's/^[*] [*] [*] [*] [*] //' /tmp/cru | sh";

cleanUpAfterEach();

async function tomato(options: RouterOptions = {}): Promise<Router> {
  return Router.start({
    node: NODE,
    atBoot: "[ ! -x /opt/etc/init.d/rc.unslung ] || /opt/etc/init.d/rc.unslung start",
    ...options,
    files: { "/opt/bin/opkg": OPKG, "/opt/etc/init.d/rc.unslung": RC_UNSLUNG, "/usr/sbin/cru": CRU, ...options.files },
  });
}

const INFO = { OPKG_INFO: "/opt/lib/opkg/info" };

function install(box: Router, file: { readonly name: string; readonly contents: Uint8Array }): string {
  box.ok("mkdir -p /opt/tmp");
  box.write(`opt/tmp/${file.name}`, file.contents);
  const text = box.ok(`opkg install /opt/tmp/${file.name}`, INFO);
  box.ok("rm -r /opt/tmp");
  return text;
}

/** The number of the process in a pid file. */
const pidOf = (box: Router, name: "branchline" | "respawn") => Number(box.ok(`cat /tmp/branchline/${name}.pid`));

describeUnless(missingForRouters(), "Entware", () => {
  test("a branch's life: install, configure, reboot, upgrade, remove; nothing is left", async () => {
    const [old, next] = await Promise.all([packages("entware", "1.0.0"), packages("entware", "1.1.0")]);
    const box = await tomato();
    box.ok("mkdir -p /opt/lib/opkg/info /opt/share /opt/var/lib");
    const before = box.files();

    expect(install(box, old.ipk)).toBe(
      `Next: branchline init writes ${CONFIG} (by hand: ${CONFIG}.sample is one to begin with), then: ${SERVICE} start`,
    );
    expect(box.run(`${SERVICE} start`)).toEqual({
      status: 1,
      text: `branchline is not started: there is no ${CONFIG} yet; branchline init writes one`,
    });
    expect(box.ok(`/opt/bin/branchline check -c ${CONFIG}.sample`)).toContain("Serves the phones in 10.222.237.0/24.");
    const mine = configuration("/opt/var/lib/branchline");
    box.write(CONFIG, mine, 0o644);
    expect(box.ok("branchline check")).toContain("Serves the phones in 127.0.0.0/24.");
    box.ok(`${SERVICE} start`);
    await box.becomes(answers);
    expect(box.ok(`${SERVICE} status`)).toBe(`branchline runs as process ${pidOf(box, "branchline")}`);
    expect(box.ok("branchline status")).toContain("127.0.1.1");
    await box.becomes("grep -q 'daemon.info branchline: started ' /tmp/messages");
    expect(box.ok("stat -c %a /opt/var/lib/branchline/*secret*")).toBe("600");

    await box.reboot();
    await box.becomes(answers);

    const running = pidOf(box, "branchline");
    expect(install(box, next.ipk)).toBe("branchline is started; its log is in syslog");
    await box.becomes(`[ "$(cat /tmp/branchline/branchline.pid)" != ${running} ] && ${answers}`);
    expect(box.read(CONFIG)).toBe(mine);
    expect(box.ok("tail -n 1 /opt/share/branchline/branchline.js")).toBe("// 1.1.0");

    const last = pidOf(box, "branchline");
    box.ok("opkg remove branchline", INFO);
    expect(box.run(`kill -0 ${last}`).status).toBe(1);
    expect(box.ok("cat /tmp/cru")).toBe("");
    box.ok(`rm ${CONFIG}`);
    expect(box.files()).toEqual(before);
  });

  test("the same without opkg: unpacked, set up, unpacked anew, removed", async () => {
    const [old, next] = await Promise.all([packages("entware", "1.0.0"), packages("entware", "1.1.0")]);
    const box = await tomato();
    box.ok("mkdir -p /opt/share /opt/var/lib");
    const before = box.files();
    const unpack = (tree: { readonly contents: Uint8Array }) => {
      box.write("opt/tree.tar.gz", tree.contents);
      box.ok("tar -xzf /opt/tree.tar.gz -C /; rm /opt/tree.tar.gz");
    };

    unpack(old.tree);
    box.ok("/opt/share/branchline/setup.sh check");
    box.write(CONFIG, configuration("/opt/var/lib/branchline"), 0o644);
    box.ok("/opt/share/branchline/setup.sh install");
    await box.becomes(answers);
    unpack(next.tree);
    box.ok("/opt/share/branchline/setup.sh install");
    await box.becomes(answers);
    expect(box.ok("tail -n 1 /opt/share/branchline/branchline.js")).toBe("// 1.1.0");

    expect(box.ok("/opt/share/branchline/setup.sh remove")).toBe(`${CONFIG} stays`);
    box.ok(`rm ${CONFIG}`);
    expect(box.files()).toEqual(before);
    expect(box.run("pidof branchline").text).toBe("");
  });

  test("a disk that is full as it is set up: that is said, and the next time makes up for it", async () => {
    const { tree } = await packages("entware", "1.0.0");
    const box = await tomato();
    box.write("opt/tree.tar.gz", tree.contents);
    box.ok("tar -xzf /opt/tree.tar.gz -C /");
    box.ok("ln -s /full/disk /opt/etc/init.d/.branchline");
    const setUp = "/opt/share/branchline/setup.sh install";
    expect(box.run(setUp)).toEqual({ status: 1, text: expect.stringMatching(/^cp: .*\n.*can't be set up/) });
    box.ok(setUp);
    box.ok(`test -x ${SERVICE}`);
  });

  test("killed, it comes back; its guard killed as well, cru brings both back; others' Node lives on", async () => {
    const { ipk } = await packages("entware", "1.0.0");
    const box = await tomato();
    const other = Number(box.ok(`${NODE} -e 'setInterval(() => {}, 1000)' >/dev/null 2>&1 & echo $!`));
    box.write(CONFIG, configuration("/opt/var/lib/branchline"), 0o644);
    install(box, ipk);
    await box.becomes(answers);

    const first = pidOf(box, "branchline");
    box.ok(`kill -9 ${first}`);
    await box.becomes(`[ "$(cat /tmp/branchline/branchline.pid)" != ${first} ] && ${answers}`);
    expect(box.log()).toContain("daemon.warn branchline: branchline has ended, and starts again in 2 s");

    const [guard, orphan] = [pidOf(box, "respawn"), pidOf(box, "branchline")];
    box.ok(`kill -9 ${guard}`);
    box.ok(MINUTE);
    await box.becomes(`[ "$(cat /tmp/branchline/branchline.pid)" != ${orphan} ] && ${answers}`);
    expect(box.run(`kill -0 ${orphan}`).status).toBe(1);
    box.ok(MINUTE);
    const guards = box.ok("ps | grep -c '[r]espawn.sh /opt/etc'");
    expect(Number(guards)).toBe(1);

    expect(box.ok(`${SERVICE} reload`)).toBe("Nothing has changed.");
    await box.becomes("grep -q 'branchline: reloaded ' /tmp/messages");
    box.ok(`${SERVICE} restart`);
    await box.becomes(answers);
    box.ok(`${SERVICE} check; ${SERVICE} stop`);
    box.ok(MINUTE);
    expect(box.run(`${SERVICE} status`)).toEqual({ status: 1, text: "branchline doesn't run" });
    box.ok(`kill -0 ${other}`);
  });

  test("its log's end is killed: it starts anew with another, alone", async () => {
    const { ipk } = await packages("entware", "1.0.0");
    const box = await tomato();
    box.write(CONFIG, configuration("/opt/var/lib/branchline"), 0o644);
    install(box, ipk);
    await box.becomes(answers);
    const first = pidOf(box, "branchline");
    box.ok(`kill -9 $(pidof logger); until grep -q reloaded /tmp/messages || [ ! -e /proc/${first} ]; do
      ${SERVICE} reload; usleep 100000; done`);
    await box.becomes(`[ "$(cat /tmp/branchline/branchline.pid)" != ${first} ] && ${answers}`);
    await box.becomes("[ $(grep -c 'branchline: started ' /tmp/messages) = 2 ]");
    expect(box.ok("pidof branchline")).toBe(`${pidOf(box, "branchline")}`);
  });

  test("a faulty file: whoever starts it reads the fault, and it comes by itself once that is put right", async () => {
    const { ipk } = await packages("entware", "1.0.0");
    const box = await tomato();
    install(box, ipk);
    const right = configuration("/opt/var/lib/branchline");
    box.write(CONFIG, right.replace("127.0.0.0/24", "127.0.0.0/240"), 0o644);
    expect(box.ok(`${SERVICE} start`)).toMatch(/^\/opt\/etc\/branchline.yaml:3:\d+: localnet/);
    await box.becomes("grep -q 'starts again in' /tmp/messages");
    expect(box.log()).toContain(`branchline: ${CONFIG}:3:`);
    box.write(CONFIG, right, 0o644);
    await box.becomes(answers);
  });

  test("an upgrade that can't use the file leaves the old version running, and says why", async () => {
    const [old, next] = await Promise.all([packages("entware", "1.0.0"), packages("entware", "1.1.0")]);
    const box = await tomato();
    const right = configuration("/opt/var/lib/branchline");
    box.write(CONFIG, right, 0o644);
    install(box, old.ipk);
    await box.becomes(answers);
    const running = pidOf(box, "branchline");
    box.write(CONFIG, right.replace("127.0.0.0/24", "127.0.0.0/240"), 0o644);
    expect(install(box, next.ipk)).toMatch(
      /^\/opt\/etc\/branchline.yaml:3:\d+: localnet.*\nbranchline isn't restarted: /,
    );
    expect(pidOf(box, "branchline")).toBe(running);
    box.ok(answers);
  });

  test.each([
    [
      "made not executable",
      `chmod -x ${SERVICE}`,
      `sh ${SERVICE}`,
      "! [ -x SERVICE ] && grep -q S80branchline SERVICE",
    ],
    ["renamed", `mv ${SERVICE} /opt/etc/init.d/K80branchline`, "/opt/etc/init.d/K80branchline", "! [ -e SERVICE ]"],
  ])("what its owner has disabled, %s, stays so over upgrades", async (_how, disable, service, isDisabled) => {
    const [old, next] = await Promise.all([packages("entware", "1.0.0"), packages("entware", "1.1.0")]);
    const box = await tomato();
    const staysDisabled = () => box.ok(isDisabled.replaceAll("SERVICE", SERVICE));
    box.write(CONFIG, configuration("/opt/var/lib/branchline"), 0o644);
    install(box, old.ipk);
    await box.becomes(answers);
    box.ok(disable);
    const running = pidOf(box, "branchline");
    install(box, next.ipk);
    await box.becomes(`[ "$(cat /tmp/branchline/branchline.pid)" != ${running} ] && ${answers}`);
    staysDisabled();

    box.ok(`${service} stop`);
    box.write("mnt/tree.tar.gz", old.tree.contents);
    box.ok("tar -xzf /mnt/tree.tar.gz -C /");
    expect(box.ok("/opt/share/branchline/setup.sh install")).toBe(
      "branchline is disabled and doesn't run: that stays so",
    );
    staysDisabled();
    await box.reboot();
    expect(box.run("ls /tmp/branchline").status).toBe(1);

    box.ok("/opt/share/branchline/setup.sh remove --purge");
    expect(box.files().filter((path) => /S80branchline|share.branchline/.test(path))).toEqual([]);
  });

  test("numbers of processes that others have got by now are nobody's", async () => {
    const { ipk } = await packages("entware", "1.0.0");
    const box = await tomato();
    install(box, ipk);
    // It has our name on its command line, as an editor of our file has.
    box.write(CONFIG, configuration("/opt/var/lib/branchline"), 0o644);
    box.ok(`tail -f ${CONFIG} >/dev/null 2>&1 & mkdir -p /tmp/branchline; echo $! >/tmp/branchline/respawn.pid
      echo $! >/tmp/branchline/branchline.pid; echo $! >/tmp/other`);
    box.ok(`${SERVICE} stop; kill -0 $(cat /tmp/other)`);
    expect(box.run(`${SERVICE} status`).text).toBe("branchline doesn't run");
  });

  test("a folder that another user has laid in its way in /tmp leads root nowhere", async () => {
    const { ipk } = await packages("entware", "1.0.0");
    const box = await tomato();
    box.write(CONFIG, configuration("/opt/var/lib/branchline"), 0o644);
    install(box, ipk);
    box.ok(`${SERVICE} stop; mkdir /tmp/branchline; echo precious >/tmp/victim; ln -s /tmp/victim /tmp/branchline/respawn.pid
      ln -s /tmp/victim /tmp/branchline/branchline.pid; chown 1000 /tmp/branchline; ${SERVICE} start`);
    await box.becomes(answers);
    expect(box.ok("cat /tmp/victim; stat -c %u:%a /tmp/branchline")).toBe("precious\n0:755");
  });

  test("with a root that can't be written it needs its state folder only", async () => {
    const { ipk } = await packages("entware", "1.0.0");
    const box = await tomato({ writable: ["/opt"] });
    box.write(CONFIG, configuration("/opt/var/lib/branchline"), 0o644);
    install(box, ipk);
    expect(box.run("touch /etc/it").status).toBe(1);
    await box.becomes(answers);
  });
});
