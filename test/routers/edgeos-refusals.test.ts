/** Where branchline can't live, post-config.d/50-branchline says why and what helps, and changes nothing. */
import { beforeAll, expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { makePackage, type PackageMachine, VERSION } from "./support/edgeos-package.ts";
import { makeImage } from "./support/edgeos-root.ts";
import { EdgeRouter, HOOK, type Model } from "./support/edgeos-router.ts";

const MODEL: Model = { init: "systemd", shell: "ash" };
const PACKAGE = `/usr/src/branchline-${VERSION}`;
/** What only a big-endian machine's programs begin with; nobody runs it here. */
const BIG_ENDIAN_SH = Buffer.from("\x7fELF\x01\x02\x01\0", "latin1");
const BIG_ENDIAN = { board: "e100", "uname-r": "4.9.79-UBNT", "forged-sh": "" };

interface Refusal {
  readonly title: string;
  /** Which package is tried; default: mipsel. */
  readonly machine?: PackageMachine;
  /** What is other than on an ER-X; see EdgeRouter. */
  readonly facts?: Readonly<Record<string, string>>;
  /** Commands before. */
  readonly before?: string;
  /** What lies on the router before. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** The Node in the image. */
  readonly node?: string;
  /** The line that refuses. */
  readonly says: RegExp;
  /** The line below it. */
  readonly cure: RegExp;
}

const REFUSALS: readonly Refusal[] = [
  { title: "no root", facts: { uid: "1000" }, says: /^root: you are 1000$/, cure: /^sudo sh / },
  { title: "no EdgeOS", before: "rmdir /opt/vyatta", says: /^EdgeOS: this isn't one/, cure: /the release has others/ },
  {
    title: "a kernel that is too old",
    facts: { "uname-r": "2.6.32.27-UBNT" },
    says: /^kernel: 2\.6\.32\.27-UBNT, Node needs 3\.2 or newer$/,
    cure: /^Upgrade the firmware/,
  },
  {
    title: "a kernel that is a little too old",
    facts: { "uname-r": "3.1.10" },
    says: /^kernel: 3\.1\.10,/,
    cure: /^Upgrade/,
  },
  {
    title: "the package for ER-X on an ER-Lite",
    facts: BIG_ENDIAN,
    files: { "/bin/sh": BIG_ENDIAN_SH },
    says: /^processor: board e100, mips, and the package is for mipsel$/,
    cure: new RegExp(`^Take branchline-${VERSION}-edgeos-mips\\.tar\\.gz\\.$`),
  },
  {
    title: "the package for ER-Lite on an ER-X",
    machine: "mips",
    says: /^processor: board e50, mipsel, and the package is for mips$/,
    cure: new RegExp(`^Take branchline-${VERSION}-edgeos-mipsel\\.tar\\.gz\\.$`),
  },
  {
    title: "no MIPS at all",
    facts: { "uname-m": "x86_64" },
    says: /^processor: board e50, x86_64, and the package is for mipsel$/,
    cure: /for EdgeRouters/,
  },
  {
    title: "too little flash for now and the next firmware",
    facts: { free_kb: "40959" },
    says: /^flash: 39 MB free in \/config, 40 MB needed: now, and when the next firmware copies \/config$/,
    cure: /^`delete system image` /,
  },
  {
    title: "too little memory",
    facts: { meminfo: "MemTotal: 126976 kB\nMemAvailable: 81919 kB\n" },
    says: /^memory: 79 MB available, 80 MB needed$/,
    cure: /free -m/,
  },
  {
    title: "too little memory, on a kernel that doesn't count what is available",
    facts: { "uname-r": "3.10.107-UBNT", meminfo: "MemFree: 10240 kB\nBuffers: 10240 kB\nCached: 40960 kB\n" },
    says: /^memory: 60 MB available, 80 MB needed$/,
    cure: /free -m/,
  },
  {
    title: "a kernel without squashfs",
    facts: { "no-squashfs": "", filesystems: "nodev\ttmpfs\n" },
    says: /^runtime: its image can't be mounted: this kernel has no squashfs$/,
    cure: /install Ubiquiti's firmware/,
  },
  {
    title: "a kernel without loop devices",
    before: "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && touch /fake/no-squashfs",
    says: /^runtime: its image can't be mounted: this kernel has no loop devices$/,
    cure: /install Ubiquiti's firmware/,
  },
  {
    title: "a processor without FPU and a kernel that doesn't stand in",
    // As Entware's: its version it tells.
    node: '#!/bin/busybox ash\n[ "$1" = -v ] && echo v18.20.4 || kill -ILL $$\n',
    says: /^Node: it dies of SIGILL at its first fraction: no floating point unit, and this kernel emulates none$/,
    cure: /With this kernel nothing helps/,
  },
  {
    title: "a Node that doesn't start",
    node: "#!/bin/busybox ash\necho libnode.so.108: no such file >&2\nexit 127\n",
    says: /^Node: it doesn't run: .*bin\/node: status 127 libnode\.so\.108: no such file$/,
    cure: /report/,
  },
  {
    title: "no Node on an ER-Lite",
    machine: "mips",
    facts: BIG_ENDIAN,
    files: { "/bin/sh": BIG_ENDIAN_SH },
    says: /^Node: there is none$/,
    cure: /^Node 12 comes from Entware \(mipssf-k3\.4\)/,
  },
  {
    title: "a Node that is too old",
    machine: "mips",
    facts: BIG_ENDIAN,
    files: { "/bin/sh": BIG_ENDIAN_SH, "/opt/bin/node": "#!/bin/busybox ash\necho 3 10.24.1\n" },
    says: /^Node: \/opt\/bin\/node is 10\.24\.1, 12 or newer is needed$/,
    cure: /Entware/,
  },
  {
    title: "a Node that the user has named and that isn't there: the service would take no other",
    files: { "/config/branchline/environment": "BRANCHLINE_NODE=/mnt/usb/node\n" },
    says: /^Node: BRANCHLINE_NODE names \/mnt\/usb\/node, which isn't there or can't be executed$/,
    cure: /that line in \/config\/branchline\/environment/,
  },
  {
    title: "a file that is damaged",
    before: `echo >>${PACKAGE}/branchline.js`,
    says: /^package: damaged: branchline\.js$/,
    cure: /all of it/,
  },
  {
    title: "a package that isn't all there",
    before: `rm ${PACKAGE}/run.sh`,
    says: /^package: \S+ lacks run\.sh: it isn't all there$/,
    cure: /all of it/,
  },
  {
    title: "a package without its image",
    before: `rm ${PACKAGE}/node.sqsh`,
    says: /^package: \S+ lacks node\.sqsh: it isn't all there$/,
    cure: /all of it/,
  },
  {
    title: "a file that is missing, another that is damaged",
    before: `rm ${PACKAGE}/LICENSES && echo >>${PACKAGE}/node.sqsh`,
    says: /^package: damaged: (node\.sqsh LICENSES|LICENSES node\.sqsh)$/,
    cure: /all of it/,
  },
  {
    title: "a package without sums",
    before: `rm ${PACKAGE}/SHA256SUMS`,
    says: /^package: \S+ lacks SHA256SUMS/,
    cure: /all of it/,
  },
];

cleanUpAfterEach();

describeWith(["busybox", "mksquashfs", "loop mounts"], "50-branchline refuses", () => {
  let image: Buffer;
  beforeAll(() => {
    image = makeImage(temporaryFolder(), "one");
  });

  async function routerWith(refusal: Partial<Refusal>): Promise<EdgeRouter> {
    const router = new EdgeRouter(MODEL, refusal.facts);
    for (const [path, contents] of Object.entries(refusal.files ?? {})) router.write(path, contents, 0o755);
    await router.boot();
    const { machine = "mipsel", node } = refusal;
    const own = node === undefined ? image : makeImage(temporaryFolder(), "other", node);
    router.write("/usr/src/package.tar.gz", (await makePackage({ machine, image: own })).contents);
    expect(router.run("cd /usr/src && tar -xzf package.tar.gz").text).toBe("");
    if (refusal.before !== undefined) expect(router.run(refusal.before)).toEqual({ status: 0, text: "" });
    return router;
  }

  test.each(REFUSALS)("$title", async (refusal) => {
    const router = await routerWith(refusal);
    const before = router.tree();
    for (const verb of ["check", "install"]) {
      const { status, text } = router.run(`/bin/busybox ash ${PACKAGE}/50-branchline ${verb}`);
      expect(status, text).toBe(1);
      const refused = [...text.matchAll(/^refused {2}(.*)\n {11}(.*)$/gm)];
      expect(refused, text).toHaveLength(1);
      expect(refused[0]?.[1]).toMatch(refusal.says);
      expect(refused[0]?.[2]).toMatch(refusal.cure);
      if (verb === "install") expect(text).toMatch(/Nothing has been changed\.\n$/);
      expect(router.tree(), verb).toEqual(before);
    }
  });

  test("nothing on an ER-Lite with Entware's Node, nor on an EdgeOS 1 with kernel 3.10", async () => {
    const files = { "/bin/sh": BIG_ENDIAN_SH, "/opt/bin/node": '#!/bin/busybox ash\nexec /fake/node "$@"\n' };
    const lite = await routerWith({ machine: "mips", facts: { ...BIG_ENDIAN, free_kb: "12000" }, files });
    expect(lite.run(`/bin/busybox ash ${PACKAGE}/50-branchline check`)).toMatchObject({ status: 0 });
    const old = await routerWith({ facts: { "uname-r": "3.10.107-UBNT" } });
    expect(old.run(`sh ${PACKAGE}/50-branchline check`)).toMatchObject({ status: 0 });
  });

  test("archives that are cut off, or aren't ours, or aren't what their sum says", async () => {
    const router = await routerWith({});
    router.run("cd /usr/src && head -c 20000 package.tar.gz >cut.tar.gz && touch a && tar -czf other.tar.gz a && rm a");
    router.run("cd /usr/src && cp package.tar.gz summed.tar.gz && sha256sum other.tar.gz >summed.tar.gz.sha256");
    router.run(`cd ${PACKAGE} && echo >>run.sh && cd .. && tar -czf changed.tar.gz ${PACKAGE.slice(9)}`);
    router.run(`cd / && tar -czf /usr/src/escapes.tar.gz ${PACKAGE.slice(1)} ../../etc/version 2>/dev/null`);
    const before = router.tree();
    const cases = {
      "cut.tar.gz": /cut.tar.gz is damaged: it isn't a whole .tar.gz file/,
      "other.tar.gz": /other.tar.gz is no package of branchline for EdgeOS/,
      "summed.tar.gz": /summed.tar.gz is damaged: its sum isn't that of the release/,
      "changed.tar.gz": /refused {2}package: damaged: run.sh/,
      "escapes.tar.gz": /escapes.tar.gz is no package of branchline for EdgeOS/,
      "missing.tar.gz": /There is no \/usr\/src\/missing.tar.gz/,
    };
    for (const [name, says] of Object.entries(cases)) {
      for (const verb of ["check", "install"]) {
        const { status, text } = router.run(`sh ${PACKAGE}/50-branchline ${verb} /usr/src/${name}`);
        expect(text, verb).toMatch(says);
        expect(status, text).toBe(1);
        expect(router.tree(), `${verb} ${name}`).toEqual(before);
      }
    }
  });

  test("verbs that have nothing to work on, and such that aren't", async () => {
    const router = await routerWith({});
    const script = `sh ${PACKAGE}/50-branchline`;
    const cases = [
      [`${script} upgrade`, 1, /There is nothing to upgrade/],
      [`${script} start`, 1, /isn't installed/],
      [`${script} status`, 1, /isn't installed/],
      [`${script} update`, 2, /^usage: /],
      [`${script} remove --all`, 2, /^usage: /],
      [script, 2, /^usage: /],
    ] as const;
    for (const [command, code, says] of cases) {
      const { status, text } = router.run(command);
      expect(text, command).toMatch(says);
      expect(status, command).toBe(code);
    }
    expect(router.run(`${script} install`).status).toBe(0);
    expect(router.run(`${HOOK} upgrade`).text).toMatch(
      /^Name the new package: .* upgrade branchline-VERSION-edgeos-mip/,
    );
    expect(router.run(`${HOOK} check`)).toMatchObject({ status: 0, text: expect.stringContaining("as installed") });
  });

  test("whoever really isn't root, and says how it goes", async () => {
    const router = await routerWith({ facts: { uid: "65534" } });
    router.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n");
    router.run("chmod 755 /");
    const before = router.tree();
    const { status, text } = router.run(`/bin/busybox su nobody -s /bin/sh -c "sh ${PACKAGE}/50-branchline install"`);
    expect(status).toBe(1);
    expect(text).toMatch(/^refused {2}root: you are 65534\n {11}sudo sh /m);
    expect(text).toMatch(/Nothing has been changed\.\n$/);
    expect(router.tree()).toEqual(before);
  });

  test("nobody who wants Entware kept in /config", async () => {
    const router = await routerWith({});
    router.write("/config/branchline/environment", "BRANCHLINE_ENTWARE=/config/entware\n");
    router.run("mkdir /opt/etc");
    expect(router.run(`sh ${PACKAGE}/50-branchline install`)).toMatchObject({ status: 0 });
    await router.upgradeFirmware();
    expect(await router.boot()).toMatchObject({ status: 0, text: "" });
    expect(router.run("readlink /opt/bin; readlink /opt/lib; ls /opt").text).toMatch(
      /^\/config\/entware\/bin\n\/config\/entware\/lib\n.*\nvyatta\n$/s,
    );
    expect(router.run(`${HOOK} remove; ls /opt`).text).toMatch(/\.\nvyatta\n$/);
  });
});
