/** A branchline that has been started, and hasn't taken its state folder yet. */
import * as fs from "fs";
import { readText } from "./read-text.ts";
import { isSame } from "./state-lock.ts";

/** @param file its absolute path. @returns the process that is about to run with it, as far as the kernel tells */
export function startingWith(file: string): number | undefined {
  const pids = (readText("/proc") ?? "").split("\n").filter((name) => /^\d+$/.test(name));
  // Processes come and go: what is gone by now has no words.
  return pids.map(Number).find((pid) => pid !== process.pid && runsWith(wordsOf(pid), file) && isNear(pid));
}

function wordsOf(pid: number): string[] {
  return (readText(`/proc/${pid}/cmdline`) ?? "").split("\0").slice(0, -1);
}

/** "node … branchline.js run -c FILE", or the packages' "sh run.sh FILE" before. */
function runsWith(words: readonly string[], file: string): boolean {
  const [option, last] = words.slice(-2);
  if (last === undefined || !(isRun(words) || (words.length <= 3 && /\/run\.sh$/.test(option ?? "")))) return false;
  return isSame(last, file);
}

function isRun(words: readonly string[]): boolean {
  return words.slice(-3, -1).join(" ") === "run -c";
}

/** Not in a container, where the same path is another file. */
function isNear(pid: number): boolean {
  try {
    return fs.readlinkSync(`/proc/${pid}/ns/pid`) === fs.readlinkSync("/proc/self/ns/pid");
  } catch {
    return false;
  }
}
