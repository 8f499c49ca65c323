/**
 * An esbuild plugin that makes libraries smaller than esbuild alone can: classes are kept whole by it, files too.
 * test/app/bundled-yaml.test.ts compares what is left with the libraries as they are.
 */
import { readFileSync } from "node:fs";

/** Parts of yaml for writing files, and for YAML 1.1: a router only reads, and reads 1.2. */
const UNUSED_FILE =
  /yaml.browser.dist.(stringify.\w+|schema.json.schema|schema.yaml-1.1.(timestamp|set|pairs|omap|binary|int|float|bool|schema)|doc.(anchors|createNode|applyReviver)|parse.cst-(visit|stringify))\.js$/;

/** What src/base/ip-range.ts imports, in the order in which ip-num loads its own files. */
const IP_NUM_USED = `export { IPv4, IPv6 } from "./IPNumber";
export { IPv4CidrRange, IPv6CidrRange } from "./IPRange";`;

/** What is called by name only, never as object[name](). */
const LIBRARY = /node_modules.(ip-num|yaml)./;

/** A method, getter or setter as these libraries' compilers write it. */
const METHOD = /^ {4}(?:static |async |\*)*(?:get |set )?([a-zA-Z]\w*)\([^\n]*\) \{\n[\s\S]*?^ {4}\}\n/gm;
const NAME = /[A-Za-z_$][\w$]*/g;
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

/** JavaScript calls these by itself. */
const CALLED_BY_LANGUAGE = new Set(["constructor", "toString", "toJSON", "valueOf"]);

/**
 * @param paths all files of the bundle, absolute
 */
export function trimLibraries(paths) {
  const texts = new Map(paths.map((path) => [path, trimFile(path)]));
  while (dropMethods(texts)) {
    // What only they have called is free now.
  }
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
 * TypeScript has made of its modules is so regular that they can be turned back; its pools of addresses and numbers of
 * autonomous systems are nobody's here.
 */
function ipNumModule(path, text) {
  if (/index\.js$/.test(path)) return IP_NUM_USED;
  if (/IPPool\.js$/.test(path)) return "";
  const module = text
    .replace(/^"use strict";$/m, "")
    .replace(/^Object\.defineProperty\(exports, "__esModule".*$/m, "")
    .replace(/^(exports\.\w+ = )+void 0;$/gm, "")
    .replace(/^const (\w+) = require\("(\.\/\w+)"\);$/gm, 'import * as $1 from "$2";')
    .replace(/^exports\.(\w+) = (\w+);$/gm, "export { $2 as $1 };")
    .replace(/\bexports\.(?=\w)/g, "")
    .replace(/^class Asn [\s\S]*?^}$/m, "")
    .replace(/^Asn\..*$|^export { Asn .*$/gm, "");
  if (/\brequire\(|\bexports\b/.test(module)) throw new Error(`${path} isn't what it was: see ipNumModule`);
  return module;
}

/** Drops the libraries' methods whose names stand nowhere but at their own beginnings. */
function dropMethods(texts) {
  const named = count([...texts.values()].flatMap((text) => text.match(NAME) ?? []));
  const begun = count([...texts.values()].flatMap((text) => [...text.matchAll(METHOD)].map(([, name]) => name)));
  let dropped = 0;
  for (const [path, text] of texts) {
    if (!LIBRARY.test(path)) continue;
    const rest = text.replace(METHOD, (method, name) => {
      if (CALLED_BY_LANGUAGE.has(name) || named.get(name) > begun.get(name)) return method;
      dropped += 1;
      return "";
    });
    texts.set(path, rest);
  }
  return dropped > 0;
}

function count(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
