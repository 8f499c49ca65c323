/**
 * All scenarios and all of conformance are played inside a binary, against the same golden ladders as under Node: the core comes to the
 * same in both engines. With BRANCHLINE_LONG=1 by the big-endian processor too.
 */
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { BINARIES, binaryLane } from "../lanes/binaries.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { wordsOf } from "../support/program.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const OUT = "dist/native/scenarios";
/** They replace parts of the core, or read the tests' own sources. */
const NOT_THESE = ["plans-as-json.test.ts", "requirements.test.ts"];
const LIMIT_MS = 900_000;
const targets = process.env["BRANCHLINE_LONG"] === "1" ? ["amd64", "mips"] : ["amd64"];

const tests = ["scenario", "conformance"].flatMap((folder) =>
  readdirSync(`${root}test/${folder}`)
    .filter((name) => name.endsWith(".test.ts") && !NOT_THESE.includes(name))
    .map((name) => `test/${folder}/${name}`),
);

/** A program that plays them all. */
function entry(): string {
  mkdirSync(`${root}${OUT}`, { recursive: true });
  const imports = tests.map((file) => `import "../../../${file}";`).join("\n");
  const file = `${OUT}/scenarios.ts`;
  writeFileSync(
    `${root}${file}`,
    `${imports}
import { runAll } from "../../../test/native/scenarios/collect.ts";
runAll((line) => void process.stdout.write(\`\${line}\\n\`)).then((isWell) => { process.exitCode = isWell ? 0 : 1; });
`,
  );
  return file;
}

for (const kind of BINARIES.filter(({ target }) => targets.includes(target))) {
  const { name, program, missing } = await binaryLane(kind, {
    out: `${root}${OUT}`,
    entryPoints: { main: entry() },
    aliases: { vitest: "test/native/scenarios/collect.ts", "node:url": "test/native/scenarios/url.ts" },
  });
  describeUnless(missing === undefined ? [] : [missing], name, () => {
    test("the scenarios' ladders are as under Node", { timeout: LIMIT_MS }, async () => {
      const [command = "", ...first] = wordsOf(program);
      const env = { ...process.env, BRANCHLINE_REPOSITORY: root.replace(/\/$/, "") };
      const { stdout } = await promisify(execFile)(command, first, { env, maxBuffer: 1e8 }).catch(
        (error: { stdout?: string }) => ({ stdout: error.stdout ?? String(error) }),
      );
      const [, passed, all] = /(\d+) of (\d+) passed\n$/.exec(stdout) ?? [];
      expect(stdout.split("\n").filter((line) => line.startsWith("FAILED"))).toEqual([]);
      expect(Number(all)).toBeGreaterThan(900);
      expect(passed).toBe(all);
    });
  });
}
