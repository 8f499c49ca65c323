/**
 * EdgeOS: branchline-VERSION-edgeos-mipsel.tar.gz (ER-X and its kin), with a Node of its own, and …-mips.tar.gz (the
 * big-endian ones: Lite, 4, 6P, 8, 12), which use Entware's. Each is one folder with 50-branchline, which installs it.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { tarGz } from "../archive.mjs";
import { licensesText, noticesIn } from "../licenses.mjs";
import { SCHEMA, sampleFor } from "./sample.mjs";

const RUNTIME = "dist/edgeos-runtime/";
const BUILDER = "build/edgeos-runtime.mjs";
const EXECUTABLE = 0o755;
/** Where 50-branchline puts all of it. */
const PROGRAM = "/config/data/branchline";
const FILES = [
  ["50-branchline", "post-config.d/50-branchline", EXECUTABLE],
  ["branchline", "deploy/edgeos/branchline", EXECUTABLE],
  ["branchline.service", "deploy/edgeos/branchline.service"],
  [SCHEMA, `deploy/${SCHEMA}`],
  ["run.sh", "deploy/run.sh", EXECUTABLE],
];

/**
 * See FAMILIES in ../release.mjs. Without `withRuntime` there is no package for mipsel.
 * @param {{image: Buffer, licenses: string}} [build.runtime] another node.sqsh, and the licences of what is in it: tests have one
 */
export async function packages({ version, bundle, licenses, epoch_s, root, withRuntime, runtime }) {
  const common = [
    { path: "branchline.js", contents: bundle },
    {
      path: "branchline.yaml",
      contents: sampleFor(readFileSync(`${root}deploy/branchline.yaml`, "utf8"), { schema: `${PROGRAM}/${SCHEMA}` }),
    },
    ...FILES.map(([path, from, mode]) => ({ path, mode, contents: readFileSync(root + from) })),
  ];
  const pack = (machine, node) => {
    const what = node === undefined ? "none" : "node.sqsh";
    const about = `name=branchline\nversion=${version}\nfamily=edgeos\nmachine=${machine}\nruntime=${what}\n`;
    const files = [
      ...common,
      ...(node === undefined ? [] : [{ path: "node.sqsh", contents: node.image }]),
      { path: "LICENSES", contents: node === undefined ? licenses : joined(licenses, node.licenses) },
      { path: "PACKAGE", contents: about },
    ];
    const sums = files.map(({ path, contents }) => `${sha256(contents)}  ${path}\n`).sort();
    const folder = `branchline-${version}`;
    const entries = [...files, { path: "SHA256SUMS", contents: sums.join("") }];
    // A folder that tar makes by itself has the mode that the user's umask gives it.
    const contents = tarGz(entries, { epoch_s, prefix: `${folder}/`, folders: false });
    return { name: `branchline-${version}-edgeos-${machine}.tar.gz`, contents };
  };
  const bigEndian = pack("mips", undefined);
  if (!withRuntime) {
    console.error("release: without the runtime for ER-X, and so without the package edgeos-mipsel");
    return [bigEndian];
  }
  return [bigEndian, pack("mipsel", runtime ?? buildRuntime(root))];
}

/** Two texts of LICENSES as one. */
function joined(one, other) {
  return licensesText([...noticesIn(one), ...noticesIn(other)]);
}

/** The runtime for mipsel. Its builder knows whether what lies there is of today. */
function buildRuntime(root) {
  const { status } = spawnSync(process.execPath, [root + BUILDER], { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0 || !existsSync(`${root}${RUNTIME}node.sqsh`)) {
    throw new Error(`release: ${BUILDER} made no ${RUNTIME}node.sqsh: cure that, or say --without-runtime`);
  }
  const read = (name) => readFileSync(`${root}${RUNTIME}${name}`);
  return { image: read("node.sqsh"), licenses: read("LICENSES").toString() };
}

function sha256(contents) {
  return createHash("sha256").update(contents).digest("hex");
}
