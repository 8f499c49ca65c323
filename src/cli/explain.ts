/** `branchline explain`: what would become of a call. */
import { type CallQuestion, explainCall } from "../app/explain.ts";
import { findSide } from "../app/find-ways.ts";
import { resolveUpstream } from "../app/resolve-upstream.ts";
import { explainText } from "../app/words/explain-words.ts";
import { wrapped } from "../base/ink.ts";
import { ipVersion } from "../base/ip-range.ts";
import { resolve } from "../io/node/resolve.ts";
import { loadBindings } from "../io/node/state-file.ts";
import { wayPorts } from "../setup/way-ports.ts";
import { EXIT_USAGE } from "./exit.ts";
import { fail, print, printJson, width } from "./paper.ts";
import { findRunning } from "./running.ts";
import { usableConfig } from "./usable-config.ts";

/**
 * Says what would become of a call; by what the running branchline knows, or else the state file. The file on disk counts, so
 * that a change can be tried before it is active; where that has faults, what runs.
 */
export async function showExplanation(file: string, question: CallQuestion, asJson: boolean): Promise<void> {
  const running = await findRunning(file);
  const config = await usableConfig(file, running);
  const answer = await running?.ask({ command: "snapshot" });
  const saved = answer === undefined ? await loadBindings(config.state.folder).catch(() => undefined) : answer.snapshot;
  // Whether an address is upstream's, only what its names mean can tell.
  const resolved = ipVersion(question.from.replace(/^\[|\]$/g, "")) === 0 ? [] : await resolveUpstream(config, resolve);
  const side = await findSide(config, question.from, wayPorts());
  const found = explainCall(config, { saved, status: answer?.status, resolved, side }, question);
  if ("fault" in found) fail(found.fault, EXIT_USAGE);
  const text =
    "facts" in found
      ? explainText(found.facts)
      : `${found.stranger} is a stranger here, and gets no further; ${found.advice}.\n`;
  // Behind the number of a step.
  if (!asJson) print(wrapped(text, width(), 3));
  else printJson("facts" in found ? found.facts : { address: found.stranger, rule: null, advice: found.advice });
}
