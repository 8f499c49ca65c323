/** Pages of the repository as a package has them: a link that leads out of the package becomes its words. */
import { posix } from "node:path";

/** A block or a span of code, which stays as it is, or a link: its words, its target, its section. */
const LINK = /^```[\s\S]*?^```|(`+)[^`]+\1|\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)#\s]*)(#[^)\s]*)?\)/gm;

/**
 * @param {string} text a page in Markdown
 * @param {string} path of the page in the repository
 * @param {(path: string) => boolean} has whether the package has this file or folder of the repository
 * @param {Readonly<Record<string, string>>} moved files that the package has elsewhere: path in the repository → path in the package
 * @returns {string} the page; what its links name is in the package, or they lead to a web address or a section of the page itself
 */
export function packagedPage(text, path, has, moved = {}) {
  const folder = posix.dirname(path);
  return text.replace(LINK, (whole, _ticks, words, target, section = "") => {
    if (words === undefined || target === "" || /^[a-z][a-z0-9+.-]*:/i.test(target)) return whole;
    const named = posix.join(folder, target).replace(/\/$/, "");
    const place = moved[named];
    if (place !== undefined) return `[${posix.basename(place)}](${posix.relative(folder, place)}${section})`;
    return has(named) ? whole : words;
  });
}
