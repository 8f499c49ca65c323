/**
 * The modules by Node's names do what Node's do, for a table of cases: values, errors, and their words. The same program is run
 * three times, each time in an empty folder: by Node, with our modules over Node's, and with our modules over the C host.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeProgram, runBinary } from "./support/binary.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAM = "test/quickjs/programs/modules.ts";
const FAKE = "test/quickjs/support/fake-native.ts";
const LOADER = join(root, "test/quickjs/support/nodes.mjs");
const WORDS = ["a", "b c", "ü"];
const VARIABLES = { GREETING: "Grüß Gott", EMPTY: "" };

type Outcomes = Readonly<Record<string, unknown>>;

interface Bundling {
  nativeBundle(
    entryPoints: Readonly<Record<string, string>>,
    aliases: Readonly<Record<string, string>>,
  ): Promise<{ readonly modules: readonly { readonly name: string; readonly text: string }[] }>;
}

let folder = "";
let expected: Outcomes = {};

/** An empty one to run in. */
function emptyFolder(name: string): string {
  const cwd = join(folder, name);
  mkdirSync(cwd);
  return cwd;
}

/** What has been printed. Every path of the folder is told as if it were the same. */
function read(text: string, cwd: string): Outcomes {
  return JSON.parse(text.split(cwd).join("HERE")) as Outcomes;
}

function outcomesOf(name: string, words: readonly string[]): Outcomes {
  const cwd = emptyFolder(name);
  const env = { ...process.env, ...VARIABLES };
  const text = execFileSync(process.execPath, [...words, ...WORDS], { cwd, env, encoding: "utf8", input: "" });
  return read(text, cwd);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "branchline-modules-"));
  const outfile = join(folder, "nodes.mjs");
  await build({ absWorkingDir: root, entryPoints: [PROGRAM], outfile, bundle: true, format: "esm", platform: "node" });
  expected = outcomesOf("node", [outfile]);
});

afterAll(() => rmSync(folder, { recursive: true }));

test("Node itself comes to something in each case", () => {
  expect(Object.keys(expected).length).toBeGreaterThan(100);
  expect(Object.values(expected).filter((one) => JSON.stringify(one).includes("thrown")).length).toBeGreaterThan(30);
});

test("over Node's own modules", async () => {
  const { nativeBundle } = (await import(new URL("../../build/native/bundle.mjs", import.meta.url).href)) as Bundling;
  const { modules } = await nativeBundle({ main: PROGRAM }, { native: FAKE });
  for (const { name, text } of modules) writeFileSync(join(folder, name.replace(/\.js$/, ".mjs")), text);
  expect(outcomesOf("fake", [LOADER, join(folder, "main.mjs")])).toEqual(expected);
});

await describeProgram("over the C host", "modules.ts", (path) => {
  test("all of it", async () => {
    const cwd = emptyFolder("host");
    const { status, out, error } = await runBinary(path(), WORDS, { cwd, variables: VARIABLES });
    expect({ status, error }).toEqual({ status: 0, error: "" });
    expect(read(out, cwd)).toEqual(expected);
  });
});
