/** Files that are whole after any crash, or not there. */
import * as fs from "fs";
import * as path from "path";

/**
 * A folder, a device or a pipe is never replaced: root could take /dev/null away from everybody.
 * @param onOpen gets the open file before it has its name: what is done to the handle can't be led elsewhere by a link
 * @throws when it can't be written; what was there before is still there then
 */
export function writeWhole(
  file: string,
  text: string | Uint8Array,
  mode: number,
  onOpen?: (handle: number) => void,
): void {
  if (fs.existsSync(file) && !fs.statSync(file).isFile()) throw new Error("it is there, and no file");
  const temporary = `${file}.new`;
  remove(temporary);
  // A link that somebody has laid there isn't followed.
  const handle = fs.openSync(temporary, "wx", mode);
  try {
    fs.writeFileSync(handle, text);
    onOpen?.(handle);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  fs.renameSync(temporary, file);
}

/**
 * Makes a folder that is there after any crash: each that had to be made is synced into the one above it.
 * @throws when it can't be made
 */
export function makeFolder(folder: string): void {
  const made = fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (made === undefined) return;
  const top = path.dirname(made);
  for (let one = path.dirname(path.resolve(folder)); ; one = path.dirname(one)) {
    syncFolder(one);
    if (one === top || one === path.dirname(one)) return;
  }
}

/** A name in the folder stays, where the file system can promise it. */
export function syncFolder(folder: string): void {
  try {
    const handle = fs.openSync(folder, "r");
    try {
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
  } catch {
    // The file is in its place all the same.
  }
}

/**
 * Writes a file that people edit: its folder is made where it is missing. Where a link leads to a file, it stays a link.
 * @throws when it can't be written; nothing is left behind then
 */
export function writeForPeople(given: string, text: string): void {
  const file = fs.existsSync(given) ? fs.realpathSync(given) : given;
  const folder = path.dirname(file);
  fs.mkdirSync(folder, { recursive: true });
  try {
    writeWhole(file, text, 0o644);
  } catch (error) {
    remove(`${file}.new`);
    throw error;
  }
  syncFolder(folder);
}

function remove(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch {
    // There is none; or what opens it next says what is wrong.
  }
}
