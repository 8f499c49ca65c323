/** Compares the file on disk with the text that a running branchline has read. */
import * as fs from "fs";
import * as path from "path";
import { loadConfig } from "../app/config/load-config.ts";
import { changedKeys, refusedChanges } from "../app/reload.ts";
import type { FileOnDisk } from "../app/words/file-words.ts";
import { faultLine, readConfig } from "./load-file.ts";
import type { Answer } from "./running.ts";

/** How the file on disk compares. @param answer what runs; undefined: an older version doesn't tell */
export function compareFile(
  file: string,
  answer: Pick<Answer, "file_text" | "variables"> | undefined,
): FileOnDisk | undefined {
  const running = answer?.file_text;
  const { text, config, faults } = readConfig(file, { running: answer?.variables });
  if (text !== undefined && text === running) return { state: "same", changed: [], needs_restart: [], faults: [] };
  if (config === undefined) {
    // A caller that may not read it knows nothing of it.
    if (text === undefined && isDenied(file)) return undefined;
    const state = text === undefined ? "missing" : "faulty";
    return { state, changed: [], needs_restart: [], faults: faults.map((fault) => faultLine(file, fault)) };
  }
  if (running === undefined) return undefined;
  const folder = path.dirname(path.resolve(file));
  const { config: before } = loadConfig(running, (given) => path.resolve(folder, given));
  const changed = changedKeys(before, config);
  const needs_restart = refusedChanges(before, config);
  return { state: changed.length === 0 ? "same" : "changed", changed, needs_restart, faults: [] };
}

function isDenied(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.R_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}
