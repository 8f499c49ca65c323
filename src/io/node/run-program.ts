/** Runs a program for a limited time. */
import { spawn } from "child_process";
import { reasonOf } from "../../base/reason.ts";

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
    const child = started(file, args, env);
    if (typeof child === "string") {
      resolve({ code: null, text: child });
      return;
    }
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

/** @returns why not, where the system tells at once: most of its errors come as events, and some of them are thrown */
function started(file: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  try {
    return spawn(file, args, { detached: true, env, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    return reasonOf(error);
  }
}

/** Where root's programs are, and Entware's. */
const MORE_PATH = ":/usr/sbin:/sbin:/opt/sbin:/opt/bin";

/** {@link runProgram} for a tool of this machine, also where branchline was started with a short PATH. */
export function runTool(argv: readonly string[], limit_ms: number): Promise<Ran> {
  return runProgram(argv, { PATH: `${process.env["PATH"] ?? ""}${MORE_PATH}` }, limit_ms);
}

/** Of what a program has said, its end. */
const SAID_CHARACTERS_MAX = 200;

/** Why a program that has run didn't do its work, with the end of what it has said; undefined: its exit status is 0. */
export function whyNotDone({ code, text }: Ran): string | undefined {
  if (code === 0) return undefined;
  const said = text === "" ? "" : `: ${text.slice(-SAID_CHARACTERS_MAX)}`;
  return `${code === null ? "it couldn't be started, or took too long" : `exit status ${code}`}${said}`;
}

/** exabgpcli ends with 0 whatever has come of its command. These are its words for what ExaBGP didn't understand, didn't do, or didn't answer. */
const EXABGP_FAILS = /^(?:ExaBGP returns an error|ExaBGP is shutting down|warning: no end of command)/m;

/** {@link whyNotDone} of a command for a routing daemon. */
export function whyNoRoute(ran: Ran): string | undefined {
  return whyNotDone(ran) ?? (EXABGP_FAILS.test(ran.text) ? ran.text.slice(0, SAID_CHARACTERS_MAX) : undefined);
}
