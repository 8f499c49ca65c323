/** `branchline version`: what runs here, in the words of a report about a fault. */
import { ENGINE } from "../io/node/engine.ts";
import { print, printJson } from "./paper.ts";

/** One line, without its end: "branchline 0.1.0 (commit 0123456789ab of 2026-01-01T00:00:00Z), Node 12.22.12, linux mipsel". */
export function versionText(): string {
  const { version, commit, built, engine, platform, arch } = versionFacts();
  return `branchline ${version} (commit ${commit} of ${built}), ${engine}, ${platform} ${arch}`;
}

export function printVersion(asJson: boolean): void {
  if (asJson) printJson(versionFacts());
  else print(`${versionText()}\n`);
}

function versionFacts() {
  return {
    version: BRANCHLINE_VERSION,
    commit: BRANCHLINE_COMMIT,
    built: BRANCHLINE_BUILT,
    engine: ENGINE,
    platform: process.platform,
    arch: process.arch,
  };
}
