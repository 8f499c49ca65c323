/** Which configuration file a command means that names none, and the command line that services start with. */

/** Packages name the file that their service runs with. */
export const NAMED_FILE = process.env["BRANCHLINE_CONFIG"] || undefined;

export const STANDARD_FILE = NAMED_FILE ?? "branchline.yaml";

/**
 * The file of `run`, `run -c FILE` and `run --config FILE`, which need no reader of command lines: a router starts so.
 * @param words without those of Node itself
 * @returns undefined for everything else
 */
export function fileToRun(words: readonly string[]): string | undefined {
  const [command, option, file] = words;
  if (command !== "run") return undefined;
  if (words.length === 1) return STANDARD_FILE;
  const isNamed = words.length === 3 && (option === "-c" || option === "--config");
  return isNamed && file !== undefined && /^[^-]/.test(file) ? file : undefined;
}
