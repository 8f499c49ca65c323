/** A package for opkg (Entware, OpenWrt up to 24.10), and the same files to unpack where there is no opkg. */
import { readFileSync } from "node:fs";
import { tarGz } from "../archive.mjs";
import { SCHEMA, sampleFor } from "./sample.mjs";

/** What every processor can take that has a Node. */
const FOR_NODE = { suffix: "", architectures: ["all"] };

/**
 * Packages with the bundle, or with a binary.
 * @param {object} order
 * @param {string} order.family "entware", "openwrt"
 * @param {string} order.program the folder of branchline.js, with a slash in front
 * @param {string} order.etc the folder of its configuration
 * @param {string} order.state where it keeps its secret, the bindings and the last calls
 * @param {import("../archive.mjs").Entry[]} order.own the family's own files
 * @param {{version: string, bundle: Buffer, licenses: string, epoch_s: number, root: string}} release
 * @param {object} [kind] a binary in place of the bundle
 * @param {string} kind.suffix of the tree's name, such as "-mipsel"
 * @param {readonly string[]} kind.architectures opkg's names of the processors that can run it
 * @param {Buffer} kind.binary
 * @param {string} kind.licenses of what is in it
 * @returns {{name: string, contents: Buffer}[]} a tree (.tar.gz), and a package (.ipk) for each architecture
 */
export function opkgPackages(
  { family, program, etc, state, own },
  { version, bundle, licenses, epoch_s, root },
  kind = FOR_NODE,
) {
  const read = (path) => readFileSync(root + path, "utf8");
  const inside = (path) => path.slice(1);
  const files = [
    kind.binary === undefined
      ? { path: inside(`${program}/branchline.js`), contents: bundle }
      : { path: inside(`${program}/branchline-static`), mode: 0o755, contents: kind.binary },
    { path: inside(`${program}/run.sh`), mode: 0o755, contents: read("deploy/run.sh") },
    { path: inside(`${program}/healthy.sh`), mode: 0o755, contents: read("deploy/healthy.sh") },
    { path: inside(`${program}/route-follow.sh`), mode: 0o755, contents: read("deploy/route-follow.sh") },
    { path: inside(`${program}/setup.sh`), mode: 0o755, contents: read("deploy/setup.sh") },
    { path: inside(`${program}/LICENSES`), contents: kind.licenses ?? licenses },
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
  const needsNode = kind.binary === undefined;
  const control = (architecture) => [
    { path: "control", contents: controlFile({ version, bytes, architecture, needsNode }) },
    {
      path: "preinst",
      mode: 0o755,
      contents: preinst(program, needsNode ? "node" : "binary", read("deploy/run.sh")),
    },
    { path: "postinst", mode: 0o755, contents: postinst(program) },
    { path: "prerm", mode: 0o755, contents: prerm(program) },
    { path: "postrm", mode: 0o755, contents: postrm(program) },
  ];
  const options = { epoch_s, prefix: "./" };
  const data = tarGz(files, options);
  const ipk = (architecture) => {
    const members = [
      { path: "debian-binary", contents: "2.0\n" },
      { path: "control.tar.gz", contents: tarGz(control(architecture), options) },
      { path: "data.tar.gz", contents: data },
    ];
    const name = `branchline_${version}_${family}_${architecture}.ipk`;
    return { name, contents: tarGz(members, { ...options, folders: false }) };
  };
  return [
    { name: `branchline-${version}-${family}${kind.suffix}.tar.gz`, contents: tree },
    ...kind.architectures.map(ipk),
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

function controlFile({ version, bytes, architecture, needsNode }) {
  return `Package: branchline
Version: ${version}
Architecture: ${architecture}
Section: net
Priority: optional
License: MIT
Installed-Size: ${bytes}
Maintainer: branchline
Description: SIP proxy that keeps a branch office calling when the link to its PBX is cut.
 ${needsNode ? "Needs Node 12 or newer." : "Needs no Node."}
`;
}

/** With --force-reinstall opkg first removes the package as for ever: only its own words tell that another one follows. */
const IS_UPGRADE = `is_upgrade() {
  if [ "$1" = upgrade ] || [ "$PKG_UPGRADE" = 1 ]; then return 0; fi
  process=$PPID
  while [ "\${process:-0}" -gt 1 ]; do
    words=" $(tr '\\0' ' ' <"/proc/$process/cmdline" 2>/dev/null)"
    case $words in *[\\ /]opkg\\ *) case $words in *\\ --force-rei*) return 0 ;; *) return 1 ;; esac ;; esac
    process=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$process/status" 2>/dev/null)
  done
  return 1
}`;

/** Runs before anything is unpacked: run.sh itself, asked whether branchline can work here. */
function preinst(program, engine, run) {
  return `#!/bin/sh
# An image of a router is being built: its own processor can't be asked.
[ -z "$IPKG_INSTROOT" ] || exit 0
${IS_UPGRADE}
if is_upgrade "$@"; then set -- --fits ${program} upgrade ${engine}; else set -- --fits ${program} install ${engine}; fi
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
${IS_UPGRADE}
if is_upgrade "$@"; then exit 0; fi
${program}/setup.sh prerm
exit 0
`;
}

function postrm(program) {
  return `#!/bin/sh
${IS_UPGRADE}
if is_upgrade "$@"; then exit 0; fi
rmdir "$IPKG_INSTROOT${program}" 2>/dev/null
exit 0
`;
}
