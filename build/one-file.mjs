/**
 * Makes one CommonJS file of what esbuild has split: what the proxy needs is code, and each part that is loaded on demand
 * (`import()` in src/main.ts) is a text in it. V8 reads all code of a file at its start, and goes over a text in no time.
 */
import { builtinModules } from "node:module";
import { transform } from "esbuild";

const TO_COMMONJS = { format: "cjs", target: "node12", minify: true, supported: { "dynamic-import": false } };

/**
 * @param files what esbuild has written with `splitting`: the entry point `main.js`, the part that all share, and others
 * @param banner the first line
 */
export async function oneFile(files, banner) {
  const parts = new Map();
  for (const { path, text } of files) {
    const { code } = await transform(withBuiltins(text), TO_COMMONJS);
    parts.set(path.replace(/.*\//, "./"), code);
  }
  const entry = take(parts, "./main.js");
  const shared = take(parts, sharedBy(entry));
  const texts = JSON.stringify(Object.fromEntries(parts));
  return `${banner}
${shared}
(function(){var texts=${texts},loaded={},vm,main=module.exports,load=function(name){
if(name===${JSON.stringify(sharedBy(entry))})return main;
if(!texts.hasOwnProperty(name))return require(name);
var part=loaded[name];if(part!==undefined)return part.exports;
part=loaded[name]={exports:{}};vm=vm||require("vm");
vm.runInThisContext("(function(require,module,exports){"+texts[name]+"\\n})",{filename:__filename+name.slice(1)})(load,part,part.exports);
return part.exports};
(function(require,module,exports){${entry}})(load,{exports:{}},{})})();
`;
}

/**
 * Node's own modules are asked for as CommonJS does: esbuild would give each importing file a copy with a hundred getters, in
 * all 3 ms at the start.
 */
function withBuiltins(text) {
  return text.replace(/(^|[;}\n])import\s*\*\s*as\s+([\w$]+)\s+from\s*"(\w+)"/g, (all, before, name, module) =>
    builtinModules.includes(module) ? `${before}const ${name}=require("${module}")` : all,
  );
}

/** The part that the entry point asks for at once. */
function sharedBy(entry) {
  const names = new Set([...entry.matchAll(/require\("(\.\/chunk[^"]*)"\)/g)].map(([, name]) => name));
  if (names.size !== 1) throw new Error(`the entry point asks for ${names.size} parts: see one-file.mjs`);
  return [...names][0];
}

function take(parts, name) {
  const code = parts.get(name);
  if (code === undefined) throw new Error(`esbuild has written no ${name}: see one-file.mjs`);
  parts.delete(name);
  return code;
}
