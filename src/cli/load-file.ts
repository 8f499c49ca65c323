/** Reads the configuration file that a command names. */
import * as fs from "fs";
import * as path from "path";
import type { Config } from "../app/config/config.ts";
import { loadConfig } from "../app/config/load-config.ts";
import { tlsFault } from "../io/node/tls-faults.ts";

/** Undefined when the file can't be used; what is wrong has been printed then. */
export function loadFile(file: string): Config | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    process.stderr.write(`${file}: can't be read: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
  const folder = path.dirname(path.resolve(file));
  const { config, problems } = loadConfig(text, (given) => path.resolve(folder, given));
  for (const { line, column, path: where, message } of problems) {
    process.stderr.write(`${file}:${line}:${column}: ${where === "" ? "" : `${where} `}${message}\n`);
  }
  const tls = config.tls === undefined || problems.length > 0 ? undefined : tlsFault(config.tls);
  if (tls !== undefined) process.stderr.write(`${file}: ${tls}\n`);
  return problems.length === 0 && tls === undefined ? config : undefined;
}
