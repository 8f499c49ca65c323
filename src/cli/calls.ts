/** `branchline calls`: the last calls, and those that come. */
import type { CallsPage, CallsQuestion, RecordedCall } from "../app/recorded-calls.ts";
import { callText, changeText } from "../app/words/calls-words.ts";
import { EXIT_DONE } from "./exit.ts";
import { complain, print } from "./paper.ts";
import { reader } from "./reader.ts";
import { failAsking, failNotRunning, theRunning } from "./running.ts";

export interface CallsOptions {
  /** How many of the last calls. */
  readonly count: number;
  /** An extension, a number, an address or a Call-ID. */
  readonly match: string | undefined;
  readonly isFollowing: boolean;
  readonly asJson: boolean;
}

export interface CallsPorts {
  /** Undefined: no branchline runs. @throws when it can't be asked */
  ask(question: CallsQuestion): Promise<CallsPage | undefined>;
  /** Standard output, and standard error. */
  print(text: string): void;
  note(text: string): void;
  /** Until the running branchline is asked again. */
  pause(): Promise<void>;
  /** Whether somebody still reads. */
  isWanted(): boolean;
}

/** How often a branchline that is followed is asked. */
const FOLLOW_ms = 500;
/** Calls of which is remembered what has been told of them. */
const TOLD_MAX = 1_000;

/**
 * Prints calls, the newest first; those that are followed come last, and the newest at the end.
 * @returns false: no branchline runs
 * @throws when it can't be asked
 */
async function printCalls(options: CallsOptions, ports: CallsPorts): Promise<boolean> {
  const { count, match, isFollowing, asJson } = options;
  const matching = match === undefined ? {} : { match };
  const calls: RecordedCall[] = [];
  let start: CallsPage | undefined;
  let next: number | undefined;
  do {
    const page = await ports.ask({ ...matching, ...(next === undefined ? {} : { before: next }) });
    if (page === undefined) return false;
    start = start ?? page;
    calls.push(...page.calls);
    next = page.next;
  } while (next !== undefined && calls.length < count);
  const shown = calls.slice(0, count);
  if (!isFollowing) {
    ports.print(asJson ? `${JSON.stringify(shown, undefined, 2)}\n` : callsText(shown, match));
    return true;
  }
  shown.reverse();
  ports.print(shown.map((call) => (asJson ? `${JSON.stringify(call)}\n` : changeText(call, reader()))).join(""));
  await follow(start, matching, asJson, ports);
  return true;
}

/** One paragraph for each call. */
function callsText(calls: readonly RecordedCall[], match: string | undefined): string {
  if (calls.length === 0) return match === undefined ? "No call yet.\n" : `No call of ${match} is known.\n`;
  return calls.map((call) => callText(call, reader())).join("");
}

/** A line for each call that comes, and again when something has become of it. */
export async function follow(
  start: CallsPage,
  matching: CallsQuestion,
  asJson: boolean,
  ports: CallsPorts,
): Promise<void> {
  const told = new Map<number, string>();
  let { changes: since, run } = start;
  let isThere = true;
  while (ports.isWanted()) {
    await ports.pause();
    const page = await ports.ask({ ...matching, since }).catch(() => undefined);
    if (page === undefined) {
      if (isThere) ports.note("branchline doesn't answer any more; waiting for it\n");
      isThere = false;
      continue;
    }
    isThere = true;
    if (page.run !== run) {
      run = page.run;
      told.clear();
      since = 0;
      continue;
    }
    since = page.changes;
    for (const call of page.calls) {
      const line = asJson ? `${JSON.stringify(call)}\n` : changeText(call, reader());
      if (told.get(call.id) === line) continue;
      told.delete(call.id);
      told.set(call.id, line);
      if (told.size > TOLD_MAX) told.delete(told.keys().next().value as number);
      ports.print(line);
    }
  }
}

/** Prints the last calls, and with `isFollowing` those that come, until nobody reads any more. */
export async function showCalls(file: string, options: CallsOptions): Promise<void> {
  const running = await theRunning(file);
  const ask = async (question: CallsQuestion): Promise<CallsPage | undefined> => {
    const answer = await running.askWhileThere({ command: "calls", ...question });
    if (answer === undefined) return undefined;
    // Older ones know no pieces.
    if (answer.calls?.calls === undefined) throw new Error("another version of branchline runs: restart it");
    return answer.calls;
  };
  const isThere = await printCalls(options, terminalPorts(ask)).catch((error: unknown) => failAsking(file, error));
  if (!isThere) failNotRunning(file);
}

/** Why `-n` can't be that; undefined when it can. */
export function countFault(text: string): string | undefined {
  return text === "all" || /^[1-9]\d{0,8}$/.test(text) ? undefined : "must be a whole number from 1 on, or all";
}

/** Standard output and standard error; Ctrl-C ends the following as it should. */
export function terminalPorts(ask: CallsPorts["ask"], follow_ms = FOLLOW_ms): CallsPorts {
  process.once("SIGINT", () => process.exit(EXIT_DONE));
  return {
    ask,
    print,
    note: complain,
    pause: () => new Promise((resolve) => setTimeout(resolve, follow_ms)),
    isWanted: () => true,
  };
}
