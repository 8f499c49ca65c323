/** Files that are whole after any crash, or not there. */
import * as fs from "fs";
import * as path from "path";

/** @throws when it can't be written; what was there before is still there then */
export function writeWhole(file: string, text: string, mode: number): void {
  const temporary = `${file}.new`;
  const handle = fs.openSync(temporary, "w", mode);
  try {
    fs.writeFileSync(handle, text);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  fs.renameSync(temporary, file);
}

/** What is named in the folder stays named so, where the file system can promise it. */
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
 * Writes a file that people edit: its folder is made where it is missing.
 * @throws when it can't be written; nothing is left behind then
 */
export function writeForPeople(file: string, text: string): void {
  const folder = path.dirname(file);
  fs.mkdirSync(folder, { recursive: true });
  try {
    writeWhole(file, text, 0o644);
  } catch (error) {
    try {
      fs.unlinkSync(`${file}.new`);
    } catch {
      // It was never made.
    }
    throw error;
  }
  syncFolder(folder);
}
