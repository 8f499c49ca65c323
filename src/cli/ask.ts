/** Commands that ask the branchline that runs with the same file. */
import { CONTROL_FILE, type Config } from "../app/config/config.ts";
import type { ControlAnswer, ControlQuestion, RunningStatus } from "../app/control.ts";
import { statusText } from "../app/status-text.ts";
import { askControl } from "../io/node/control-socket.ts";
import { EXIT_USAGE, EXIT_WORLD } from "./exit.ts";
import { loadFile } from "./load-file.ts";

/** Asks, and prints how branchline is then. */
export async function askAndPrint(file: string, question: ControlQuestion, asJson: boolean): Promise<void> {
  const config = loadFile(file) ?? process.exit(EXIT_USAGE);
  const status = await ask(config, question).catch((error: unknown) => fail(String(error)));
  if (status === undefined) fail(`no branchline runs with ${file}`);
  else process.stdout.write(asJson ? `${JSON.stringify(status, undefined, 2)}\n` : statusText(status));
}

/**
 * Undefined when no branchline runs.
 * @throws when it refuses, or can't be asked
 */
export async function ask(config: Config, question: ControlQuestion): Promise<RunningStatus | undefined> {
  const line = await askControl(`${config.stateFolder}/${CONTROL_FILE}`, JSON.stringify(question));
  if (line === undefined) return undefined;
  const answer = JSON.parse(line) as ControlAnswer;
  if (answer.ok) return answer.status;
  throw new Error(answer.error);
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(EXIT_WORLD);
}
