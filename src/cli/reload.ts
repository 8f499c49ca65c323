/** `branchline reload`: has the running branchline take over its file. */
import { reloadText } from "../app/words/reload-words.ts";
import { doubtful } from "../base/ink.ts";
import { EXIT_USAGE, EXIT_WORLD } from "./exit.ts";
import { readConfig } from "./load-file.ts";
import { complain, fail } from "./paper.ts";
import { restartOf, show, theRunning } from "./running.ts";
import { unresolvedNames } from "./ways.ts";

/** Prints what has changed, and which names of it have no address; for that DNS is waited for, 2 s at the most. A reload that is refused ends this process with a status that tells why. */
export async function reload(file: string, asJson: boolean): Promise<void> {
  const running = await theRunning(file);
  const { reload: outcome } = await running.ask({ command: "reload" });
  // Before 0.2.0 its answer had another form.
  if (outcome?.is_done === undefined) fail("another version of branchline runs: restart it");
  const text = reloadText(outcome, restartOf(file));
  const variables = outcome.is_done ? (await running.tryToAsk({ command: "file" }))?.variables : undefined;
  const config = outcome.is_done ? readConfig(file, { running: variables }).config : undefined;
  const warnings = !outcome.is_done || config === undefined ? [] : await unresolvedNames(config, outcome.changed);
  if (outcome.is_done || asJson) show(text, asJson, outcome.is_done ? { ...outcome, warnings } : outcome);
  else complain(text);
  if (!asJson) for (const warning of warnings) complain(`${doubtful("WARNING")}: ${warning}\n`);
  if (!outcome.is_done) process.exitCode = outcome.reason === "needs_restart" ? EXIT_WORLD : EXIT_USAGE;
}
