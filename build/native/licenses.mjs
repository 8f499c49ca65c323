/** LICENSES beside the native binaries: branchline's, its npm packages', and those of what each binary is linked with. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bundledNotices } from "../licenses.mjs";
import { root } from "../program.mjs";
import { readPins, sourceFolder } from "./sources.mjs";

/** Of libgcc some files of the compiler's own are linked into each binary, or those that are built here. */
const LIBGCC_TEXT = `Debian's package of gcc's source. libgcc lies in each binary in part: what its compiler calls where the processor has no
instruction for it. For the runtime library of a compiler this exception holds; parts of it, for floating point, begin with the
notice that stands behind it.`;

/** Source → its licence's text, from the folder of the source. */
const TEXTS = {
  quickjs: (folder) => textOf(folder, "LICENSE"),
  musl: (folder) => textOf(folder, "COPYRIGHT"),
  libgcc: (folder) =>
    [LIBGCC_TEXT, textOf(folder, "COPYING.RUNTIME"), firstComment(textOf(folder, "libgcc/soft-fp/adddf3.c"))].join(
      "\n\n",
    ),
};

/**
 * @param {readonly string[]} files all that are bundled, absolute
 * @param {string} cache
 * @returns {Promise<import("../licenses.mjs").Notice[]>} branchline's own first
 * @throws when a package has no licence
 */
export async function nativeNotices(files, cache) {
  const sources = readPins().map(async ({ name, version, license }) => {
    const text = TEXTS[name](await sourceFolder(name, cache));
    return { name, version, license, text };
  });
  return [...bundledNotices(files, root), ...(await Promise.all(sources))];
}

function textOf(folder, name) {
  return readFileSync(join(folder, name), "utf8").trim();
}

/** Without the marks of a comment. */
function firstComment(text) {
  const [, comment] = /^\/\*([\s\S]*?)\*\//.exec(text);
  return comment.replace(/^ {1,3}/gm, "").trim();
}
