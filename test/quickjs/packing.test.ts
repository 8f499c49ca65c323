/** How modules lie in the binary: packing.c, streams.c and build/native/pack.c with test/quickjs/support/packing-trial.c, which damages one. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeUnless } from "../peers/support/peers.ts";
import { whyNoHost } from "./support/host-binary.ts";

interface Module {
  readonly name: string;
  readonly text: string;
}
interface Sources {
  readonly CACHE: string;
  sourceFolder(name: string, cache: string): Promise<string>;
}
interface Bytecode {
  bytecode(modules: readonly Module[], order: "le", cache: string): Promise<readonly { readonly path: string }[]>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const NATIVE = join(root, "src/io/quickjs/native");
const FILES = [
  join(NATIVE, "packing.c"),
  join(NATIVE, "streams.c"),
  join(root, "build/native/pack.c"),
  join(root, "test/quickjs/support/packing-trial.c"),
];
const FLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fwrapv", "-I", NATIVE];
const SANITIZED = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"];
const LIMIT_MS = 600_000;
/** Something of all that a module's bytecode has. */
const TEXT = `import { pid } from "native";
export { pid as number } from "native";
export const far = 70000, texts = ["ä", "日本", /a+b/gi, 1.5, -3, 12345678901234567890n, null, undefined, true, false];
export class One { #own = 1; get own() { return this.#own; } static make(...parts) { return new One(...parts); } }
export async function* all(list) { for await (const one of list) { try { yield one?.next ?? far; } finally { pid(); } } }
export default (a, b = 2, { c, ...rest } = {}) => { let sum = 0; for (let i = 0; i < a; i++) sum += (() => i * b)(); return [sum, c, rest]; };
export const many = [${Array.from({ length: 300 }, (_, index) => `{ key${index}: () => "text ${index}" }`).join(", ")}];`;

const imported = <T>(path: string) => import(new URL(`../../build/native/${path}`, import.meta.url).href) as Promise<T>;

describeUnless(await whyNoHost(), "packed bytecode", () => {
  let folder = "";
  let program = "";
  let packed = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "branchline-packing-"));
    const { sourceFolder, CACHE } = await imported<Sources>("sources.mjs");
    const { bytecode } = await imported<Bytecode>("bytecode.mjs");
    packed = (await bytecode([{ name: "all.js", text: TEXT }], "le", CACHE))[0]?.path ?? "";
    program = join(folder, "trial");
    const headers = ["-isystem", await sourceFolder("quickjs", CACHE)];
    execFileSync("gcc", [...FLAGS, ...headers, ...SANITIZED, ...FILES, "-o", program]);
  }, LIMIT_MS);
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is shorter, and the same again; with octets changed or cut off it ends too, and the sanitizers find nothing", () => {
    const said = execFileSync(program, [packed], { encoding: "utf8" });
    const [, whole = 0, unpacked = 0, repacked = 0] = (/^whole (\d+)\ndamaged (\d+) (\d+)\n$/.exec(said) ?? []).map(
      Number,
    );
    console.log(said.trim());
    expect(readFileSync(packed).length).toBeLessThan(0.9 * whole);
    // Neither all nor none: most changes are of a text or an operand, others of a length or an opcode.
    for (const times of [unpacked, repacked]) {
      expect(times).toBeGreaterThan(20);
      expect(times).toBeLessThan(980);
    }
  });
});
