/** Where branchline can't work it isn't installed, and the reason is named; nothing is left behind. */
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { OPKG, packages } from "./support/release.ts";
import { missingForRouters, Router, type RouterOptions } from "./support/router.ts";

cleanUpAfterEach();

/** A Node 18 that works, as far as the installation asks. */
const NODE = "#!/bin/sh\necho '3 18'\n";
const TOO_OLD = "#!/bin/sh\necho '3 10'\n";
const NO_FPU = '#!/bin/sh\n[ "$1" = -v ] && echo v18.20.2 && exit\nkill -ILL $$\n';
const meminfo = (available: string) => `MemTotal:         254000 kB\n${available}`;
const ENOUGH = meminfo("MemFree:           20000 kB\nMemAvailable:     180000 kB\n");
const WITH_VFP =
  "model name\t: ARMv7 Processor rev 0 (v7l)\nFeatures\t: half thumb fastmult edsp vfp vfpv3 vfpv3d16 tls\n";
const WITHOUT_VFP = "model name\t: ARMv7 Processor rev 0 (v7l)\nFeatures\t: half thumb fastmult edsp tls\n";
const ANCIENT_ARM = "Processor\t: ARMv7 Processor rev 0 (v7l)\nFeatures\t: swp half thumb fastmult edsp\n";
const MIPS = "system type\t\t: MediaTek MT7621\ncpu model\t\t: MIPS 1004Kc V2.15\n";

interface Place {
  readonly node?: string;
  readonly kernel?: string;
  readonly meminfo?: string;
  readonly cpuinfo?: string;
  readonly small?: Readonly<Record<string, number>>;
}

async function place({ node, kernel, meminfo = ENOUGH, cpuinfo = MIPS, small }: Place): Promise<Router> {
  const options: RouterOptions = {
    proc: { meminfo, cpuinfo, ...(kernel === undefined ? {} : { "sys/kernel/osrelease": `${kernel}\n` }) },
    files: { "/usr/bin/opkg": OPKG, ...(node === undefined ? {} : { "/opt/bin/node": node }) },
    ...(small === undefined ? {} : { small }),
  };
  return Router.start(options);
}

const NO_VFP_TEXT =
  "this ARM processor has no floating point unit (VFP): no Node works on it, whatever it says to node -v";
const REFUSALS: readonly (readonly [string, Place, readonly string[]])[] = [
  ["no Node", {}, ["no Node is here: install it (opkg update; opkg install node), or set BRANCHLINE_NODE"]],
  ["a Node of before 2019", { node: TOO_OLD }, ["/opt/bin/node is Node 10, and branchline needs 12 or newer. "]],
  [
    "a hard-float Node on a MIPS without FPU",
    { node: NO_FPU },
    [
      "/opt/bin/node doesn't work: this processor lacks what it wants, such as a floating point unit: another build of Node may do. ",
    ],
  ],
  ["a Broadcom ARM without VFP", { node: NO_FPU, cpuinfo: WITHOUT_VFP }, [NO_VFP_TEXT]],
  ["the same with an old kernel's cpuinfo", { node: NO_FPU, cpuinfo: ANCIENT_ARM }, [NO_VFP_TEXT]],
  [
    "FreshTomato MIPS",
    { node: NODE, kernel: "2.6.22.19" },
    ["kernel 2.6.22.19 is too old: every Node that branchline can use needs 3.2 or newer"],
  ],
  [
    "little memory",
    { node: NODE, meminfo: meminfo("MemFree: 10000 kB\nMemAvailable: 61440 kB\n") },
    ["only 60 MB of memory are available, and branchline needs 80"],
  ],
  [
    "little memory, on a kernel that doesn't say what is available",
    { node: NODE, meminfo: meminfo("MemFree: 10240 kB\nBuffers: 1024 kB\nCached: 20480 kB\n") },
    ["only 31 MB of memory are available, and branchline needs 80"],
  ],
  [
    "a full flash",
    { node: NODE, small: { "/opt/share": 500 } },
    ["only 500 kB are free on the file system of /opt/share, and branchline needs 1024"],
  ],
  [
    "all at once",
    { kernel: "2.6.36.4brcmarm", meminfo: meminfo("MemAvailable: 1024 kB\n"), small: { "/opt/share": 100 } },
    [
      "kernel 2.6.36.4brcmarm is too old: every Node that branchline can use needs 3.2 or newer",
      "no Node is here: install it (opkg update; opkg install node), or set BRANCHLINE_NODE",
      "only 1 MB of memory are available, and branchline needs 80",
      "only 100 kB are free on the file system of /opt/share, and branchline needs 1024",
    ],
  ],
];

describeUnless(missingForRouters(), "refusals", () => {
  test.each(REFUSALS)("%s", async (_, given, reasons) => {
    const { ipk } = await packages("entware", "1.0.0");
    const box = await place(given);
    box.write("mnt/branchline.ipk", ipk.contents);
    box.ok("mkdir -p /opt/lib/opkg/info");
    const before = box.files();
    expect(box.run("opkg install /mnt/branchline.ipk", { OPKG_INFO: "/opt/lib/opkg/info" })).toEqual({
      status: 255,
      text: [
        "branchline can't be installed here:",
        ...reasons.map((reason) => `- ${reason}`),
        'opkg: package "branchline" preinst script returned status 1.',
      ].join("\n"),
    });
    expect(box.files()).toEqual(before);
  });

  test.each([
    ["an EdgeRouter X", MIPS, "4.14.54-UBNT"],
    ["an ARM with VFP", WITH_VFP, "4.19.183"],
    ["the oldest kernel", MIPS, "3.2.40"],
  ])("%s is welcome", async (_, cpuinfo, kernel) => {
    const { tree } = await packages("entware", "1.0.0");
    const box = await place({ node: NODE, cpuinfo, kernel });
    box.write("tree.tar.gz", tree.contents);
    expect(box.ok("tar -xzf /tree.tar.gz -C / && /opt/share/branchline/setup.sh check")).toBe("");
  });

  test("what an old branchline has of the memory is no obstacle for the new one", async () => {
    const { tree } = await packages("entware", "1.0.0");
    const box = await place({ node: NODE, meminfo: meminfo("MemAvailable: 61440 kB\n") });
    box.write("tree.tar.gz", tree.contents);
    box.ok("tar -xzf /tree.tar.gz -C /");
    expect(box.run("/opt/share/branchline/setup.sh check").status).toBe(1);
    expect(box.run("/opt/share/branchline/setup.sh install").status).toBe(0);
  });
});
