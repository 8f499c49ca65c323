/** `branchline reload`: has the running branchline take over its file. */
import { reloadText } from "../app/words/reload-words.ts";
import { EXIT_USAGE, EXIT_WORLD } from "./exit.ts";
import { complain, fail } from "./paper.ts";
import { restartOf, show, theRunning } from "./running.ts";

/** Prints what has changed. A reload that is refused ends this process with a status that tells why. */
export async function reload(file: string, asJson: boolean): Promise<void> {
  const running = await theRunning(file);
  const { reload: outcome } = await running.ask({ command: "reload" });
  // Before 0.2.0 its answer had another form.
  if (outcome?.is_done === undefined) fail("another version of branchline runs: restart it");
  const text = reloadText(outcome, restartOf(file));
  if (outcome.is_done || asJson) show(text, asJson, outcome);
  else complain(text);
  if (!outcome.is_done) process.exitCode = outcome.reason === "needs_restart" ? EXIT_WORLD : EXIT_USAGE;
}
