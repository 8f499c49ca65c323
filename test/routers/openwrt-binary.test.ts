/** OpenWrt with the package of its processor: the binary, and no Node. This machine's own has the place of the router's. */
import { execFileSync } from "node:child_process";
import { beforeAll, expect, test, vi } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { BUILD_LIMIT_MS, binaryLicenses, hostBinary, missingForBinary } from "./support/host-binary.ts";
import { CONFIG, install, MINE, NODE, openwrt, PID, put, SMALL } from "./support/openwrt.ts";
import { allPackages, asks, binaryPackages, type Package, packages } from "./support/release.ts";
import { missingForRouters, type Router } from "./support/router.ts";

const FOR_NODE = "/usr/bin/node";
const SERVICE = "/etc/init.d/branchline";
const answers = asks(NODE);

vi.setConfig({ testTimeout: 120_000 });
cleanUpAfterEach();

const program = (box: Router) => box.ok(`readlink /proc/$(${PID})/exe`);

describeUnless([...missingForRouters(), ...(await missingForBinary())], "OpenWrt with the binary", () => {
  beforeAll(async () => void (await hostBinary()), BUILD_LIMIT_MS);

  test("a branch's life on 64 MB: install, configure, reboot, upgrade, remove; nothing is left", async () => {
    const [old, next] = await Promise.all([binaryPackages("openwrt", "1.0.0"), binaryPackages("openwrt", "1.1.0")]);
    const box = await openwrt();
    const before = box.files();
    expect(install(box, old.ipk)).toMatch(/^Next: branchline init writes /);
    const flags = "--localnet 127.0.0.0/24 --upstream 127.0.1.1 --gateway 127.0.0.9 --members 201 --listen 127.0.0.1";
    expect(box.ok(`branchline init --yes --hear 0 ${flags}`)).toContain(`${CONFIG} written.`);
    box.write(CONFIG, MINE, 0o644);
    box.ok(`branchline check && ${SERVICE} start`);
    await box.becomes(answers);
    expect(program(box)).toBe("/usr/share/branchline/branchline-static");
    await box.becomes("grep -q 'daemon.info branchline: started ' /tmp/messages");
    expect(box.ok("branchline status")).toContain("127.0.1.1");
    expect(box.ok("/usr/share/branchline/setup.sh check")).toBe("");

    await box.reboot();
    await box.becomes(answers);
    const first = box.ok(PID);
    box.ok(`kill -9 ${first}`);
    await box.becomes(`[ "$(${PID})" != ${first} ] && ${answers}`);

    const running = box.ok(PID);
    install(box, next.ipk);
    await box.becomes(`[ "$(${PID})" != ${running} ] && ${answers}`);
    expect(box.ok("branchline --version")).toMatch(/^branchline 1\.1\.0 /);
    box.ok(`opkg remove branchline && rm ${CONFIG}`);
    expect(box.files()).toEqual(before);
  });

  test("from the package with Node to the binary and back: the file and the secret stay, and no engine is left behind", async () => {
    const [node, binary] = await Promise.all([packages("openwrt", "1.0.0"), binaryPackages("openwrt", "1.1.0")]);
    const back = await packages("openwrt", "1.2.0");
    const box = await openwrt({ node: FOR_NODE, proc: {} });
    const reply = asks(FOR_NODE);
    box.write(CONFIG, MINE, 0o644);
    install(box, node.ipk);
    await box.becomes(reply);
    const secret = box.ok("cat /etc/branchline/*secret*");
    for (const [file, engine] of [
      [binary.ipk, "/usr/share/branchline/branchline-static"],
      [back.ipk, FOR_NODE],
    ] as const) {
      const running = box.ok(PID);
      install(box, file);
      await box.becomes(`[ "$(${PID})" != ${running} ] && ${reply}`);
      expect(program(box)).toBe(engine);
      expect(box.ok("ls /usr/share/branchline | grep -c 'branchline.js$\\|static'")).toBe("1");
      expect(box.ok("cat /etc/branchline/*secret*")).toBe(secret);
    }
  });

  test("from one package to the other in the same version, by --force-reinstall: nothing of the state is lost, nor that it is disabled", async () => {
    const [node, binary] = await Promise.all([packages("openwrt", "1.0.0"), binaryPackages("openwrt", "1.0.0")]);
    const box = await openwrt({ node: FOR_NODE, proc: {} });
    const before = box.files();
    const reply = asks(FOR_NODE);
    box.write(CONFIG, MINE, 0o644);
    install(box, node.ipk);
    await box.becomes(reply);
    box.ok(`echo kept >/etc/branchline/registered.test && ${SERVICE} disable`);
    const state = () => box.ok("cat /etc/branchline/*secret* /etc/branchline/registered.test");
    const kept = state();
    expect(box.run(`opkg install ${put(box, binary.ipk)}`).text).toContain("is installed already");
    for (const [file, engine] of [
      [binary.ipk, "/usr/share/branchline/branchline-static"],
      [node.ipk, FOR_NODE],
      [node.ipk, FOR_NODE],
    ] as const) {
      const running = box.ok(PID);
      const path = put(box, file);
      box.ok(`opkg install --force-reinstall ${path} && rm ${path}`);
      await box.becomes(`[ "$(${PID})" != ${running} ] && ${reply}`);
      expect(program(box)).toBe(engine);
      expect(state()).toBe(kept);
      expect(box.run(`${SERVICE} enabled`).status).toBe(1);
    }
    box.ok(`opkg remove branchline && rm -f ${CONFIG} /mnt/*.ipk`);
    expect(box.files()).toEqual(before);
  });

  test("25.12, without opkg: unpacked, set up, rebooted, unpacked anew, removed; only the file is left, and with --purge nothing", async () => {
    const [old, next] = await Promise.all([binaryPackages("openwrt", "1.0.0"), binaryPackages("openwrt", "1.1.0")]);
    const box = await openwrt();
    box.remove("/bin/opkg");
    const before = box.files();
    const setUp = ({ tree }: { readonly tree: Package }) => {
      const path = put(box, tree);
      box.ok(`tar -xzf ${path} -C / && rm ${path}`);
      expect(box.ok("/usr/share/branchline/setup.sh check")).toBe("");
      return box.ok("/usr/share/branchline/setup.sh install");
    };
    expect(setUp(old)).toMatch(/^Next: branchline init writes /);
    const flags = "--localnet 127.0.0.0/24 --upstream 127.0.1.1 --gateway 127.0.0.9 --members 201 --listen 127.0.0.1";
    box.ok(`branchline init --yes --hear 0 ${flags} && branchline check && ${SERVICE} start`);
    await box.becomes(answers);
    await box.reboot();
    await box.becomes(answers);
    const secret = box.ok("cat /etc/branchline/*secret*");
    const running = box.ok(PID);
    setUp(next);
    await box.becomes(`[ "$(${PID})" != ${running} ] && ${answers}`);
    expect(box.ok("branchline --version")).toMatch(/^branchline 1\.1\.0 /);
    expect(box.ok("cat /etc/branchline/*secret*")).toBe(secret);
    box.ok("/usr/share/branchline/setup.sh remove");
    expect(box.files()).toEqual([...before, CONFIG].sort());
    setUp(next);
    await box.becomes(answers);
    box.ok("/usr/share/branchline/setup.sh remove --purge");
    expect(box.files()).toEqual(before);
  });

  test("without opkg: unpacked over the one with Node, set up, removed; nothing is left of either", async () => {
    const [node, binary] = await Promise.all([packages("openwrt", "1.0.0"), binaryPackages("openwrt", "1.1.0")]);
    const box = await openwrt({ node: FOR_NODE, proc: {} });
    const before = box.files();
    box.write(CONFIG, MINE, 0o644);
    for (const { tree } of [node, binary]) {
      const path = put(box, tree);
      box.ok(`tar -xzf ${path} -C / && rm ${path} && /usr/share/branchline/setup.sh install`);
      await box.becomes(asks(FOR_NODE));
    }
    expect(box.ok("BRANCHLINE_ENGINE=binary branchline --version")).toMatch(/^branchline 1\.1\.0 /);
    box.ok("/usr/share/branchline/setup.sh remove --purge");
    expect(box.files()).toEqual(before);
  });

  test.each([
    [
      "too little memory",
      { meminfo: "MemAvailable: 11264 kB\n" },
      {},
      "only 11 MB of memory are available, and branchline needs 12",
    ],
    [
      "a kernel of 2007",
      { "sys/kernel/osrelease": "2.6.21.5\n" },
      {},
      "kernel 2.6.21.5 is too old: branchline needs 2.6.22 or newer",
    ],
    [
      "a full flash",
      {},
      { "/usr/share": 2000 },
      "only 2000 kB are free on the file system of /usr/share, and branchline needs 2048",
    ],
  ])("%s: it isn't installed, and the reason is named", async (_, proc, small, reason) => {
    const { ipk } = await binaryPackages("openwrt", "1.0.0");
    const box = await openwrt({ proc: { meminfo: SMALL, ...proc }, small });
    const path = put(box, ipk);
    const before = box.files();
    const { status, text } = box.run(`opkg install ${path}`);
    expect(text).toBe(
      `branchline can't be installed here:\n- ${reason}\nopkg: package "branchline" preinst script returned status 1.`,
    );
    expect(status).toBe(255);
    expect(box.files()).toEqual(before);
  });

  test.each(["2.6.22.19", "2.6.36.4brcmarm"])("kernel %s, and no floating point unit: welcome", async (kernel) => {
    const { ipk } = await binaryPackages("openwrt", "1.0.0");
    const cpuinfo = "Processor\t: ARMv7 Processor rev 0 (v7l)\nFeatures\t: swp half thumb fastmult edsp\n";
    const box = await openwrt({ proc: { meminfo: SMALL, cpuinfo, "sys/kernel/osrelease": `${kernel}\n` } });
    install(box, ipk);
  });

  test("a program for another processor is found out before anything is started", async () => {
    const { tree } = await binaryPackages("openwrt", "1.0.0");
    const box = await openwrt();
    box.ok(`tar -xzf ${put(box, tree)} -C /`);
    box.write("usr/share/branchline/branchline-static", "\x7fELF\x02");
    expect(box.run("/usr/share/branchline/setup.sh install")).toMatchObject({
      status: 1,
      text: expect.stringMatching(/branchline-static doesn't work on this processor \(.+\): take the package for it$/),
    });
  });
});

describeUnless(await missingForBinary(), "packages for OpenWrt's processors", () => {
  test("each has a name and an architecture of OpenWrt's, one binary, and the licences of what is in it", {
    timeout: 360_000,
  }, async () => {
    const licenses = await binaryLicenses();
    const targets = ["mipsel", "mips", "armv5", "armv7", "arm64", "amd64"];
    const binaries = new Map(targets.map((target) => [target, Buffer.from(`a program for ${target}`)]));
    const all = await allPackages("openwrt", "1.0.0", { binaries, licenses });
    const trees = all
      .map(({ name }) => /-openwrt-(\w+)\.tar\.gz$/.exec(name)?.[1])
      .filter((name) => name !== undefined);
    expect(trees).toEqual(targets);
    const inTar = (input: Uint8Array, path: string) => execFileSync("tar", ["-xzOf", "-", path], { input });
    const found = new Map(
      all.flatMap(({ name, contents }) => {
        const [, architecture] = /_openwrt_(\w+[-\w]*)\.ipk$/.exec(name) ?? [];
        if (architecture === undefined || architecture === "all") return [];
        const control = inTar(inTar(contents, "./control.tar.gz"), "./control").toString();
        expect(control).toContain(`\nArchitecture: ${architecture}\n`);
        expect(control).toContain("\n Needs no Node.\n");
        const data = inTar(contents, "./data.tar.gz");
        expect(inTar(data, "./usr/share/branchline/LICENSES").toString()).toBe(licenses);
        return [[architecture, inTar(data, "./usr/share/branchline/branchline-static").toString().slice(14)]];
      }),
    );
    expect(found.get("mipsel_24kc")).toBe("mipsel");
    expect(found.get("mips_24kc")).toBe("mips");
    // Broadcom's BCM4708, which has no floating point unit.
    expect(found.get("arm_cortex-a9")).toBe("armv5");
    expect(found.get("arm_cortex-a7_neon-vfpv4")).toBe("armv7");
    expect(found.get("aarch64_cortex-a53")).toBe("arm64");
    expect(found.get("aarch64_generic")).toBe("arm64");
    expect(found.get("x86_64")).toBe("amd64");
    expect(found.size).toBe(23);
  });
});
