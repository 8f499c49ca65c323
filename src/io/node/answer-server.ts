/**
 * A server of short questions, at a Unix socket or at an address: a connection brings one question, gets its answer and ends. What
 * asks too long, too much or too often costs little.
 */
import * as net from "net";

/** Longer questions are nobody's. */
const QUESTION_CHARACTERS_MAX = 32_768;
/** How long a connection may take over its question and its answer. */
export const PATIENCE_ms = 5_000;
/** Questions that are answered at once, and connections that hear that these are too many; the kernel ends others. */
export const QUESTIONS_MAX = 16;
const CONNECTIONS_MAX = 64;

export interface Manner {
  /** Where a question ends, such as "\n" or the empty line of HTTP. */
  readonly end: string;
  /** Gives the whole answer to what has come before that end; must not throw. */
  readonly answer: (question: string) => string;
  /** The answer to one question too many. */
  readonly tooMany: string;
}

export class AnswerServer {
  private readonly at: net.ListenOptions;
  private readonly manner: Manner;
  private readonly server: net.Server;
  private connections = 0;

  /** @param at a path, or a host and a port */
  constructor(at: net.ListenOptions, manner: Manner) {
    this.at = at;
    this.manner = manner;
    this.server = net.createServer((socket) => this.serve(socket));
    this.server.maxConnections = CONNECTIONS_MAX;
  }

  /** @throws when another listens there, or the place isn't ours */
  async open(): Promise<void> {
    const { server, at } = this;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(at, () => resolve());
    });
    server.on("error", () => {}); // somebody who couldn't be let in
  }

  async close(): Promise<void> {
    this.server.close();
  }

  /** It ends with the process: its place isn't ours to clear. */
  leave(): void {
    this.server.unref();
  }

  private serve(socket: net.Socket): void {
    const { end: ending, answer, tooMany } = this.manner;
    let text = "";
    socket.setEncoding("utf8");
    const timer = setTimeout(() => socket.destroy(), PATIENCE_ms);
    this.connections += 1;
    const isTooMany = this.connections > QUESTIONS_MAX;
    socket.on("close", () => {
      this.connections -= 1;
      clearTimeout(timer);
    });
    socket.on("error", () => {}); // the asker has gone
    socket.on("data", (piece: string) => {
      text += piece;
      const end = text.indexOf(ending);
      if (end >= 0) socket.removeAllListeners("data");
      if (end >= 0) socket.end(isTooMany ? tooMany : answer(text.slice(0, end)));
      else if (text.length > QUESTION_CHARACTERS_MAX) socket.destroy();
    });
  }
}
