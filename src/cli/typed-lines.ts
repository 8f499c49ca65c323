/** What a person types at the terminal that a command asks on. */
import * as readline from "readline";
import { complain as say } from "./paper.ts";

/** What a person types, line by line; what comes before it is asked for waits. The terminal is read once the first line is wanted. */
export class Lines {
  private readonly typed: string[] = [];
  private terminal: readline.Interface | undefined = undefined;
  private isClosed = false;
  private tell: (() => void) | undefined = undefined;
  /** Somebody waits for an empty line that is no answer. */
  private isAside = false;

  /** Until an empty line comes, or the first one is wanted; other lines wait. */
  async empty(): Promise<void> {
    this.terminal ??= this.open();
    this.isAside = true;
    while (this.isAside && !this.isClosed) await this.change();
  }

  /**
   * Undefined when there will be none: end of file, or Ctrl-C.
   * @param prompt its last line stands before what is typed
   */
  async next(prompt: string): Promise<string | undefined> {
    this.terminal ??= this.open();
    this.isAside = false;
    const end = prompt.lastIndexOf("\n") + 1;
    if (!this.isClosed) {
      say(prompt.slice(0, end));
      this.terminal.setPrompt(prompt.slice(end));
      this.terminal.prompt();
    }
    while (this.typed.length === 0 && !this.isClosed) await this.change();
    return this.typed.shift();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.tell = resolve;
    });
  }

  close(): void {
    this.terminal?.close();
  }

  private open(): readline.Interface {
    const terminal = readline.createInterface({ input: process.stdin, output: process.stderr });
    terminal.on("line", (line) => {
      if (this.isAside && line === "") this.isAside = false;
      else this.typed.push(line);
      this.tell?.();
    });
    terminal.on("close", () => {
      this.isClosed = true;
      this.tell?.();
    });
    return terminal;
  }
}
