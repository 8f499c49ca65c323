/** `branchline readiness`: were the WAN to die now. */
import { readinessText } from "../app/words/readiness-words.ts";
import { EXIT_DONE, EXIT_WORLD } from "./exit.ts";
import { fail } from "./paper.ts";
import { reader } from "./reader.ts";
import { show, theRunning } from "./running.ts";

/** Prints the verdict and what is to be mended; sets the exit status. */
export async function showReadiness(file: string, isVerbose: boolean, asJson: boolean): Promise<void> {
  const running = await theRunning(file);
  const { readiness } = await running.ask({ command: "readiness" });
  if (readiness === undefined) fail("another version of branchline runs: restart it");
  show(readinessText(readiness, isVerbose, reader()), asJson, readiness);
  process.exitCode = readiness.verdict === "not ready" ? EXIT_WORLD : EXIT_DONE;
}
