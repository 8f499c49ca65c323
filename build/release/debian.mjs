/**
 * The .debs for Debian, Ubuntu and Raspberry Pi OS: `branchline` for all architectures, since Node is a package there, and
 * `branchline-static` with the binary. Either takes the place of the other, with the same service, scripts and pages.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { ar, gzip, tarGz } from "../archive.mjs";
import { copyrightFile } from "./debian-copyright.mjs";
import { packagedPage } from "./pages.mjs";
import { SCHEMA, sampleFor } from "./sample.mjs";

const PROGRAM = 0o755;
const SCRIPTS = ["postinst", "prerm", "postrm"];
/** Where the pages are, in both. */
const DOC = "usr/share/doc/branchline";
const LIB = "usr/lib/branchline";
/** Binary → Debian's name of the processor. */
const ARCHITECTURES = { amd64: "amd64", arm64: "arm64", armv7: "armhf" };
const NODE_FIELDS = {
  DEPENDS: "nodejs (>= 12.19), passwd",
  RELATIONS: "Conflicts: branchline-static\nReplaces: branchline-static",
  ENGINE: " It runs in Node.",
};
const STATIC_FIELDS = {
  DEPENDS: "passwd",
  RELATIONS: "Conflicts: branchline\nReplaces: branchline\nProvides: branchline",
  ENGINE: " .\n This package has it as one static program, which needs no Node.",
};
/** Where each kind of file goes, by its path in the repository: a new file needs no change here. */
const SHIPPED = [
  { from: /^deploy\/man\/([^/]+\.([1-9]))$/, to: "usr/share/man/man$2/$1.gz", isPacked: true },
  { from: /^deploy\/completion\/[^/]+\.bash$/, to: "usr/share/bash-completion/completions/branchline" },
  { from: /^deploy\/completion\/(?:[^/]+\.zsh|_branchline)$/, to: "usr/share/zsh/vendor-completions/_branchline" },
  { from: /^deploy\/completion\/[^/]+\.fish$/, to: "usr/share/fish/vendor_completions.d/branchline.fish" },
  // As in the repository, and not packed: the links of pages to each other name them so.
  {
    from: /^((?:README|CHANGELOG|SECURITY|deploy\/.+)\.md|deploy\/monitoring\/(?:.+\.(?:yml|json|txt)|edgeos-snmp))$/,
    to: `${DOC}/$1`,
  },
];

/** As build/release.mjs wants it. */
export async function packages({ version, bundle, licenses, epoch_s, root, native }) {
  const read = (path) => readFileSync(`${root}${path}`, "utf8");
  // In Debian's order of versions 1.0-rc.1 would be later than 1.0, and 1.0~rc.1 is earlier.
  const debianVersion = version.replace("-", "~");
  const DATE = new Date(epoch_s * 1000).toUTCString().replace("GMT", "+0000");
  const common = { read, root, epoch_s, version: debianVersion, DATE };
  const forNode = deb({
    ...common,
    name: "branchline",
    architecture: "all",
    program: { path: `${LIB}/branchline.js`, mode: PROGRAM, contents: bundle },
    licenses,
    fields: NODE_FIELDS,
  });
  const others = Object.entries(ARCHITECTURES).filter(([target]) => native?.binaries.has(target));
  const binaries = others.map(([target, architecture]) =>
    deb({
      ...common,
      name: "branchline-static",
      architecture,
      program: { path: `${LIB}/branchline-static`, mode: PROGRAM, contents: native.binaries.get(target) },
      licenses: native.licenses,
      fields: STATIC_FIELDS,
    }),
  );
  return [forNode, ...binaries];
}

/** @returns {{name: string, contents: Buffer}} the package with this program in it */
function deb({ read, root, epoch_s, version, DATE, name, architecture, program, licenses, fields }) {
  const all = { ...fields, PACKAGE: name, ARCHITECTURE: architecture, VERSION: version, DATE };
  const files = installed({ read, root, program, licenses, fields: all });
  const bytes = files.reduce((sum, { contents = "" }) => sum + Buffer.byteLength(contents), 0);
  const control = [
    { path: "control", contents: fill(read("deploy/debian/control"), { ...all, SIZE: Math.ceil(bytes / 1024) }) },
    { path: "md5sums", contents: md5sums(files) },
    ...SCRIPTS.map((path) => ({ path, mode: PROGRAM, contents: read(`deploy/debian/${path}`) })),
  ];
  const contents = ar(
    [
      { name: "debian-binary", contents: "2.0\n" },
      { name: "control.tar.gz", contents: tarGz(control, { epoch_s, prefix: "./" }) },
      { name: "data.tar.gz", contents: tarGz(files, { epoch_s, prefix: "./" }) },
    ],
    { epoch_s },
  );
  return { name: `${name}_${version}_${architecture}.deb`, contents };
}

/**
 * The file in /etc is none of the package's: a sample there would be asked about at each upgrade that changes it, and
 * unattended ones would stop.
 */
function installed({ read, root, program, licenses, fields }) {
  const filled = (path) => fill(read(path), fields);
  const own = `usr/share/doc/${fields.PACKAGE}`;
  const overrides = program.path.endsWith(".js") ? "lintian-overrides" : "lintian-overrides-static";
  const files = [
    { path: "usr/bin/branchline", mode: PROGRAM, contents: read("deploy/debian/branchline") },
    program,
    { path: `${LIB}/${SCHEMA}`, contents: read(`deploy/${SCHEMA}`) },
    { path: `${LIB}/run.sh`, mode: PROGRAM, contents: read("deploy/run.sh") },
    { path: `${LIB}/healthy.sh`, mode: PROGRAM, contents: read("deploy/healthy.sh") },
    { path: `${LIB}/route-follow.sh`, mode: PROGRAM, contents: read("deploy/route-follow.sh") },
    { path: "usr/lib/systemd/system/branchline.service", contents: read("deploy/debian/branchline.service") },
    { path: `usr/share/lintian/overrides/${fields.PACKAGE}`, contents: read(`deploy/debian/${overrides}`) },
    // keepalived may be started first.
    { path: "usr/lib/tmpfiles.d/branchline.conf", contents: "d /run/branchline-pair 0755 - -\n" },
    // The default of the key `state`, where a service can't write: any branch's file works here as it is.
    { path: "etc/branchline/state", link: "/var/lib/branchline" },
    ...shipped(root, read),
    { path: `${own}/copyright`, contents: copyrightFile(licenses, program.path) },
    { path: `${DOC}/LICENSES`, contents: licenses },
    { path: `${own}/changelog.gz`, contents: gzip(Buffer.from(filled("deploy/debian/changelog"))) },
    {
      path: `${DOC}/examples/branchline.yaml`,
      contents: sampleFor(read("deploy/branchline.yaml"), { schema: `/usr/lib/branchline/${SCHEMA}` }),
    },
    { path: `${DOC}/deploy/branchline.yaml`, link: "../examples/branchline.yaml" },
  ];
  return files.map((file) => (isPage(file) ? { ...file, contents: asPackaged(file, files, own) } : file));
}

function isPage({ path }) {
  return path.startsWith(`${DOC}/`) && path.endsWith(".md");
}

/** A page without links to what only the repository has. Debian has the licence in `copyright`. */
function asPackaged({ path, contents }, files, own) {
  const has = (to) => files.some((one) => one.path === `${DOC}/${to}` || one.path.startsWith(`${DOC}/${to}/`));
  return packagedPage(contents, posix.relative(DOC, path), has, { LICENSE: posix.relative(DOC, `${own}/copyright`) });
}

/** The files of the repository that SHIPPED names. */
function shipped(root, read) {
  const deployed = readdirSync(`${root}deploy`, { recursive: true }).map((path) => `deploy/${path}`);
  return [...readdirSync(root), ...deployed].sort().flatMap((path) =>
    SHIPPED.filter(({ from }) => from.test(path)).map(({ from, to, isPacked }) => {
      return { path: path.replace(from, to), contents: isPacked ? gzip(Buffer.from(read(path))) : read(path) };
    }),
  );
}

/** "@NAME@" → its value. */
function fill(text, values) {
  return text.replace(/@([A-Z]+)@/g, (_, name) => {
    if (!values[name]) throw new Error(`nothing to put in for @${name}@`);
    return values[name];
  });
}

function md5sums(files) {
  const sums = files.filter(({ contents }) => contents !== undefined);
  return sums.map(({ path, contents }) => `${createHash("md5").update(contents).digest("hex")}  ${path}\n`).join("");
}
