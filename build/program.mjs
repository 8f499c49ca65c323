/** The program that goes to routers, as esbuild is told of it for every host: from src/main.ts, split where parts are loaded on demand. */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { deflateSync } from "fflate";
import { statusPage } from "./page.mjs";

/** The repository's folder, with a slash at its end. */
export const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

/** The time of the commit, or SOURCE_DATE_EPOCH: the same commit gives the same bytes. Without both, of this file. */
function builtAt() {
  const { stdout } = spawnSync("git", ["log", "-1", "--format=%ct"], { cwd: root, encoding: "utf8" });
  const given_s = Number(process.env.SOURCE_DATE_EPOCH ?? (stdout?.trim() || Number.NaN));
  const time_ms = Number.isFinite(given_s) ? given_s * 1_000 : statSync(fileURLToPath(import.meta.url)).mtimeMs;
  return `${new Date(time_ms).toISOString().slice(0, 19)}Z`;
}

/** The commit, 12 digits; with a + when files that git knows were changed since. SOURCE_COMMIT counts for more. */
function commit() {
  const git = (...words) => spawnSync("git", words, { cwd: root, encoding: "utf8" });
  const { status, stdout } = git("rev-parse", "HEAD");
  const given = process.env.SOURCE_COMMIT ?? (status === 0 ? stdout.trim().slice(0, 12) : "");
  if (!/^[0-9a-f]{7,40}\+?$/.test(given)) return "unknown";
  const isClean = process.env.SOURCE_COMMIT !== undefined || git("diff", "--quiet", "HEAD").status === 0;
  return isClean ? given : `${given}+`;
}

/** A file as text a third as long. Node's own zlib gives other bytes in other versions. */
function packed(path) {
  return Buffer.from(deflateSync(readFileSync(root + path), { level: 9 })).toString("base64");
}

const page = await statusPage();
/** Texts that are packed in the program, by the names that its sources have for them; each in base64. */
const PACKED = { BRANCHLINE_SCHEMA: packed("deploy/branchline.schema.json"), BRANCHLINE_PAGE: page.gzip };

/**
 * What stands for them in the sources.
 * @param {"base64" | "latin1"} encoding for a file of text, or for bytecode, in which an octet takes one
 */
export function packedAs(encoding) {
  const texts = Object.entries(PACKED).map(([name, text]) => [
    name,
    JSON.stringify(Buffer.from(text, "base64").toString(encoding)),
  ]);
  return { ...Object.fromEntries(texts), BRANCHLINE_PACKED: JSON.stringify(encoding) };
}

/** What all that is bundled has in common. */
export const shared = { bundle: true, legalComments: "none", logLevel: "warning", absWorkingDir: root };

/** esbuild's options for the program; the host's are missing: platform, target, folder. */
export const program = {
  ...shared,
  entryPoints: ["src/main.ts"],
  // Parts that are loaded on demand become files of their own; only ES modules are split.
  format: "esm",
  splitting: true,
  write: false,
  supported: { "dynamic-import": true },
  minify: true,
  // What libraries call private.
  mangleProps: /^_[a-z]/,
  // The build of yaml that is made of ES modules: unused parts of it stay outside.
  alias: { yaml: `${root}node_modules/yaml/browser/index.js` },
  define: {
    BRANCHLINE_VERSION: JSON.stringify(version),
    BRANCHLINE_BUILT: JSON.stringify(builtAt()),
    BRANCHLINE_COMMIT: JSON.stringify(commit()),
    ...packedAs("base64"),
    BRANCHLINE_PAGE_POLICY: JSON.stringify(page.policy),
    BRANCHLINE_PAGE_TAG: JSON.stringify(page.tag),
  },
};

/**
 * What two parts share becomes a part of its own, cut out of the core, and what crosses such a border is looked up each time it is used. A
 * part that says it needs the whole proxy gets it in one piece; it is there by then.
 */
export const inOnePiece = {
  name: "in-one-piece",
  setup({ onLoad }) {
    onLoad({ filter: /src.cli.(?:pair|web|outlets)\.ts$/ }, ({ path }) => ({
      contents: `${readFileSync(path, "utf8")}\nimport "../main.ts";\n`,
      loader: "ts",
    }));
  },
};
