/** What a configuration file consists of besides its own text: the environment, the file of variables beside it, and files that it includes. */
import * as fs from "fs";
import * as path from "path";
import type { IncludedFile, Sources } from "../app/config/sources.ts";
import { variablesIn } from "../app/config/variables.ts";

export const FILE_BYTES_MAX = 256_000;

/** Beside branchline.yaml: branchline.env. */
export function variablesFileOf(file: string): string {
  return `${file.replace(/\.ya?ml$/, "")}.env`;
}

/**
 * Of two values of a variable, the environment's counts, to which `--set` has added, then that of the running branchline.
 * @param file the main one. @param running variables that a branchline runs with, whose environment this process may lack
 */
export function sourcesOf(file: string, running: Readonly<Record<string, string>> = {}): Sources {
  const beside = variablesFileOf(file);
  const { values, faults } = variablesIn(textOf(beside) ?? "");
  const environment = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return {
    variables: new Map([...values, ...environment, ...Object.entries(running)]),
    faults: faults.map((fault) => ({ file: beside, ...fault })),
    id: idOf(file),
    read: (given, from = file) => included(path.join(path.isAbsolute(given) ? "" : path.dirname(from), given)),
  };
}

function included(name: string): IncludedFile {
  const id = idOf(name);
  const unread = (why: string): IncludedFile => ({ name, id, text: undefined, why });
  try {
    const stat = fs.statSync(name);
    if (!stat.isFile()) return unread("is no file; name a file");
    if (stat.size > FILE_BYTES_MAX) return unread("is longer than 256 kB, so it is no configuration; name another");
    return { name, id, text: fs.readFileSync(name, "utf8"), why: "" };
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EACCES") return unread("permission denied; make it readable for branchline");
    if (code !== "ENOENT" && code !== "ENOTDIR") return unread(`can't be read (${code})`);
    return unread("no such file; paths are relative to the file that includes them");
  }
}

/** The file itself, whatever leads to it. */
function idOf(name: string): string {
  try {
    return fs.realpathSync(name);
  } catch {
    return path.resolve(name);
  }
}

function textOf(name: string): string | undefined {
  try {
    return fs.statSync(name).size > FILE_BYTES_MAX ? undefined : fs.readFileSync(name, "utf8");
  } catch {
    return undefined;
  }
}

/** Why `NAME=value` of `--set` can't be taken; undefined: it can. */
export function setFault(text: string): string | undefined {
  return /^[A-Za-z_][A-Za-z0-9_]*=/.test(text) ? undefined : "must be NAME=value, such as PBX=10.0.0.1";
}

/** Sets variables for this process, and for all that it starts. @param given as `--set` has them */
export function setVariables(given: readonly string[]): void {
  for (const text of given) {
    const at = text.indexOf("=");
    process.env[text.slice(0, at)] = text.slice(at + 1);
  }
}
