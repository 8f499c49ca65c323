/** Reads the configuration file that a command names. */
import * as fs from "fs";
import * as path from "path";
import type { Config } from "../app/config/config.ts";
import { loadConfig } from "../app/config/load-config.ts";
import type { Surroundings as Around } from "../app/config/section.ts";
import { namesInCertificate } from "../io/node/certificate-of.ts";
import { secretFault } from "../io/node/cluster-secret.ts";
import { HAS_TLS } from "../io/node/engine.ts";
import { readStandardInput } from "../io/node/standard-input.ts";
import { tlsFault } from "../io/node/tls-faults.ts";
import { FILE_BYTES_MAX, sourcesOf } from "./sources.ts";

const WHY_UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: "no such file. Create it with `branchline init`, or name another with -c FILE",
  EISDIR: "is a folder. Name the file in it with -c FILE",
  ENOTDIR: "no such file: a part of its path is no folder. Name another with -c FILE",
  EFBIG: "is longer than 256 kB, so it is no configuration. Name another with -c FILE",
  EACCES: "permission denied. Run the command with sudo, or make the file readable",
};

/** A fault of a file, or a warning. */
export interface Fault {
  /** From 1; both are missing where no place of the file is meant, such as a file that can't be read. */
  readonly line?: number;
  readonly column?: number;
  /** Path of the key, such as "gateways[0]"; "" for the whole file. */
  readonly key: string;
  readonly message: string;
  /** The included file that it is in, or the file of variables; missing: the file itself. */
  readonly file?: string;
}

export interface LoadedFile {
  /** All of it as one file, without variables and what it includes; undefined when the file can't be read. */
  readonly text: string | undefined;
  /** Undefined when there are faults. */
  readonly config: Config | undefined;
  /** With faults: what could be read, and defaults for the rest. For looking, never to run with. */
  readonly partial: Config;
  readonly faults: readonly Fault[];
  /** What is valid, but perhaps not meant. */
  readonly warnings: readonly Fault[];
  /** All of it as one file without comments, with secrets or without. Only where there are no faults. */
  readonly printed: (isMasked: boolean) => string;
  /** The variables of the file that this process has in its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How a text is loaded. */
interface Surroundings {
  /** This router's: warnings name others that the file has, and addresses that none of them has. */
  readonly interfaces?: Around["interfaces"];
  /** Why the files that `tls` names can't serve. */
  readonly faultOf?: typeof tlsFault;
  /** Variables that a branchline runs with. */
  readonly running?: Readonly<Record<string, string>> | undefined;
}

/** Standard input, in place of a file's name. */
export const STDIN = "-";
const STDERR_FD = 2;

/** Reads the file, or standard input for `STDIN`; never throws. */
export function readConfig(file: string, surroundings: Surroundings = {}): LoadedFile {
  const unread = (message = "") => {
    const none = readConfigText("", file, surroundings);
    return { ...none, text: undefined, faults: [{ key: "", message }], warnings: [] };
  };
  let text: string;
  try {
    if (file !== STDIN && fs.statSync(file).size > FILE_BYTES_MAX) return unread(WHY_UNREADABLE["EFBIG"]);
    text = file === STDIN ? readStandardInput(FILE_BYTES_MAX) : fs.readFileSync(file, "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    return unread(WHY_UNREADABLE[code] ?? `can't be read (${code})`);
  }
  return readConfigText(text, file, surroundings);
}

/** The same for a text that isn't in its file yet: relative paths in it are relative to that file. */
export function readConfigText(
  text: string,
  file: string,
  { interfaces, faultOf = tlsFault, running }: Surroundings = {},
): LoadedFile {
  const folder = path.dirname(path.resolve(file));
  const loaded = loadConfig(
    text,
    (given) => path.resolve(folder, given),
    faultOf,
    interfaces,
    namesInCertificate,
    HAS_TLS,
    secretFault,
    sourcesOf(file, running),
  );
  const faults = loaded.problems.map(({ path: key, ...rest }) => ({ ...rest, key }));
  const warnings = loaded.hints.map(({ path: key, ...rest }) => ({ ...rest, key }));
  const { config, effective, printed, variables } = loaded;
  const environment = Object.fromEntries(
    [...variables].flatMap((name) => (process.env[name] === undefined ? [] : [[name, `${process.env[name]}`]])),
  );
  const usable = faults.length === 0 ? config : undefined;
  return { text: effective, config: usable, partial: config, faults, warnings, printed, environment };
}

/** Such as "branchline.yaml:3:1: upstream must be …", without a line end. */
export function faultLine(main: string, { file = main, line, column, key, message }: Fault, kind = ""): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`;
  return `${place}: ${kind}${key === "" ? "" : `${key} `}${message}`;
}

/** A line for each fault, then for each warning. */
export function faultLines(file: string, { faults, warnings }: LoadedFile): string[] {
  return [
    ...faults.map((fault) => faultLine(file, fault)),
    ...warnings.map((warning) => faultLine(file, warning, "warning: ")),
  ];
}

/** The configuration and its text; undefined when the file can't be used: `say` has got what is wrong then, a line for each fault. */
export function loadFileAndText(
  file: string,
  say: (fault: string) => void = print,
): (Pick<LoadedFile, "environment"> & { readonly config: Config; readonly text: string }) | undefined {
  const loaded = readConfig(file);
  faultLines(file, loaded).forEach(say);
  const { config, text, environment } = loaded;
  return config === undefined || text === undefined ? undefined : { config, text, environment };
}

/** The same for a text that isn't in its file yet. */
export function loadText(
  text: string,
  file: string,
  say: (fault: string) => void = print,
  interfaces?: Around["interfaces"],
  faultOf = tlsFault,
): Config | undefined {
  const loaded = readConfigText(text, file, { interfaces, faultOf });
  faultLines(file, loaded).forEach(say);
  return loaded.config;
}

/** Without `paper.ts`, which the running proxy doesn't load. */
function print(fault: string): void {
  try {
    fs.writeSync(STDERR_FD, `${fault}\n`);
  } catch {
    // Nothing is left to say it on: the exit status tells.
  }
}
