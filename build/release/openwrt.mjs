/** OpenWrt with procd. */
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
  return opkgPackages({ family: "openwrt", ...places, own }, release);
}
