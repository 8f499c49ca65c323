/** Programs that the build starts, and folders that it keeps. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";

/** How many programs work at once. Without /proc, as in a chroot, no processor is known. */
export const JOBS = Math.max(1, cpus().length);
const WAIT_MS = 100;
const KEPT_MS = 7 * 24 * 3_600_000;

/** @param {...(string | Buffer)} parts @returns {string} a name for them, of 16 hexadecimal digits */
export function hashOf(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex").slice(0, 16);
}

/** What of the caller's surroundings reaches compilers: their flags don't, nor its language, time zone or places. */
function environment() {
  const { PATH, HOME, TMPDIR } = process.env;
  const given = Object.entries({ PATH, HOME, TMPDIR }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), LC_ALL: "C", TZ: "UTC", SOURCE_DATE_EPOCH: "0" };
}

/**
 * Runs a program to its end.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{cwd?: string}} [options]
 * @returns {Promise<string>} what it has printed
 * @throws when it can't be started or fails: with its command and its words
 */
export function run(program, args, { cwd } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
    const said = { out: [], error: [] };
    child.stdout.on("data", (bytes) => said.out.push(bytes));
    child.stderr.on("data", (bytes) => said.error.push(bytes));
    child.on("error", (error) => reject(new Error(`${program}: ${error.message}`)));
    child.on("close", (status, signal) => {
      const out = Buffer.concat(said.out).toString();
      if (status === 0) return resolve(out);
      const words = `${Buffer.concat(said.error)}`.trim() || out.trim().slice(-2_000);
      const command = [program, ...args].join(" ");
      const shown = command.length > 500 ? `${command.slice(0, 200)} … ${command.slice(-300)}` : command;
      reject(new Error(`${shown}\nended with ${status ?? signal}:\n${words}`));
    });
  });
}

/** Calls `work` for each of `items`, as many at a time as there are processors; results in their order. */
export async function inParallel(items, work) {
  const results = [];
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: JOBS }, worker));
  return results;
}

/**
 * A folder that is there whole or not at all: made by `make` beside its place where it isn't there yet. Another process that
 * needs the same one waits for it.
 * @param {string} folder
 * @param {(part: string) => unknown} make fills the folder that it is given
 * @returns {Promise<string>} `folder`
 */
export async function keepWhole(folder, make) {
  const lock = `${folder}.lock`;
  while (!existsSync(folder)) {
    if (hasLock(lock)) await makeWhole(folder, lock, make);
    else await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
  const now_s = Date.now() / 1_000;
  utimesSync(folder, now_s, now_s);
  return folder;
}

async function makeWhole(folder, lock, make) {
  const part = `${folder}.${process.pid}.part`;
  try {
    if (existsSync(folder)) return;
    mkdirSync(part);
    await make(part);
    renameSync(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
    rmSync(lock, { force: true });
  }
}

/** Whether the lock is ours now. One whose process has ended, killed perhaps, counts for nothing. */
function hasLock(lock) {
  mkdirSync(dirname(lock), { recursive: true });
  try {
    writeFileSync(lock, `${process.pid}`, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  if (!isHeld(lock)) rmSync(lock, { force: true });
  return false;
}

function isHeld(lock) {
  try {
    const pid = Number(readFileSync(lock, "utf8"));
    // Between its making and its number it is empty.
    return pid === 0 || process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Removes the folders of a cache that no build has used for a week; downloads stay. */
export function forgetOld(cache, now_ms = Date.now()) {
  for (const entry of readdirSync(cache, { withFileTypes: true })) {
    const path = join(cache, entry.name);
    if (entry.isDirectory() && now_ms - statSync(path).mtimeMs > KEPT_MS)
      rmSync(path, { recursive: true, force: true });
  }
}
