/** What a finished binary must be: by readelf, and by its size. */
import { statSync } from "node:fs";
import { run } from "./run.mjs";

/** A router has little flash, and a package of it is compressed. */
const MOST_BYTES = 1_600_000;
const MOST_XZ_BYTES = 650_000;

/**
 * @param {string} path
 * @param {import("./targets.mjs").Target} target
 * @returns {Promise<{bytes: number, xz_bytes: number}>}
 * @throws with everything that is wrong with it
 */
export async function checkBinary(path, target) {
  const said = await run("readelf", ["-W", "-h", "-l", "-d", "-A", path]);
  const bytes = statSync(path).size;
  const xz_bytes = Number(await run("sh", ["-c", 'xz -9 -c "$1" | wc -c', "sh", path]));
  const faults = elfFaults(said, target.readelf);
  if (bytes > MOST_BYTES) faults.push(`${bytes} bytes, at most ${MOST_BYTES}`);
  if (xz_bytes > MOST_XZ_BYTES) faults.push(`${xz_bytes} bytes compressed, at most ${MOST_XZ_BYTES}`);
  if (faults.length > 0) throw new Error(`${path}: ${faults.join("; ")}`);
  return { bytes, xz_bytes };
}

/**
 * @param {string} said by readelf
 * @param {Readonly<Record<string, string>>} wanted
 * @returns {string[]} what it isn't, or is and mustn't be
 */
export function elfFaults(said, wanted) {
  const fields = new Map(
    [...said.matchAll(/^\s*([A-Za-z][\w ]*?):[ \t]+(.*?)\s*$/gm)].map(([, name, value]) => [name, value]),
  );
  const faults = Object.entries({ Type: "EXEC (Executable file)", ...wanted })
    .filter(([name, value]) => unquoted(fields.get(name)) !== value)
    .map(([name, value]) => `${name} is ${fields.get(name) ?? "not told"}, not ${value}`);
  if (/^\s*INTERP\b/m.test(said)) faults.push("it asks for a loader");
  if (/^\s*DYNAMIC\b|\(NEEDED\)/m.test(said)) faults.push("it is linked dynamically");
  if (/^\s*GNU_STACK\b.*\bRWE\b/m.test(said)) faults.push("its stack can be executed");
  return faults;
}

function unquoted(value) {
  return value?.replace(/^"(.*)"$/, "$1");
}
