/**
 * A FreshTomato to try the package on: busybox on a root that can't be written, /jffs and USB disks, nvram, cru, and its events: which
 * files Tomato runs when it has mounted a disk, has set up its firewall, or is about to unmount a disk. Its branchline may be any program.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { BUNDLE as PROGRAM_FILE } from "../../support/program.ts";
import { asks, configuration, type Package } from "./release.ts";
import { type Outcome, Router, type RouterOptions } from "./router.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const EPOCH_S = 1_700_000_000;
/** For the phone, and for a branchline that isn't a binary. */
const NODE = "/test/node";
const BUNDLE = "/test/branchline.js";
/** As Tomato's shells have it. */
const PATH = "/bin:/usr/bin:/sbin:/usr/sbin:/tmp/home/root";

/** In the place of the binary: the same commands and the same words by Node. */
export const STAND_IN = Buffer.from(`#!/bin/sh\nexec ${NODE} ${BUNDLE} "$@"\n`);
export const answers = asks(NODE);

export const NVRAM = `#!/bin/sh
case $1 in
get) sed -n "s/^$2=//p" /tmp/nvram ;;
*) echo "$*" >>/tmp/nvram-changes ;;
esac
`;
/** As Tomato's, into a file instead of crond's. */
export const CRU = `#!/bin/sh
touch /tmp/cru
[ "$1" != l ] || exec cat /tmp/cru
grep -v "#$2#" /tmp/cru >/tmp/cru.new
[ "$1" = a ] && echo "$3 #$2#" >>/tmp/cru.new
mv /tmp/cru.new /tmp/cru
`;
/** Runs FOLDER/*.EVENT, each with the folder as its word. */
export const EVENT = `#!/bin/sh
for file in "$1"/*."$2"; do [ ! -f "$file" ] || "$file" "$1"; done
`;
/** Tomato's boot, as far as it matters here: flash, firewall, and then USB. */
const BOOT = `mkdir -p /tmp/home/root /tmp/mnt
[ -L /mnt ] || { rmdir /mnt; ln -s tmp/mnt /mnt; ln -s tmp/home /home; }
echo usb_automount=1 >/tmp/nvram
event /jffs autorun
event /jffs/etc/config init
event /jffs/etc/config fire
for disk in /tmp/mnt/*; do event "$disk" autorun; done`;
/** crond's minute. */
export const MINUTE = "sed 's/^[*] [*] [*] [*] [*] //' /tmp/cru | sh";

interface TomatoOptions extends Pick<RouterOptions, "proc"> {
  /** Where disks are mounted → KiB. */
  readonly disks: Readonly<Record<string, number>>;
}

export class Tomato {
  readonly box: Router;

  private constructor(box: Router) {
    this.box = box;
  }

  static async start({ disks, ...options }: TomatoOptions): Promise<Tomato> {
    const files = {
      "/bin/nvram": NVRAM,
      "/usr/sbin/cru": CRU,
      "/usr/sbin/event": EVENT,
      [BUNDLE]: readFileSync(PROGRAM_FILE, "utf8"),
    };
    return new Tomato(await Router.start({ node: NODE, atBoot: BOOT, files, disks, ...options }));
  }

  run(command: string): Outcome {
    return this.box.run(command, { PATH });
  }

  ok(command: string): string {
    return this.box.ok(command, { PATH });
  }

  /** Unpacks a package in memory, as its page says. */
  unpack({ contents }: Package): void {
    this.box.write("usr/src/package.tar.gz", contents);
    this.ok("rm -rf /tmp/branchline-[0-9]*; tar -xzf /usr/src/package.tar.gz -C /tmp");
  }

  /** Runs the installer of the package that is unpacked. */
  installer(words = "install"): Outcome {
    return this.run(`/tmp/branchline-[0-9]*/install.sh ${words}`);
  }

  /** Unpacks, and the installer must succeed; returns what it says. */
  install(one: Package, place = ""): string {
    this.unpack(one);
    return this.ok(`/tmp/branchline-[0-9]*/install.sh install ${place}`);
  }

  configure(place: string, text = configuration("state")): void {
    this.box.write("usr/src/branchline.yaml", text, 0o644);
    this.ok(`cp /usr/src/branchline.yaml ${place}/branchline/branchline.yaml`);
  }

  /** The number in a pid file. */
  pidOf(name: "branchline" | "respawn"): number {
    return Number(this.ok(`cat /tmp/branchline/${name}.pid`));
  }

  /** Until a phone gets an answer from another process than `before`. */
  answersAnew(before: number): Promise<void> {
    return this.box.becomes(`[ "$(cat /tmp/branchline/branchline.pid)" != ${before} ] && ${answers}`);
  }

  /** All that lies on a disk. */
  filesOn(place: string): string[] {
    return this.ok(`find ${place}`).split("\n").sort();
  }
}

/** The package for MIPS, with `binary` as its program. */
export async function tomatoPackage(version: string, binary: Uint8Array = STAND_IN): Promise<Package> {
  const [only] = await tomatoPackages(version, new Map([["mipsel", binary]]));
  if (only === undefined) throw new Error("the release has no package for Tomato");
  return only;
}

/** @param binaries by target, as the release has them */
export async function tomatoPackages(version: string, binaries: ReadonlyMap<string, Uint8Array>): Promise<Package[]> {
  const url = new URL("../../../build/release/tomato.mjs", import.meta.url).href;
  const { packages } = (await import(url)) as Build;
  return packages({ version, epoch_s: EPOCH_S, root: ROOT, native: { binaries, licenses: LICENSES } });
}

interface Build {
  packages(release: object): Promise<Package[]>;
}

export const LICENSES = "what LICENSES says\n";

const SERVICE = "/jffs/branchline/service.sh";
const CONFIG = "/jffs/branchline/branchline.yaml";
const SECRET = "/jffs/branchline/state/*secret*";
const STARTED = "branchline is started; its log is in syslog";
const INIT =
  "branchline init --yes --hear 0 --listen 127.0.0.1 --localnet 127.0.0.0/24 --upstream none --gateway none --members none";

/** Installed on JFFS, configured, rebooted, upgraded, removed: calls are served all the time, and at the end nothing is left. */
export async function branchsLife(old: Package, next: Package): Promise<void> {
  const tomato = await Tomato.start({ disks: { "/jffs": 8_000 } });
  const before = tomato.filesOn("/jffs");
  tomato.unpack(old);
  expect(tomato.installer("check").text).toBe("branchline fits: it would go to /jffs/branchline");
  expect(tomato.filesOn("/jffs")).toEqual(before);

  expect(tomato.installer().text).toBe(
    `branchline is in /jffs/branchline. Next: branchline init writes ${CONFIG}, then: ${SERVICE} start`,
  );
  expect(tomato.run(`${SERVICE} start`)).toEqual({
    status: 1,
    text: `branchline is not started: there is no ${CONFIG} yet; branchline init writes one`,
  });
  const wrote = tomato.ok(INIT);
  expect(wrote).toContain(`${CONFIG} written`);
  expect(wrote).toContain(`${SERVICE} start`);
  tomato.configure("/jffs");
  expect(tomato.ok(`${SERVICE} start`)).toBe(STARTED);
  await tomato.box.becomes(answers);
  expect(tomato.ok(`${SERVICE} status`)).toBe(`branchline runs as process ${tomato.pidOf("branchline")}`);
  expect(tomato.ok("branchline status")).toContain("127.0.1.1");
  await tomato.box.becomes("grep -q 'daemon.info branchline: started ' /tmp/messages");
  expect(tomato.ok(`stat -c %a ${SECRET}`)).toBe("600");
  expect(tomato.ok("branchline doctor --verbose 2>&1 || :")).toMatch(/^ok +boot: branchline starts at boot$/m);

  await tomato.box.reboot();
  await tomato.box.becomes(answers);
  expect(tomato.ok("branchline status")).toContain("127.0.1.1");

  const running = tomato.pidOf("branchline");
  const secret = tomato.ok(`md5sum ${SECRET}`);
  const mine = tomato.ok(`cat ${CONFIG}`);
  expect(tomato.install(next)).toBe(STARTED);
  await tomato.answersAnew(running);
  expect(tomato.ok(`cat ${CONFIG}`)).toBe(mine);
  expect(tomato.ok(`md5sum ${SECRET}`)).toBe(secret);

  const last = tomato.pidOf("branchline");
  expect(tomato.ok(`${SERVICE} remove`)).toBe(`${CONFIG} stays`);
  expect(tomato.run(`kill -0 ${last}`).status).toBe(1);
  expect(tomato.ok("cat /tmp/cru; ls /tmp/home/root")).toBe("");
  tomato.ok("rm -r /jffs/branchline");
  expect(tomato.filesOn("/jffs")).toEqual(before);
  expect(tomato.run("cat /tmp/nvram-changes").status).toBe(1);
}
