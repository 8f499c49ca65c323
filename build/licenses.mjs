/**
 * LICENSES: the licence of branchline, and those of all that lies in a package beside it. It is a text for people that can be read
 * back: packages are made from it, and what one of them adds (the ER-X's Node) is one more notice.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {object} Notice
 * @property {string} name of what it is about
 * @property {string} version
 * @property {string} license short names, such as "MIT"
 * @property {string} text the whole licence, as its author has written it
 */

/** esbuild lowers new syntax by functions of its own, which are part of the bundle. */
const HELPERS = "esbuild";
const PACKAGE_FOLDER = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const LICENSE_FILE = /^(?:licen[cs]e|copying|notice)/i;
const HEADING = /^={8} (.+) (\S+) \(([^()]*)\)$/m;
const INTRODUCTION = `This file holds the licences of branchline and of the software that is delivered with it.
Each begins with a line of equals signs, the name, the version, and the licence's short name.
`;

/**
 * The notices of the bundle: branchline's own comes first, the npm packages' follow by name.
 * @param {readonly string[]} paths all files that are in it, absolute
 * @param {string} root the repository's folder with a slash at its end
 * @returns {Notice[]}
 * @throws when a package has no licence or no text of it: nothing is released without
 */
export function bundledNotices(paths, root) {
  const folders = paths.flatMap((path) => PACKAGE_FOLDER.exec(path.replace(/\\/g, "/"))?.[1] ?? []);
  const all = [...new Set([...folders, `${root}node_modules/${HELPERS}`])];
  return [noticeOf(root), ...all.map(noticeOf).sort((one, other) => (one.name < other.name ? -1 : 1))];
}

/** @returns {Notice} of the npm package in `folder` */
function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).filter((file) => LICENSE_FILE.test(file));
  const text = files.sort().map((file) => readFileSync(join(folder, file), "utf8").trim());
  if (typeof license !== "string" || text.join("") === "") {
    throw new Error(`${name} ${version} names no licence, or has no text of it: it can't be delivered`);
  }
  // "(MIT OR Apache-2.0)": the heading has its own parentheses.
  return { name, version, license: license.replace(/[()]/g, ""), text: text.join("\n\n") };
}

/**
 * The notices of the Debian packages that the ER-X's Node is made of, and the licences that they refer to.
 * @param {string} tree the folder with all packages unpacked
 * @param {readonly {name: string, version: string, source: string}[]} packages
 * @returns {Notice[]} one for each source package
 */
export function debianNotices(tree, packages) {
  const sources = [...new Set(packages.map(({ source }) => source))];
  const notices = sources.map((source) => {
    const built = packages.filter((one) => one.source === source);
    const texts = built.map(({ name }) => readFileSync(join(tree, "usr/share/doc", name, "copyright"), "utf8").trim());
    const text = [`Debian's source package: ${source}`, ...new Set(texts)].join("\n\n");
    const name = built.map((one) => one.name).join(", ");
    return { name, version: built[0].version, license: shortNames(text), text };
  });
  return [...notices, ...commonLicenses(tree, notices)];
}

/** The short names in a copyright file of Debian's, where it is one for machines. */
function shortNames(text) {
  const names = [...text.matchAll(/^License:[ \t]*(\S.*)$/gm)].map(([, name]) => name.replace(/[()]/g, "").trim());
  const unique = [...new Set(names)].sort();
  return unique.length === 0 ? "see below" : unique.join("; ");
}

/** What copyright files refer to as /usr/share/common-licenses/NAME. */
function commonLicenses(tree, notices) {
  const texts = notices.map(({ text }) => text).join("\n");
  const names = [...texts.matchAll(/\/usr\/share\/common-licenses\/([A-Za-z0-9.-]*[A-Za-z0-9])/g)].map(
    ([, name]) => name,
  );
  return [...new Set(names)].sort().flatMap((name) => {
    const file = join(tree, "usr/share/common-licenses", name);
    if (!existsSync(file)) return [];
    return [
      { name: "/usr/share/common-licenses", version: name, license: name, text: readFileSync(file, "utf8").trim() },
    ];
  });
}

/** @param {readonly Notice[]} notices */
export function licensesText(notices) {
  const parts = notices.map(({ name, version, license, text }) => {
    if (HEADING.test(text)) throw new Error(`the licence of ${name} has a line like a heading of LICENSES`);
    return `\n======== ${name} ${version} (${license})\n\n${text}\n`;
  });
  return INTRODUCTION + parts.join("");
}

/** @param {string} text as `licensesText` makes it; @returns {Notice[]} */
export function noticesIn(text) {
  const [, ...fields] = text.split(HEADING);
  return Array.from({ length: fields.length / 4 }, (_, index) => {
    const [name, version, license, body] = fields.slice(4 * index, 4 * index + 4);
    return { name, version, license, text: body.trim() };
  });
}
