/**
 * Texts name the program's commands by `branchline`. Where nobody finds that, since the bundle or the binary lies in a folder of its own, a
 * person is told what to type in its place.
 */
import * as fs from "fs";
import * as path from "path";
import { NAMED_FILE } from "./config-file.ts";

/** @param names of all commands @returns makes of a text the same with commands that work as this program was started */
export function typing(names: readonly string[]): (text: string) => string {
  const start = startedAs();
  const command = new RegExp(`(^|[^/\\w.-])branchline(\\s+(?:${names.join("|")})\\b)`, "gm");
  return start === "branchline" ? (text) => text : (text) => text.replace(command, `$1${start}$2`);
}

/** "branchline" where a package has it, or the shell finds it; else "node branchline.js", or the binary's file. */
function startedAs(): string {
  const [, file = ""] = process.argv;
  const isFound = (process.env["PATH"] ?? "").split(":").some((folder) => fs.existsSync(`${folder}/branchline`));
  if (NAMED_FILE !== undefined || isFound) return "branchline";
  const here = workingFolder();
  const near = here !== undefined && file.startsWith(here) ? file.slice(here.length) : file;
  if (path.basename(file).endsWith(".js")) return `node ${near}`;
  return near.includes("/") ? near : `./${near}`;
}

/** With a slash behind it; undefined: it has been removed. */
function workingFolder(): string | undefined {
  try {
    return `${path.resolve(".")}/`;
  } catch {
    return undefined;
  }
}
