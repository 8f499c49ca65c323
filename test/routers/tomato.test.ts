/** The package for FreshTomato: on JFFS, on a USB disk, through reboots, crashes, upgrades; removed. Its binary is played by Node. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless, describeWith } from "../peers/support/peers.ts";
import { configuration } from "./support/release.ts";
import { missingForRouters } from "./support/router.ts";
import { answers, branchsLife, LICENSES, MINUTE, Tomato, tomatoPackage, tomatoPackages } from "./support/tomato.ts";

const JFFS = { disks: { "/jffs": 8_000 } };
const USB = "/tmp/mnt/KEY";
const SERVICE = "/jffs/branchline/service.sh";
const STARTED = "branchline is started; its log is in syslog";
const LIMIT = { timeout: 270_000 };

cleanUpAfterEach();

/** One with branchline on its JFFS, which answers. */
async function installed(): Promise<Tomato> {
  const tomato = await Tomato.start(JFFS);
  tomato.install(await tomatoPackage("1.0.0"));
  tomato.configure("/jffs");
  tomato.ok(`${SERVICE} start`);
  await tomato.box.becomes(answers);
  return tomato;
}

describeWith(["busybox", "loop mounts"], "FreshTomato", () => {
  describeUnless(missingForRouters(), "the package", () => {
    test("a branch's life on JFFS: install, configure, reboot, upgrade, remove; nothing is left", LIMIT, async () => {
      await branchsLife(await tomatoPackage("1.0.0"), await tomatoPackage("1.1.0"));
    });

    test(
      "without JFFS it goes to the USB disk with the most room, wherever that is mounted the next time",
      LIMIT,
      async () => {
        const tomato = await Tomato.start({ disks: { "/tmp/mnt/small": 200, [USB]: 8_000, "/tmp/mnt/other": 6_000 } });
        const one = await tomatoPackage("1.0.0");
        expect(tomato.install(one)).toMatch(`branchline is in ${USB}/branchline. Next: `);
        tomato.configure(USB);
        tomato.ok(`${USB}/branchline/service.sh start`);
        await tomato.box.becomes(answers);

        tomato.ok(`event ${USB} autostop`);
        expect(tomato.run("pidof branchline").status).toBe(1);
        expect(tomato.ok("cat /tmp/cru")).toBe("");
        const moved = "/tmp/mnt/sda1";
        tomato.ok(`mkdir ${moved}; mount --bind ${USB} ${moved}; umount ${USB}; event ${moved} autorun`);
        await tomato.box.becomes(answers);
        expect(tomato.ok("cat /tmp/cru")).toContain(`'${moved}/branchline/service.sh' check`);
        expect(tomato.ok("branchline status")).toContain("127.0.1.1");

        await tomato.box.reboot();
        await tomato.box.becomes(answers);
        expect(tomato.install(one)).toBe(STARTED);
        tomato.ok("echo usb_automount=0 >/tmp/nvram");
        expect(tomato.install(one, "/mnt/KEY")).toMatch(/^FreshTomato doesn't mount USB disks by itself: /);
        expect(tomato.run("/tmp/branchline-[0-9]*/install.sh install /tmp/mnt/other").text).toContain(
          `- branchline is in ${USB} already: remove it there first`,
        );
      },
    );

    test("killed, it comes back; its guard killed as well, cru brings both back", LIMIT, async () => {
      const tomato = await installed();
      const first = tomato.pidOf("branchline");
      tomato.ok(`kill -9 ${first}`);
      await tomato.answersAnew(first);
      expect(tomato.box.log()).toContain("daemon.warn branchline: branchline has ended, and starts again in 2 s");

      const orphan = tomato.pidOf("branchline");
      tomato.ok(`kill -9 ${tomato.pidOf("respawn")}; ${MINUTE}`);
      await tomato.answersAnew(orphan);
      expect(tomato.run(`kill -0 ${orphan}`).status).toBe(1);
      tomato.ok(`${MINUTE}; event /jffs/etc/config fire; event /jffs autorun; sleep 1`);
      expect(tomato.ok("ps | grep -c '[r]espawn.sh /jffs'")).toBe("1");
      expect(tomato.ok(`${SERVICE} reload`)).toBe("Nothing has changed.");
    });

    test("events at the same moment start one guard, also after one that was killed as it started", LIMIT, async () => {
      const tomato = await installed();
      const events = "for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";
      for (let round = 0; round < 5; round++) {
        tomato.ok(`${SERVICE} halt; ln -s 4194303 /tmp/branchline-starts`);
        tomato.ok(`${events}; do ${SERVICE} check & done; wait; usleep 300000`);
        expect(tomato.ok("ps | grep -c '[r]espawn.sh /jffs'")).toBe("1");
      }
      await tomato.box.becomes(answers);
      expect(tomato.run("ls -l /tmp/branchline-starts").status).toBe(1);
    });

    test("a table of cru's that is lost is written again with the next event", LIMIT, async () => {
      const tomato = await installed();
      tomato.ok("rm /tmp/cru; event /jffs/etc/config fire; sleep 1");
      expect(tomato.ok("cru l")).toBe(`* * * * * '${SERVICE}' check #branchline#`);
    });

    test("what its owner has stopped no event starts, but a reboot does", LIMIT, async () => {
      const tomato = await installed();
      tomato.ok(`${SERVICE} stop`);
      expect(tomato.ok("cat /tmp/cru")).toBe("");
      tomato.ok("event /jffs/etc/config fire; event /jffs autorun; sleep 1");
      expect(tomato.run(`${SERVICE} status`)).toEqual({ status: 1, text: "branchline doesn't run" });
      expect(tomato.install(await tomatoPackage("1.1.0"))).toBe(
        "branchline is disabled and doesn't run: that stays so",
      );
      await tomato.box.reboot();
      await tomato.box.becomes(answers);
    });

    test("what its owner has disabled stays so over reboots and upgrades", LIMIT, async () => {
      const tomato = await installed();
      tomato.ok(`${SERVICE} disable`);
      const running = tomato.pidOf("branchline");
      expect(tomato.install(await tomatoPackage("1.1.0"))).toBe(STARTED);
      await tomato.answersAnew(running);
      await tomato.box.reboot();
      tomato.ok("sleep 1");
      expect(tomato.run(`${SERVICE} status`).status).toBe(1);
      expect(tomato.install(await tomatoPackage("1.2.0"))).toBe(
        "branchline is disabled and doesn't run: that stays so",
      );
      tomato.ok(`${SERVICE} enable`);
      await tomato.box.reboot();
      await tomato.box.becomes(answers);
    });

    test("an upgrade that can't use the file leaves the old version running, and says why", LIMIT, async () => {
      const tomato = await installed();
      const running = tomato.pidOf("branchline");
      tomato.configure("/jffs", configuration("state").replace("127.0.0.0/24", "127.0.0.0/240"));
      tomato.unpack(await tomatoPackage("1.1.0"));
      const { status, text } = tomato.installer();
      expect([status, text]).toEqual([
        1,
        expect.stringMatching(/^\S+.yaml:3:\d+: localnet.*\nbranchline isn't restarted: /),
      ]);
      expect(tomato.pidOf("branchline")).toBe(running);
      tomato.ok(answers);
    });

    test(
      "a file that others have put into its folder stays when it is removed, and so do other hooks",
      LIMIT,
      async () => {
        const tomato = await installed();
        tomato.ok("echo mine >/jffs/branchline/notes; echo mine >/jffs/etc/config/other.fire");
        expect(tomato.ok(`${SERVICE} remove --purge`)).toBe("/jffs/branchline/notes stays");
        expect(tomato.filesOn("/jffs").filter((path) => !path.includes("lost+found"))).toEqual([
          "/jffs",
          "/jffs/branchline",
          "/jffs/branchline/notes",
          "/jffs/etc",
          "/jffs/etc/config",
          "/jffs/etc/config/other.fire",
        ]);
      },
    );

    test("a router that isn't FreshTomato", LIMIT, async () => {
      const tomato = await Tomato.start(JFFS);
      tomato.unpack(await tomatoPackage("1.0.0"));
      tomato.ok("rm /bin/nvram");
      expect(tomato.installer().text).toBe(
        "branchline can't be installed here:\n- this isn't FreshTomato: there is no nvram",
      );
    });
  });
});

test("there is a package for each processor whose binary is there, with the licences, the sample, and the schema that it names", async () => {
  const binaries = new Map(["armv5", "mipsel", "arm64"].map((target) => [target, Buffer.from(target)]));
  const [arm, mips, ...others] = await tomatoPackages("1.0.0", binaries);
  expect([arm?.name, mips?.name, others]).toEqual([
    "branchline-1.0.0-tomato-arm.tar.gz",
    "branchline-1.0.0-tomato-mips.tar.gz",
    [],
  ]);
  const inside = (path: string) =>
    execFileSync("tar", ["-xzOf", "-", `branchline-1.0.0/${path}`], { input: arm?.contents, encoding: "utf8" });
  expect(inside("branchline-static")).toBe("armv5");
  expect(inside("LICENSES")).toBe(LICENSES);
  expect(inside("branchline.yaml.sample")).toMatch(/^# yaml-language-server: \$schema=\.\/branchline\.schema\.json\n/);
  expect(inside("branchline.schema.json")).toContain('"$schema"');
  expect(await tomatoPackages("1.0.0", new Map())).toEqual([]);
});

describe("the scripts for FreshTomato", () => {
  // Its busybox lacks these; sort has no keys, find no types.
  const LACKING =
    /\b(?:mktemp|readlink|realpath|stat|id|seq|xargs|mkfifo|mknod|tee|uniq|sha256sum|nohup|setsid|timeout|pgrep|pkill|sort -k|find)\b/;
  const ROOT = fileURLToPath(new URL("../..", import.meta.url));

  test.each(["tomato/install.sh", "tomato/service.sh", "tomato/branchline", "respawn.sh"])(
    "%s uses only what its busybox has",
    (name) => {
      const lines = readFileSync(`${ROOT}/deploy/${name}`, "utf8").split("\n");
      const code = lines.filter((line) => !/^\s*(?:#|echo |no_place=)/.test(line));
      expect(code.filter((line) => LACKING.test(line))).toEqual([]);
    },
  );
});
