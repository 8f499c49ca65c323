/**
 * A build of branchline as another version would be: its members say what this one doesn't know, and leave out what is new. It is made of this
 * tree, with another `cluster/envelope.ts` and `cluster/member-facts.ts`.
 */
import { readFileSync } from "node:fs";
import { type BuildOptions, build, type Plugin } from "esbuild";

const BUILD = new URL("../../../build/", import.meta.url).href;

interface Program {
  readonly program: BuildOptions & { readonly define: Readonly<Record<string, string>> };
  readonly inOnePiece: Plugin;
}

interface OneFile {
  oneFile(files: readonly { readonly path: string; readonly text: string }[], banner: string): Promise<string>;
}

/** File of `src/cluster/` → what is there, and what is there instead. */
const CHANGES: Readonly<Record<string, readonly [string, string]>> = {
  // A part of an unknown kind in each datagram; a field more in each value that has fields, records and stories too.
  envelope: [
    "return JSON.stringify(part).replace(NO_OCTET, escaped);",
    `const mood = (value: unknown): unknown =>
      Array.isArray(value) ? value.map(mood)
      : typeof value === "object" && value !== null
        ? { mood: { of: ["another", "version"] }, ...Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mood(one)])) }
        : value;
    return \`["weather",{"sun":true}],\${JSON.stringify(mood(part)).replace(NO_OCTET, escaped)}\`;`,
  ],
  // It doesn't say yet which peers are up, the time, whom it hears and what those do, nor how many calls it has.
  "member-facts": [
    "    up: up?.slice(0, NAMES_MAX),\n    address: hasAddress,\n    clock_s,\n    hears,\n    states,\n    calls,\n    agreement,",
    "    address: hasAddress,\n    agreement,",
  ],
};

/** @returns the bundle, as Node 12 and newer run it */
export async function otherBuild(version: string): Promise<string> {
  const { program, inOnePiece } = (await import(`${BUILD}program.mjs`)) as Program;
  const { oneFile } = (await import(`${BUILD}one-file.mjs`)) as OneFile;
  const define = { ...program.define, BRANCHLINE_VERSION: JSON.stringify(version) };
  const plugins = [inOnePiece, changed];
  const { outputFiles } = await build({
    ...program,
    platform: "node",
    outdir: "dist",
    target: "node12",
    define,
    plugins,
  });
  return oneFile(outputFiles ?? [], "#!/usr/bin/env node");
}

const changed: Plugin = {
  name: "another-version",
  setup({ onLoad }) {
    for (const [name, [before, after]] of Object.entries(CHANGES)) {
      onLoad({ filter: new RegExp(`src.cluster.${name}\\.ts$`) }, ({ path }) => {
        const text = readFileSync(path, "utf8");
        if (!text.includes(before)) throw new Error(`${path} has other code by now: ${before}`);
        return { contents: text.replace(before, () => after), loader: "ts" };
      });
    }
  },
};
