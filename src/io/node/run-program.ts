/** Runs a program for a limited time. */
import { spawn } from "child_process";

const OUTPUT_CHARACTERS_MAX = 1_000_000;
const DRAIN_ms = 500;

export interface Ran {
  /** null: it was stopped, or couldn't be started. */
  readonly code: number | null;
  /** Standard output and standard error. */
  readonly text: string;
}

/**
 * After `limit_ms` it is killed with all that it has started; daemons that it leaves live on. No shell reads the arguments.
 * @param argv the program, and its arguments
 * @param more variables of its environment, besides ours
 */
export function runProgram(
  [file = "", ...args]: readonly string[],
  more: Readonly<Record<string, string>>,
  limit_ms: number,
): Promise<Ran> {
  return new Promise((resolve) => {
    let text = "";
    const env = { ...process.env, ...more };
    const child = spawn(file, args, { detached: true, env, stdio: ["ignore", "pipe", "pipe"] });
    // Without a file descriptor left there are no streams, whatever their types say, and the error comes later.
    const { stdout, stderr } = child as Partial<typeof child>;
    const end = (code: number | null) => {
      clearTimeout(timer);
      stdout?.destroy();
      stderr?.destroy();
      resolve({ code, text: text.trim() });
    };
    let timer = setTimeout(() => {
      // Its group: what it has started goes with it.
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      end(null);
    }, limit_ms);
    const take = (piece: Buffer) => {
      if (text.length < OUTPUT_CHARACTERS_MAX) text += piece.toString("latin1");
    };
    child.on("error", () => end(null));
    stdout?.on("data", take);
    stderr?.on("data", take);
    child.on("close", end);
    child.on("exit", (code) => {
      clearTimeout(timer);
      // A daemon that it has left behind may hold its output for ever.
      timer = setTimeout(() => end(code), DRAIN_ms);
    });
  });
}
