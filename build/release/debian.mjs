/** The .deb for Debian, Ubuntu and Raspberry Pi OS: one for all architectures, since Node is a package there. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { ar, gzip, tarGz } from "../archive.mjs";
import { copyrightFile } from "./debian-copyright.mjs";
import { SCHEMA, sampleFor } from "./sample.mjs";

const PROGRAM = 0o755;
const SCRIPTS = ["postinst", "prerm", "postrm"];
const DOC = "usr/share/doc/branchline";
/** Where each kind of file goes, by its path in the repository: a new file needs no change here. */
const SHIPPED = [
  { from: /^deploy\/man\/([^/]+\.([1-9]))$/, to: "usr/share/man/man$2/$1.gz", isPacked: true },
  { from: /^deploy\/completion\/[^/]+\.bash$/, to: "usr/share/bash-completion/completions/branchline" },
  { from: /^deploy\/completion\/(?:[^/]+\.zsh|_branchline)$/, to: "usr/share/zsh/vendor-completions/_branchline" },
  { from: /^deploy\/completion\/[^/]+\.fish$/, to: "usr/share/fish/vendor_completions.d/branchline.fish" },
  // As in the repository, and not packed: the links of pages to each other name them so.
  { from: /^((?:README|CHANGELOG|SECURITY|deploy\/.+)\.md)$/, to: `${DOC}/$1` },
];

/** As build/release.mjs wants it. */
export async function packages({ version, bundle, licenses, epoch_s, root }) {
  const read = (path) => readFileSync(`${root}${path}`, "utf8");
  // In Debian's order of versions 1.0-rc.1 would be later than 1.0, and 1.0~rc.1 is earlier.
  const debianVersion = version.replace("-", "~");
  const DATE = new Date(epoch_s * 1000).toUTCString().replace("GMT", "+0000");
  const files = installed({ read, root, bundle, licenses, fields: { VERSION: debianVersion, DATE } });
  const bytes = files.reduce((sum, { contents = "" }) => sum + Buffer.byteLength(contents), 0);
  const control = [
    {
      path: "control",
      contents: fill(read("deploy/debian/control"), { VERSION: debianVersion, SIZE: Math.ceil(bytes / 1024) }),
    },
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
  return [{ name: `branchline_${debianVersion}_all.deb`, contents }];
}

/**
 * The file in /etc is none of the package's: a sample there would be asked about at each upgrade that changes it, and
 * unattended ones would stop.
 */
function installed({ read, root, bundle, licenses, fields }) {
  const filled = (path) => gzip(Buffer.from(fill(read(path), fields)));
  return [
    { path: "usr/bin/branchline", mode: PROGRAM, contents: read("deploy/debian/branchline") },
    { path: "usr/lib/branchline/branchline.js", mode: PROGRAM, contents: bundle },
    { path: `usr/lib/branchline/${SCHEMA}`, contents: read(`deploy/${SCHEMA}`) },
    { path: "usr/lib/branchline/run.sh", mode: PROGRAM, contents: read("deploy/run.sh") },
    { path: "usr/lib/systemd/system/branchline.service", contents: read("deploy/debian/branchline.service") },
    { path: "usr/share/lintian/overrides/branchline", contents: read("deploy/debian/lintian-overrides") },
    // The default of the key `state`, where a service can't write: any branch's file works here as it is.
    { path: "etc/branchline/state", link: "/var/lib/branchline" },
    ...shipped(root, read),
    { path: `${DOC}/copyright`, contents: copyrightFile(licenses) },
    { path: `${DOC}/LICENSES`, contents: licenses },
    { path: `${DOC}/changelog.gz`, contents: filled("deploy/debian/changelog") },
    {
      path: `${DOC}/examples/branchline.yaml`,
      contents: sampleFor(read("deploy/branchline.yaml"), { schema: `/usr/lib/branchline/${SCHEMA}` }),
    },
    { path: `${DOC}/deploy/branchline.yaml`, link: "../examples/branchline.yaml" },
  ];
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
