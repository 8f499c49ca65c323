/** Finds the branchline that runs with a file, whatever the file says by now, and asks it. */
import * as fs from "fs";
import * as path from "path";
import { CONTROL_FILE } from "../app/config/config.ts";
import { stateFolderOf } from "../app/config/state-folder.ts";
import type { ControlAnswer, ControlQuestion, RegisteredContact, RunningStatus } from "../app/control.ts";
import { reasonOf } from "../base/reason.ts";
import { askControl, believedOwners, listeningSockets, SilentError } from "../io/node/control-socket.ts";
import { startingWith } from "../io/node/starting.ts";
import { isSame, livingHolder } from "../io/node/state-lock.ts";
import { restartCommand, startCommand } from "../setup/start-command.ts";
import { MONITOR_SOCKET } from "./monitor-socket.ts";
import { fail, print, printJson } from "./paper.ts";
import { sourcesOf } from "./sources.ts";

export type Answer = Extract<ControlAnswer, { ok: true }>;

/** Beside the file, where that says nothing. */
const DEFAULT_FOLDER = "state";
/** How long one that starts may take to open its socket, and how often it is looked for. */
const STARTING_ms = 5_000;
const AGAIN_ms = 100;

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

  /** All that are registered; thousands come piece by piece. @param how what becomes of a refusal */
  async contacts(how: "ask" | "tryToAsk"): Promise<RegisteredContact[]> {
    const contacts: RegisteredContact[] = [];
    for (let after: string | undefined = ""; after !== undefined; ) {
      const answer: Answer | undefined = await this[how]({ command: "registered", after });
      contacts.push(...(answer?.registered?.contacts ?? []));
      after = answer?.registered?.next;
    }
    return contacts;
  }
}

/** The branchline that runs with the file; says so and ends this process when there is none, or it can't be asked. */
export async function theRunning(file: string): Promise<Running> {
  const found = await lookPatiently(file);
  return found.running ?? fail(whyNot(file, found));
}

/** The same at once, for a command that lives on: it neither waits for one that starts, nor ends. @returns as text why there is none */
export async function runningNow(file: string): Promise<Running | string> {
  const found = await look(file);
  return found.running ?? whyNot(file, found);
}

/** As {@link theRunning}; undefined when none runs with the file, or the one that does has no socket. */
export async function findRunning(file: string): Promise<Running | undefined> {
  const { running, denied } = await lookPatiently(file);
  return denied === undefined ? running : failAsking(file, denied);
}

/** Each branchline that runs on this router, with its state, as far as they may be asked. */
export interface Neighbours {
  readonly found: readonly { readonly running: Running; readonly status: RunningStatus }[];
  /** One may be there that only root may ask. */
  readonly isDenied: boolean;
}

/**
 * Looks for all that run in this network namespace, whatever their files.
 * @param file where they may be besides: its state folder, or the folders beside it
 * @param folder the state folder that packages have; undefined: none
 */
export async function findAllRunning(file: string, folder: string | undefined): Promise<Neighbours> {
  const whole = path.resolve(file);
  const folders = [
    stateFolderOf(readFile(file), sourcesOf(file)) ?? DEFAULT_FOLDER,
    DEFAULT_FOLDER,
    ...(folder === undefined ? [] : [folder]),
  ];
  const near = folders.map((one) => path.join(path.resolve(path.dirname(whole), one), CONTROL_FILE));
  let isDenied = false;
  const all = [...new Set([...near, ...socketsElsewhere(whole)])].map(async (socket) => {
    try {
      const answer = await askAt(socket, { command: "status" });
      return answer?.ok === true && isReadable(answer.status)
        ? [{ running: new Running(file, socket), status: answer.status }]
        : [];
    } catch {
      isDenied = isDenied || near.includes(socket);
      return [];
    }
  });
  const found = (await Promise.all(all)).flat();
  // By its socket for monitoring, one is found twice.
  const isFirst = (at: number) => found.findIndex(({ status }) => status.file === found[at]?.status.file) === at;
  return { found: found.filter((_, index) => isFirst(index)), isDenied };
}

/** Whether a status has what is read of it here: another version may tell other things. */
function isReadable({ listen, upstream, gateways }: Partial<RunningStatus>): boolean {
  return [listen, upstream, gateways].every((list) => Array.isArray(list));
}

/** Control sockets of whichever files, and the one for monitoring. */
function socketsElsewhere(file: string): string[] {
  const monitor = MONITOR_SOCKET === undefined ? [] : [MONITOR_SOCKET];
  return [...listeningSockets(CONTROL_FILE, believedOwners([file, ...monitor])), ...monitor];
}

/** What runs with the file; or else why it can't be asked, the file of the one that has its state folder, or the process that has no socket yet. */
interface Found {
  readonly denied?: unknown;
  readonly starting?: number | undefined;
  readonly running?: Running;
  readonly other?: string;
}

/** As {@link look}; one that has just been started is waited for until its socket is open, but not for ever. */
async function lookPatiently(file: string): Promise<Found> {
  for (let tries = STARTING_ms / AGAIN_ms; ; tries--) {
    const found = await look(file);
    if (found.starting === undefined || tries <= 0) return found;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_ms));
  }
}

/**
 * Looks in the folder that the file names as its state, for one that says that it was started with this file, at the socket for
 * monitoring, which refuses to change anything, and in the folder beside the file.
 */
async function look(file: string): Promise<Found> {
  const whole = path.resolve(file);
  const folders = foldersOf(file);
  const [named, usual] = folders.map((folder) => path.join(folder, CONTROL_FILE)) as [string, string];
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
  const others = new Set([...socketsElsewhere(whole), usual]);
  others.delete(named);
  const found = await Promise.all([...others].map(async (socket) => ((await isMeant(socket)) ? [socket] : [])));
  const [socket] = found.flat();
  if (socket !== undefined) return { running: new Running(file, socket) };
  if (denied !== undefined) return { denied };
  if (other !== undefined) return { other };
  const holder = livingHolder(folders);
  if (holder !== undefined) return isSame(holder.file, whole) ? { starting: holder.pid } : {};
  return { starting: startingWith(whole) };
}

/** The state folder that the file names, and the one beside it. */
function foldersOf(file: string): string[] {
  const named = stateFolderOf(readFile(file), sourcesOf(file)) ?? DEFAULT_FOLDER;
  return [named, DEFAULT_FOLDER].map((folder) => path.resolve(path.dirname(path.resolve(file)), folder));
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

function whyNot(file: string, { denied, other, starting }: Found): string {
  if (denied !== undefined) return askingFault(file, denied);
  if (starting !== undefined)
    return `branchline (pid ${starting}) runs with ${file}, but hears no commands: see its log`;
  if (other === undefined) return notRunning(file);
  return `branchline isn't running with ${file}; the one with its state folder runs with ${other}: -c ${other}`;
}

/** Says that no branchline runs with the file, and how to start it; ends this process. */
export function failNotRunning(file: string): never {
  fail(notRunning(file));
}

function notRunning(file: string): string {
  if (!isThere(file)) {
    const cure = "write it with `branchline init`, or name another with -c FILE";
    return `branchline isn't running with ${file}, and there is no such file: ${cure}`;
  }
  return `branchline isn't running with ${file} (start: ${startCommand(path.resolve(file), fs.existsSync)})`;
}

/** Says why the branchline of the file can't be asked; ends this process. */
export function failAsking(file: string, error: unknown): never {
  fail(askingFault(file, error));
}

function askingFault(file: string, error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM") return `Permission denied to ask the branchline of ${file}: run with sudo`;
  return error instanceof SilentError ? silence(file, error) : reasonOf(error);
}

function silence(file: string, { message }: SilentError): string {
  const pid = livingHolder(foldersOf(file))?.pid ?? startingWith(path.resolve(file));
  const end = pid === undefined ? "end it" : `kill -9 ${pid}`;
  const cure = restartOf(file) ?? `${end}, then ${startCommand(path.resolve(file), fs.existsSync)}`;
  const who = pid === undefined ? "" : ` (pid ${pid})`;
  return `branchline${who} runs with ${file}, but doesn't answer (${message}): it hangs, or was stopped. Restart it: ${cure}`;
}

/** Prints the text, or the facts as JSON. @param text may hold marks of `base/ink.ts` */
export function show(text: string, asJson: boolean, facts: unknown): void {
  if (asJson) printJson(facts);
  else print(text);
}
