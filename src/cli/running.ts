/** Finds the branchline that runs with a file, whatever the file says by now, and asks it. */
import * as fs from "fs";
import * as path from "path";
import { CONTROL_FILE } from "../app/config/config.ts";
import { stateFolderIn } from "../app/config/state-folder.ts";
import type { ControlAnswer, ControlQuestion } from "../app/control.ts";
import { askControl, believedOwners, listeningSockets } from "../io/node/control-socket.ts";
import { restartCommand, startCommand } from "../setup/start-command.ts";
import { MONITOR_SOCKET } from "./monitor-socket.ts";
import { fail, print, printJson } from "./paper.ts";

export type Answer = Extract<ControlAnswer, { ok: true }>;

/** Beside the file, where that says nothing. */
const DEFAULT_FOLDER = "state";

/** A branchline that runs, by its control socket. */
export class Running {
  private readonly file: string;
  private readonly socket: string;

  constructor(file: string, socket: string) {
    this.file = file;
    this.socket = socket;
  }

  /** Its answer; says what is wrong and ends this process when it refuses, is gone or can't be asked. */
  async ask(question: ControlQuestion): Promise<Answer> {
    const answer = await askAt(this.socket, question).catch((error: unknown) => failAsking(this.file, error));
    if (answer === undefined) return failNotRunning(this.file);
    return answer.ok ? answer : fail(answer.error);
  }

  /** As {@link ask}; undefined when it is gone by now. @throws when it refuses, or can't be asked */
  async askWhileThere(question: ControlQuestion): Promise<Answer | undefined> {
    const answer = await askAt(this.socket, question);
    if (answer === undefined || answer.ok) return answer;
    throw new Error(answer.error);
  }

  /** As {@link ask}; undefined when it refuses, as an older version does that doesn't know the question. */
  async tryToAsk(question: ControlQuestion): Promise<Answer | undefined> {
    const answer = await askAt(this.socket, question).catch(() => undefined);
    return answer?.ok === true ? answer : undefined;
  }
}

/** The branchline that runs with the file; says so and ends this process when there is none, or it can't be asked. */
export async function theRunning(file: string): Promise<Running> {
  const { running, other } = await look(file);
  if (running !== undefined) return running;
  if (other === undefined) return failNotRunning(file);
  return fail(`branchline isn't running with ${file}; the one with its state folder runs with ${other}: -c ${other}`);
}

/** As {@link theRunning}; undefined when none runs with the file. */
export async function findRunning(file: string): Promise<Running | undefined> {
  return (await look(file)).running;
}

/** What runs with the file; or else the file of the one that has its state folder. */
interface Found {
  readonly running?: Running;
  readonly other?: string;
}

/**
 * Looks in the folder that the file names as its state, for one that says that it was started with this file, at the socket for
 * monitoring, which refuses to change anything, and in the folder beside the file. Ends this process when it may ask at none of them.
 */
async function look(file: string): Promise<Found> {
  const whole = path.resolve(file);
  const inFolder = (folder: string) => path.join(path.resolve(path.dirname(whole), folder), CONTROL_FILE);
  const usual = inFolder(DEFAULT_FOLDER);
  const named = inFolder(stateFolderIn(readFile(file)) ?? DEFAULT_FOLDER);
  let denied: unknown;
  let other: string | undefined;
  const isMeant = async (socket: string): Promise<boolean> => {
    const isBeside = socket === named || socket === usual;
    const told = await lookAt(socket).catch((error: unknown) => {
      // What listens elsewhere may be another's, or no branchline at all.
      if (isBeside) denied = denied ?? error;
      return undefined;
    });
    if (told === undefined) return false;
    // Older versions don't tell which file they run with.
    if (told === "" ? isBeside : isSame(told, whole)) return true;
    if (isBeside && told !== "") other = other ?? told;
    return false;
  };
  if (await isMeant(named)) return { running: new Running(file, named) };
  // All at once: some may take their time, or never answer.
  const monitor = MONITOR_SOCKET === undefined ? [] : [MONITOR_SOCKET];
  const elsewhere = listeningSockets(CONTROL_FILE, believedOwners([whole, ...monitor]));
  const others = new Set([...elsewhere, ...monitor, usual]);
  others.delete(named);
  const found = await Promise.all([...others].map(async (socket) => ((await isMeant(socket)) ? [socket] : [])));
  const [socket] = found.flat();
  if (socket !== undefined) return { running: new Running(file, socket) };
  if (denied !== undefined) failAsking(file, denied);
  return other === undefined ? {} : { other };
}

/** Whether both paths lead to one file, as far as they can be followed. */
export function isSame(one: string, other: string): boolean {
  return one === other || realPath(one) === realPath(other);
}

function realPath(file: string): string {
  try {
    return fs.realpathSync(file);
  } catch {
    return file;
  }
}

/**
 * The file that the branchline at this socket says that it runs with, "" where it doesn't tell; undefined: none is there.
 * @throws when one is there that can't be asked
 */
async function lookAt(socket: string): Promise<string | undefined> {
  const answer = await askAt(socket, { command: "status" });
  if (answer === undefined) return undefined;
  return answer.ok ? `${answer.status?.file ?? ""}` : "";
}

async function askAt(socket: string, question: ControlQuestion): Promise<ControlAnswer | undefined> {
  const line = await askControl(socket, JSON.stringify(question));
  return line === undefined ? undefined : JSON.parse(line);
}

/** The file as text; "" where it can't be read: then its default counts. */
function readFile(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** The command that restarts the branchline of the file here; undefined: there is none. */
export function restartOf(file: string): string | undefined {
  return restartCommand(path.resolve(file), fs.existsSync);
}

/** A file in a folder that we may not look into may be there. */
function isThere(file: string): boolean {
  try {
    fs.statSync(file);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}

/** Says that no branchline runs with the file, and how to start it; ends this process. */
export function failNotRunning(file: string): never {
  if (!isThere(file)) {
    const cure = "write it with `branchline init`, or name another with -c FILE";
    fail(`branchline isn't running with ${file}, and there is no such file: ${cure}`);
  }
  fail(`branchline isn't running with ${file} (start: ${startCommand(path.resolve(file), fs.existsSync)})`);
}

/** Says why the branchline of the file can't be asked; ends this process. */
export function failAsking(file: string, error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM") fail(`Permission denied to ask the branchline of ${file}: run with sudo`);
  fail(error instanceof Error ? error.message : String(error));
}

/** Prints the text, or the facts as JSON. @param text may hold marks of `base/ink.ts` */
export function show(text: string, asJson: boolean, facts: unknown): void {
  if (asJson) printJson(facts);
  else print(text);
}
