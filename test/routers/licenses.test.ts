/** LICENSES beside the bundle, and in each package, has the licences of all that is delivered. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { makePackage, unpackInto } from "./support/edgeos-package.ts";
import { packages } from "./support/release.ts";

interface Notice {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly text: string;
}

const { bundledNotices, debianNotices, licensesText, noticesIn } = (await import(
  new URL("../../build/licenses.mjs", import.meta.url).href
)) as {
  bundledNotices(paths: readonly string[], root: string): Notice[];
  debianNotices(tree: string, packages: readonly { name: string; version: string; source: string }[]): Notice[];
  licensesText(notices: readonly Notice[]): string;
  noticesIn(text: string): Notice[];
};

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LICENSES = readFileSync(`${ROOT}dist/LICENSES`, "utf8");

cleanUpAfterEach();

/** Writes files below a new folder, and returns it with a slash at its end. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return `${folder}/`;
}

const npm = (name: string, license?: string) => JSON.stringify({ name, version: "1.0.0", license });
const SMALLEST = {
  "package.json": npm("branchline", "MIT"),
  LICENSE: "MIT License\n",
  "node_modules/esbuild/package.json": npm("esbuild", "MIT"),
  "node_modules/esbuild/LICENSE.md": "MIT License of esbuild\n",
};

describe("LICENSES of the bundle", () => {
  test("begins with branchline's own", () => {
    const [own] = noticesIn(LICENSES);
    expect(own).toMatchObject({
      name: "branchline",
      license: "MIT",
      text: readFileSync(`${ROOT}LICENSE`, "utf8").trim(),
    });
  });

  test("has each npm package that esbuild reads for it, with version and text, and esbuild's helpers", async () => {
    const { metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: ["src/main.ts"],
      bundle: true,
      platform: "node",
      metafile: true,
      write: false,
      logLevel: "error",
    });
    const inputs = Object.keys(metafile.inputs).join("\n");
    const names = new Set(
      [...inputs.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/g)].map(([, name]) => name),
    );
    expect(names.size).toBeGreaterThan(3);
    const notices = new Map(noticesIn(LICENSES).map((notice) => [notice.name, notice]));
    expect([...notices.keys()].sort()).toEqual(["branchline", "esbuild", ...names].sort());
    for (const name of names) {
      const { version } = JSON.parse(readFileSync(`${ROOT}node_modules/${name}/package.json`, "utf8"));
      expect(notices.get(String(name))).toMatchObject({ version, license: /./, text: /Copyright[\s\S]{300}/ });
    }
  });

  test("a package within another's node_modules is one of its own, and one that is read twice is there once", () => {
    const root = folderWith({
      ...SMALLEST,
      "node_modules/outer/package.json": npm("outer", "ISC"),
      "node_modules/outer/LICENCE": "outer's",
      "node_modules/outer/node_modules/@scope/inner/package.json": npm("@scope/inner", "MIT"),
      "node_modules/outer/node_modules/@scope/inner/COPYING": "inner's",
      "node_modules/outer/node_modules/@scope/inner/NOTICE": "and a notice",
    });
    const paths = ["outer/a.js", "outer/b.js", "outer/node_modules/@scope/inner/c.js"].map(
      (path) => `${root}node_modules/${path}`,
    );
    const found = bundledNotices([`${root}src/main.ts`, ...paths], root);
    expect(found.map(({ name }) => name)).toEqual(["branchline", "@scope/inner", "esbuild", "outer"]);
    expect(found[1]?.text).toBe("inner's\n\nand a notice");
  });

  test.each([
    ["names no licence", { "node_modules/free/package.json": npm("free"), "node_modules/free/LICENSE": "free" }],
    ["has no text of it", { "node_modules/free/package.json": npm("free", "MIT") }],
    [
      "has an empty text of it",
      { "node_modules/free/package.json": npm("free", "MIT"), "node_modules/free/LICENSE": "\n" },
    ],
  ])("the build fails for a package that %s", (_, files) => {
    const root = folderWith({ ...SMALLEST, ...files });
    expect(() => bundledNotices([`${root}node_modules/free/index.js`], root)).toThrow("free 1.0.0 names no licence");
  });

  test("is read back as it was written", () => {
    const notices = [
      { name: "one, two", version: "1:2.0-3", license: "MIT; GPL-3+", text: "a\n\n==== b\n" },
      { name: "three", version: "3", license: "", text: "======== c" },
    ];
    const text = licensesText(notices);
    expect(noticesIn(text)).toEqual([{ ...notices[0], text: "a\n\n==== b" }, notices[1]]);
    const same = { ...notices[0], text } as Notice;
    expect(() => licensesText([same])).toThrow("like a heading");
  });
});

test("Debian's packages of the ER-X's Node: one notice for each source, and the licences that they refer to", () => {
  const doc = (name: string) => `usr/share/doc/${name}/copyright`;
  const tree = folderWith({
    [doc("libone")]: "License: Expat\n",
    [doc("one-bin")]: "License: Expat\n",
    [doc("two")]:
      "License: GPL-3+ with exception\nSee /usr/share/common-licenses/GPL-3, and /usr/share/common-licenses/LGPL.\n",
    "usr/share/common-licenses/GPL-3": "GNU 3\n",
    "usr/share/common-licenses/LGPL": "GNU L\n",
    "usr/share/common-licenses/Artistic": "unused\n",
  });
  const notices = debianNotices(tree, [
    { name: "libone", version: "1.0-1", source: "one 1.0-1" },
    { name: "two", version: "2:2.0", source: "two 2.0" },
    { name: "one-bin", version: "1.0-1", source: "one 1.0-1" },
  ]);
  expect(notices).toEqual([
    {
      name: "libone, one-bin",
      version: "1.0-1",
      license: "Expat",
      text: "Debian's source package: one 1.0-1\n\nLicense: Expat",
    },
    {
      name: "two",
      version: "2:2.0",
      license: "GPL-3+ with exception",
      text: expect.stringContaining("common-licenses/LGPL."),
    },
    { name: "/usr/share/common-licenses", version: "GPL-3", license: "GPL-3", text: "GNU 3" },
    { name: "/usr/share/common-licenses", version: "LGPL", license: "LGPL", text: "GNU L" },
  ]);
  expect(noticesIn(licensesText(notices))).toEqual(notices);
});

describe("every package holds LICENSES", () => {
  const inTar = (contents: Uint8Array, path: string) =>
    execFileSync("tar", ["-xzOf", "-", path], { input: contents, encoding: "utf8" });

  test.each([
    ["entware", "opt/share/branchline/LICENSES"],
    ["openwrt", "usr/share/branchline/LICENSES"],
  ])("%s", async (family, path) => {
    const { tree, ipk } = await packages(family, "1.0.0");
    expect(inTar(tree.contents, path)).toBe(LICENSES);
    const data = execFileSync("tar", ["-xzOf", "-", "./data.tar.gz"], { input: ipk.contents });
    expect(inTar(data, `./${path}`)).toBe(LICENSES);
  });

  test("EdgeOS, with those of the Node in it where there is one", async () => {
    const plain = unpackInto(temporaryFolder(), await makePackage({ machine: "mips" }));
    expect(readFileSync(`${plain}/LICENSES`, "utf8")).toBe(LICENSES);
    const withNode = unpackInto(temporaryFolder(), await makePackage({ image: Buffer.from("an image") }));
    const names = noticesIn(readFileSync(`${withNode}/LICENSES`, "utf8")).map(({ name }) => name);
    expect(names).toEqual([...noticesIn(LICENSES).map(({ name }) => name), "libexample"]);
  });
});
