/** post-config.d/50-branchline brings a new version, or keeps the old one running. */
import { beforeAll, expect, test } from "vitest";
import { Subnet } from "../peers/support/addresses.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { makePackage, type PackageOptions, sha256 } from "./support/edgeos-package.ts";
import { makeImage } from "./support/edgeos-root.ts";
import { CONFIG, EdgeRouter, HOOK, type Model } from "./support/edgeos-router.ts";
import { answerToOptions } from "./support/options.ts";

const subnet = new Subnet(67);
const ME = subnet.host(1);
const PHONE = subnet.host(2);
const YAML = `listen: [udp:${ME}:5060]\nlocalnet: [${subnet.network(0)}]\nupstream: sip:${subnet.host(20)}\n`;
const PID_FILES = { systemd: "/run/systemd/branchline.service.main", sysvinit: "/run/branchline/node.pid" };
const SIP = /^SIP\/2.0 \d/;
const LIMIT_MS = 240_000;
/** What the dead version gets, and the one that comes back too. */
const PATIENCE_S = 10;
/** Passes `check`, and dies as soon as it should do something. */
const DIES = 'if (process.argv[2] === "run") process.exit(1);';

cleanUpAfterEach();

describeWith(["busybox", "mksquashfs", "loop mounts"], "50-branchline upgrade", () => {
  let first: Buffer;
  let second: Buffer;
  beforeAll(async () => {
    const folder = temporaryFolder();
    first = makeImage(folder, "first");
    second = makeImage(folder, "second");
  });

  async function installed(model: Model): Promise<EdgeRouter> {
    const router = new EdgeRouter(model);
    await router.boot();
    router.write(CONFIG, YAML);
    const archive = await put(router, { image: first });
    const { text } = router.run(`mkdir /tmp/p; tar -xzf ${archive} -C /tmp/p; sh /tmp/p/*/50-branchline install`);
    expect(text).toContain("runs and answers");
    return router;
  }

  /** Puts a package on it; returns where. */
  async function put(router: EdgeRouter, options: PackageOptions): Promise<string> {
    const { name, contents } = await makePackage(options);
    router.write(`/tmp/${name}`, contents);
    return `/tmp/${name}`;
  }

  function pidOn(router: EdgeRouter, { init }: Model): string | undefined {
    return router.read(PID_FILES[init]).split(" ")[0]?.trim();
  }

  function versionOn(router: EdgeRouter): string {
    return router.run("branchline --version").text.split(" ")[1] ?? "";
  }

  /** Only one version and one image are left. */
  function expectTidy(router: EdgeRouter): void {
    expect(router.run("ls -A /config/data /config/scripts/post-config.d").text.match(/\S+/g)).toEqual([
      "/config/data:",
      "branchline",
      "/config/scripts/post-config.d:",
      "50-branchline",
    ]);
    expect(router.run("grep -c squashfs /proc/mounts; ls /tmp | grep -c branchline-[A-Za-z0-9]*$").text).toBe("1\n0\n");
    expect(router.read(HOOK)).toBe(router.read("/config/data/branchline/50-branchline"));
    expect(router.has("/run/branchline-installer")).toBe(false);
  }

  test.each<Model>([
    { init: "systemd", shell: "ash" },
    { init: "sysvinit", shell: "dash" },
  ])(
    "new version, new image, and a version that doesn't live: with $init and $shell",
    async (model) => {
      const router = await installed(model);

      const upgraded = router.run(`${HOOK} upgrade ${await put(router, { version: "0.7.1", image: second })}`);
      expect(upgraded.text).toMatch(/\nbranchline 0.7.1 is installed, runs and answers.\n$/);
      expect(upgraded.status).toBe(0);
      expect(versionOn(router)).toBe("0.7.1");
      expect(router.run("cat /run/branchline/node/mark").text).toBe("second");
      expect(await answerToOptions(ME, PHONE)).toMatch(SIP);
      expectTidy(router);

      const dead = await put(router, { version: "0.7.2", image: first, prelude: DIES });
      const failed = router.run(`${HOOK} upgrade ${dead}`, { BRANCHLINE_PATIENCE: `${PATIENCE_S}` });
      expect(failed.text).toContain(
        `branchline 0.7.2 doesn't answer within ${PATIENCE_S} s: version 0.7.1 comes back.`,
      );
      expect(failed.text).toMatch(/\nVersion 0.7.1 is back and answers\..*\n$/);
      expect(failed.status).toBe(1);
      expect(versionOn(router)).toBe("0.7.1");
      expect(router.run("cat /run/branchline/node/mark").text).toBe("second");
      expect(await answerToOptions(ME, PHONE)).toMatch(SIP);
      expect(router.read(CONFIG)).toBe(YAML);
      expectTidy(router);
    },
    LIMIT_MS,
  );

  test("what its owner has disabled stays so: the boot hook isn't made executable again, nor the service started", async () => {
    const model: Model = { init: "systemd", shell: "ash" };
    const router = await installed(model);
    const isExecutable = () => router.run(`[ -x ${HOOK} ]`).status === 0;
    router.run(`chmod -x ${HOOK}`);
    const upgrade = async (version: string) =>
      router.run(`sh ${HOOK} upgrade ${await put(router, { version, image: first })}`);

    expect((await upgrade("0.7.1")).text).toMatch(/0.7.1 is installed, runs and answers.\n$/);
    expect(isExecutable()).toBe(false);

    router.run(`sh ${HOOK} stop`);
    const { status, text } = await upgrade("0.7.2");
    expect(text).toMatch(
      /0.7.2 is installed. It is disabled \(.*50-branchline can't be executed\) and didn't run: that stays so.\n$/,
    );
    expect(status).toBe(0);
    expect(isExecutable()).toBe(false);
    expect(router.run(`sh ${HOOK} status`).text).toMatch(/^service +(inactive|failed)$/m);
    router.run(`chmod +x ${HOOK}; ${HOOK} start`);
    expect(await answerToOptions(ME, PHONE)).toMatch(SIP);
    expectTidy(router);
  });

  test("what is refused doesn't even touch the branchline that runs", async () => {
    const model: Model = { init: "systemd", shell: "ash" };
    const router = await installed(model);
    const pid = pidOn(router, model);
    // What the running one keeps in its state folder is its own, and comes when it likes.
    const tree = () => router.tree().filter((line) => !/\.gz |^\/config\/branchline\/state\//.test(line));
    const before = tree();
    const expectRefusal = (what: string, archive: string, reason: RegExp) => {
      const { status, text } = router.run(`${HOOK} upgrade ${archive}`);
      expect(text, what).toMatch(reason);
      expect(text, what).toMatch(/Nothing has been changed\.\n$/);
      expect(status, what).toBe(1);
      expect(tree(), what).toEqual(before);
    };

    const sigill = "#!/bin/busybox ash\nkill -ILL $$\n";
    const noFpu = await put(router, { image: makeImage(temporaryFolder(), "sigill", sigill) });
    expectRefusal("an image whose Node dies", noFpu, /refused {2}Node: it dies of SIGILL.*no floating point unit/);

    const nextName = await put(router, { version: "0.7.1", image: second });
    router.write(CONFIG, `${YAML}upstraem: sip:1.2.3.4\n`);
    before.splice(0, before.length, ...tree());
    expectRefusal("a faulty file", nextName, /refused {2}configuration:.*0\.7\.1 can't use .*yaml:4:1: .*upstraem/s);

    expect(pidOn(router, model)).toBe(pid);
    expect(await answerToOptions(ME, PHONE)).toMatch(SIP);
  });

  test("a power cut in the midst of it: the version that is known to work comes back at the next boot", async () => {
    const router = await installed({ init: "sysvinit", shell: "ash" });
    const cuts = {
      "after the second rename": "cp -a branchline .branchline-old && echo 'process.exit(1)' >branchline/branchline.js",
      "between the renames": "mkdir .branchline-new && mv branchline .branchline-old",
      "while the old one is removed": "cp -a branchline .branchline-old && rm .branchline-old/branchline.js",
      "while it is unpacked": "mkdir .branchline-unpacked && touch .branchline-unpacked/node.sqsh",
    };
    for (const [when, commands] of Object.entries(cuts)) {
      expect(router.run(`cd /config/data && ${commands}`).status, when).toBe(0);
      await router.powerOff();
      expect(await router.boot(), when).toMatchObject({ status: 0, text: "" });
      expect(await answerToOptions(ME, PHONE), when).toMatch(SIP);
      expectTidy(router);
    }
    expect(router.log().match(/an upgrade was cut short: version \S+ is back/g)).toHaveLength(2);
  });

  test("packages are fetched by https, and only believed with their sum", async () => {
    const router = await installed({ init: "systemd", shell: "ash" });
    const { name, contents } = await makePackage({ version: "0.7.1", image: first });
    const url = `https://example.com/v0.7.1/${name}`;
    const serve = (file: string, text: string | Buffer) => router.write(`/fake/www/${file}`, text);
    const upgrade = (from: string) => router.run(`${HOOK} upgrade ${from}`);

    serve(name, contents);
    expect(upgrade(url.replace("https", "http")).text).toBe("Packages are fetched by https:// only.\n");
    expect(upgrade(url)).toMatchObject({ status: 1, text: expect.stringContaining("can't be proven") });
    serve("SHA256SUMS", `${sha256(Buffer.from("other"))}  ${name}\n`);
    expect(upgrade(url)).toMatchObject({ status: 1, text: expect.stringContaining(`${name} is damaged`) });
    expect(upgrade("https://example.com/none.tar.gz").text).toContain("couldn't be fetched");
    expect(router.run(`${HOOK} check ${url}`).text).toContain("check fetches nothing");
    expectTidy(router);

    serve("SHA256SUMS", `${sha256(contents)}  ${name}\n`);
    expect(upgrade(url)).toMatchObject({ status: 0, text: expect.stringContaining("0.7.1 is installed, runs") });
    expect(versionOn(router)).toBe("0.7.1");
    expectTidy(router);
  });

  test("two at once: the second is told so", async () => {
    const router = await installed({ init: "systemd", shell: "ash" });
    const archive = await put(router, { image: first });
    for (const other of ["remove", `upgrade ${archive}`]) {
      const isAtWork = "until [ -f /run/branchline-installer/pid ]; do sleep 0.01; done";
      const both = router.run(`${HOOK} upgrade ${archive} >/tmp/1 & ${isAtWork}; ${HOOK} ${other}; wait; cat /tmp/1`);
      expect(both.text).toMatch(/^Another 50-branchline is at work \(process \d+\): wait until it has ended.\n/);
      expect(both.text).toMatch(/runs and answers.\n$/);
    }
    router.run("mkdir /run/branchline-installer; echo 1 12345 >/run/branchline-installer/pid");
    expect(router.run(`${HOOK} remove`).status).toBe(0);
  });

  test("six in the same moment, over the lock of a dead one: one after the other works, or none but one", async () => {
    const router = await installed({ init: "systemd", shell: "ash" });
    const archive = await put(router, { image: first });
    router.run("mkdir /run/branchline-installer; echo 1 12345 >/run/branchline-installer/pid");
    const { text } = router.run(`for one in 1 2 3 4 5 6; do ${HOOK} upgrade ${archive} & done 2>&1; wait`);
    expect(text.match(/is at work|runs and answers/g)).toHaveLength(6);
    expect(text).not.toMatch(/refused|couldn't|No such file|cut short/);
  });
});
