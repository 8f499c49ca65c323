/**
 * Makes the status page of src/page/ one document: styles and program stand in it, and the Content-Security-Policy names both by their hashes, so
 * that nothing else can run. It lies packed in the program, and is sent so: all browsers unpack it, and packing it at run time would keep
 * calls waiting.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { gzipSync } from "fflate";

const root = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = `${root}src/page/`;
/** Browsers since 2020. */
const TARGET = "es2020";
/** It has to come over a slow line, and to fit beside the calls in a router's memory. */
export const PAGE_LIMIT_BYTES = 60_000;

/**
 * @throws when it is over its limit
 * @returns the document, all ASCII; the same by gzip in base64, the same bytes each time; the policy that it is sent with, and a tag that
 *   changes with it
 */
export async function statusPage() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    bundle: true,
    write: false,
    entryPoints: [`${FOLDER}main.ts`],
    format: "iife",
    platform: "browser",
    target: TARGET,
    minify: true,
    charset: "ascii",
    legalComments: "none",
    logLevel: "warning",
    plugins: [onlyWhatIsUsed],
  });
  const [script] = outputFiles;
  const { code: style } = await transform(readFileSync(`${FOLDER}page.css`, "utf8"), { loader: "css", minify: true });
  const program = script.text.trim();
  const styles = style.trim();
  // A closing tag in either would end it.
  if (/<\/(?:script|style)/i.test(program + styles)) throw new Error("the page's program or styles have a closing tag");
  const html = readFileSync(`${FOLDER}page.html`, "utf8")
    .replace(/>\s*\n\s*</g, "><")
    .replace("<style></style>", () => `<style>${styles}</style>`)
    .replace("<script></script>", () => `<script>${program}</script>`);
  const octets = Buffer.from(html);
  if (octets.length > PAGE_LIMIT_BYTES)
    throw new Error(`the status page has ${octets.length} bytes, of ${PAGE_LIMIT_BYTES}`);
  if (/[^\n -~]/.test(html)) throw new Error("the status page has characters that aren't ASCII");
  return {
    html,
    gzip: Buffer.from(gzipSync(octets, { level: 9, mtime: 0 })).toString("base64"),
    policy: policyOf(program, styles),
    tag: createHash("sha256").update(octets).digest("hex").slice(0, 16),
  };
}

/** Words about the state are those of the commands: of the files that these import for them, nothing else is taken along. */
const onlyWhatIsUsed = {
  name: "only-what-is-used",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /./ }, async ({ path, pluginData, ...rest }) => {
      if (pluginData === "resolved" || rest.kind === "entry-point") return undefined;
      return { ...(await resolve(path, { ...rest, pluginData: "resolved" })), sideEffects: false };
    });
  },
};

function policyOf(program, styles) {
  const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return [
    "default-src 'none'",
    `script-src ${hash(program)}`,
    `style-src ${hash(styles)}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    // The button of a dialog is a form's.
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; ");
}
