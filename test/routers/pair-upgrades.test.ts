/**
 * A router of a pair is upgraded by its package's own scripts, on each kind of router: the other member takes over before branchline is stopped,
 * and the shared address answers all along.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { Subnet } from "../peers/support/addresses.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { until } from "../peers/support/clock.ts";
import { describeUnless, describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { makePackage } from "./support/edgeos-package.ts";
import { makeImage } from "./support/edgeos-root.ts";
import { CONFIG, EdgeRouter, HOOK, type Model } from "./support/edgeos-router.ts";
import { type Box, LoopbackPair } from "./support/loopback-pair.ts";
import { OPKG, type Package, packages } from "./support/release.ts";
import { missingForRouters, Router } from "./support/router.ts";
import { Tomato, tomatoPackage } from "./support/tomato.ts";

const RC_COMMON = readFileSync(fileURLToPath(new URL("support/rc.common.sh", import.meta.url)), "utf8");
const subnet = new Subnet(97);
/** What the scripts say. */
const HANDED_OVER = /left is drained: [\s\S]*left is active /;
/** Of the other member: it has the address before this one is stopped. */
const TAKES_OVER = ["holds=yes", "left stops"];

vi.setConfig({ testTimeout: 300_000 });
cleanUpAfterEach();

function boxOf(router: Router): Box {
  return {
    ok: (command) => router.ok(command),
    becomes: (command) => router.becomes(command),
    write: (path, text) => router.write(path, text, 0o644),
  };
}

/** The pair goes through `upgrade`, which says what the scripts have said. */
async function goThrough(pair: LoopbackPair, upgrade: () => string): Promise<string> {
  await pair.begin();
  const said = upgrade();
  expect(await pair.end()).toMatch(/^\d{2,} asked, 0 lost$/);
  expect(pair.fate).toEqual(TAKES_OVER);
  return said;
}

describeUnless(missingForRouters(), "a router of a pair is upgraded by its package", () => {
  const opkg = (box: Router, { name, contents }: Package, environment = {}) => {
    box.write(`usr/src/${name}`, contents, 0o600);
    return box.ok(`opkg install /usr/src/${name}`, environment);
  };

  test("on OpenWrt", async () => {
    const [old, next] = await Promise.all([packages("openwrt", "1.0.0"), packages("openwrt", "1.1.0")]);
    const node = "/usr/bin/node";
    const box = await Router.start({ node, files: { "/bin/opkg": OPKG, "/etc/rc.common": RC_COMMON } });
    box.ok("mkdir -p /etc/rc.d /usr/lib/opkg/info");
    opkg(box, old.ipk);
    const place = { program: "/usr/share/branchline", config: "/etc/branchline.yaml", state: "/etc/branchline" };
    const pair = new LoopbackPair(boxOf(box), { subnet, node, ...place });
    box.ok("/etc/init.d/branchline start");
    expect(await goThrough(pair, () => opkg(box, next.ipk))).toMatch(HANDED_OVER);
    expect(box.ok("tail -n 1 /usr/share/branchline/branchline.js")).toBe("// 1.1.0");
  });

  test("on Entware", async () => {
    const [old, next] = await Promise.all([packages("entware", "1.0.0"), packages("entware", "1.1.0")]);
    const node = "/opt/bin/node";
    const box = await Router.start({ node, files: { "/opt/bin/opkg": OPKG } });
    const info = { OPKG_INFO: "/opt/lib/opkg/info" };
    box.ok("mkdir -p /opt/etc/init.d /opt/lib/opkg/info /opt/share /opt/var/lib");
    opkg(box, old.ipk, info);
    const place = { program: "/opt/share/branchline", config: "/opt/etc/branchline.yaml" };
    const pair = new LoopbackPair(boxOf(box), { subnet, node, ...place, state: "/opt/var/lib/branchline" });
    box.ok("/opt/etc/init.d/S80branchline start");
    expect(await goThrough(pair, () => opkg(box, next.ipk, info))).toMatch(HANDED_OVER);
    expect(box.ok("tail -n 1 /opt/share/branchline/branchline.js")).toBe("// 1.1.0");
  });
});

describeWith(["busybox", "loop mounts"], "a router of a pair with FreshTomato", () => {
  describeUnless(missingForRouters(), "the package", () => {
    test("is upgraded by its installer", async () => {
      const tomato = await Tomato.start({ disks: { "/jffs": 8_000 } });
      tomato.install(await tomatoPackage("1.0.0"));
      const program = "/jffs/branchline";
      const place = { program, config: `${program}/branchline.yaml`, node: "/test/node" };
      const pair = new LoopbackPair(boxOf(tomato.box), { subnet, ...place });
      tomato.ok(`${program}/service.sh start`);
      const next = await tomatoPackage("1.1.0");
      expect(await goThrough(pair, () => tomato.install(next))).toMatch(HANDED_OVER);
    });
  });
});

describeWith(["busybox", "mksquashfs", "loop mounts"], "a router of a pair with EdgeOS", () => {
  test.each<Model>([
    { init: "systemd", shell: "ash" },
    { init: "sysvinit", shell: "dash" },
  ])("is upgraded, and restarted, by 50-branchline with $init", async (model) => {
    const image = makeImage(temporaryFolder(), "one");
    const router = new EdgeRouter(model);
    await router.boot();
    const run = (command: string) => {
      const { status, text } = router.run(command);
      if (status !== 0) throw new Error(`${command}: ended with ${status}:\n${text}`);
      return text;
    };
    const unpack = async (version: string) => {
      const { name, contents } = await makePackage({ version, image });
      router.write(`/usr/src/${name}`, contents);
      return `/usr/src/${name}`;
    };
    const old = await unpack("0.7.1");
    run(`mkdir /tmp/p /config/branchline; tar -xzf ${old} -C /tmp/p; sh /tmp/p/*/50-branchline install; rm -r /tmp/p`);
    const box: Box = {
      ok: run,
      becomes: (command) => until(command, () => router.run(command).status === 0),
      write: (path, text) => router.write(path, text),
    };
    const program = "/config/data/branchline";
    const pair = new LoopbackPair(box, { subnet, program, config: CONFIG, node: "/fake/node" });
    run(`${HOOK} start`);
    const next = await unpack("0.7.2");
    const said = await goThrough(pair, () => run(`${HOOK} upgrade ${next}`));
    expect(said).toMatch(HANDED_OVER);
    expect(said).toMatch(/0\.7\.2 is installed, runs and answers\.\n$/);
    run("branchline drain -c /tmp/pair/right.yaml; branchline join -c /tmp/pair/right.yaml");
    expect(run(`${HOOK} restart`)).toMatch(HANDED_OVER);
    expect(pair.fate).toEqual([...TAKES_OVER, "holds=no", ...TAKES_OVER]);
  });
});
