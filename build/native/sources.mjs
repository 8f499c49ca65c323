/**
 * The sources of the native binary: pinned in sources.json, fetched, checked, unpacked, and changed in the few lines that we
 * need otherwise. Nothing of them is in the repository.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tar } from "../archive.mjs";
import { cacheFolder, fetchPinned, sha256Of } from "../debian-mirror.mjs";
import { hashOf, keepWhole } from "./run.mjs";

/**
 * @typedef {object} Source
 * @property {string} name
 * @property {string} version Debian's
 * @property {string} license short names
 * @property {readonly {path: string, sha256: string, excerpt?: {name: string, sha256: string}}[]} files
 */

const PINS = fileURLToPath(new URL("sources.json", import.meta.url));
const ADVICE = `- take them from the folder of sources beside a release, and put them there, or
- pin what the mirror has now in build/native/sources.json; then build and test.`;

/** Of gcc's 80 MB: floating point without a unit for it, for processors whose libgcc Debian builds for one; the licence. */
const EXCERPT = [
  "*/libgcc/soft-fp",
  "*/libgcc/config/mips/sfp-machine.h",
  "gcc-*/include/longlong.h",
  "gcc-*/COPYING.RUNTIME",
];

/** Of Math what nothing of ours counts with: with the C library's share of it 30 kB on a processor without floating point. */
export const LEFT_OUT_OF_MATH = [
  ...["acos", "asin", "atan", "cos", "exp", "sin", "tan", "cosh", "sinh", "tanh", "acosh", "asinh", "atanh"],
  ...["expm1", "log1p", "log2", "log10", "cbrt", "atan2", "hypot"],
];

/** What we change: [source, file, what is there, what we put in its place, how often it is there]. */
const CHANGES = [
  // Atomics of 8 bytes would need libatomic on 32-bit processors, and there are no threads.
  ["quickjs", "quickjs.c", "\n#define CONFIG_ATOMICS\n", "\n", 1],
  // Where there is no memory for an error, null is thrown, which has no stack: without this it would throw again, without end.
  ["quickjs", "quickjs.c", "    if (add_backtrace) {\n", "    if (add_backtrace && !JS_IsNull(obj)) {\n", 1],
  // Constants are read 8 bytes at a time: ARMv5 can't do that where their table doesn't begin at a multiple of 8.
  [
    "quickjs",
    "quickjs.c",
    "    cpool_offset = function_size;\n",
    "    function_size = (function_size + 7) & ~7;\n    cpool_offset = function_size;\n",
    2,
  ],
  // The error that gets a stack is freed where there is no memory for it, because another one is thrown then: hold it.
  [
    "quickjs",
    "quickjs.c",
    '    js_dbuf_init(ctx, &dbuf);\n    if (filename) {\n        dbuf_printf(&dbuf, "    at %s"',
    '    JS_DupValue(ctx, error_obj);\n    js_dbuf_init(ctx, &dbuf);\n    if (filename) {\n        dbuf_printf(&dbuf, "    at %s"',
    1,
  ],
  [
    "quickjs",
    "quickjs.c",
    "    JS_DefinePropertyValue(ctx, error_obj, JS_ATOM_stack, str,\n                           JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);\n}\n",
    "    JS_DefinePropertyValue(ctx, error_obj, JS_ATOM_stack, str,\n                           JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);\n    JS_FreeValue(ctx, error_obj);\n}\n",
    1,
  ],
  // A text whose octets find no memory isn't kept for ever.
  [
    "quickjs",
    "quickjs.c",
    "        if (!str_new)\n            goto fail;\n        q = str_new->u.str8;\n",
    "        if (!str_new) {\n            JS_FreeValue(ctx, val);\n            goto fail;\n        }\n        q = str_new->u.str8;\n",
    2,
  ],
  // Bytecode without places in the code has no file name for `import()`, which needs none: all modules lie in one folder.
  [
    "quickjs",
    "quickjs.c",
    "            if (!b->has_debug)\n                return JS_ATOM_NULL;\n            return JS_DupAtom",
    "            if (!b->has_debug)\n                return JS_ATOM_empty_string;\n            return JS_DupAtom",
    1,
  ],
  // Neither \p{…} in patterns nor normalize(): Node on the routers has no tables for them either, so nothing of ours uses them.
  [
    "quickjs",
    "libunicode.h",
    "/* define it to include all the unicode tables (40KB larger) */\n#define CONFIG_ALL_UNICODE\n",
    "",
    1,
  ],
  // The names of what a function captures are no use either where it has no variables of its own.
  [
    "quickjs",
    "quickjs.c",
    "    if (fd->arg_count + fd->var_count > 0) {\n        if (fd->strip_debug",
    "    if (fd->arg_count + fd->var_count + fd->closure_var_count > 0) {\n        if (fd->strip_debug",
    1,
  ],
  // No check that a `let` is reached before it is read, where only its own function reads it: TypeScript has made sure of that.
  [
    "quickjs",
    "quickjs.c",
    "    if (resolve_variables(ctx, fd))\n",
    `    for (idx = 0; idx < fd->var_count; idx++) {
        if (!fd->vars[idx].is_captured && fd->vars[idx].var_name != JS_ATOM_this)
            fd->vars[idx].is_lexical = FALSE;
    }
    if (resolve_variables(ctx, fd))\n`,
    1,
  ],
  [
    "quickjs",
    "quickjs.c",
    "                            } else {\n                                /* XXX: should check if variable can be used",
    "                            } else if (vd->is_lexical) {\n                                /* XXX: should check if variable can be used",
    1,
  ],
  ...LEFT_OUT_OF_MATH.map((name) => ["quickjs", "quickjs.c", `    ${entryOfMath(name)},\n`, "", 1]),
  // All is compiled to be small, but for where the time goes.
  [
    "quickjs",
    "quickjs.c",
    "static JSValue JS_CallInternal(JSContext *caller_ctx,",
    '__attribute__((optimize("O2")))\nstatic JSValue JS_CallInternal(JSContext *caller_ctx,',
    1,
  ],
  // A text is looked for by its first character, with memchr, and no longer by a call for each place.
  [
    "quickjs",
    "quickjs.c",
    "        for (i = start;; i += inc) {\n            if (!string_cmp(p, p1, i, 0, v_len)) {\n",
    `        for (i = start;; i += inc) {\n${toFirstCharacter("inc > 0 && ")}            if (!string_cmp(p, p1, i, 0, v_len)) {\n`,
    1,
  ],
  [
    "quickjs",
    "quickjs.c",
    "        for (i = start;; i++) {\n            if (!string_cmp(p, p1, i, 0, v_len)) {\n",
    `        for (i = start;; i++) {\n${toFirstCharacter("")}            if (!string_cmp(p, p1, i, 0, v_len)) {\n`,
    1,
  ],
];

/** A line of the engine's table of Math. */
function entryOfMath(name) {
  if (name === "hypot") return 'JS_CFUNC_DEF("hypot", 2, js_math_hypot )';
  return name === "atan2"
    ? 'JS_CFUNC_SPECIAL_DEF("atan2", 2, f_f_f, atan2 )'
    : `JS_CFUNC_SPECIAL_DEF("${name}", 1, f_f, ${name} )`;
}

/** Goes on from `i` to where `p` has the first character of `p1`, `stop` at the last; leaves the loop where there is none. */
function toFirstCharacter(condition) {
  return `            if (${condition}v_len > 0 && !p->is_wide_char && !p1->is_wide_char) {
                const uint8_t *at = memchr(p->u.str8 + i, p1->u.str8[0], stop - i + 1);
                if (!at)
                    break;
                i = at - p->u.str8;
            }
`;
}

/** @returns {Source[]} */
export function readPins() {
  return JSON.parse(readFileSync(PINS, "utf8"));
}

/** Where downloads, and what is built of them, are kept. */
export const CACHE = cacheFolder("branchline-native");

/** @returns {string[]} the tarballs, checked: what somebody needs beside the repository to build the same again */
export function sourceFiles(cache) {
  return readPins().flatMap(({ files }) => files.map((pin) => fetchOne(pin, cache)));
}

function fetchOne(pin, cache) {
  const { excerpt } = pin;
  if (excerpt === undefined) return fetchPinned([pin], cache, ADVICE).get(pin);
  const path = join(cache, excerpt.name);
  if (sha256Of(path) === excerpt.sha256) return path;
  const whole = fetchPinned([pin], cache, ADVICE).get(pin);
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, excerptOf(whole));
  const found = sha256Of(part);
  if (found === excerpt.sha256) renameSync(part, path);
  rmSync(part, { force: true });
  rmSync(whole, { force: true });
  if (found !== excerpt.sha256) throw new Error(`${excerpt.name} has the SHA-256 ${found}, not ${excerpt.sha256}`);
  return path;
}

/** A tar archive of the few files that we need of a package that holds all of gcc's source. */
function excerptOf(deb) {
  const work = mkdtempSync(join(tmpdir(), "branchline-gcc-"));
  try {
    const source = 'dpkg-deb --fsys-tarfile "$1" | tar -xO --wildcards "./usr/src/gcc-*/gcc-*.tar.xz"';
    const members = EXCERPT.map((member) => `"${member}"`).join(" ");
    execFileSync("sh", ["-c", `${source} | tar -xJ -C "$2" --wildcards ${members}`, "sh", deb, work]);
    const paths = execFileSync("find", [".", "-type", "f"], { cwd: work, encoding: "utf8" }).trim().split("\n");
    const entries = paths.map((path) => ({ path: path.slice(2), contents: readFileSync(join(work, path)) }));
    return tar(entries, { epoch_s: 0 });
  } finally {
    rmSync(work, { recursive: true });
  }
}

/**
 * A source, unpacked and changed, kept in the cache.
 * @param {string} wanted its name
 * @param {string} cache
 * @returns {Promise<string>} its folder
 */
export function sourceFolder(wanted, cache) {
  const source = readPins().find(({ name }) => name === wanted);
  const changes = CHANGES.filter(([name]) => name === wanted);
  // What is done to it counts as well.
  const recipe = hashOf(JSON.stringify([source, changes]), `${sourceFolder}${applyPatches}${change}`);
  return keepWhole(join(cache, `source-${wanted}-${recipe}`), (folder) => {
    const [tarball, debian] = source.files.map((pin) => fetchOne(pin, cache));
    execFileSync("tar", ["-xf", tarball, "-C", folder, "--strip-components=1", "--no-same-owner"]);
    if (debian !== undefined) applyPatches(debian, folder);
    for (const [, file, from, to, times] of changes) change(join(folder, file), from, to, times);
  });
}

/** Debian's patches, in its order. */
function applyPatches(tarball, tree) {
  execFileSync("tar", ["-xf", tarball, "-C", tree, "--no-same-owner", "debian/patches"]);
  const patches = join(tree, "debian/patches");
  const lines = readFileSync(join(patches, "series"), "utf8").split("\n");
  const names = lines.map((line) => line.replace(/#.*/, "").trim()).filter((name) => name !== "");
  for (const name of names) execFileSync("patch", ["-s", "-p1", "-N", "-i", join(patches, name)], { cwd: tree });
}

function change(path, from, to, times) {
  const parts = readFileSync(path, "utf8").split(from);
  if (parts.length !== times + 1) {
    throw new Error(`${path} has ${parts.length - 1} times, not ${times}: ${JSON.stringify(from)}`);
  }
  writeFileSync(path, parts.join(to));
}

/** libgcc's soft floating point as MIPS with 32-bit registers needs it: single and double precision, no larger ones. */
export function softFloatFiles(libgcc) {
  const folder = join(libgcc, "libgcc/soft-fp");
  const names = readdirSync(folder).filter((name) => /\.c$/.test(name) && !/[thx]f|ti/.test(name));
  return names.sort().map((name) => join(folder, name));
}
