/**
 * One branchline for each state folder: a file in it names the process that has it. The kernel tells whether that process
 * lives, so that nothing is left behind by SIGKILL or a power cut; where the kernel can't tell, the control socket does.
 */
import * as fs from "fs";
import * as path from "path";
import { performance } from "perf_hooks";
import type { Logger } from "../../base/ports.ts";
import { reasonOf } from "../../base/reason.ts";
import { askControl, isTooLong } from "./control-socket.ts";
import { readText } from "./read-text.ts";
import { makeFolder } from "./whole-file.ts";

const NAME = "lock";
/** One that ends, as at a restart, has so long for it. One that answers commands doesn't end, or has just been told to. */
const ENDING_ms = 10_000;
const ANSWERING_ms = 2_000;
const AGAIN_ms = 100;
/** Others that start at the same moment can be faster. */
const TRIES_MAX = 20;
/** A file system that knows no hard links. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/** What the file says of the process that has the folder. */
interface Mark {
  readonly pid: number;
  /** Its configuration file. */
  readonly file: string;
  /** The boot and the namespace that its number belongs to; "": unknown. */
  readonly place: string;
  /** When it began, as the kernel counts; "": unknown. */
  readonly since: string;
}

export class StateInUse extends Error {
  /** Whether the one that has the folder runs with the file that we were to run with. */
  readonly isSameFile: boolean;

  constructor(message: string, isSameFile = false) {
    super(message);
    this.isSameFile = isSameFile;
  }
}

/** The state folder, as long as this process has it. */
export class StateLock {
  private readonly file: string;
  private readonly text: string | undefined;

  /** @param text what stands in the file; undefined: there is none */
  constructor(file: string, text: string | undefined) {
    this.file = file;
    this.text = text;
  }

  /** Another may have it. */
  release(): void {
    if (this.text !== undefined && readText(this.file) === this.text) unlink(this.file);
  }
}

/**
 * Takes a state folder; where another branchline has it, waits for that one's end for some seconds.
 * @param socket the control socket in it
 * @param file our configuration file
 * @param isWanted asked while it waits; once it isn't, nothing is taken
 * @returns undefined: it wasn't wanted any more
 * @throws StateInUse when the other one goes on
 */
export async function takeFolder(
  { folder, socket, file }: { readonly folder: string; readonly socket: string; readonly file: string },
  log: Logger,
  isWanted: () => boolean = () => true,
): Promise<StateLock | undefined> {
  const lock = path.join(folder, NAME);
  const started_ms = performance.now();
  let isTold = false;
  for (let tries = 0; tries < TRIES_MAX && isWanted(); ) {
    const found = readText(lock);
    const holder = await holderOf(found, socket);
    if (holder === undefined) {
      try {
        const text = lay(lock, found, file);
        if (text !== undefined) return new StateLock(lock, text);
      } catch (error) {
        log.warn("state_lock", { error: reasonOf(error), effect: "a second branchline that uses it isn't refused" });
        return new StateLock(lock, undefined);
      }
      tries += 1;
      continue;
    }
    const words = `state folder ${folder} is in use by ${holder.words}`;
    if (performance.now() - started_ms > (holder.answers ? ANSWERING_ms : ENDING_ms))
      throw new StateInUse(words, isSame(holder.file, file));
    if (!isTold) log.info("state_in_use", { folder, by: holder.words });
    isTold = true;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_ms));
  }
  if (isWanted()) throw new StateInUse(`state folder ${folder} is being taken by several at once`);
  return undefined;
}

/** The process that lives and has one of these state folders, as far as that may be read; it may be about to open its sockets. */
export function livingHolder(folders: readonly string[]): { readonly pid: number; readonly file: string } | undefined {
  const marks = folders.map((folder) => parseMark(readText(path.join(folder, NAME))));
  return marks.find((mark) => mark !== undefined && isRunning(mark));
}

interface Holder {
  readonly words: string;
  /** With which it runs; "" where that isn't told. */
  readonly file: string;
  /** It answers commands. */
  readonly answers: boolean;
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

/** The process that has the folder; undefined: none. */
async function holderOf(text: string | undefined, socket: string): Promise<Holder | undefined> {
  const mark = parseMark(text);
  const isAlive = mark !== undefined && isRunning(mark);
  const answer = await fileOfAnswer(socket);
  if (isAlive) {
    const { pid, file } = mark;
    return { words: `pid ${pid}, which runs with ${file}`, file, answers: answer !== undefined };
  }
  if (answer === undefined) return undefined;
  return { words: `a branchline${answer === "" ? "" : ` that runs with ${answer}`}`, file: answer, answers: true };
}

/** The file with which somebody runs who answers commands there, "" where that isn't told; undefined: nobody answers. */
async function fileOfAnswer(socket: string): Promise<string | undefined> {
  if (isTooLong(socket) || !fs.existsSync(socket)) return undefined;
  try {
    const line = await askControl(socket, JSON.stringify({ command: "status" }));
    if (line === undefined) return undefined;
    const { status } = JSON.parse(line) as { status?: { file?: unknown } };
    return typeof status?.file === "string" ? status.file : "";
  } catch (error) {
    // Not ours to ask: whether we may write there is another question.
    return (error as NodeJS.ErrnoException).code === "EACCES" ? undefined : "";
  }
}

/**
 * Lays the file; one is there only with all that it says.
 * @param stale what stood there, of a process that is gone
 * @returns its text; undefined: another was faster
 * @throws when the folder can't be written
 */
function lay(lock: string, stale: string | undefined, file: string): string | undefined {
  makeFolder(path.dirname(lock));
  const { pid } = process;
  const mark: Mark = { pid, file, place: placeOfNumbers(), since: startOf(pid) ?? "" };
  const text = `${JSON.stringify(mark).replace(/[\u0080-\uffff]/g, escaped)}\n`;
  const own = `${lock}.${pid}`;
  unlink(own);
  fs.writeFileSync(own, text, { flag: "wx", mode: 0o600 });
  try {
    if (stale !== undefined && !clear(lock, stale, `${own}.old`)) return undefined;
    fs.linkSync(own, lock);
    removeLeftOver(lock);
    return text;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    // Another has it, or has just tidied up.
    if (code === "EEXIST" || code === "ENOENT") return undefined;
    if (!NO_LINKS.includes(code)) throw error;
    fs.renameSync(own, lock);
    return text;
  } finally {
    unlink(own);
  }
}

/** What others were about to lay when they were killed. */
function removeLeftOver(lock: string): void {
  const folder = path.dirname(lock);
  const isIts = /^\d+(?:\.old)?$/;
  for (const name of fs.readdirSync(folder)) {
    if (name.startsWith(`${NAME}.`) && isIts.test(name.slice(NAME.length + 1))) unlink(path.join(folder, name));
  }
}

/** Takes a stale file away, and no other that has come into its place meanwhile. */
function clear(lock: string, stale: string, aside: string): boolean {
  try {
    fs.renameSync(lock, aside);
  } catch {
    return readText(lock) === undefined;
  }
  const isStale = readText(aside) === stale;
  if (isStale) unlink(aside);
  else fs.renameSync(aside, lock);
  return isStale;
}

function parseMark(text: string | undefined): Mark | undefined {
  try {
    const { pid, file, place, since } = JSON.parse(text ?? "") as Mark;
    const isWhole = Number.isInteger(pid) && [file, place, since].every((one) => typeof one === "string");
    return isWhole ? { pid, file, place, since } : undefined;
  } catch {
    return undefined;
  }
}

/** A number alone says little: it is given again after a restart, and means another process in another namespace. */
function isRunning({ pid, place, since }: Mark): boolean {
  return place !== "" && place === placeOfNumbers() && since !== "" && since === startOf(pid) && pid !== process.pid;
}

/** What numbers of processes are unique in; "" where the kernel doesn't say. */
function placeOfNumbers(): string {
  const boot = readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
  try {
    return boot === "" ? "" : `${boot} ${fs.readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return boot;
  }
}

/** When a process began (proc(5), field 22 of stat); undefined: it has ended, or the kernel doesn't say. */
function startOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`) ?? "";
  // Its name, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state = ""] = fields;
  return state === "" || "ZXx".includes(state) ? undefined : fields[19];
}

/** Texts of files are read octet by octet. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function unlink(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch {
    // There is none, or the folder can't be written: then what follows says so.
  }
}
