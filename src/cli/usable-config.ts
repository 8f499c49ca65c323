/** The configuration that a command goes by which only looks. */
import type { Config } from "../app/config/config.ts";
import { EXIT_USAGE } from "./exit.ts";
import { faultLines, readConfig, readConfigText } from "./load-file.ts";
import { complain } from "./paper.ts";
import type { Running } from "./running.ts";

/** The configuration on disk, or the one that runs where that has faults; ends this process where there is neither. */
export async function usableConfig(file: string, running: Running | undefined): Promise<Config> {
  const alone = readConfig(file);
  if (alone.config !== undefined) return alone.config;
  const answer = await running?.tryToAsk({ command: "file" });
  // It may have variables that this process lacks.
  const loaded = answer?.variables === undefined ? alone : readConfig(file, { running: answer.variables });
  if (loaded.config !== undefined) return loaded.config;
  complain(`${faultLines(file, loaded).join("\n")}\n`);
  const text = answer?.file_text;
  // What has become of the certificates meanwhile doesn't matter here.
  const isFine = () => undefined;
  const active = text === undefined ? undefined : readConfigText(text, file, { faultOf: isFine }).config;
  if (active === undefined) process.exit(EXIT_USAGE);
  complain("The file on disk can't be used: what follows goes by the configuration that runs.\n");
  return active;
}
