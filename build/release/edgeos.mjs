/**
 * EdgeOS: branchline-VERSION-edgeos-mipsel.tar.gz (ER-X and its kin) with the binary, …-mipsel-node.tar.gz with a Node of its own beside
 * that, and …-mips.tar.gz (the big-endian ones: Lite, 4, 6P, 8, 12) with the binary and the bundle, for Entware's Node. Each is one folder
 * with 50-branchline, which installs it.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { tarGz } from "../archive.mjs";
import { demandTools } from "../edgeos-runtime/tools.mjs";
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
  ["healthy.sh", "deploy/healthy.sh", EXECUTABLE],
  ["vrrp-follow.sh", "deploy/edgeos/vrrp-follow.sh", EXECUTABLE],
];

/**
 * See FAMILIES in ../release.mjs. Without `withRuntime`, or without the tools that build it, there is no package mipsel-node; without a
 * binary none is in the packages, and there is no package mipsel.
 * @param {{image: Buffer, licenses: string}} [build.runtime] another node.sqsh, and the licences of what is in it: tests have one
 */
export async function packages({ version, bundle, licenses, epoch_s, root, withRuntime, native, runtime }) {
  const common = [
    {
      path: "branchline.yaml",
      contents: sampleFor(readFileSync(`${root}deploy/branchline.yaml`, "utf8"), { schema: `${PROGRAM}/${SCHEMA}` }),
    },
    ...FILES.map(([path, from, mode]) => ({ path, mode, contents: readFileSync(root + from) })),
  ];
  const pack = (machine, { hasBundle, node, suffix = "" }) => {
    const binary = native?.binaries.get(machine);
    const parts = [
      ...(binary === undefined
        ? []
        : [
            {
              engine: "binary",
              licenses: native.licenses,
              path: "branchline-static",
              mode: EXECUTABLE,
              contents: binary,
            },
          ]),
      ...(hasBundle ? [{ engine: "node", licenses, path: "branchline.js", contents: bundle }] : []),
    ];
    const texts = [...parts.map((part) => part.licenses), ...(node === undefined ? [] : [node.licenses])];
    const about = {
      name: "branchline",
      version,
      family: "edgeos",
      machine,
      runtime: node === undefined ? "none" : "node.sqsh",
      engines: parts.map(({ engine }) => engine).join(" "),
    };
    const files = [
      ...common,
      ...parts.map(({ path, mode, contents }) => ({ path, mode, contents })),
      ...(node === undefined ? [] : [{ path: "node.sqsh", contents: node.image }]),
      { path: "LICENSES", contents: joined(texts) },
      {
        path: "PACKAGE",
        contents: Object.entries(about)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(""),
      },
    ];
    const sums = files.map(({ path, contents }) => `${sha256(contents)}  ${path}\n`).sort();
    const folder = `branchline-${version}`;
    const entries = [...files, { path: "SHA256SUMS", contents: sums.join("") }];
    // A folder that tar makes by itself has the mode that the user's umask gives it.
    const contents = tarGz(entries, { epoch_s, prefix: `${folder}/`, folders: false });
    return { name: `branchline-${version}-edgeos-${machine}${suffix}.tar.gz`, contents };
  };
  const all = [pack("mips", { hasBundle: true })];
  if (native?.binaries.has("mipsel")) all.push(pack("mipsel", { hasBundle: false }));
  const node = runtime ?? runtimeOf(root, withRuntime);
  if (node !== undefined) all.push(pack("mipsel", { hasBundle: true, node, suffix: "-node" }));
  return all;
}

/** Undefined, after it is said why: it isn't wanted, or this machine lacks the tools. */
function runtimeOf(root, withRuntime) {
  const without = "release: without the runtime for ER-X, and so without the package edgeos-mipsel-node";
  if (!withRuntime) {
    console.error(without);
    return undefined;
  }
  try {
    demandTools();
  } catch (error) {
    console.error(`${without}: ${error.message}`);
    return undefined;
  }
  return buildRuntime(root);
}

/** Texts of LICENSES as one, in which nothing is there twice. */
function joined(texts) {
  const notices = texts.flatMap(noticesIn).map((notice) => [JSON.stringify(notice), notice]);
  return licensesText([...new Map(notices).values()]);
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
