/** How commands reach a running branchline: a Unix socket in the state folder, one line each way. */
import * as fs from "fs";
import * as net from "net";
import * as path from "path";

/** What a kernel takes for the path of a socket. */
const PATH_BYTES_MAX = 103;
/** Longer questions are nobody's. */
const LINE_CHARACTERS_MAX = 32_768;
const PATIENCE_ms = 5_000;
const CONNECTIONS_MAX = 16;

export class ControlSocket {
  private readonly file: string;
  private readonly answer: (line: string) => string;
  private server: net.Server | undefined = undefined;

  /** @param answer gives one line for each line */
  constructor(file: string, answer: (line: string) => string) {
    this.file = file;
    this.answer = answer;
  }

  /** @throws when the folder can't be written, or its path is too long for a socket */
  async open(): Promise<void> {
    refuseLongPath(this.file);
    await fs.promises.mkdir(path.dirname(this.file), { recursive: true, mode: 0o700 });
    await fs.promises.unlink(this.file).catch(() => {}); // left behind by one that was killed
    const server = net.createServer((socket) => this.serve(socket));
    server.maxConnections = CONNECTIONS_MAX;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.file, () => resolve());
    });
    server.on("error", () => {}); // somebody who couldn't be let in
    await fs.promises.chmod(this.file, 0o600);
    this.server = server;
  }

  async close(): Promise<void> {
    this.server?.close();
    if (this.server !== undefined) await fs.promises.unlink(this.file).catch(() => {});
  }

  private serve(socket: net.Socket): void {
    let text = "";
    socket.setEncoding("utf8");
    const timer = setTimeout(() => socket.destroy(), PATIENCE_ms);
    socket.on("close", () => clearTimeout(timer));
    socket.on("error", () => {}); // whoever asked has gone
    socket.on("data", (piece: string) => {
      text += piece;
      const end = text.indexOf("\n");
      if (end >= 0) socket.removeAllListeners("data");
      if (end >= 0) socket.end(`${this.answer(text.slice(0, end))}\n`);
      else if (text.length > LINE_CHARACTERS_MAX) socket.destroy();
    });
  }
}

/**
 * Asks the branchline that keeps its state beside `file`.
 * @returns its line; undefined when none runs there
 * @throws when it runs, but can't be asked: not allowed, no answer
 */
export function askControl(file: string, line: string): Promise<string | undefined> {
  refuseLongPath(file);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = net.connect(file, () => socket.write(`${line}\n`));
    socket.setEncoding("utf8");
    socket.setTimeout(PATIENCE_ms, () => socket.destroy(new Error("branchline doesn't answer")));
    socket.on("data", (piece: string) => {
      text += piece;
    });
    socket.on("end", () => resolve(text.trim()));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED") resolve(undefined);
      else reject(error);
    });
  });
}

function refuseLongPath(file: string): void {
  if (Buffer.byteLength(file) > PATH_BYTES_MAX) {
    throw new Error(`${file} is too long for a socket (${PATH_BYTES_MAX} bytes at most): choose another state folder`);
  }
}
