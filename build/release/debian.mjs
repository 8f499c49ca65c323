/** The .deb for Debian, Ubuntu and Raspberry Pi OS: one for all architectures, since Node is a package there. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { ar, gzip, tarGz } from "../archive.mjs";

const PROGRAM = 0o755;
const SCRIPTS = ["postinst", "prerm", "postrm"];
const DOC = "usr/share/doc/branchline";
/** Completion: where each shell of Debian looks, and the file in deploy/completion. */
const COMPLETION = [
  ["usr/share/bash-completion/completions/branchline", "branchline.bash"],
  ["usr/share/zsh/vendor-completions/_branchline", "_branchline"],
  ["usr/share/fish/vendor_completions.d/branchline.fish", "branchline.fish"],
];

/** As build/release.mjs wants it. */
export async function packages({ version, bundle, epoch_s, root }) {
  const read = (path) => readFileSync(`${root}${path}`, "utf8");
  // In Debian's order of versions 1.0-rc.1 would be later than 1.0, and 1.0~rc.1 is earlier.
  const debianVersion = version.replace("-", "~");
  const DATE = new Date(epoch_s * 1000).toUTCString().replace("GMT", "+0000");
  const manual = readdirSync(`${root}deploy/man`).sort();
  const files = installed({ read, manual, bundle, fields: { VERSION: debianVersion, DATE } });
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
function installed({ read, manual, bundle, fields }) {
  const filled = (path) => gzip(Buffer.from(fill(read(path), fields)));
  return [
    { path: "usr/bin/branchline", mode: PROGRAM, contents: read("deploy/debian/branchline") },
    { path: "usr/lib/branchline/branchline.js", mode: PROGRAM, contents: bundle },
    { path: "usr/lib/branchline/run.sh", mode: PROGRAM, contents: read("deploy/run.sh") },
    { path: "usr/lib/systemd/system/branchline.service", contents: read("deploy/debian/branchline.service") },
    ...manual.map((name) => ({
      path: `usr/share/man/man${name.slice(-1)}/${name}.gz`,
      contents: gzip(Buffer.from(read(`deploy/man/${name}`))),
    })),
    ...COMPLETION.map(([path, name]) => ({ path, contents: read(`deploy/completion/${name}`) })),
    // The default of the key `state`, where a service can't write: any branch's file works here as it is.
    { path: "etc/branchline/state", link: "/var/lib/branchline" },
    { path: `${DOC}/copyright`, contents: copyright(read) },
    { path: `${DOC}/README.md.gz`, contents: gzip(Buffer.from(read("README.md"))) },
    { path: `${DOC}/changelog.gz`, contents: filled("deploy/debian/changelog") },
    { path: `${DOC}/CHANGELOG.md.gz`, contents: gzip(Buffer.from(read("CHANGELOG.md"))) },
    { path: `${DOC}/examples/branchline.yaml`, contents: read("deploy/branchline.yaml") },
  ];
}

/** In Debian's machine-readable form. */
function copyright(read) {
  const [, years = "", rest = ""] = /Copyright \(c\) (.*)\n\n(.*)$/s.exec(read("LICENSE")) ?? [];
  const lines = rest.trimEnd().split("\n");
  const LICENSE = lines.map((line) => ` ${line === "" ? "." : line}`).join("\n");
  return fill(read("deploy/debian/copyright"), { YEARS: years, LICENSE });
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
