/**
 * Makes one CommonJS file of what esbuild has split: what the proxy needs is code, and each part that is loaded on demand
 * (`import()` in src/main.ts) is a packed text in it. V8 reads all code of a file at its start, and goes over a text in no
 * time. The texts lie in the comment of a function: of a string V8 would make a copy at once, of a comment only when it is asked for. Packed
 * they have two fifths of their length, which the running proxy has in its memory; unpacking takes a command some ms. Two characters
 * of such a text are 13 bits: 91 times 91 is a little more than 8,192, and base64 would be a twelfth longer.
 */
import { builtinModules } from "node:module";
import { transform } from "esbuild";
import { deflateSync } from "fflate";

/** Most sites never ask Node for these: what is in them is loaded when the first of it is used. tls: 0.8 ms and 0.2 MB. */
const LATE = ["tls"];

const TO_COMMONJS = { format: "cjs", target: "node12", minify: true, supported: { "dynamic-import": false } };

/** What the comment's function begins and ends with, to the letter. */
const HEAD = "function(){/*";
const TAIL = "*/}";

/** All printable characters of ASCII that need no escape in JSON and are no part of the end of a comment: 91. */
const DIGITS = Buffer.from(Array.from({ length: 94 }, (_, index) => 33 + index))
  .toString()
  .replace(/["*\\]/g, "");

/** In the file: the octets of such a text. One more may follow, which is nothing to a decompressor. */
const OCTETS = `function(text){var octets=Buffer.alloc(text.length*13>>4),length=0,held=0,bits=0,at=0,digit=function(){
var code=text.charCodeAt(at++);return code-33-(code>34)-(code>42)-(code>92)};
while(at<text.length){held|=digit()+91*digit()<<bits;for(bits+=13;bits>7;bits-=8){octets[length++]=held;held>>=8}}
return octets}`;

/**
 * @param files what esbuild has written with `splitting`: the entry point `main.js`, parts that several share, and others
 * @param banner the first line
 */
export async function oneFile(files, banner) {
  const parts = new Map();
  for (const { path, text } of files) {
    const { code } = await transform(withBuiltins(text), TO_COMMONJS);
    parts.set(path.replace(/.*\//, "./"), code);
  }
  const entry = take(parts, "./main.js");
  const code = takeNeeded(parts, entry);
  // Nothing in it can end the comment.
  const texts = JSON.stringify(Object.fromEntries([...parts].map(([name, text]) => [name, packed(text)])));
  return `${banner}
(function(){var texts,octetsOf=${OCTETS},held=${HEAD}${texts}${TAIL},loaded={},vm,code={},load=function(name){
var part=loaded[name],own=code[name];if(part!==undefined)return part.exports;
if(own===undefined&&name[0]!==".")return require(name);
part=loaded[name]={exports:{}};if(own!==undefined){own(load,part,part.exports);return part.exports}
vm=vm||require("vm");texts=texts||JSON.parse(String(held).slice(${HEAD.length},${-TAIL.length}));
vm.runInThisContext("(function(require,module,exports){"+require("zlib").inflateRawSync(octetsOf(texts[name]))+"\\n})",{filename:__filename+name.slice(1)})(load,part,part.exports);
return part.exports};
${[...code].map(([name, text]) => `code[${JSON.stringify(name)}]=(function(require,module,exports){${text}});`).join("\n")}
(function(require,module,exports){${entry}})(load,{exports:{}},{})})();
`;
}

/** A part as it lies in the file. Node's own zlib gives other bytes in other versions. */
export function packed(text) {
  return digitsOf(deflateSync(Buffer.from(text), { level: 9 }));
}

/** 13 bits as two digits, the lower one first. */
function digitsOf(octets) {
  const digits = [];
  let [held, bits] = [0, 0];
  const give = () => digits.push(DIGITS[(held & 8191) % 91], DIGITS[Math.floor((held & 8191) / 91)]);
  for (const octet of octets) {
    held |= octet << bits;
    bits += 8;
    if (bits < 13) continue;
    give();
    held >>= 13;
    bits -= 13;
  }
  if (bits > 0) give();
  return digits.join("");
}

/**
 * Node's own modules are asked for as CommonJS does: esbuild would give each importing file a copy with a hundred getters, in
 * all 3 ms at the start.
 */
function withBuiltins(text) {
  return text.replace(/(^|[;}\n])import\s*\*\s*as\s+([\w$]+)\s+from\s*"(\w+)"/g, (all, before, name, module) =>
    builtinModules.includes(module)
      ? `${before}const ${name}=${LATE.includes(module) ? late(module) : required(module)}`
      : all,
  );
}

function required(module) {
  return `require("${module}")`;
}

function late(module) {
  return `new Proxy({},{get:(_,key)=>${required(module)}[key]})`;
}

/** The parts that the entry point asks for at once, and those that these ask for, by name: V8 reads them with the file. */
function takeNeeded(parts, entry) {
  const code = new Map();
  const follow = (text) => {
    for (const [, name] of text.matchAll(/(?<!=>(?:[\w$]+\()?)\brequire\("(\.\/[^"]*)"\)/g)) {
      if (!parts.has(name)) continue;
      const part = take(parts, name);
      code.set(name, part);
      follow(part);
    }
  };
  follow(entry);
  return code;
}

function take(parts, name) {
  const code = parts.get(name);
  if (code === undefined) throw new Error(`esbuild has written no ${name}: see one-file.mjs`);
  parts.delete(name);
  return code;
}
