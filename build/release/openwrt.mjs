/** OpenWrt with procd: a package for all processors, which needs Node, and one for each with the binary. */
import { readFileSync } from "node:fs";
import { command, opkgPackages } from "./opkg.mjs";

const PROGRAM = "/usr/share/branchline";
/** What outlives a new firmware. */
const KEPT = [
  "/etc/branchline.yaml",
  "/etc/branchline.yaml.sample",
  "/etc/branchline",
  // Where `init` expects certificates.
  "/etc/tls",
  "/etc/init.d/branchline",
  "/etc/rc.d/S95branchline",
  "/etc/rc.d/K10branchline",
  "/lib/upgrade/keep.d/branchline",
  "/usr/bin/branchline",
  PROGRAM,
];

/**
 * Binary → the names that OpenWrt 19.07 to 24.10 gives to processors that can run it. Left out are those that are older than the
 * binary's instructions (mips_mips32, arm_fa526).
 */
const ARCHITECTURES = {
  mipsel: ["mipsel_24kc", "mipsel_24kc_24kf", "mipsel_74kc", "mipsel_mips32"],
  mips: ["mips_24kc", "mips_4kec"],
  // With a floating point unit that isn't that of ARMv7, or with none.
  armv5: ["arm_arm1176jzf-s_vfp", "arm_arm926ej-s", "arm_cortex-a7", "arm_cortex-a9", "arm_xscale"],
  armv7: [
    "arm_cortex-a5_vfpv4",
    "arm_cortex-a7_neon-vfpv4",
    "arm_cortex-a7_vfpv4",
    "arm_cortex-a8_vfpv3",
    "arm_cortex-a9_neon",
    "arm_cortex-a9_vfpv3-d16",
    "arm_cortex-a15_neon-vfpv4",
  ],
  arm64: ["aarch64_cortex-a53", "aarch64_cortex-a72", "aarch64_cortex-a76", "aarch64_generic"],
  amd64: ["x86_64"],
};

/** As build/release.mjs wants it. */
export async function packages(release) {
  const own = [
    {
      path: "etc/init.d/branchline",
      mode: 0o755,
      contents: readFileSync(`${release.root}deploy/openwrt/branchline.init`, "utf8"),
    },
    { path: "usr/bin/branchline", mode: 0o755, contents: command(PROGRAM, "/etc/branchline.yaml") },
    { path: "lib/upgrade/keep.d/branchline", contents: `${KEPT.join("\n")}\n` },
  ];
  const places = { program: PROGRAM, etc: "/etc", state: "/etc/branchline" };
  const order = { family: "openwrt", ...places, own };
  const native = Object.entries(ARCHITECTURES).flatMap(([target, architectures]) => {
    const binary = release.native?.binaries.get(target);
    if (binary === undefined) return [];
    return opkgPackages(order, release, {
      suffix: `-${target}`,
      architectures,
      binary,
      licenses: release.native.licenses,
    });
  });
  return [...opkgPackages(order, release), ...native];
}
