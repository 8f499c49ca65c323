/** `branchline explain`: what would become of a call. */
import type { Config } from "../app/config/config.ts";
import { type CallQuestion, explainCall } from "../app/explain.ts";
import { resolveUpstream } from "../app/resolve-upstream.ts";
import { explainText } from "../app/words/explain-words.ts";
import { wrapped } from "../base/ink.ts";
import { ipVersion } from "../base/ip-range.ts";
import { resolve } from "../io/node/resolve.ts";
import { loadBindings } from "../io/node/state-file.ts";
import { EXIT_USAGE } from "./exit.ts";
import { faultLines, readConfig, readConfigText } from "./load-file.ts";
import { complain, fail, print, printJson, width } from "./paper.ts";
import { findRunning, type Running } from "./running.ts";

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
  const found = explainCall(config, { saved, status: answer?.status, resolved }, question);
  if ("fault" in found) fail(found.fault, EXIT_USAGE);
  const text =
    "facts" in found
      ? explainText(found.facts)
      : `${found.stranger} is a stranger here, and gets no further; ${found.advice}.\n`;
  // Behind the number of a step.
  if (!asJson) print(wrapped(text, width(), 3));
  else printJson("facts" in found ? found.facts : { address: found.stranger, rule: null, advice: found.advice });
}

/** The configuration on disk, or the one that runs where that has faults; ends this process where there is neither. */
async function usableConfig(file: string, running: Running | undefined): Promise<Config> {
  const loaded = readConfig(file);
  if (loaded.config !== undefined) return loaded.config;
  complain(`${faultLines(file, loaded).join("\n")}\n`);
  const text = (await running?.tryToAsk({ command: "file" }))?.file_text;
  // What has become of the certificates meanwhile doesn't matter here.
  const isFine = () => undefined;
  const active = text === undefined ? undefined : readConfigText(text, file, { faultOf: isFine }).config;
  if (active === undefined) process.exit(EXIT_USAGE);
  complain("The file on disk can't be used: what follows goes by the configuration that runs.\n");
  return active;
}
