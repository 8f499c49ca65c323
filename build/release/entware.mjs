/** Entware: FreshTomato, and whatever else has /opt from Entware. */
import { readFileSync } from "node:fs";
import { command, opkgPackages } from "./opkg.mjs";

const PROGRAM = "/opt/share/branchline";

export async function packages(release) {
  const read = (path) => readFileSync(release.root + path, "utf8");
  const own = [
    { path: "opt/share/branchline/respawn.sh", mode: 0o755, contents: read("deploy/respawn.sh") },
    // setup.sh puts it into init.d.
    { path: "opt/share/branchline/S80branchline", mode: 0o755, contents: read("deploy/entware/S80branchline") },
    { path: "opt/bin/branchline", mode: 0o755, contents: command(PROGRAM, "/opt/etc/branchline.yaml") },
  ];
  const places = { program: PROGRAM, etc: "/opt/etc", state: "/opt/var/lib/branchline" };
  return opkgPackages({ family: "entware", ...places, own }, release);
}
