/** One connection of HTTP/1.1: a request after the other, and the answer to each; or a stream of events until its reader goes. */
import type * as net from "net";

import type { HttpAnswer, HttpStream } from "../../base/http-answer.ts";

/** Line, fields and the empty line of a request. */
export const HEAD_CHARACTERS_MAX = 8_192;
/** Requests may follow each other before the first is answered, but not without end. */
const WAITING_CHARACTERS_MAX = 32_768;
/** How long a request may take to come, and its answer to leave. */
export const PATIENCE_ms = 5_000;
/** How long a connection may wait for its next request. */
export const IDLE_ms = 30_000;
/** A stream says something at least this often, so that a reader who has gone is noticed. */
export const BEAT_ms = 15_000;
/** What a reader of events may be behind by. */
const BEHIND_OCTETS_MAX = 262_144;

export interface HttpManner {
  /** Whether an address may ask anything. */
  readonly admits: (address: string) => boolean;
  /**
   * Answers a request; must not throw.
   * @param head all before the empty line, one character an octet; undefined: it was too long
   */
  readonly answer: (head: string | undefined, address: string) => HttpAnswer;
  /** The answer to one stream too many. */
  readonly tooMany: HttpAnswer;
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  421: "Misdirected Request",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

/** One connection. */
export class HttpCaller {
  readonly address: string;
  /** Nothing has been asked, or all is answered. */
  isIdle = true;
  isStream = false;
  private readonly socket: net.Socket;
  private readonly manner: HttpManner;
  private readonly mayStream: () => boolean;
  private text = "";
  /** An answer is on its way, or the last one was. */
  private isBusy = false;
  private hasHeardAll = false;
  private timer: NodeJS.Timeout;
  private beat: NodeJS.Timeout | undefined = undefined;
  private onGone: (() => void) | undefined = undefined;

  constructor(socket: net.Socket, address: string, manner: HttpManner, mayStream: () => boolean) {
    this.socket = socket;
    this.address = address;
    this.manner = manner;
    this.mayStream = mayStream;
    this.timer = this.endAfter(PATIENCE_ms);
    socket.setEncoding("latin1");
    socket.on("data", (piece: string) => this.hear(piece));
    socket.on("end", () => this.heardAll());
  }

  /** At once. */
  end(): void {
    this.socket.destroy();
  }

  /** The connection is no more. */
  gone(): void {
    clearTimeout(this.timer);
    clearTimeout(this.beat);
    this.isBusy = true;
    const { onGone } = this;
    this.onGone = undefined;
    onGone?.();
  }

  private hear(piece: string): void {
    if (this.isStream || this.socket.destroyed) return;
    this.text += piece;
    if (this.text.length > WAITING_CHARACTERS_MAX) this.end();
    else if (!this.isBusy) this.next();
  }

  /** The caller has said all: it may still be answered. A reader of events goes in this way. */
  private heardAll(): void {
    this.hasHeardAll = true;
    if (this.isStream || !this.isBusy) this.end();
  }

  private next(): void {
    const { text } = this;
    const end = text.indexOf("\r\n\r\n");
    const isTooLong = end > HEAD_CHARACTERS_MAX || (end < 0 && text.length > HEAD_CHARACTERS_MAX);
    if (end < 0 && !isTooLong) {
      if (this.isIdle && text !== "") this.restart(PATIENCE_ms);
      this.isIdle = text === "";
      return;
    }
    this.text = text.slice(end + 4);
    this.isBusy = true;
    this.isIdle = false;
    this.reply(this.manner.answer(isTooLong ? undefined : text.slice(0, end), this.address));
  }

  private reply(answer: HttpAnswer): void {
    const { delay_ms = 0, ...rest } = answer;
    this.restart(PATIENCE_ms + delay_ms);
    if (delay_ms > 0) this.beat = setTimeout(() => this.reply(rest), delay_ms);
    else if (answer.stream !== undefined && answer.isHeadOnly !== true) this.begin(answer, answer.stream);
    else this.say(answer);
  }

  private say(answer: HttpAnswer): void {
    const { body, isOctets, isHeadOnly, isLast } = answer;
    const { socket } = this;
    const length = isOctets === true ? body.length : Buffer.byteLength(body);
    // A character an octet: so most facts are, and their text is only copied.
    const encoding = length === body.length ? "latin1" : "utf8";
    const told =
      isLast === true ? { "Content-Length": `${length}`, Connection: "close" } : { "Content-Length": `${length}` };
    // In one piece: each is a call to the kernel, and a packet. A head is ASCII.
    const head = headOf(answer, answer.status === 304 ? {} : told);
    socket.write(isHeadOnly === true ? head : head + body, encoding);
    if (isLast === true) socket.end();
    else setImmediate(() => this.answered());
  }

  /** A caller that asks for more without reading what was answered is ended. */
  private answered(): void {
    const { socket } = this;
    if (socket.destroyed || this.isStream) return;
    if (this.hasHeardAll && this.text === "") {
      socket.end();
      return;
    }
    if (socket.writableLength > 0) {
      if (this.text === "") this.beat = setTimeout(() => this.answered(), 50);
      else this.end();
      return;
    }
    this.isBusy = false;
    this.isIdle = true;
    this.restart(this.text === "" ? IDLE_ms : PATIENCE_ms);
    this.next();
  }

  private begin(answer: HttpAnswer, stream: HttpStream): void {
    if (!this.mayStream()) {
      this.say(this.manner.tooMany);
      return;
    }
    clearTimeout(this.timer);
    this.isStream = true;
    this.text = "";
    this.socket.write(headOf(answer, { Connection: "close" }), "latin1");
    if (answer.body !== "") this.write(answer.body);
    this.beatLater();
    this.onGone = stream((text) => this.write(text));
    if (this.socket.destroyed) this.gone();
  }

  private write(text: string): boolean {
    const { socket } = this;
    if (socket.destroyed) return false;
    socket.write(text, "utf8");
    if (socket.writableLength <= BEHIND_OCTETS_MAX) return true;
    this.end();
    return false;
  }

  private beatLater(): void {
    this.beat = setTimeout(() => {
      if (this.write(":\n\n")) this.beatLater();
    }, BEAT_ms);
  }

  private restart(time_ms: number): void {
    clearTimeout(this.timer);
    this.timer = this.endAfter(time_ms);
  }

  private endAfter(time_ms: number): NodeJS.Timeout {
    return setTimeout(() => this.end(), time_ms);
  }
}

/** @param told what the connection adds */
function headOf({ status, headers }: HttpAnswer, told: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ ...headers, ...told }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${REASONS[status] ?? "Other"}\r\n${lines.join("")}\r\n`;
}
