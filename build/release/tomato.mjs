/**
 * FreshTomato: branchline-VERSION-tomato-mips.tar.gz and …-arm.tar.gz, with the binary that needs no Node: none works on these routers.
 * Each is one folder with install.sh, which puts it on JFFS or on a USB disk.
 */
import { readFileSync } from "node:fs";
import { tarGz } from "../archive.mjs";
import { SCHEMA, sampleFor } from "./sample.mjs";

/** What FreshTomato calls the processor → the binary's target. */
const MACHINES = { arm: "armv5", mips: "mipsel" };
const EXECUTABLE = 0o755;
const SCRIPTS = [
  ["branchline", "deploy/tomato/branchline"],
  ["healthy.sh", "deploy/healthy.sh"],
  ["install.sh", "deploy/tomato/install.sh"],
  ["respawn.sh", "deploy/respawn.sh"],
  ["run.sh", "deploy/run.sh"],
  ["service.sh", "deploy/tomato/service.sh"],
];

/** As build/release.mjs wants it: a package for each machine whose binary is there. */
export async function packages({ version, epoch_s, root, native }) {
  const read = (path) => readFileSync(root + path, "utf8");
  const possible = Object.entries(MACHINES).filter(([, target]) => native.binaries.has(target));
  return possible.map(([machine, target]) => {
    const files = [
      ...SCRIPTS.map(([path, from]) => ({ path, mode: EXECUTABLE, contents: read(from) })),
      { path: "branchline-static", mode: EXECUTABLE, contents: native.binaries.get(target) },
      { path: "LICENSES", contents: native.licenses },
      { path: SCHEMA, contents: read(`deploy/${SCHEMA}`) },
      {
        path: "branchline.yaml.sample",
        // It lies beside the schema, on whatever disk that is.
        contents: sampleFor(read("deploy/branchline.yaml"), { schema: `./${SCHEMA}` }),
      },
    ];
    const prefix = `branchline-${version}/`;
    return {
      name: `branchline-${version}-tomato-${machine}.tar.gz`,
      contents: tarGz(files, { epoch_s, prefix, folders: false }),
    };
  });
}
