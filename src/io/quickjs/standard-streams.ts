/** Standard output and error as Node's streams, and standard input as lines come in. */
import * as native from "native";
import { Buffer } from "./buffer.ts";
import { callError } from "./errors.ts";
import { forget, hold, letGo, READABLE, WRITABLE, watch } from "./loop.ts";

/** What a reader that doesn't read may cost: later lines are lost then, and never the proxy. */
const WAITING_BYTES_MAX = 65_536;
const PIECE_BYTES = 4_096;

type OnError = (error: Error) => void;

export class StandardOutput {
  readonly fd: number;
  /** As Node has it: undefined where it is none. */
  readonly isTTY: true | undefined;
  private readonly onErrors: OnError[] = [];
  private waiting: Uint8Array = Buffer.alloc(0);
  private isWatched = false;

  constructor(fd: number) {
    this.fd = fd;
    this.isTTY = native.isTerminal(fd) || undefined;
  }

  get columns(): number {
    return native.terminalSize(this.fd)[0] ?? 0;
  }

  get rows(): number {
    return native.terminalSize(this.fd)[1] ?? 0;
  }

  on(_event: "error", heard: OnError): this {
    this.onErrors.push(heard);
    return this;
  }

  /** @returns whether all of it is written by now */
  write(text: string): boolean {
    if (this.waiting.length >= WAITING_BYTES_MAX) return false;
    this.waiting = Buffer.concat([this.waiting, Buffer.from(text)]);
    if (!this.isWatched) this.flush();
    return this.waiting.length === 0;
  }

  private flush(): void {
    while (this.waiting.length > 0) {
      const written = native.writeBytes(this.fd, this.waiting);
      const error = written < 0 ? native.errorName(-written) : "";
      if (error === "EAGAIN") {
        this.await();
        return;
      }
      if (error !== "" && error !== "EINTR") this.fail(written);
      else this.waiting = this.waiting.subarray(Math.max(written, 0));
    }
    if (!this.isWatched) return;
    this.isWatched = false;
    forget(this.fd);
    letGo();
  }

  private await(): void {
    if (this.isWatched) return;
    this.isWatched = true;
    watch(this.fd, { onReady: () => this.flush() }, WRITABLE);
    hold();
  }

  /** As Node does, the caller hears of it later. */
  private fail(result: number): void {
    this.waiting = Buffer.alloc(0);
    const error = callError(result, "write");
    Promise.resolve().then(() => {
      for (const heard of this.onErrors) heard(error);
    });
  }
}

/** What is typed, or comes by a pipe or from a file. */
export class StandardInput {
  readonly fd: number;
  readonly isTTY: true | undefined;
  private heard: { onText(text: string): void; onEnd(): void } | undefined = undefined;

  constructor(fd: number) {
    this.fd = fd;
    this.isTTY = native.isTerminal(fd) || undefined;
  }

  /**
   * Reads from now on.
   * @param onText one character an octet; on a terminal a line at a time
   * @param onEnd nothing more will come
   */
  listen(onText: (text: string) => void, onEnd: () => void): void {
    this.heard = { onText, onEnd };
    watch(this.fd, { onReady: () => this.read() }, READABLE);
    hold();
  }

  /** Waits for nothing any more. */
  pause(): void {
    if (this.heard === undefined) return;
    this.heard = undefined;
    forget(this.fd);
    letGo();
  }

  private read(): void {
    const text = native.readText(this.fd, PIECE_BYTES);
    const { heard } = this;
    if (typeof text === "string" && text !== "") heard?.onText(text);
    else if (typeof text === "string" || !["EAGAIN", "EINTR"].includes(native.errorName(-text))) {
      this.pause();
      heard?.onEnd();
    }
  }
}
