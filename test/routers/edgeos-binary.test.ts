/** post-config.d/50-branchline with the binary, which needs no Node: installed, upgraded, rebooted, removed; and beside Node. */
import { beforeAll, expect, test } from "vitest";
import { Subnet } from "../peers/support/addresses.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless, describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import { makePackage, type PackageOptions, VERSION } from "./support/edgeos-package.ts";
import { makeImage } from "./support/edgeos-root.ts";
import { CONFIG, EdgeRouter, HOOK, type Model, type Said } from "./support/edgeos-router.ts";
import { BUILD_LIMIT_MS, hostBinary, missingForBinary } from "./support/host-binary.ts";
import { answerToOptions } from "./support/options.ts";

const subnet = new Subnet(68);
const ME = subnet.host(1);
const PHONE = subnet.host(2);
const YAML = `listen: [udp:${ME}:5060]\nlocalnet: [${subnet.network(0)}]\nupstream: sip:${subnet.host(20)}\n`;
const SECURE = `${YAML.replace("]", `, tls:${ME}:5061]`)}tls: {certificate: a.pem, key: a.key}\n`;
const BINARY = "/config/data/branchline/branchline-static";
const NODE = "/fake/node";
const ENVIRONMENT = "/config/branchline/environment";
const SIP = /^SIP\/2.0 \d/;
const LIMIT_MS = 540_000;
const PID_FILES = { systemd: "/run/systemd/branchline.service.main", sysvinit: "/run/branchline/node.pid" };
const SYSTEMD: Model = { init: "systemd", shell: "ash" };
const LARGE = { meminfo: "MemTotal:         500000 kB\nMemAvailable:     400000 kB\n" };
/** Its program answers every question, but doesn't live. */
const DIES = (version: string) => `#!/bin/busybox ash\n[ "$1" != run ] || exit 1\necho "branchline ${version}, up"\n`;

cleanUpAfterEach();

const whyNoBinary = await missingForBinary();

describeWith(["busybox", "mksquashfs", "loop mounts"], "50-branchline", () =>
  describeUnless(whyNoBinary, "with the binary", () => {
    let binary: Buffer;
    let image: Buffer;
    beforeAll(async () => {
      binary = await hostBinary();
      image = makeImage(temporaryFolder(), "one");
    }, BUILD_LIMIT_MS);

    /** Puts a package on it, and goes through with the script in it. */
    async function go(router: EdgeRouter, verb: string, options: PackageOptions): Promise<Said> {
      const { name, contents } = await makePackage(options);
      router.write(`/usr/src/${name}`, contents);
      const script = `sh /usr/src/branchline-${options.version ?? VERSION}/50-branchline`;
      return router.run(
        `cd /usr/src && tar -xzf ${name} && rm ${name} && { ${script} ${verb}; r=$?; rm -r branch*; exit $r; }`,
      );
    }

    /** An upgrade by the script that is there already. */
    async function upgrade(router: EdgeRouter, options: PackageOptions): Promise<Said> {
      const { name, contents } = await makePackage(options);
      router.write(`/tmp/${name}`, contents);
      return router.run(`${HOOK} upgrade /tmp/${name}; r=$?; rm /tmp/${name}; exit $r`, { BRANCHLINE_PATIENCE: "10" });
    }

    /** Which program runs: Node gives itself another name on its command line. */
    const running = (router: EdgeRouter, { init }: Model) => {
      const pid = router.read(PID_FILES[init]).split(" ")[0]?.trim();
      return router.run(`readlink /proc/${pid}/exe`).text.trim();
    };

    test.each<Model>([
      { init: "sysvinit", shell: "dash" },
      { init: "systemd", shell: "ash" },
    ])(
      "lives with $init and $shell: no Node is on the router, and nothing is left of it",
      async (model) => {
        const router = new EdgeRouter(model, {
          meminfo: "MemTotal: 60000 kB\nMemAvailable: 12288 kB\n",
          free_kb: "14000",
        });
        await router.boot();
        const untouched = router.tree();
        const checked = await go(router, "check", { binary });
        expect(checked.text).toMatch(/^(ok {7}.*\n){9}$/);
        expect(checked.text).toContain("ok       engine: the binary, which needs no Node\n");
        expect(router.tree()).toEqual(untouched);
        expect((await go(router, "install", { binary })).text).toMatch(
          /branchline [\d.]+ is installed.*branchline init/s,
        );
        const flags = `--localnet ${subnet.network(0)} --upstream ${subnet.host(20)} --gateway none --members none`;
        expect(router.run(`branchline init --yes --hear 0 ${flags} --listen ${ME}`).text).toContain(
          `${CONFIG} written.`,
        );
        router.write(CONFIG, YAML);
        expect(router.run(`${HOOK} start`)).toEqual({ status: 0, text: "It runs and answers.\n" });
        expect(running(router, model)).toBe(BINARY);
        expect(router.run("branchline status").text).toMatch(/^branchline [\d.]+, running for/);
        expect(router.run(`${HOOK} status`).text).toMatch(/^engine +the binary, which needs no Node\nanswers +yes/m);
        expect(router.run(`${HOOK} reload`)).toEqual({ status: 0, text: "Nothing has changed.\n" });

        await router.powerOff();
        expect(await router.boot()).toMatchObject({ status: 0, text: "" });
        expect(await answerToOptions(ME, PHONE)).toMatch(SIP);
        const pid = () => router.read(PID_FILES[model.init]).split(" ")[0]?.trim();
        const killed = pid();
        router.run(`kill -9 ${killed}`);
        await expect.poll(pid, { timeout: PATIENCE_MS }).not.toBe(killed);
        expect(await answerToOptions(ME, PHONE)).toMatch(SIP);

        await router.upgradeFirmware();
        expect(await router.boot()).toMatchObject({ status: 0, text: "" });
        expect(await answerToOptions(ME, PHONE)).toMatch(SIP);
        expect(router.run(`${HOOK} remove --purge`)).toEqual({ status: 0, text: "branchline is removed.\n" });
        expect(router.tree()).toEqual(untouched);
        expect(router.run("ps").text).not.toMatch(/branchline|supervise/);
      },
      LIMIT_MS,
    );

    test.each<Model>([SYSTEMD, { init: "sysvinit", shell: "dash" }])(
      "with $init: from Node to the binary and back, to a newer binary, and back from one that doesn't live",
      async (model) => {
        const router = new EdgeRouter(model);
        await router.boot();
        router.write(CONFIG, YAML);
        expect((await go(router, "install", { image })).text).toContain("runs and answers");
        expect(running(router, model)).toBe(NODE);

        const toBinary = await upgrade(router, { version: "0.7.1", binary: await hostBinary("0.7.1") });
        expect(toBinary.text).toMatch(/\nbranchline 0.7.1 is installed, runs and answers.\n$/);
        expect(running(router, model)).toBe(BINARY);
        expect(router.run("ls /config/data/branchline; grep -c squashfs /proc/mounts").text).not.toMatch(
          /sqsh|\.js\n|^1$/m,
        );

        expect((await upgrade(router, { version: "0.7.2", image })).text).toMatch(/0.7.2 is installed, runs and ans/);
        expect(running(router, model)).toBe(NODE);
        expect((await upgrade(router, { version: "0.7.3", binary: await hostBinary("0.7.3") })).status).toBe(0);
        expect((await upgrade(router, { version: "0.7.4", binary: await hostBinary("0.7.4") })).status).toBe(0);
        expect(router.run("branchline --version").text).toMatch(/^branchline 0\.7\.4 /);

        const dead = await upgrade(router, { version: "0.7.5", binary: Buffer.from(DIES("0.0.0")) });
        expect(dead.text).toContain("branchline 0.7.5 doesn't answer within 10 s: version 0.7.4 comes back.");
        expect(dead.text).toMatch(/\nVersion 0.7.4 is back and answers\..*\n$/);
        expect(await answerToOptions(ME, PHONE)).toMatch(SIP);
        expect(router.read(CONFIG)).toBe(YAML);
        expect(router.run("ls -A /config/data").text).toBe("branchline\n");
      },
      LIMIT_MS,
    );

    test(
      "both in a package: the binary on a small router, Node on a large one, or what a line says; and it says how",
      async () => {
        const small = new EdgeRouter(SYSTEMD);
        await small.boot();
        small.write(CONFIG, YAML);
        const installed = await go(small, "install", { image, binary });
        expect(installed.text).toMatch(
          /^note {5}engine: Node [\d.]+ works here, too: BRANCHLINE_ENGINE=node in \/config\/branchline\/environment chooses it$/m,
        );
        expect(running(small, SYSTEMD)).toBe(BINARY);
        small.write(ENVIRONMENT, "BRANCHLINE_ENGINE=node\n");
        expect(small.run(`${HOOK} restart`).text).toBe("It runs and answers.\n");
        expect(running(small, SYSTEMD)).toBe(NODE);
        expect(small.run("branchline --version").text).toMatch(/Node/);

        const large = new EdgeRouter(SYSTEMD, LARGE);
        await large.boot();
        const said = await go(large, "install", { image, binary });
        expect(said.text).toMatch(/^ok {7}Node: /m);
        expect(said.text).toMatch(/^note {5}engine: BRANCHLINE_ENGINE=binary in \S+ chooses the binary/m);
        expect(large.run("branchline --version").text).toMatch(/Node/);
        large.write(ENVIRONMENT, "BRANCHLINE_ENGINE=binary\n");
        expect(large.run("branchline --version").text).toMatch(/QuickJS/);
      },
      LIMIT_MS,
    );

    test(
      "a file with TLS takes Node where there is one; else it is refused, and what runs goes on",
      async () => {
        const router = new EdgeRouter(SYSTEMD);
        await router.boot();
        router.write(CONFIG, SECURE);
        const refused = await go(router, "install", { binary });
        expect(refused.text).toMatch(/^refused {2}configuration: branchline \S+ can't use \S+ without Node:\n/m);
        expect(refused.text).toMatch(
          /tls .*wants TLS, and this build of branchline has no TLS: use the package with Node, or/,
        );
        expect(refused.text).toMatch(/Nothing has been changed\.\n$/);
        router.run("cd /config/branchline && touch a.pem a.key");
        const both = await go(router, "check", { image, binary });
        expect(both.text).toMatch(/^ok {7}Node: /m);
        // With Node it is the certificate that is looked at.
        expect(both.text).not.toContain("build of branchline has no TLS");

        router.write(CONFIG, YAML);
        expect((await go(router, "install", { binary })).status).toBe(0);
        const before = running(router, SYSTEMD);
        router.write(CONFIG, SECURE);
        const next = await upgrade(router, { version: "0.7.1", binary: await hostBinary("0.7.1") });
        expect(next).toMatchObject({
          status: 1,
          text: expect.stringMatching(/has no TLS[\s\S]*Nothing has been changed\.\n$/),
        });
        expect(running(router, SYSTEMD)).toBe(before);
      },
      LIMIT_MS,
    );

    test.each([
      ["11 MB of memory", { meminfo: "MemAvailable: 11264 kB\n" }, undefined, /memory: 11 MB available, 12 MB needed/],
      ["a binary for another processor", {}, Buffer.from("\x7fELF\x02"), /engine: the binary doesn't run: status \d+/],
      ["little flash", { free_kb: "4000" }, undefined, /flash: 3 MB free in \/config, \d+ MB needed/],
    ])("refuses %s, and changes nothing", async (_, facts, other, says) => {
      const router = new EdgeRouter(SYSTEMD, facts);
      await router.boot();
      const before = router.tree();
      const { status, text } = await go(router, "install", { binary: other ?? binary });
      expect(status, text).toBe(1);
      expect([...text.matchAll(/^refused {2}(.*)$/gm)].map(([, line]) => line)).toEqual([expect.stringMatching(says)]);
      expect(router.tree()).toEqual(before);
    });

    test("chosen by a line, a Node that doesn't work is refused, and the line is named", async () => {
      const router = new EdgeRouter(SYSTEMD);
      await router.boot();
      router.write(ENVIRONMENT, "BRANCHLINE_ENGINE=node\n");
      const broken = makeImage(temporaryFolder(), "broken", "#!/bin/busybox ash\nkill -ILL $$\n");
      const { status, text } = await go(router, "install", { image: broken, binary });
      expect(text).toMatch(/^refused {2}Node: it dies of SIGILL/m);
      expect(text).toMatch(/^ {11}Or remove BRANCHLINE_ENGINE from \S+\/environment: the binary needs no Node\.$/m);
      expect(status).toBe(1);
      router.write(ENVIRONMENT, "");
      expect((await go(router, "install", { image: broken, binary })).text).toContain("is installed");
    });

    test("a kernel that is too old for Node is new enough for the binary", async () => {
      const router = new EdgeRouter(SYSTEMD, { "uname-r": "2.6.32.27-UBNT" });
      await router.boot();
      expect((await go(router, "check", { binary })).status).toBe(0);
    });
  }),
);
