/** How commands reach a running branchline: a Unix socket in the state folder, one line each way. */
import * as fs from "fs";
import * as net from "net";
import * as path from "path";
import { AnswerServer, PATIENCE_ms, QUESTIONS_MAX } from "./answer-server.ts";
import { readText } from "./read-text.ts";

/** What a kernel takes for the path of a socket. */
const PATH_BYTES_MAX = 103;
/** The answers of app/control, which this socket only carries. */
const TOO_MANY = JSON.stringify({
  ok: false,
  error: `${QUESTIONS_MAX} other commands hold the control socket of branchline at this moment: end them, or try again in ${PATIENCE_ms / 1_000} s`,
});
/** The system's words for a connection that was ended before we could ask. */
const HUNG_UP: readonly string[] = ["EPIPE", "ECONNRESET", "ECONNABORTED"];
const NO_ANSWER =
  "branchline runs, but its control socket gives no answer: it has no file descriptor left, or too many commands ask at " +
  "once. Try again; if it stays so, restart it with more descriptors (ulimit -n, LimitNOFILE)";

/** A process listens, and doesn't read: the kernel takes connections for it, until its queue is full. It hangs, or was stopped. */
export class SilentError extends Error {}

const ROOT = 0;
/** The owner of what can't be seen. */
const NOBODY = -1;

export class ControlSocket {
  private readonly file: string;
  private readonly mode: number;
  private readonly server: AnswerServer;
  private isOpen = false;
  /** What the file system knows our socket by. */
  private inode = "";

  /**
   * @param answer gives one line for each line
   * @param mode of the socket in the file system: who may ask
   */
  constructor(file: string, answer: (line: string) => string, mode = 0o600) {
    this.file = file;
    this.mode = mode;
    const manner = { end: "\n", answer: (line: string) => `${answer(line)}\n`, tooMany: `${TOO_MANY}\n` };
    this.server = new AnswerServer({ path: file }, manner);
  }

  /** @throws when the folder can't be written, its path is too long for a socket, or another process listens there */
  async open(): Promise<void> {
    refuseLongPath(this.file);
    await fs.promises.mkdir(path.dirname(this.file), { recursive: true, mode: 0o700 });
    if (await isListenedAt(this.file)) throw new Error(`another process listens at ${this.file}`);
    await fs.promises.unlink(this.file).catch(() => {}); // left behind by one that was killed
    await this.server.open();
    await fs.promises.chmod(this.file, this.mode);
    this.isOpen = true;
    this.inode = inodeOf(this.file);
  }

  /** Node removes the file with its socket, whose ever it is by then: where it isn't ours any more, the socket ends with us. */
  async close(): Promise<void> {
    const { server, file, inode } = this;
    if (!this.isOpen) return;
    if (inodeOf(file) !== inode) server.leave();
    else await server.close();
  }
}

/**
 * Asks the branchline that keeps its state beside `file`.
 * @param patience_ms until it counts as silent
 * @returns its line; undefined when none runs there
 * @throws SilentError when it neither answers nor hangs up; when it runs, but can't be asked: not allowed, no answer; the message says why
 */
export function askControl(file: string, line: string, patience_ms = PATIENCE_ms): Promise<string | undefined> {
  refuseLongPath(file);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = net.connect(file, () => socket.write(`${line}\n`));
    socket.setEncoding("utf8");
    socket.setTimeout(patience_ms, () => socket.destroy(new SilentError(`it was silent for ${patience_ms / 1_000} s`)));
    socket.on("data", (piece: string) => {
      text += piece;
    });
    socket.on("end", () => {
      if (text.endsWith("\n")) resolve(text.trim());
      else reject(new Error(`${NO_ANSWER} (it hung up)`));
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const { code = "" } = error;
      if (code === "ENOENT" || code === "ECONNREFUSED") resolve(undefined);
      else if (HUNG_UP.includes(code)) reject(new Error(`${NO_ANSWER} (it hung up)`));
      else if (code === "EAGAIN") reject(new SilentError("it lets nobody in"));
      else if (code === "EMFILE" || code === "ENFILE") {
        reject(new Error("this command has no file descriptor left to ask with: close programs, or raise ulimit -n"));
      } else reject(error);
    });
  });
}

/**
 * Where one of `owners` listens, by the paths of sockets that have that name; empty where the kernel doesn't say (proc(5)). Anybody can
 * listen at such a path in a folder of their own, and tell whoever asks there anything, or nothing for ever.
 */
export function listeningSockets(name: string, owners: ReadonlySet<number>): string[] {
  const lines = Buffer.from(readText("/proc/net/unix") ?? "", "latin1")
    .toString("utf8")
    .split("\n");
  const paths = lines.map((line) => /^\S+: \S+ \S+ 00010000 \S+ \S+ +\d+ (\/.*)$/.exec(line)?.[1] ?? "");
  return paths.filter((one) => path.basename(one) === name && owners.has(ownerOf(one)));
}

/** Whose word about the branchline of `files` counts: root's, our own, and that of the files' owners. */
export function believedOwners(files: readonly string[]): ReadonlySet<number> {
  return new Set([ROOT, process.getuid?.() ?? ROOT, ...files.map(ownerOf).filter((uid) => uid !== NOBODY)]);
}

function ownerOf(file: string): number {
  try {
    return fs.statSync(file).uid;
  } catch {
    return NOBODY;
  }
}

/** Whether somebody takes connections there; a link isn't followed. */
function isListenedAt(file: string): Promise<boolean> {
  if (inodeOf(file) === "") return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = net.connect(file, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "EAGAIN"));
  });
}

/** "" where there is no socket. Numbers of files are used again: when it was made tells them apart. */
function inodeOf(file: string): string {
  try {
    const stats = fs.lstatSync(file);
    return stats.isSocket() ? `${stats.dev} ${stats.ino} ${stats.birthtimeMs}` : "";
  } catch {
    return "";
  }
}

/** Whether no socket can have this path. */
export function isTooLong(file: string): boolean {
  return Buffer.byteLength(file) > PATH_BYTES_MAX;
}

function refuseLongPath(file: string): void {
  if (isTooLong(file)) {
    throw new Error(`${file} is too long for a socket (${PATH_BYTES_MAX} bytes at most): choose another state folder`);
  }
}
