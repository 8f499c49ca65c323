/** Modules as packed bytecode, and the table of them that is linked into the binary (src/io/quickjs/native/embedded.h). */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { engineFor } from "./engine.mjs";
import { FOLDER as HOST } from "./host.mjs";
import { hashOf, keepWhole, run } from "./run.mjs";
import { emulatorOf, readTargets } from "./targets.mjs";
import { compile, link } from "./toolchain.mjs";

/** Whose engine makes it: the same bytes come from every processor with the same order of bytes. */
const MAKERS = { le: "dev", be: "mips" };
/** With the walk through a module that the binary unpacks it by. */
const COMPILER = [
  ...["compile.c", "pack.c"].map((name) => fileURLToPath(new URL(name, import.meta.url))),
  ...["packing.c", "streams.c"].map((name) => join(HOST, name)),
];

/**
 * @param {readonly {name: string, text: string}[]} modules
 * @param {"le" | "be"} order of bytes
 * @param {string} cache
 * @returns {Promise<{name: string, path: string, length: number}[]>} of each module, where its bytecode is kept, packed
 * @throws when a module isn't JavaScript as the engine knows it
 */
export async function bytecode(modules, order, cache) {
  const target = readTargets()[MAKERS[order]];
  const engine = await engineFor(target, cache);
  const headers = ["packing.h", "streams.h"].map((name) => join(HOST, name));
  const recipe = hashOf(engine.recipe, ...[...COMPILER, ...headers].map((path) => readFileSync(path)));
  const compiler = await keepWhole(join(cache, `compiler-${recipe}`), async (part) => {
    const flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fwrapv", "-I", HOST, "-isystem", engine.headers];
    const objects = await compile(target, COMPILER, { folder: part, musl: engine.musl, flags });
    await link(target, engine, objects, join(part, "compile"));
  });
  const texts = modules.flatMap(({ name, text }) => [name, text]);
  const folder = await keepWhole(join(cache, `bytecode-${hashOf(recipe, ...texts)}`), async (part) => {
    for (const { name, text } of modules) writeFileSync(join(part, name), text);
    const command = [join(compiler, "compile"), part, part, ...modules.map(({ name }) => name)];
    const runner = order === "be" ? [emulatorOf(target.emulator[0])] : [];
    const [first, ...rest] = [...runner, ...command];
    await run(first, rest);
  });
  return modules.map(({ name }) => {
    const path = join(folder, `${name}.bin`);
    return { name, path, length: readFileSync(path).length };
  });
}

/**
 * Writes the table as C and assembly.
 * @param {Awaited<ReturnType<typeof bytecode>>} modules in the order of their names
 * @param {string} folder
 * @returns {string[]} the files to compile
 */
export function writeTable(modules, folder) {
  mkdirSync(folder, { recursive: true });
  const rows = modules.map(({ name, length }, index) => `\t{ ${JSON.stringify(name)}, module_${index}, ${length} },\n`);
  const declared = modules.map((_, index) => `extern const uint8_t module_${index}[];\n`);
  const table = `#include "embedded.h"

${declared.join("")}
const struct embedded_module embedded_modules[] = {
${rows.join("")}};
const uint32_t embedded_modules_count = ${modules.length};
`;
  const blobs = modules.map(
    ({ path }, index) => `\t.balign 8\n\t.globl module_${index}\nmodule_${index}:\n\t.incbin ${JSON.stringify(path)}\n`,
  );
  const assembly = `\t.section .rodata.modules, "a"\n${blobs.join("")}\t.section .note.GNU-stack, ""\n`;
  const files = { "embedded-table.c": table, "embedded-bytes.s": assembly };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return Object.keys(files).map((name) => join(folder, name));
}
