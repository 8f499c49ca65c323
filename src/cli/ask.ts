/** Commands that ask the branchline that runs with the same file. */
import * as path from "path";
import { CONTROL_FILE, type Config } from "../app/config/config.ts";
import type { ControlAnswer, ControlQuestion, RegisteredContact } from "../app/control.ts";
import { type CallQuestion, explainCall } from "../app/explain.ts";
import type { CallsPage, CallsQuestion } from "../app/recorded-calls.ts";
import { resolveUpstream } from "../app/resolve-upstream.ts";
import { registeredText, statusText } from "../app/status-text.ts";
import { ipVersion } from "../base/ip-range.ts";
import { askControl, listeningSockets } from "../io/node/control-socket.ts";
import { resolve } from "../io/node/resolve.ts";
import { loadBindings } from "../io/node/state-file.ts";
import { askMonitor } from "./ask-monitor.ts";
import { type CallsOptions, printCalls, terminalPorts } from "./calls.ts";
import { EXIT_USAGE } from "./exit.ts";
import { loadFile } from "./load-file.ts";
import { complain, fail, print, printJson } from "./paper.ts";

type Answer = Extract<ControlAnswer, { ok: true }>;

/** Asks, and prints how branchline is then, or who is registered. */
export async function askAndPrint(file: string, question: ControlQuestion, asJson: boolean): Promise<void> {
  const config = loadFile(file) ?? process.exit(EXIT_USAGE);
  const contacts: RegisteredContact[] = [];
  let next = question;
  for (;;) {
    const answer = await ask(file, config, next).catch((error: unknown) => failAsking(file, error));
    if (answer === undefined) fail(`no branchline runs with ${file}`);
    const { status, registered } = answer;
    if (registered === undefined) return show(statusText(status), asJson, status);
    contacts.push(...registered.contacts);
    const { members = [], path = [], conflicts = [], gateways } = status;
    if (registered.next === undefined) {
      const phones = conflicts.filter((one) => one.with === "phone");
      const text = registeredText(contacts, members, path, phones, gateways);
      return show(text, asJson, { contacts, members, path, conflicts: phones });
    }
    next = { command: "registered", after: registered.next };
  }
}

/** Prints the last calls, and with `isFollowing` those that come, until nobody reads any more. */
export async function callsAndPrint(file: string, options: CallsOptions): Promise<void> {
  const config = loadFile(file) ?? process.exit(EXIT_USAGE);
  const askFor = async (question: CallsQuestion): Promise<CallsPage | undefined> => {
    const answer = await ask(file, config, { command: "calls", ...question });
    if (answer === undefined) return undefined;
    // Older ones know no pieces.
    if (answer.calls?.calls === undefined) throw new Error("another version of branchline runs: restart it");
    return answer.calls;
  };
  const isThere = await printCalls(options, terminalPorts(askFor)).catch((error: unknown) => failAsking(file, error));
  if (!isThere) fail(`no branchline runs with ${file}`);
}

/** Has the running branchline read its file anew; fails with all that it refuses. */
export async function reloadAndPrint(file: string): Promise<void> {
  const config = loadFile(file) ?? process.exit(EXIT_USAGE);
  const question = { command: "reload" } as const;
  const answer =
    (await ask(file, config, question).catch((error: unknown) => failAsking(file, error))) ??
    (await askElsewhere(file, question).catch((error: unknown) => failAsking(file, error)));
  if (answer === undefined) fail(`no branchline runs with ${file}`);
  const { reload } = answer;
  if (reload === undefined) fail("another version of branchline runs: restart it");
  if (!reload.isDone) fail(`${reload.faults.join("\n")}\nnothing is taken over: the old configuration stays active`);
  const [first] = reload.changed;
  print(first === undefined ? "nothing has changed\n" : `taken over: ${reload.changed.join(", ")}\n`);
}

function show(text: string, asJson: boolean, data: unknown): void {
  if (asJson) printJson(data);
  else print(text);
}

/** Says what would become of a call; by what the running branchline knows, or else the state file. */
export async function explainAndPrint(file: string, question: CallQuestion): Promise<void> {
  const config = loadFile(file) ?? process.exit(EXIT_USAGE);
  const running = await ask(file, config, { command: "snapshot" }).catch((error: unknown) => failAsking(file, error));
  const saved =
    running === undefined ? await loadBindings(config.state.folder).catch(() => undefined) : running.snapshot;
  // Whether an address is upstream's, only what its names mean can tell.
  const resolved = ipVersion(question.from.replace(/^\[|\]$/g, "")) === 0 ? [] : await resolveUpstream(config, resolve);
  const { text, isAnswer } = explainCall(config, { saved, status: running?.status, resolved }, question);
  (isAnswer ? print : complain)(text);
  if (!isAnswer) process.exitCode = EXIT_USAGE;
}

/**
 * Undefined when no branchline runs.
 * @throws when it refuses, or can't be asked
 */
async function ask(file: string, config: Config, question: ControlQuestion): Promise<Answer | undefined> {
  const answer = await askAt(`${config.state.folder}/${CONTROL_FILE}`, question).catch(async (error: unknown) => {
    const other = isDenied(error) ? await askMonitor(file, question) : undefined;
    if (other === undefined) throw error;
    return other;
  });
  return accepted(answer);
}

/** The same of the branchline that was started with the file when it named another state folder: a reload is what shows that. */
async function askElsewhere(file: string, question: ControlQuestion): Promise<Answer | undefined> {
  const running = await Promise.all(
    listeningSockets(CONTROL_FILE).map(async (socket) => {
      // It may be of another branchline, or of another program.
      const answer = await askAt(socket, { command: "status" }).catch(() => undefined);
      return answer?.ok === true && answer.status?.file === path.resolve(file) ? [socket] : [];
    }),
  );
  const [socket] = running.flat();
  return socket === undefined ? undefined : accepted(await askAt(socket, question));
}

async function askAt(socket: string, question: ControlQuestion): Promise<ControlAnswer | undefined> {
  const line = await askControl(socket, JSON.stringify(question));
  return line === undefined ? undefined : JSON.parse(line);
}

/** @throws when it is a refusal */
function accepted(answer: ControlAnswer | undefined): Answer | undefined {
  if (answer === undefined || answer.ok) return answer;
  throw new Error(answer.error);
}

function isDenied(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EACCES";
}

function failAsking(file: string, error: unknown): never {
  fail(isDenied(error) ? `only root may ask the branchline of ${file}` : messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
