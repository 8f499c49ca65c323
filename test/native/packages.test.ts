/** The packages with the binaries of routers' own processors: as small as they are said to be, and alive when they are installed. */
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { BINARIES, binaryLane } from "../lanes/binaries.ts";
import { Subnet } from "../peers/support/addresses.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless, describeWith } from "../peers/support/peers.ts";
import { makePackage, type PackageMachine, VERSION } from "../routers/support/edgeos-package.ts";
import { CONFIG, EdgeRouter, HOOK } from "../routers/support/edgeos-router.ts";
import { CONFIG as BRANCH_FILE, install, MINE, NODE, openwrt } from "../routers/support/openwrt.ts";
import { answerToOptions } from "../routers/support/options.ts";
import { allPackages, asks } from "../routers/support/release.ts";
import { missingForRouters } from "../routers/support/router.ts";

const subnet = new Subnet(69);
const ME = subnet.host(1);
const PHONE = subnet.host(2);
const YAML = `listen: [udp:${ME}:5060]\nlocalnet: [${subnet.network(0)}]\nupstream: sip:${subnet.host(20)}\n`;
const SIP = /^SIP\/2.0 \d/;
/** An emulated start takes seconds on a machine that has other work. */
const LIMIT = { timeout: 720_000 };
const PATIENCE_MS = 60_000;
const PACKAGE_LIMIT_BYTES = 1_000_000;

cleanUpAfterEach();

const kinds = BINARIES.filter(({ emulator }) => emulator !== undefined && emulator[1] !== "4Kc");
const lanes = await Promise.all(kinds.map(async (kind) => ({ kind, lane: await binaryLane(kind) })));
const reasons = lanes.flatMap(({ lane }) => lane.missing ?? []);

/** Takes the place of a binary of another processor: runs it in qemu-user, which the router has in a folder of its own. */
const inQemu = (processor: string) =>
  Buffer.from(`#!/bin/busybox ash\nexec /fake/bin/qemu -cpu ${processor} /fake/bin/branchline "$@"\n`);

describeUnless(reasons, "packages with binaries", () => {
  const binaries = new Map<string, Buffer>();
  beforeAll(() => {
    for (const { kind, lane } of lanes) binaries.set(kind.target, readFileSync(lane.program.first.at(-1) ?? ""));
  });

  test("for the ER-X, and for OpenWrt on MIPS: less than 1 MB each", LIMIT, async () => {
    const [mipsel, mips] = [binaries.get("mipsel"), binaries.get("mips")];
    if (mipsel === undefined || mips === undefined) throw new Error("no binaries");
    const edgeos = await makePackage({ machine: "mipsel", binary: mipsel });
    const openwrt = await allPackages("openwrt", VERSION, {
      binaries,
      licenses: readFileSync("dist/native/LICENSES", "utf8"),
    });
    const small = [edgeos, ...openwrt.filter(({ name }) => /mips/.test(name))];
    console.log(small.map(({ name, contents }) => `${name} ${contents.length}`).join("\n"));
    expect(small.length).toBe(9);
    for (const { name, contents } of small) expect(contents.length, name).toBeLessThan(PACKAGE_LIMIT_BYTES);
  });

  describeUnless(missingForRouters(), "OpenWrt's", () => {
    test.each(lanes)("$lane.name: installed, rebooted, removed; nothing is left", LIMIT, async ({ kind, lane }) => {
      const [qemu, , processor = ""] = [lane.program.command, ...lane.program.first];
      const box = await openwrt();
      box.write("fake/bin/qemu", readFileSync(qemu));
      box.write("fake/bin/branchline", binaries.get(kind.target) ?? Buffer.of());
      const native = { binaries: new Map([[kind.target, inQemu(processor)]]), licenses: "" };
      const all = await allPackages("openwrt", VERSION, native);
      const ipk = all.find(({ name }) => /(?<!_all)\.ipk$/.test(name));
      if (ipk === undefined) throw new Error(`no package for ${kind.target}`);
      const before = box.files();
      box.write(BRANCH_FILE, MINE, 0o644);
      install(box, ipk);
      await box.becomes(asks(NODE), PATIENCE_MS);
      expect(box.ok("branchline --version")).toContain("QuickJS");
      await box.reboot();
      await box.becomes(asks(NODE), PATIENCE_MS);
      box.ok(`opkg remove branchline && rm ${BRANCH_FILE}`);
      expect(box.files()).toEqual(before);
    });
  });

  describeWith(["busybox"], "an EdgeRouter's", () => {
    const edgerouters = lanes.filter(({ kind }) => kind.emulator?.[1] === "24Kc");
    test.each(edgerouters)("$lane.name: installed, rebooted, reloaded, removed", LIMIT, async ({ kind, lane }) => {
      const [qemu, , processor = ""] = [lane.program.command, ...lane.program.first];
      const router = new EdgeRouter({ init: "systemd", shell: "ash" }, { meminfo: "MemAvailable: 20000 kB\n" });
      const furnish = () => {
        router.write("/fake/bin/qemu", readFileSync(qemu), 0o755);
        router.write("/fake/bin/branchline", binaries.get(kind.target) ?? Buffer.of(), 0o755);
      };
      furnish();
      await router.boot();
      const before = router.tree();
      // Its programs tell the installer the order of bytes, and they are this machine's.
      const machine: PackageMachine = "mipsel";
      const { name, contents } = await makePackage({ machine, binary: inQemu(processor) });
      router.write(`/usr/src/${name}`, contents);
      router.write(CONFIG, YAML);
      const script = `cd /usr/src && tar -xzf ${name} && sh branchline-*/50-branchline`;
      const installed = router.run(`${script} install; r=$?; rm -r /usr/src/branch*; exit $r`);
      expect(installed.text).toMatch(/^ok {7}engine: the binary, which needs no Node\n/m);
      expect(installed.text).toMatch(/is installed, runs and answers\.\n$/);
      expect(await answerToOptions(ME, PHONE)).toMatch(SIP);
      expect(router.run("branchline --version").text).toContain("QuickJS");
      expect(router.run(`${HOOK} reload`).text).toBe("Nothing has changed.\n");
      await router.powerOff();
      expect(await router.boot()).toMatchObject({ status: 0, text: "" });
      expect(await answerToOptions(ME, PHONE, 60_000)).toMatch(SIP);
      expect(router.run(`${HOOK} remove --purge`)).toEqual({ status: 0, text: "branchline is removed.\n" });
      expect(router.tree()).toEqual(before);
    });
  });
});
