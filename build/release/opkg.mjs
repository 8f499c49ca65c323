/** A package for opkg (Entware, OpenWrt up to 24.10), and the same files to unpack where there is no opkg. */
import { readFileSync } from "node:fs";
import { tarGz } from "../archive.mjs";
import { SCHEMA, sampleFor } from "./sample.mjs";

/**
 * @param {object} order
 * @param {string} order.family "entware", "openwrt"
 * @param {string} order.program the folder of branchline.js, with a slash in front
 * @param {string} order.etc the folder of its configuration
 * @param {string} order.state where it keeps its secret, the bindings and the last calls
 * @param {import("../archive.mjs").Entry[]} order.own the family's own files
 * @param {{version: string, bundle: Buffer, licenses: string, epoch_s: number, root: string}} release
 * @returns {{name: string, contents: Buffer}[]} a tree (.tar.gz) and a package (.ipk)
 */
export function opkgPackages({ family, program, etc, state, own }, { version, bundle, licenses, epoch_s, root }) {
  const read = (path) => readFileSync(root + path, "utf8");
  const inside = (path) => path.slice(1);
  const files = [
    { path: inside(`${program}/branchline.js`), contents: bundle },
    { path: inside(`${program}/run.sh`), mode: 0o755, contents: read("deploy/run.sh") },
    { path: inside(`${program}/setup.sh`), mode: 0o755, contents: read("deploy/setup.sh") },
    { path: inside(`${program}/LICENSES`), contents: licenses },
    { path: inside(`${program}/${SCHEMA}`), contents: read(`deploy/${SCHEMA}`) },
    {
      path: inside(`${etc}/branchline.yaml.sample`),
      contents: sampleFor(read("deploy/branchline.yaml"), { schema: `${program}/${SCHEMA}`, state }),
    },
    ...own,
  ];
  const list = { path: inside(`${program}/files`), contents: `${files.map(({ path }) => path).join("\n")}\n` };
  const tree = tarGz([...files, list], { epoch_s, folders: false });
  const bytes = files.reduce((sum, { contents }) => sum + contents.length, 0);
  const control = [
    { path: "control", contents: controlFile(version, bytes) },
    { path: "preinst", mode: 0o755, contents: preinst(program, read("deploy/run.sh")) },
    { path: "postinst", mode: 0o755, contents: postinst(program) },
    { path: "prerm", mode: 0o755, contents: prerm(program) },
    { path: "postrm", mode: 0o755, contents: postrm(program) },
  ];
  const options = { epoch_s, prefix: "./" };
  const members = [
    { path: "debian-binary", contents: "2.0\n" },
    { path: "control.tar.gz", contents: tarGz(control, options) },
    { path: "data.tar.gz", contents: tarGz(files, options) },
  ];
  return [
    { name: `branchline-${version}-${family}.tar.gz`, contents: tree },
    { name: `branchline_${version}_${family}_all.ipk`, contents: tarGz(members, { ...options, folders: false }) },
  ];
}

/** The command for people: branchline with the places of a family. */
export function command(program, config) {
  return `#!/bin/sh
# branchline's commands, with this router's configuration file unless -c names another.
export BRANCHLINE_CONFIG="\${BRANCHLINE_CONFIG:-${config}}"
exec ${program}/run.sh --command "$@"
`;
}

function controlFile(version, bytes) {
  return `Package: branchline
Version: ${version}
Architecture: all
Section: net
Priority: optional
License: MIT
Installed-Size: ${bytes}
Maintainer: branchline
Description: SIP proxy that keeps a branch office calling when the line to its PBX is cut.
 Needs Node 12 or newer.
`;
}

const IN_UPGRADE = '[ "$1" = upgrade ] || [ "$PKG_UPGRADE" = 1 ]';

/** Runs before anything is unpacked: run.sh itself, asked whether branchline can work here. */
function preinst(program, run) {
  return `#!/bin/sh
# An image of a router is being built: its own processor can't be asked.
[ -z "$IPKG_INSTROOT" ] || exit 0
if ${IN_UPGRADE}; then set -- --fits ${program} upgrade; else set -- --fits ${program}; fi
${run.replace("#!/bin/sh\n", "")}`;
}

function postinst(program) {
  return `#!/bin/sh
if [ -n "$IPKG_INSTROOT" ]; then
  if [ -f "$IPKG_INSTROOT/etc/init.d/branchline" ]; then
    for link in S95 K10; do ln -sf ../init.d/branchline "$IPKG_INSTROOT/etc/rc.d/\${link}branchline"; done
  fi
  : >"$IPKG_INSTROOT${program}/installed"
  exit 0
fi
${program}/setup.sh install
exit 0
`;
}

function prerm(program) {
  return `#!/bin/sh
[ -z "$IPKG_INSTROOT" ] || exit 0
if ${IN_UPGRADE}; then exit 0; fi
${program}/setup.sh prerm
exit 0
`;
}

function postrm(program) {
  return `#!/bin/sh
if ${IN_UPGRADE}; then exit 0; fi
rmdir "$IPKG_INSTROOT${program}" 2>/dev/null
exit 0
`;
}
