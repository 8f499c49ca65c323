/**
 * Node's `readline`: lines from standard input. A terminal stays as it is: the kernel lets a person correct the line, and
 * hands it over with its end.
 */
import { Buffer } from "./buffer.ts";
import { off, on } from "./process.ts";
import type { StandardInput, StandardOutput } from "./standard-streams.ts";

type Heard = (line: string) => void;

export class Interface {
  private readonly input: StandardInput;
  private readonly output: StandardOutput | undefined;
  private readonly heard: Readonly<Record<"line" | "close", Heard[]>> = { line: [], close: [] };
  private readonly onInterrupt = () => this.close();
  private text = "";
  private promptText = "> ";
  private isClosed = false;

  constructor(input: StandardInput, output: StandardOutput | undefined) {
    this.input = input;
    this.output = output;
    // Ctrl-C ends what is asked, and not the process.
    if (input.isTTY) on("SIGINT", this.onInterrupt);
    input.listen(
      (piece) => this.take(piece),
      () => this.end(),
    );
  }

  on(event: "line" | "close", heard: Heard): this {
    this.heard[event].push(heard);
    return this;
  }

  setPrompt(prompt: string): void {
    this.promptText = prompt;
  }

  prompt(): void {
    this.output?.write(this.promptText);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.input.pause();
    if (this.input.isTTY) off("SIGINT", this.onInterrupt);
    this.tell("close", "");
  }

  private take(piece: string): void {
    this.text += piece;
    const lines = this.text.split("\n");
    this.text = lines.pop() ?? "";
    for (const line of lines) if (!this.isClosed) this.tellLine(line);
  }

  /** A last line may lack its end. */
  private end(): void {
    if (this.text !== "" && !this.isClosed) this.tellLine(this.text);
    this.close();
  }

  private tellLine(octets: string): void {
    this.tell("line", Buffer.from(octets.replace(/\r$/, ""), "latin1").toString());
  }

  private tell(event: "line" | "close", line: string): void {
    for (const heard of this.heard[event]) heard(line);
  }
}

export function createInterface({
  input,
  output,
}: {
  readonly input: StandardInput;
  readonly output?: StandardOutput;
}): Interface {
  return new Interface(input, output);
}
