/** The schema by which editors check a configuration: every package brings it, and its sample says where. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { yamlOf } from "../../src/setup/init/draft.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { debOf, filesOf } from "./support/deb.ts";
import { makePackage, unpackInto, VERSION } from "./support/edgeos-package.ts";
import { packages } from "./support/release.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SCHEMA = readFileSync(`${ROOT}deploy/branchline.schema.json`, "utf8");

cleanUpAfterEach();

/** The absolute path in a sample's first line. */
function namedIn(sample: string): string {
  const [, path = ""] = /^# yaml-language-server: \$schema=(\/\S+)\n/.exec(sample) ?? [];
  expect(path).not.toBe("");
  return path;
}

test.each([
  ["entware", "opt/etc/branchline.yaml.sample"],
  ["openwrt", "etc/branchline.yaml.sample"],
])("%s", async (family, sample) => {
  const { tree } = await packages(family, "1.0.0");
  const inTar = (path: string) => execFileSync("tar", ["-xzOf", "-", path], { input: tree.contents, encoding: "utf8" });
  const text = inTar(sample);
  expect(inTar(namedIn(text).slice(1))).toBe(SCHEMA);
  // Where it isn't the folder beside the file.
  expect(text).toMatch(/^state: \/.+$/m);
});

test("Debian", async () => {
  const files = filesOf((await debOf(VERSION)).contents);
  const samples = [...files].filter(([path]) => basename(path) === "branchline.yaml");
  expect(samples.length).toBeGreaterThan(0);
  for (const [, sample] of samples) expect(files.get(namedIn(sample.toString()).slice(1))?.toString()).toBe(SCHEMA);
});

test("EdgeOS, in the folder to which 50-branchline copies the package", async () => {
  const folder = unpackInto(temporaryFolder(), await makePackage({ machine: "mips" }));
  const path = namedIn(readFileSync(join(folder, "branchline.yaml"), "utf8"));
  const [, program = ""] =
    /^program=\$data\/(.*)$/m.exec(readFileSync(`${ROOT}post-config.d/50-branchline`, "utf8")) ?? [];
  expect(path).toBe(`/config/data/${program}/branchline.schema.json`);
  expect(readFileSync(join(folder, basename(path)), "utf8")).toBe(SCHEMA);
});

test("init finds it beside the program, and names it in the first line; where it isn't installed there is no such line", () => {
  expect(existsSync(`${ROOT}dist/branchline.schema.json`)).toBe(true);
  const words = ["--yes", "--hear", "0", "--localnet", "127.0.0.0/24", "--upstream", "none", "--gateway", "none"];
  const line = ["init", ...words, "--members", "none", "--listen", "127.0.0.1", "-c", "-"];
  const text = execFileSync(process.execPath, [`${ROOT}dist/branchline.js`, ...line], { encoding: "utf8" });
  expect(readFileSync(namedIn(text), "utf8")).toBe(SCHEMA);
  expect(yamlOf({}, { state: undefined, isBehindNat: false })).not.toContain("$schema");
});
