/**
 * An esbuild plugin that makes libraries smaller than esbuild alone can: classes are kept whole by it, files too.
 * test/app/bundled-yaml.test.ts and test/peers/trimmed-bundle.test.ts compare what is left with the libraries as they are.
 */
import { readFileSync } from "node:fs";

/** Parts of yaml for writing files, and for YAML 1.1: a router only reads, and reads 1.2. */
const UNUSED_FILE =
  /yaml.browser.dist.(stringify.\w+|schema.json.schema|schema.yaml-1.1.(timestamp|set|pairs|omap|binary|int|float|bool|schema)|doc.(anchors|createNode|applyReviver)|parse.cst-(visit|stringify))\.js$/;

/** What src/base/ip-range.ts imports. */
const IP_NUM_USED = 'export { IPv6 } from "./IPNumber";';

/** What is called by name only, never as object[name](). */
const LIBRARY = /node_modules.(ip-num|yaml|commander)./;

/** A method, getter or setter as these libraries' compilers and formatters write it, with its indentation. */
const METHOD = /^( {2}| {4})(?:static |async |\*)*(?:get |set )?([a-zA-Z_]\w*)\([^\n]*\) \{\n[\s\S]*?^\1\};?\n/gm;
/** A value of a class, on a line of its own: patterns are large once they are compiled. */
const STATIC_VALUE = /^Validator\.(\w+) = .*;\n/gm;
/** All words that could name a method: behind a dot, or in quotes. */
const NAMED = /\.(\w+)|["'](\w+)["']/g;
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

/** JavaScript calls these by itself. */
const CALLED_BY_LANGUAGE = ["constructor", "toString", "toJSON", "valueOf", "next"];
/** Their names are called, but on other things; or, with commander's, for commands that are programs of their own. */
const NEVER_CALLED = ["_executeSubCommand", "aggregate", "split", "take"];

/** @param paths all files of the bundle, absolute */
export function trimLibraries(paths) {
  const texts = new Map(paths.map((path) => [path, trimFile(path)]));
  dropMethods(texts);
  dropValues(texts);
  return {
    name: "trim-libraries",
    setup({ onLoad }) {
      onLoad({ filter: LIBRARY }, ({ path }) => ({ contents: texts.get(path) ?? trimFile(path) }));
    },
  };
}

/** Puts a function that throws in the place of each that a file exports and nobody calls. */
function trimFile(path) {
  const text = readFileSync(path, "utf8");
  if (/ip-num.dist.src/.test(path)) return ipNumModule(path, text.replace(COMMENT, ""));
  if (!UNUSED_FILE.test(path)) return text.replace(COMMENT, "");
  const names = (/export \{([^}]*)\}/.exec(text)?.[1] ?? "").split(",").map((name) => name.trim());
  const outer = names.map((name) => name.split(/\s+as\s+/).pop());
  const unused = 'function unused() { throw new Error("left out of this build"); }';
  return [unused, ...outer.map((name) => `export { unused as ${name} };`)].join("\n");
}

/**
 * ip-num comes as CommonJS, of which esbuild can leave nothing out, nor shorten what its files call in each other. What
 * TypeScript has made of its modules is so regular that they can be turned back; its pools, ranges and numbers of autonomous
 * systems are nobody's here.
 */
function ipNumModule(path, text) {
  if (/index\.js$/.test(path)) return IP_NUM_USED;
  if (/IP(Pool|Range)\.js$/.test(path)) return "";
  const module = text
    .replace(/^"use strict";$/m, "")
    .replace(/^Object\.defineProperty\(exports, "__esModule".*$/m, "")
    .replace(/^(exports\.\w+ = )+void 0;$/gm, "")
    .replace(/^const (\w+) = require\("(\.\/\w+)"\);$/gm, 'import * as $1 from "$2";')
    .replace(/^exports\.(\w+) = (\w+);$/gm, "export { $2 as $1 };")
    .replace(/\bexports\.(?=\w)/g, "")
    .replace(/^class Asn [\s\S]*?^}$/m, "")
    .replace(/^Asn\..*$|^export { Asn .*$/gm, "")
    .replace(/^IPv[46]\.[A-Z_]+ = (\[[^\]]*\]|[^;]*);$/gm, "");
  if (/\brequire\(|\bexports\b/.test(module)) throw new Error(`${path} isn't what it was: see ipNumModule`);
  return module;
}

/** Drops the libraries' methods that nothing names: no code outside of such methods, and no method that stays. */
function dropMethods(texts) {
  const libraries = [...texts].filter(([path]) => LIBRARY.test(path));
  const methods = libraries.flatMap(([, text]) => [...text.matchAll(METHOD)]);
  const outside = [...texts].map(([path, text]) => (LIBRARY.test(path) ? text.replace(METHOD, "") : text));
  const needed = new Set([...CALLED_BY_LANGUAGE, ...namesIn(outside.join("\n"))]);
  const stays = (name) => needed.has(name) && !NEVER_CALLED.includes(name);
  for (let size = 0; size !== needed.size; ) {
    size = needed.size;
    for (const [text, , name] of methods) if (stays(name)) for (const word of namesIn(text)) needed.add(word);
  }
  for (const [path, text] of libraries) {
    texts.set(
      path,
      text.replace(METHOD, (method, _indentation, name) => (stays(name) ? method : "")),
    );
  }
}

/** Drops the values of ip-num's classes that nothing names. */
function dropValues(texts) {
  const named = new Set([...texts.values()].flatMap((text) => namesIn(text.replace(STATIC_VALUE, ""))));
  for (const [path, text] of texts) {
    if (LIBRARY.test(path))
      texts.set(
        path,
        text.replace(STATIC_VALUE, (line, name) => (named.has(name) ? line : "")),
      );
  }
}

function namesIn(text) {
  return [...text.matchAll(NAMED)].map(([, property, word]) => property ?? word);
}
