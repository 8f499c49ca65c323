/** Makes the secret of a pair, for `branchline cluster secret`. */
import { execFileSync } from "child_process";
import * as crypto from "crypto";
import * as fs from "fs";
import * as path from "path";
import { syncFolder, writeWhole } from "./whole-file.ts";

const SECRET_BYTES = 32;

/** A new secret: 64 hexadecimal digits. */
export function makeSecret(): string {
  return crypto.randomBytes(SECRET_BYTES).toString("hex");
}

/**
 * Writes a secret that nobody but the file's owner can read, in a folder that is there. Root gives the file to the folder's owner: a
 * service with a user of its own reads it in its state folder.
 * @throws when it can't be written
 */
export function keepSecret(file: string, secret: string): void {
  const folder = path.dirname(file);
  const { uid } = fs.statSync(folder);
  const isGiven = process.getuid?.() === 0 && uid !== 0;
  writeWhole(file, `${secret}\n`, 0o600, (handle) => isGiven && give(handle, uid));
  syncFolder(folder);
}

/**
 * By its handle: the folder's owner could lay a link under any name in it, and get the file that the link leads to. Not every host has fchown
 * as a function; the kernel's name of an open file leads to nothing else.
 */
function give(handle: number, uid: number): void {
  execFileSync("chown", [`${uid}`, `/proc/${process.pid}/fd/${handle}`], { stdio: ["ignore", "ignore", "ignore"] });
}
