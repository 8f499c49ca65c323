/**
 * Each binary, with a small program in it, on the oldest processor that it is for, by qemu-user: what is checked of it when it is
 * built, and that it calculates as Node does.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeUnless } from "../peers/support/peers.ts";
import { results } from "./programs/arithmetic.ts";
import { said } from "./programs/part.ts";
import { type Built, buildNative, commandOf, readTargets, whyNotBuilt, whyNotRun } from "./support/build.ts";

/** Where nothing is in the cache yet, on a busy machine. */
const BUILD_LIMIT_MS = 1_800_000;
/** Those of routers. musl's square root for i386 rounds twice, and no router gets that one. */
const targets = Object.entries(readTargets()).flatMap(([name, { musl, forTestsOnly }]) =>
  musl === undefined || forTestsOnly === true ? [] : [name],
);
const PROGRAM = { main: "test/native-build/programs/main.ts" };

/** As the program writes it: ASCII. */
const ascii = (text: string) =>
  text.replace(/[^\x20-\x7e\n]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);

describeUnless([...whyNotBuilt(targets), ...whyNotRun(targets)], "static binaries", () => {
  const folder = mkdtempSync(join(tmpdir(), "branchline-native-test-"));
  const built = new Map<string, Built>();

  beforeAll(async () => {
    for (const one of await buildNative(targets, { out: folder, entryPoints: PROGRAM })) built.set(one.target, one);
  }, BUILD_LIMIT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(targets)("%s calculates as Node does, and loads what is embedded", (name) => {
    const [program = "", ...argv] = commandOf(name, built.get(name)?.path ?? "");
    const { stdout, stderr, status } = spawnSync(program, argv, { encoding: "utf8" });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    expect(stdout.split("\n")).toEqual(`${ascii(results())}\n${said}`.split("\n"));
  });
});
