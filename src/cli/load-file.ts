/** Reads the configuration file that a command names. */
import * as fs from "fs";
import * as path from "path";
import type { Config } from "../app/config/config.ts";
import { loadConfig } from "../app/config/load-config.ts";
import { namesInCertificate } from "../io/node/certificate-of.ts";
import { tlsFault } from "../io/node/tls-faults.ts";

/**
 * Undefined when the file can't be used; `say` has got what is wrong then, a line for each fault.
 * @param interfaces names of this router's: `say` hears of others that the file names
 */
export function loadFile(
  file: string,
  say: (fault: string) => void = print,
  interfaces?: readonly string[],
): Config | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    say(`${file}: can't be read: ${message}${code === "ENOENT" ? "; `branchline init` writes it" : ""}`);
    return undefined;
  }
  return loadText(text, file, say, interfaces);
}

/** The same for a text that isn't in its file yet. */
export function loadText(
  text: string,
  file: string,
  say: (fault: string) => void = print,
  interfaces?: readonly string[],
  faultOf = tlsFault,
): Config | undefined {
  const folder = path.dirname(path.resolve(file));
  const loaded = loadConfig(text, (given) => path.resolve(folder, given), faultOf, interfaces, namesInCertificate);
  const { config, problems, hints } = loaded;
  for (const problem of [...problems, ...hints]) {
    const { line, column, path: where, message } = problem;
    const kind = hints.includes(problem) ? "hint: " : "";
    say(`${file}:${line}:${column}: ${kind}${where === "" ? "" : `${where} `}${message}`);
  }
  return problems.length === 0 ? config : undefined;
}

function print(fault: string): void {
  process.stderr.write(`${fault}\n`);
}
