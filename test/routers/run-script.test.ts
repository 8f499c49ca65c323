/** deploy/run.sh under ash: which Node it takes, with which flags, and what becomes of the log. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { missingForRouters, Router, type RouterOptions } from "./support/router.ts";

const RUN = readFileSync(fileURLToPath(new URL("../../deploy/run.sh", import.meta.url)), "utf8");

cleanUpAfterEach();

/** A Node of which only the version is real: says how it has been called, and a few lines of a log. */
function fakeNode(major: number, refused = "nothing"): string {
  return `#!/bin/sh
case " $* " in *" ${refused} "*) echo "bad option" >&2; exit 9;; esac
case "$*" in *"1.5 * 2"*) echo "3 ${major}"; exit;; esac
echo "$0 $* arena=$MALLOC_ARENA_MAX threads=$UV_THREADPOOL_SIZE pid=$$"
for text in "<3>an error" "<4>a warning" "<6>a fact" "<7>a detail" "no priority"; do echo "$text" >&2; done
`;
}

/** A binary that says how it has been called, and refuses a file that wants TLS with the words of the real one. */
function fakeBinary(): string {
  return `#!/bin/sh
if [ "$1 $2" = "check --quiet" ] && grep -q "^  - tls:" "$4"; then
  echo "tls:10.0.0.1:5061 wants TLS, and this build of branchline has no TLS: use the package with Node, or take it out"
  exit 2
fi
echo "binary $* heap=$BRANCHLINE_HEAP_MB"
`;
}

const NO_FPU = '#!/bin/sh\n[ "$1" = -v ] && echo v18.20.2 && exit\nkill -ILL $$\n';
const NO_LIBRARY = '#!/bin/sh\necho "$0: error while loading shared libraries: libatomic.so.1" >&2; exit 127\n';
const memory = (kb: number) => ({ meminfo: `MemTotal:      ${kb} kB\nMemFree:      100000 kB\n` });

async function router(nodes: Readonly<Record<string, string>>, options: RouterOptions = {}): Promise<Router> {
  return Router.start({ ...options, files: { "/lib/it/run.sh": RUN, ...nodes } });
}

describeUnless(missingForRouters(), "run.sh", () => {
  test.each([
    [12, 249, "--max-old-space-size=32 --max-semi-space-size=1 --optimize-for-size --v8-pool-size=1"],
    [18, 500, "--max-old-space-size=64 --max-semi-space-size=1 --optimize-for-size --v8-pool-size=1"],
    [20, 3900, "--max-old-space-size=256 --max-semi-space-size=1 --optimize-for-size --v8-pool-size=1"],
    [20, 8000, "--max-old-space-size=512 --max-semi-space-size=1 --optimize-for-size --v8-pool-size=1"],
    [22, 1900, "--max-old-space-size=128 --max-semi-space-size=1 --optimize-for-size --v8-pool-size=1"],
    [
      24,
      1900,
      "--max-old-space-size=128 --max-semi-space-size=1 --optimize-for-size --v8-pool-size=1 --single-threaded",
    ],
  ])("Node %d on a machine of %d MB", async (major, mb, flags) => {
    const box = await router({ "/opt/bin/node": fakeNode(major) }, { proc: memory(mb * 1024) });
    const [line] = box.ok("/lib/it/run.sh /etc/it.yaml").split("\n");
    expect(line?.replace(/ pid=.*/, "")).toBe(
      `/opt/bin/node ${flags} /lib/it/branchline.js run -c /etc/it.yaml arena=1 threads=2`,
    );
  });

  test("what JavaScript may take can be said", async () => {
    const box = await router({ "/opt/bin/node": fakeNode(18) });
    expect(box.ok("/lib/it/run.sh /etc/it.yaml", { BRANCHLINE_HEAP_MB: "48" })).toContain(" --max-old-space-size=48 ");
  });

  test("a Node that refuses the flags starts without them, and the log says so", async () => {
    const box = await router({ "/opt/bin/node": fakeNode(99, "--optimize-for-size") });
    const lines = box.ok("/lib/it/run.sh /etc/it.yaml").split("\n");
    expect(lines[0]).toMatch(/^<4>flags_refused node=\/opt\/bin\/node flags="--max-old-space-size=\d+ .*"$/);
    expect(lines[1]).toContain("/opt/bin/node /lib/it/branchline.js run -c /etc/it.yaml ");
  });

  test("the Node of the runtime goes before Entware's, Entware's before the system's", async () => {
    const box = await router({ "/opt/bin/node": fakeNode(18), "/usr/bin/node": fakeNode(20) });
    expect(box.ok("/lib/it/run.sh --node")).toBe("/opt/bin/node");
    expect(box.ok("PATH=/usr/bin /lib/it/run.sh --node")).toBe("/opt/bin/node");
    box.ok("mkdir -p /run/branchline/node/bin; cp /opt/bin/node /run/branchline/node/bin/node");
    expect(box.ok("/lib/it/run.sh --node")).toBe("/run/branchline/node/bin/node");
    expect(box.ok("/lib/it/run.sh --node", { BRANCHLINE_NODE: "/usr/bin/node" })).toBe("/usr/bin/node");
    box.remove("opt/bin/node");
    box.ok("rm -r /run/branchline");
    expect(box.ok("/lib/it/run.sh --node")).toBe("/usr/bin/node");
  });

  test("a Node that doesn't work, or is too old, is passed over", async () => {
    const box = await router({ "/opt/bin/node": NO_FPU, "/usr/bin/node": fakeNode(20) });
    expect(box.ok("PATH=/usr/bin:/bin /lib/it/run.sh --node")).toBe("/usr/bin/node");
    box.write("opt/bin/node", fakeNode(10));
    expect(box.ok("PATH=/usr/bin:/bin /lib/it/run.sh --node")).toBe("/usr/bin/node");
  });

  test.each([
    ["there is none", {}, {}, "no Node is here: install it (opkg update; opkg install node), or set BRANCHLINE_NODE"],
    [
      "the only one needs a floating point unit",
      { "/opt/bin/node": NO_FPU },
      {},
      "/opt/bin/node doesn't work: this processor lacks what it wants, such as a floating point unit: another build of Node may do. ",
    ],
    [
      "the only one can't be loaded",
      { "/opt/bin/node": NO_LIBRARY },
      {},
      "/opt/bin/node doesn't work: /opt/bin/node: error while loading shared libraries: libatomic.so.1. ",
    ],
    [
      "the only one is too old",
      { "/opt/bin/node": fakeNode(10) },
      {},
      "/opt/bin/node is Node 10, and branchline needs 12 or newer. ",
    ],
    [
      "the one that was named isn't there",
      { "/opt/bin/node": fakeNode(18) },
      { BRANCHLINE_NODE: "/mnt/usb/node" },
      "BRANCHLINE_NODE names /mnt/usb/node, which isn't there or can't be executed",
    ],
  ])("no Node, since %s", async (_, nodes, environment, reason) => {
    const box = await router(nodes);
    const { status, text } = box.run("/lib/it/run.sh /etc/it.yaml", environment);
    expect([status, text]).toEqual([1, `<3>no_node error="${reason}"`]);
  });

  test("nothing to run, or what it doesn't know: its usage, and no other router's file", async () => {
    const box = await router({ "/opt/bin/node": fakeNode(18) });
    for (const argument of ["", "--nod"]) {
      expect(box.run(`/lib/it/run.sh ${argument}`)).toEqual({
        status: 2,
        text: expect.stringMatching(/^Usage: .*CONFIG/),
      });
    }
  });

  test("a package with the binary alone needs no Node, and --node says so", async () => {
    const box = await router({ "/lib/it/branchline-static": fakeBinary() });
    expect(box.ok("/lib/it/run.sh /etc/it.yaml")).toBe("binary run -c /etc/it.yaml heap=");
    expect(box.ok("/lib/it/run.sh /etc/it.yaml", { BRANCHLINE_HEAP_MB: "9" })).toMatch(/ heap=9$/);
    expect(box.ok("/lib/it/run.sh --command status -c /etc/it.yaml")).toBe("binary status -c /etc/it.yaml heap=");
    expect(box.run("/lib/it/run.sh --node")).toEqual({
      status: 1,
      text: "no Node is needed: /lib/it/branchline-static runs without",
    });
    expect(box.run("/lib/it/run.sh /etc/it.yaml", { BRANCHLINE_ENGINE: "node" })).toEqual({
      status: 0,
      text: '<4>engine_missing wanted="node" taken=binary\nbinary run -c /etc/it.yaml heap=',
    });
  });

  const BOTH = {
    "/lib/it/branchline-static": fakeBinary(),
    "/lib/it/branchline.js": "",
    "/opt/bin/node": fakeNode(18),
  };

  test.each([
    ["nothing chosen", {}, true],
    ["it is chosen", { BRANCHLINE_ENGINE: "binary" }, true],
    ["Node is chosen", { BRANCHLINE_ENGINE: "node" }, false],
  ])("a binary that can't be executed is told of, with the cure: %s", async (_, environment, isTold) => {
    const box = await router(BOTH);
    box.ok("chmod -x /lib/it/branchline-static");
    const [first, second] = box.ok("/lib/it/run.sh /etc/it.yaml", environment).split("\n");
    const told = `<4>engine_missing wanted="binary" taken=node error="/lib/it/branchline-static can't be executed" cure="chmod +x /lib/it/branchline-static"`;
    expect(first === told).toBe(isTold);
    expect(isTold ? second : first).toMatch(/^\/opt\/bin\/node .* run -c /);
    expect(box.ok("/lib/it/run.sh --engine /etc/it.yaml", environment)).toBe("node");
  });

  const SECURE = "listen:\n  - tls:10.0.0.1:5061\n";
  test.each([
    ["below 256 MB", 249, "", {}, "binary"],
    ["from 256 MB on", 500, "", {}, "node"],
    ["chosen", 249, "", { BRANCHLINE_ENGINE: "node" }, "node"],
    ["chosen the other way", 500, SECURE, { BRANCHLINE_ENGINE: "binary" }, "binary"],
    ["with a file that wants TLS", 249, SECURE, {}, "node"],
    ["with TLS in a comment only", 249, "# tls: not yet\n", {}, "binary"],
    ["with no Node that works", 500, SECURE, { BRANCHLINE_NODE: "/nowhere" }, "binary"],
  ])("of two engines, %s", async (_, mb, file, environment, engine) => {
    const box = await router({ ...BOTH, "/etc/it.yaml": file }, { proc: memory(mb * 1024) });
    expect(box.ok("/lib/it/run.sh --engine /etc/it.yaml", environment)).toBe(engine);
    const start = engine === "node" ? /^\/opt\/bin\/node .* run -c / : /^binary run -c /m;
    expect(box.ok("/lib/it/run.sh /etc/it.yaml", environment)).toMatch(start);
    const command = engine === "node" ? "/opt/bin/node /lib/it/branchline.js check" : "binary check";
    for (const words of ["-c /etc/it.yaml", "--config=/etc/it.yaml"]) {
      expect(box.ok(`/lib/it/run.sh --command check ${words}`, environment)).toContain(`${command} ${words}`);
    }
    expect(box.ok("/lib/it/run.sh --command check", { ...environment, BRANCHLINE_CONFIG: "/etc/it.yaml" })).toMatch(
      new RegExp(`^${command}`),
    );
  });

  test("BRANCHLINE_LOGGER: syslog has each line with its priority, and branchline is the process that was started", async () => {
    const box = await router({ "/opt/bin/node": fakeNode(18) });
    const pid = box.ok("BRANCHLINE_LOGGER=1 /lib/it/run.sh /etc/it.yaml & echo $!; wait");
    await box.becomes("grep -q 'no priority' /tmp/messages && grep -q 'a detail' /tmp/messages");
    const log = box.log();
    for (const line of ["err branchline: an error", "warn branchline: a warning", "debug branchline: a detail"]) {
      expect(log).toContain(` daemon.${line}`);
    }
    expect(log).toContain(" daemon.info branchline: a fact");
    expect(log).toContain(" daemon.info branchline: no priority");
    expect(log).toMatch(new RegExp(`run -c /etc/it.yaml .* pid=${pid}$`, "m"));
    expect(box.ok("ls /tmp")).toBe("messages");
  });
});
