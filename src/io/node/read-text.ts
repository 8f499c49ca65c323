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
