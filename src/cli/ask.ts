/** Asks the running proxy for its calls. */
import type { CallsPage, CallsQuestion } from "../app/recorded-calls.ts";
import { type CallsOptions, printCalls, terminalPorts } from "./calls.ts";
import { failAsking, failNotRunning, theRunning } from "./running.ts";

/** Prints the last calls, and with `isFollowing` those that come, until nobody reads any more. */
export async function callsAndPrint(file: string, options: CallsOptions): Promise<void> {
  const running = await theRunning(file);
  const askFor = async (question: CallsQuestion): Promise<CallsPage | undefined> => {
    const answer = await running.askWhileThere({ command: "calls", ...question });
    if (answer === undefined) return undefined;
    // Older ones know no pieces.
    if (answer.calls?.calls === undefined) throw new Error("another version of branchline runs: restart it");
    return answer.calls;
  };
  const isThere = await printCalls(options, terminalPorts(askFor)).catch((error: unknown) => failAsking(file, error));
  if (!isThere) failNotRunning(file);
}
