/** What is in the .deb, file by file, by Debian's own rules and checker. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith, pathOf } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { debOf, filesOf } from "./support/deb.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DOC = "usr/share/doc/branchline";
const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { version: string };

cleanUpAfterEach();

let files: Map<string, Buffer>;
beforeAll(async () => {
  files = filesOf((await debOf(version)).contents);
});

function text(path: string): string {
  const bytes = files.get(path);
  if (bytes === undefined) throw new Error(`the .deb has no ${path}`);
  return bytes.toString();
}

/** The paragraphs of a file in Debian's control syntax: field → value, with its lines as they go on. */
function paragraphs(control: string): Map<string, string>[] {
  return control
    .trimEnd()
    .split(/\n\n+/)
    .map((paragraph) => {
      const fields = paragraph.split(/\n(?! )/).map((field) => {
        const [, name = "", value = ""] = /^([A-Z][A-Za-z-]*): ?([\s\S]*)$/.exec(field) ?? [];
        if (name === "") throw new Error(`no field: ${field}`);
        return [name, value] as const;
      });
      expect(new Set(fields.map(([name]) => name)).size, paragraph).toBe(fields.length);
      return new Map(fields);
    });
}

describe("debian/copyright as machines read it (DEP-5)", () => {
  const shortNames = (license: string) => (license.split("\n")[0] ?? "").split(/ and | or /);

  test("has a header, then Files paragraphs, then the terms of each licence that these name, and of no other", () => {
    const [header, ...others] = paragraphs(text(`${DOC}/copyright`));
    expect(header?.get("Format")).toBe("https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/");
    const kinds = others.map((one) => [...one.keys()].filter((name) => name !== "Comment").join(" "));
    expect(kinds.join("; ")).toMatch(/^(Files Copyright License; )+(License(; |$))+$/);
    const [filed, terms] = [others.filter((one) => one.has("Files")), others.filter((one) => !one.has("Files"))];
    expect(filed[0]?.get("Files")).toBe("*");
    const named = filed.flatMap((one) => shortNames(one.get("License") ?? ""));
    expect(terms.map((one) => one.get("License")?.split("\n")[0]).sort()).toEqual([...new Set(named)].sort());
    for (const one of terms) expect(one.get("License")).toMatch(/^\S+\n [\s\S]{400,}/);
  });

  test("goes on with a space in front, and an empty line is a full stop", () => {
    const lines = text(`${DOC}/copyright`).split("\n");
    expect(lines.filter((line) => !/^(?:|[A-Z][A-Za-z-]*: .*\S| \.| \S.*\S| \S)$/.test(line))).toEqual([]);
  });

  test("names branchline's authors alone for all but the bundle, and there everybody who has a part in it", () => {
    const filed = new Map(paragraphs(text(`${DOC}/copyright`)).map((one) => [one.get("Files"), one.get("Copyright")]));
    expect(filed.get("*")).toMatch(/^\d{4} The branchline authors$/);
    const all = filed.get("usr/lib/branchline/branchline.js")?.split("\n ") ?? [];
    expect(all[0]).toBe(filed.get("*"));
    const holders = [...text(`${DOC}/LICENSES`).matchAll(/^ *Copyright (?:\(c\) )?(.*)$/gm)].map(
      ([, holder]) => holder,
    );
    expect(holders.length).toBeGreaterThan(4);
    expect(all).toEqual(holders);
  });
});

describe("files of the package", () => {
  test("LICENSES is that of the bundle", () => {
    expect(text(`${DOC}/LICENSES`)).toBe(readFileSync(`${ROOT}dist/LICENSES`, "utf8"));
  });

  test("every manual page, completion, schema and page of the repository is in it", () => {
    const sources = readdirSync(`${ROOT}deploy`, { recursive: true, encoding: "utf8" });
    const missing = sources.filter((path) => {
      const manual = /^man\/(.*\.([1-9]))$/.exec(path);
      if (manual !== null) return !files.has(`usr/share/man/man${manual[2]}/${manual[1]}.gz`);
      if (path.endsWith(".md")) return !files.has(`${DOC}/deploy/${path}`);
      if (path.endsWith(".schema.json")) return !files.has(`usr/lib/branchline/${path}`);
      return (
        /^completion\/./.test(path) &&
        ![...files.values()].some((bytes) => bytes.equals(readFileSync(`${ROOT}deploy/${path}`)))
      );
    });
    expect(missing).toEqual([]);
    expect(files.has("usr/share/man/man1/branchline.1.gz")).toBe(true);
  });

  test("manual pages are packed as well as gzip can, and without a time", () => {
    const page = files.get("usr/share/man/man1/branchline.1.gz") ?? Buffer.alloc(0);
    expect(page.readUInt32LE(4)).toBe(0);
    expect(page[8]).toBe(2);
    expect(gunzipSync(page).toString()).toBe(readFileSync(`${ROOT}deploy/man/branchline.1`, "utf8"));
  });

  test("every relative link of a page leads to a file or folder of the package", () => {
    const pages = [...files.keys()].filter((path) => path.startsWith(DOC) && path.endsWith(".md"));
    expect(pages.length).toBeGreaterThan(20);
    const links = pages.flatMap((page) => {
      const all = [...text(page).matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)(?:#[^)]*)?\)/g)];
      return all.map(([, to = ""]) => ({ page, to: join(page, "..", to).replace(/\/$/, "") }));
    });
    expect(links.length).toBeGreaterThan(60);
    const isThere = (to: string) => [...files.keys()].some((one) => one === to || one.startsWith(`${to}/`));
    expect(links.filter(({ to }) => !isThere(to)).map(({ page, to }) => `${page}: ${to}`)).toEqual([]);
  });

  test("a link out of the package keeps its words, and the licence is in `copyright`", () => {
    const readme = text(`${DOC}/README.md`);
    expect(readme).toContain(
      "each with its test, [changes](CHANGELOG.md)\n- Develop: architecture, tests, contributing,",
    );
    expect(readme).toContain("MIT, see [copyright](copyright).");
    expect(readme).toContain("[EdgeOS](deploy/edgeos/README.md)");
  });
});

describeWith(["lintian"], "lintian", () => {
  test("finds nothing to say, of whatever weight", { timeout: 360_000 }, async () => {
    const { name, contents } = await debOf(version);
    const deb = join(temporaryFolder(), name);
    writeFileSync(deb, contents);
    const options = ["--display-info", "--pedantic", "--tag-display-limit", "0", "--allow-root"];
    const { status, stdout, stderr } = spawnSync(pathOf("lintian"), [...options, deb], { encoding: "utf8" });
    expect(stdout + stderr).toBe("");
    expect(status).toBe(0);
  });
});
