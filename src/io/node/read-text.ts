/** Small files of the host, such as those in /proc and /sys. */
import * as fs from "fs";

/** A file's text, or the names in a folder, one in each line; undefined when it can't be read. */
export function readText(path: string): string | undefined {
  try {
    return fs.statSync(path).isDirectory() ? fs.readdirSync(path).join("\n") : fs.readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}

/** By the code of an error, why a file that the configuration names can't be read, for a person. */
export const WHY_UNREAD: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied to the user that branchline runs as",
};
