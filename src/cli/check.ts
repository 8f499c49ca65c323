/** `branchline check`: is a file valid, and what will it do? */
import type { Config } from "../app/config/config.ts";
import { describe } from "../app/config/describe.ts";
import { WARNING } from "../app/config/describe-more.ts";
import { counted } from "../app/words/lines.ts";
import { bad, doubtful, good } from "../base/ink.ts";
import { canonicalAddress, ipVersion, isLoopback } from "../base/ip-range.ts";
import { readAllInterfaces } from "../io/node/interfaces.ts";
import { STANDARD_FILE } from "./config-file.ts";
import { EXIT_DONE, EXIT_USAGE } from "./exit.ts";
import { type Fault, faultLine, type LoadedFile, readConfig, STDIN } from "./load-file.ts";
import { complain, fail, print, printData, printJson, printWrapped } from "./paper.ts";
import { setVariables } from "./sources.ts";
import { missingWayWarnings } from "./ways.ts";

/** What came on the command line. */
export interface CheckOptions {
  /** A file, or "-" for standard input. */
  readonly file?: string;
  /** The same by `-c`. */
  readonly config?: string;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Variables, each as NAME=value. */
  readonly set: readonly string[];
  /** Print the file in effect in place of what it does. */
  readonly print: boolean;
  /** With their values. */
  readonly secrets: boolean;
}

/** What `check` has found; `--json` prints it. */
export interface Verdict {
  readonly file: string;
  readonly valid: boolean;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
  /** Sentences: what the proxy will do with the file. Empty when it has faults. */
  readonly does: readonly string[];
}

const LABEL = `${doubtful("warning:")} `;

const NO_EMERGENCY: Fault = {
  key: "emergency",
  message:
    "is missing: calls to 112 or 911 go to upstream first, like any other call; " +
    'add emergency: ["112", "911"], or emergency: [] if there are none',
};

const NO_GROUP: Fault = {
  key: "hunt_groups",
  message:
    "is missing: a call from a gateway to a number that is no extension gets 404 where upstream doesn't take it; " +
    'add hunt_groups: {default: {members: ["201"]}}, or hunt_groups: {} if none is to ring',
};

/**
 * Prints faults and warnings, what the file will do, and the verdict; sets the exit status. Waits for DNS, 2 s at the most,
 * where the file has names.
 */
export async function checkAndPrint(options: CheckOptions): Promise<void> {
  const { file, config, json, quiet } = options;
  if (file !== undefined && config !== undefined) {
    fail("error: two files are named: give either FILE or -c FILE\nSee: branchline check --help", EXIT_USAGE);
  }
  setVariables(options.set);
  const named = file ?? config ?? STANDARD_FILE;
  const loaded = readConfig(named, { interfaces: readAllInterfaces() });
  const ways = loaded.config === undefined ? [] : await missingWayWarnings(loaded.config);
  const found = verdictOf(named === STDIN ? "stdin" : named, loaded, ways);
  const verdict = {
    ...found,
    does: [...found.does, ...(loaded.config === undefined ? [] : elsewhereLines(loaded.config))],
  };
  process.exitCode = verdict.valid ? EXIT_DONE : EXIT_USAGE;
  const effective = options.print && verdict.valid ? loaded.printed(!options.secrets) : undefined;
  if (json) {
    printJson(effective === undefined ? verdict : { ...verdict, effective });
    return;
  }
  for (const fault of verdict.faults) complain(`${faultLine(verdict.file, fault)}\n`);
  for (const warning of verdict.warnings) complain(`${faultLine(verdict.file, warning, LABEL)}\n`);
  if (quiet && effective === undefined) return;
  if (!verdict.valid) complain(`${verdictLine(verdict)}\n`);
  else if (effective !== undefined) printData(effective);
  else {
    printWrapped(`${verdict.does.join("\n")}\n\n`);
    print(`${verdictLine(verdict)}\n`);
  }
}

/** A file for another router is as it should be; one that is meant for this router has wrong addresses then. */
function elsewhereLines({ listeners }: Config): string[] {
  const own = [...(readAllInterfaces() ?? new Map<string, readonly string[]>()).values()].flat().map(canonicalAddress);
  const places = listeners.map(({ settings }) => settings.at);
  const isElsewhere =
    own.length > 0 &&
    places.every((at) => ipVersion(at) !== 0 && !isLoopback(at) && !own.includes(canonicalAddress(at)));
  return isElsewhere
    ? ["This machine has none of the addresses of listen: the file is for another router, or they are wrong."]
    : [];
}

/**
 * @param file as it is named to the user
 * @param seen warnings of what only a look at this router shows
 */
export function verdictOf(
  file: string,
  { config, faults, warnings }: LoadedFile,
  seen: readonly Fault[] = [],
): Verdict {
  const sentences = config === undefined ? [] : describe(config).trimEnd().split("\n");
  const told = sentences.filter((sentence) => sentence.startsWith(WARNING));
  const hints = config === undefined ? [] : missingKeys(config);
  return {
    file,
    valid: config !== undefined,
    faults,
    warnings: [
      ...warnings,
      ...seen,
      ...hints,
      ...told.map((text) => ({ key: "", message: text.slice(WARNING.length) })),
    ],
    does: sentences.filter((sentence) => !told.includes(sentence)),
  };
}

/** Such as "OK: branchline.yaml is valid, 0 warnings". */
export function verdictLine({ file, valid, faults, warnings }: Verdict): string {
  if (!valid) return `${bad(counted(faults.length, "fault"))}: ${file} is not used`;
  return `${good("OK")}: ${file} is valid, ${counted(warnings.length, "warning")}`;
}

/** Keys that a file with a gateway lacks, though it can do without. */
export function missingKeys(config: Config): Fault[] {
  return [...(lacksEmergency(config) ? [NO_EMERGENCY] : []), ...(lacksGroup(config) ? [NO_GROUP] : [])];
}

/** An empty list in the file is somebody's decision. */
function lacksEmergency({ site, written }: Config): boolean {
  const isSaid = [...written.keys()].some((key) => /^emergency(\.|$)/.test(key));
  return site.gateways.length > 0 && site.emergency.numbers.length === 0 && !isSaid;
}

function lacksGroup({ site, written }: Config): boolean {
  const isSaid = [...written.keys()].some((key) => /^hunt_groups(\.|$)/.test(key));
  return site.gateways.length > 0 && site.huntGroups.length === 0 && !isSaid;
}
