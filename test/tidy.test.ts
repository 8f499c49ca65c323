/** What the linter can't say of the source tree. Patterns are spelled so that this file doesn't find itself. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { commentsIn, riddlesInComment } from "./support/sentences.ts";
import { PURE } from "./vitest.config.mts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

interface SourceFile {
  readonly path: string;
  readonly lines: readonly string[];
}

function read(folder: string, pattern: RegExp): SourceFile[] {
  const files: SourceFile[] = [];
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules") files.push(...read(path, pattern));
    else if (entry.isFile() && pattern.test(entry.name)) {
      files.push({ path: relative(ROOT, join(ROOT, path)), lines: readFileSync(join(ROOT, path), "utf8").split("\n") });
    }
  }
  return files;
}

const CODE = /\.m?ts$/;
const source = read("src", CODE);
const tests = read("test", CODE);
const code = [...source, ...tests];
const texts = [...code, ...["build", "deploy", "post-config.d"].flatMap((folder) => read(folder, /./))];

/** "path:line text" of every line that `isBad`. */
function offences(files: readonly SourceFile[], isBad: (line: string, path: string) => boolean): string[] {
  return files.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => (isBad(line, path) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
  );
}

/** Whether vitest.config.mts has the file share a worker's modules with others. */
function isPure(path: string): boolean {
  const changesCore = /\/(plans-as-json|stories-told)\.test\.ts$/.test(path);
  return PURE.some((folder) => path.startsWith(`test/${folder}/`)) && !changesCore;
}

test("there is something to look at", () => {
  expect(source.length).toBeGreaterThan(50);
  expect(tests.length).toBeGreaterThan(30);
});

describe("size", () => {
  test.each([
    ["src", source, 300],
    ["test", tests, 400],
  ] as const)("no file in %s is too long", (_, files, most) => {
    const long = files.filter(({ lines }) => lines.length - 1 > most);
    expect(long.map(({ path, lines }) => `${path}: ${lines.length - 1} lines, at most ${most}`)).toEqual([]);
  });
});

describe("promises", () => {
  test("whatever is left to do has an issue's number", () => {
    expect(offences(code, (line) => /\b(TO[D]O|FIX[M]E|X[X]X)\b(?!\(#\d+\))/.test(line))).toEqual([]);
  });

  test("no test is alone, and none is left out without saying why in its title", () => {
    const marker =
      /\b(?:test|it|describe|suite|bench)\s*\.\s*(?:concurrent\s*\.\s*)?(?:sk[i]p|on[l]y|to[d]o|fa[i]ls)\b/;
    expect(
      offences(
        tests,
        (line) => (marker.test(line) && !/\[skipped: \$\{why\}/.test(line)) || /\b[x](?:it|test|describe)\(/.test(line),
      ),
    ).toEqual([]);
  });

  test("no test is commented out", () => {
    expect(offences(tests, (line) => /^\s*(?:\/\/|\*)\s*(?:test|it|describe)[.(]/.test(line))).toEqual([]);
  });
});

describe("addresses", () => {
  test("two test files that run side by side never share a network of loopback", () => {
    const files = new Map<string, Set<string>>();
    for (const { path, lines } of tests) {
      const numbers = lines.join("\n").matchAll(/\bnew Subn[e]t\((\d+)\)/g);
      for (const [, number = ""] of numbers) files.set(number, (files.get(number) ?? new Set()).add(path));
    }
    expect(files.size).toBeGreaterThan(30);
    expect([...files].filter(([, paths]) => paths.size > 1)).toEqual([]);
  });
});

describe("pure tests", () => {
  test("what shares its modules with other files mocks nothing, changes no class, and knows of Node but files to read", () => {
    const pure = tests.filter(({ path }) => isPure(path));
    expect(pure.length).toBeGreaterThan(100);
    const isImpure = (line: string) =>
      /from "node:(?!fs"|url"|zlib"|path")|\bv[i]\.|\.protot[y]pe\b|\bprocess\.(?!env)/.test(line);
    expect(offences(pure, isImpure)).toEqual([]);
  });
});

describe("real time", () => {
  const isReal = ({ path }: SourceFile) =>
    /^test\/(?:cli|io|lanes|native|peers|quickjs|routers|setup|ten-minutes)\//.test(path);

  test("no test has a tolerance of its own: support/machine.ts says what a busy machine may take", () => {
    const isOwn = (line: string) => /\bconst \w*TOLERAN[C]E\w* =/i.test(line);
    expect(offences(tests.filter(isReal), isOwn)).toEqual([]);
  });

  test("no time is compared with a number: the limit is a name, which tells the next cause of waiting", () => {
    const isBare = (line: string) =>
      /\bexpect\(.*(?:_m[s]\b|\bno[w]\(\)).*\.toBeLessThan(?:OrEqual)?\([\d_]+\)/.test(line);
    expect(offences(tests.filter(isReal), isBare)).toEqual([]);
  });
});

describe("comments", () => {
  test("every source file begins with what it is about", () => {
    const silent = source.filter(({ path, lines }) => path !== "src/main.ts" && !lines[0]?.startsWith("/**"));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test("comments name the thing in the subject", () => {
    const found = code.flatMap(({ path, lines }) =>
      commentsIn(lines.join("\n")).flatMap(({ line, text }) =>
        riddlesInComment(text).map((sentence) => `${path}:${line} ${sentence}`),
      ),
    );
    expect(found).toEqual([]);
  });

  test("comments call a machine it", () => {
    const found = code.flatMap(({ path, lines }) =>
      commentsIn(lines.join("\n")).flatMap(({ line, text }) =>
        /\b(?:[Hh]e|him)\b/.test(text) ? [`${path}:${line}`] : [],
      ),
    );
    expect(found).toEqual([]);
  });

  test("every section is written §digits(.digits)*", () => {
    const isBad = (line: string) =>
      [...line.matchAll(/\u00a7(.{0,12})/g)].some(([, rest = ""]) => !/^\d+(\.\d+)*(?![\w])/.test(rest));
    const others = tests.filter(({ path }) => path !== "test/tidy.test.ts");
    expect(offences([...source, ...others], isBad)).toEqual([]);
  });
});

describe("composition", () => {
  test("the engine alone knows the proxy core", () => {
    const isImport = (line: string) => /\bfrom "[^"]*\/proxy-core\.ts"/.test(line);
    const importers = [...source, ...tests].filter(({ lines }) => lines.some(isImport));
    expect(importers.map(({ path }) => path)).toEqual(["src/app/engine.ts"]);
  });

  test("a site is run by the engine alone", () => {
    const makers = [...source, ...tests].filter(({ lines }) => lines.some((line) => /\bnew SiteP[o]licy\(/.test(line)));
    expect(makers.map(({ path }) => path)).toEqual(["src/app/engine.ts"]);
  });
});

describe("agents", () => {
  test("what the tests' phones and PBXs read and write owes nothing to src: the proxy isn't measured by its own parser", () => {
    const agents = tests.filter(({ path }) => path.startsWith("test/sip/"));
    expect(agents.length).toBeGreaterThan(8);
    expect(offences(agents, (line) => /"(?:\.\.\/)+src\//.test(line))).toEqual([]);
  });
});

describe("purity", () => {
  test("clock and chance come from src/io only, in a browser from src/page/clock.ts", () => {
    const inner = source.filter(({ path }) => !path.startsWith("src/io/") && path !== "src/page/clock.ts");
    expect(offences(inner, (line) => /\bMath\.random\b|\bDate\.now\b|\bnew Date\b/.test(line))).toEqual([]);
  });
});

describe("text", () => {
  test("no white space at the end of a line, and one line end at the end", () => {
    expect(offences(code, (line) => /[ \t\r]$/.test(line))).toEqual([]);
    expect(code.filter(({ lines }) => lines.at(-1) !== "" || lines.at(-2) === "").map(({ path }) => path)).toEqual([]);
  });

  test("no file knows the machine on which it was written, nor where packages come from", () => {
    const places = /(?<![\w.])\/(?:wo[r]k|ro[o]t|ho[m]e)\/|registry\.np[m]js|\bnp[m]js\.org|proxy\.gol[a]ng/;
    expect(offences(texts, (line) => places.test(line))).toEqual([]);
  });
});

describe("transports", () => {
  test("what one has is asked of its row in transport/flow.ts, not of its name", () => {
    // Long requests leave by TCP in place of UDP (RFC 3261 §18.1.1): that is about these two.
    const others = source.filter(({ path }) => path !== "src/transport/tcp-reach.ts");
    const isByName = /\b(?:protocol|transport) [!=]== "(?:udp|tcp|tls)"|\["udp", "tcp", "tls"|[!=]== "(?:UDP|TCP|TLS)"/;
    expect(offences(others, (line) => isByName.test(line))).toEqual([]);
  });
});

describe("output", () => {
  test("commands print through cli/paper.ts, which knows full disks, closed pipes and terminals", () => {
    // Loaded by the running proxy too, which doesn't load paper.ts.
    const own = ["src/cli/paper.ts", "src/cli/load-file.ts"];
    const commands = source.filter(({ path }) => /^src\/(?:cli|setup)\//.test(path) && !own.includes(path));
    expect(commands.length).toBeGreaterThan(30);
    expect(offences(commands, (line) => /\bprocess\.std(?:out|err)\.write\b|\bwriteSync\(/.test(line))).toEqual([]);
  });
});

describe("configuration keys", () => {
  const loaders = source.filter(({ path }) => /^src\/app\/config\/load-/.test(path));

  test("loaders take each list of keys from the table", () => {
    expect(loaders.length).toBeGreaterThan(8);
    expect(offences(loaders, (line) => /\breader\.fields\(/.test(line))).toEqual([]);
  });

  test("the words of the reference stay out of the bundle", () => {
    const loading = /\bfrom "[^"]*\/load-[^"]*"/;
    expect(offences(source, (line) => loading.test(line) && /\b(words|pages)\b|\* as/.test(line))).toEqual([]);
    expect(offences(source, (line) => /\b(words|pages)\(\)(?!:)/.test(line) && !/probeWords/.test(line))).toEqual([]);
  });
});
