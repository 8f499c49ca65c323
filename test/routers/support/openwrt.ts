/** A router with OpenWrt and without Node, of 64 MB: for packages with the binary. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configuration, OPKG, type Package } from "./release.ts";
import { Router, type RouterOptions } from "./router.ts";

/** Where only the one looks who asks; run.sh doesn't. */
export const NODE = "/mnt/node";
export const CONFIG = "/etc/branchline.yaml";
/** A branch on the loopback. */
export const MINE = configuration("/etc/branchline");
/** The process that procd watches. */
export const PID = "cat /tmp/procd/branchline/pid";
export const SMALL = "MemTotal:          59000 kB\nMemFree:            9000 kB\nMemAvailable:      12288 kB\n";
const RC_COMMON = readFileSync(fileURLToPath(new URL("rc.common.sh", import.meta.url)), "utf8");
/** Others live here too. */
const NEIGHBOURS = {
  "/etc/init.d/cron": "#!/bin/sh\n",
  "/lib/upgrade/keep.d/base-files": "/etc/hosts\n",
  "/usr/share/zoneinfo/UTC": "",
};

export async function openwrt(options: RouterOptions = {}): Promise<Router> {
  const box = await Router.start({
    node: NODE,
    atBoot: 'for service in /etc/rc.d/S*; do [ ! -x "$service" ] || "$service" boot; done',
    proc: { meminfo: SMALL },
    ...options,
    files: { "/bin/opkg": OPKG, "/etc/rc.common": RC_COMMON, ...NEIGHBOURS, ...options.files },
  });
  box.ok("mkdir -p /etc/rc.d /usr/lib/opkg/info");
  return box;
}

/** Puts a file on it; returns where. */
export function put(box: Router, { name, contents }: Package): string {
  box.write(`mnt/${name}`, contents, 0o600);
  return `/mnt/${name}`;
}

/** Returns what opkg has said. */
export function install(box: Router, file: Package): string {
  const path = put(box, file);
  const text = box.ok(`opkg install ${path}`);
  box.remove(path);
  return text;
}
